/** Checks a number that a user has given: a whole one within bounds. */
export function checkInteger(
  value: number,
  cannot: string,
  name: string,
  least: number,
  most: number,
): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot ${cannot} as "${name}" must be a number: current value is ${
        Deno.inspect(value, { depth: 0 })
      }`,
    );
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot ${cannot} as "${name}" must be an integer from ${least} to ${most}: current value is ${value}`,
    );
  }
}
