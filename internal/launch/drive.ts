/** Runs what a target returned to its end. */

/**
 * The value of a target: a promise's, or what a generator returns in the end.
 * A generator's `yield` waits for the promise that it yields.
 */
export async function drive(result: unknown): Promise<unknown> {
  const value = await result;
  if (!isGenerator(value)) return value;
  let step = await value.next();
  while (!step.done) {
    try {
      await step.value;
    } catch (error) {
      step = await value.throw(error);
      continue;
    }
    step = await value.next();
  }
  return step.value;
}

type AnyGenerator =
  | Generator<unknown, unknown>
  | AsyncGenerator<unknown, unknown>;

/** Whether it is one, of either kind. */
export function isGenerator(value: unknown): value is AnyGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Generator]" || tag === "[object AsyncGenerator]";
}
