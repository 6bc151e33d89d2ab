/** Sleeping, and letting others run. */

import { checkMilliseconds } from "../check.ts";
import { currentCoroutine } from "../context.ts";
import { after } from "../wait.ts";
import { turn } from "./turns.ts";

/**
 * Waits so many milliseconds. 0, the default, lets the others run that wait for
 * their turn. In a coroutine that is killed it throws the `GreenletExit`.
 *
 * @example Letting others run
 * ```ts
 * import { sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = spawn(() => "done");
 * assertEquals(greenlet.value, null);
 * await sleep(0);
 * assertEquals(greenlet.value, "done");
 * ```
 *
 * Python: `gevent.sleep`.
 */
export function sleep(ms: number = 0): Promise<void> {
  const coroutine = currentCoroutine();
  try {
    checkMilliseconds(ms, "sleep", "ms", "Infinity: for ever");
    coroutine?.throwIfKilled();
  } catch (error) {
    return Promise.reject(error);
  }
  if (ms === 0) return turn();
  return new Promise((resolve, reject) => {
    const forget = coroutine?.onKill((exit) => {
      cancel();
      reject(exit);
    });
    const cancel = after(ms, () => {
      forget?.();
      resolve();
    });
  });
}
