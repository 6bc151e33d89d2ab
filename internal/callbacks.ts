/**
 * Callbacks for one event. Mostly there is none or one, and there may be
 * 100,000 coroutines: so a set is made for the second one only.
 */
export type Callbacks<A extends unknown[]> =
  | null
  | ((...args: A) => void)
  | Set<(...args: A) => void>;

/** Whether that is one of them. */
export function hasCallback<A extends unknown[]>(
  callbacks: Callbacks<A>,
  callback: (...args: A) => void,
): boolean {
  return callbacks instanceof Set
    ? callbacks.has(callback)
    : callbacks === callback;
}

/** The callbacks with one more. */
export function withCallback<A extends unknown[]>(
  callbacks: Callbacks<A>,
  callback: (...args: A) => void,
): Callbacks<A> {
  if (callbacks === null) return callback;
  if (callbacks instanceof Set) return callbacks.add(callback);
  return new Set([callbacks, callback]);
}

/** The callbacks without that one. */
export function withoutCallback<A extends unknown[]>(
  callbacks: Callbacks<A>,
  callback: (...args: A) => void,
): Callbacks<A> {
  if (callbacks instanceof Set) callbacks.delete(callback);
  else if (callbacks === callback) return null;
  return callbacks;
}

/** Calls them all, in order; whether there was one. */
export function callAll<A extends unknown[]>(
  callbacks: Callbacks<A>,
  ...args: A
): boolean {
  if (callbacks === null) return false;
  if (!(callbacks instanceof Set)) {
    callbacks(...args);
    return true;
  }
  for (const callback of callbacks) callback(...args);
  return callbacks.size > 0;
}
