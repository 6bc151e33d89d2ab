/**
 * Locks and their like, for coroutines, threads and processes alike: Python's
 * `multiprocessing.Lock` and `threading.Lock`, and all that come with them.
 *
 * Each is one object, wherever it is sent: as an argument, a result, in a message.
 * It can be used at once by coroutines of one thread, by threads and by processes,
 * and by their children's children. It needs nobody who looks after it, and is gone
 * when nobody has it any more.
 *
 * ```ts
 * import { Lock } from "@multi/processing/sync";
 * import { Process } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const hold = (lock: Lock) => lock.withLock(() => "held in a process");
 *
 * const lock = new Lock();
 * const process = new Process({ target: hold, args: [lock] });
 * process.start();
 * assertEquals(await process.result(), "held in a process");
 * ```
 *
 * Do not forget the `await` before `acquire()` and its like: without, the code goes
 * on without the lock. `withLock` makes that harder to forget.
 *
 * Permissions: between processes, `--allow-ffi`, on Linux. Between threads of one
 * process, none.
 *
 * Python: `multiprocessing`, `threading`.
 *
 * @module
 */

export type {
  AcquireOptions,
  SyncAcquireOptions,
} from "./internal/sync/options.ts";
export { Barrier } from "./internal/sync/barrier.ts";
export type { BarrierOptions } from "./internal/sync/barrier.ts";
export { Condition } from "./internal/sync/condition.ts";
export { Event } from "./internal/sync/event.ts";
export { Lock, RLock } from "./internal/sync/lock.ts";
export { Lockable } from "./internal/sync/lockable.ts";
export { BoundedSemaphore, Semaphore } from "./internal/sync/semaphore.ts";
export type { SyncWaitOptions, WaitOptions } from "./internal/wait.ts";
