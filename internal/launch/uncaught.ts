/** Errors that nobody catches, in a program's scope and in a Worker's. */

interface UncaughtEvents {
  error: ErrorEvent;
  unhandledrejection: PromiseRejectionEvent;
}

/**
 * Calls back for errors that nobody catches, unless a listener of the user
 * prevents their effect.
 */
export function onUncaught(callback: (error: unknown, event: Event) => void) {
  watch(
    "error",
    (event) => callback(event.error, event),
    (event) =>
      new ErrorEvent(event.type, {
        message: event.message,
        filename: event.filename,
        lineno: event.lineno,
        colno: event.colno,
        error: event.error,
        cancelable: true,
      }),
  );
  watch(
    "unhandledrejection",
    (event) => callback(event.reason, event),
    (event) =>
      new PromiseRejectionEvent(event.type, {
        promise: event.promise,
        reason: event.reason,
        cancelable: true,
      }),
  );
}

/**
 * The user's listeners are asked first, by an event of their own: only whoever
 * is last to see an event knows whether it was prevented.
 */
function watch<T extends keyof UncaughtEvents>(
  type: T,
  uncaught: (event: UncaughtEvents[T]) => void,
  copyOf: (event: UncaughtEvents[T]) => Event,
): void {
  let copy: Event | undefined;
  globalThis.addEventListener(type, (original: Event) => {
    if (original === copy) return;
    const event = original as UncaughtEvents[T];
    event.stopImmediatePropagation();
    copy = copyOf(event);
    if (globalThis.dispatchEvent(copy)) uncaught(event);
    else event.preventDefault();
  });
}
