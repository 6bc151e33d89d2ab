/**
 * Coroutines: functions of one thread that take turns. They cost little, so
 * there may be 100,000 of them, and each can be waited for, asked for its result
 * and killed.
 *
 * ```ts
 * import { joinall, sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const greenlets = ["a", "b"].map((name) =>
 *   spawn(async () => {
 *     for (let i = 1; i <= 2; i++) {
 *       seen.push(name + i);
 *       await sleep(0);
 *     }
 *   })
 * );
 * await joinall(greenlets);
 * assertEquals(seen, ["a1", "b1", "a2", "b2"]);
 * ```
 *
 * A coroutine runs until it waits: `await` or `yield` are where others run. Timers
 * and I/O get their share however many coroutines want to run.
 *
 * Python: gevent.
 *
 * @module
 */

export {
  getcurrent,
  Greenlet,
  type Outcome,
  spawn,
  spawnLater,
} from "./internal/coroutine/greenlet.ts";
export {
  GreenletPool,
  Group,
  type GroupJoinOptions,
} from "./internal/coroutine/group.ts";
export {
  type Ended,
  iwait,
  type IwaitOptions,
  joinall,
  type JoinallOptions,
  killall,
} from "./internal/coroutine/joining.ts";
export type { KillOptions } from "./internal/coroutine/kill.ts";
export type { ImapOptions } from "./internal/coroutine/mapping.ts";
export { sleep } from "./internal/coroutine/sleep.ts";
export type { WaitOptions } from "./internal/wait.ts";
