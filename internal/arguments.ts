/** Checks what a user has given. */

/** A number of things; a `RangeError` or `TypeError` where it is none. */
export function checkCount(name: string, value: number, least = 1): number {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot use "${name}" as it must be a number: current value is ${
        Deno.inspect(value, { depth: 0 })
      }`,
    );
  }
  if (!(Number.isInteger(value) && value >= least)) {
    throw new RangeError(
      `Cannot use "${name}" as it must be an integer >= ${least}: current value is ${value}`,
    );
  }
  return value;
}
