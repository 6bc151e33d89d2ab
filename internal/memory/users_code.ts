/** Whether this thread is in code of its user that was called from within. */

import { isDecoding } from "../wire/decode.ts";
import { isEncoding } from "../wire/encode.ts";

let callbacks = 0;

/** Calls a user's function in the middle of what is done to an object. */
export function callBack<R>(fn: () => R): R {
  callbacks++;
  try {
    return fn();
  } finally {
    callbacks--;
  }
}

/**
 * Whether users' code may run in the middle of what is done to some object: such a
 * function, or a getter or a class's `encode` or `decode`.
 */
export function isInUsersCode(): boolean {
  return callbacks > 0 || isEncoding() || isDecoding();
}
