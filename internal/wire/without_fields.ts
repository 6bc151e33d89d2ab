/**
 * What to send of an error that carries something unsendable: nothing but its
 * message and stack, and why as its cause. What is no error is not sent at all.
 */
export function withoutFields(error: unknown, cause: unknown): unknown {
  if (!(error instanceof Error)) return cause;
  const bare = Reflect.construct(
    Error,
    [String(error.message), { cause }],
    error.constructor,
  );
  Object.defineProperty(bare, "stack", { value: String(error.stack) });
  return bare;
}
