/** Calls the functions that users give to locks and their like. */

import { drive } from "../launch/drive.ts";

/**
 * Calls the function of a method that can wait. A generator function is run to its
 * end, as a target is; an iterator that another function returns is its result.
 */
export function call<R>(
  fn: () => R | PromiseLike<R>,
): R | PromiseLike<R> {
  const result = fn();
  return isGeneratorsOwn(result, fn) ? drive(result) as Promise<R> : result;
}

/** Calls the function of a method that blocks: one that never waits. */
export function callSync<R>(fn: () => R, name: string, method: string): R {
  const result = fn();
  const what = result instanceof Promise
    ? "has returned a promise"
    : isGeneratorsOwn(result, fn)
    ? "is a generator function"
    : null;
  if (what === null) return result;
  if (result instanceof Promise) result.catch(() => {});
  throw new TypeError(
    `Cannot wait for "${name}" in ${method}() as it ${what}: use await ${
      method.replace("Sync", "")
    }(), or give a function that does not wait`,
  );
}

function isGeneratorsOwn(result: unknown, fn: () => unknown): boolean {
  return typeof result === "object" && result !== null &&
    /Generator/.test(Object.prototype.toString.call(fn));
}
