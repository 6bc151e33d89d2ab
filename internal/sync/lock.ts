import type { SharedObject } from "../memory/objects.ts";
import { LOCK, LOCK_BYTES } from "../structure/lock.ts";
import { registerShared } from "../travel/shared_class.ts";
import { giving } from "./given.ts";
import { initSide, Lockable } from "./lockable.ts";
import { LockCore } from "./lock_core.ts";
import { RemoteLock, RemoteRLock } from "./remote_sides.ts";
import { RLockCore } from "./rlock_core.ts";
import { newShared, sharedLock } from "./shared.ts";

/**
 * A lock: one at a time has it, of all coroutines, threads and processes that it
 * was given to.
 *
 * It is nobody's in particular: whoever has it may release it, as in Python, and
 * who has it and takes it again waits for ever. It is sent as an argument or in a
 * message, and is then the same lock there.
 *
 * If a process or thread dies while it has the lock, the next who comes is told
 * so by a {@linkcode LockAbandonedError}, and the lock is free; with `repair`, the
 * next takes it and mends what it guards.
 *
 * @example One at a time
 * ```ts
 * import { Lock } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * let balance = 0;
 * async function deposit(amount: number) {
 *   await lock.withLock(async () => {
 *     const before = balance;
 *     await new Promise((resolve) => setTimeout(resolve, 1));
 *     balance = before + amount;
 *   });
 * }
 * await Promise.all([1, 2, 3, 4].map(deposit));
 * assertEquals(balance, 10);
 * ```
 *
 * @example Between processes
 * ```ts
 * import { Lock } from "@multi/processing/sync";
 * import { Process } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const tries = (lock: { acquire(options: { timeout: number }): Promise<boolean> }) =>
 *   lock.acquire({ timeout: 0 });
 *
 * const lock = new Lock();
 * await using _held = await lock.guard();
 * await using process = new Process({ target: tries, args: [lock] });
 * process.start();
 * assertEquals(await process.result(), false);
 * ```
 *
 * Python: `multiprocessing.Lock`, `threading.Lock`.
 */
export class Lock extends Lockable {
  /**
   * Makes a lock that is free.
   *
   * Python: `multiprocessing.Lock()`.
   */
  constructor() {
    super();
    initSide(this, () => newLock((object) => new LockCore(object)));
  }

  static {
    registerShared<Lock>({
      ...sharedLock("Lock", Lock, (object) => new LockCore(object)),
      fromRemote: (remote) =>
        giving(new RemoteLock(remote, "Lock"), () => new Lock()),
    });
  }
}

/**
 * A lock that its owner can take again, and then has to release as often.
 *
 * The owner is the callback of `withLock` that runs, or else the coroutine of
 * `spawn`, or else the thread. So async functions of one thread which are neither
 * are one owner, and do not exclude each other: `withLock` tells them apart. A
 * callback has what the callbacks around it have.
 *
 * @example Taken twice
 * ```ts
 * import { RLock } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RLock();
 * const log: string[] = [];
 * const write = (line: string) => lock.withLock(() => void log.push(line));
 * await lock.withLock(async () => {
 *   await write("first"); // the lock is held already
 *   await write("second");
 * });
 * assertEquals(log, ["first", "second"]);
 * ```
 *
 * Python: `multiprocessing.RLock`, `threading.RLock`.
 */
export class RLock extends Lockable {
  /**
   * Makes a lock that is free.
   *
   * Python: `multiprocessing.RLock()`.
   */
  constructor() {
    super();
    initSide(this, () => newLock((object) => new RLockCore(object)));
  }

  static {
    registerShared<RLock>({
      ...sharedLock("RLock", RLock, (object) => new RLockCore(object)),
      fromRemote: (remote) =>
        giving(new RemoteRLock(remote, "RLock"), () => new RLock()),
    });
  }
}

function newLock<C extends LockCore>(make: (object: SharedObject) => C): C {
  return newShared(LOCK, LOCK_BYTES, () => {}, make);
}
