/** What to send of an error that cannot be sent as it is. */

import { DataCloneError } from "../../errors.ts";

/**
 * Sends an error; of one that cannot be sent or read, what can be, so that whoever
 * waits for it hears something.
 */
export function sendReadable<T>(
  error: unknown,
  send: (error: unknown) => T,
): T {
  try {
    return send(error);
  } catch (unsendable) {
    try {
      return send(withoutFields(error, unsendable));
    } catch {
      const message = "error: it cannot be read, and neither can what says why";
      return send(new DataCloneError(message, { path: "error" }));
    }
  }
}

/**
 * What to send of an error that carries something unsendable: nothing but its
 * message and stack, and why as its cause. What is no error, or cannot be read, is
 * not sent at all: why is.
 */
export function withoutFields(error: unknown, cause: unknown): unknown {
  try {
    if (!(error instanceof Error)) return cause;
    const bare = Reflect.construct(
      Error,
      [String(error.message), { cause }],
      error.constructor,
    );
    Object.defineProperty(bare, "stack", { value: String(error.stack) });
    return bare;
  } catch {
    return cause;
  }
}
