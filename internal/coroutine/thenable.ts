/** Promises and their like. */

/** Whether it is a promise, or can be waited for like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") &&
    value !== null && "then" in value && typeof value.then === "function";
}

/** Nobody waits for it, and its error is nobody's. */
export async function ignore(value: PromiseLike<unknown>): Promise<void> {
  try {
    await value;
  } catch {
    // That is what it is for.
  }
}
