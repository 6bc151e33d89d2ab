import { LockAbandonedError } from "../../errors.ts";
import { checkFunction } from "../check.ts";
import { homeIn } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import {
  CONDITION,
  CONDITION_BYTES,
  conditionOf,
} from "../structure/condition.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Handle } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { timeoutOf } from "../wait.ts";
import { ConditionCore } from "./condition_core.ts";
import { call, callSync } from "./callback.ts";
import { checkWait } from "./core.ts";
import { givenOr, giving } from "./given.ts";
import { Lock, RLock } from "./lock.ts";
import { initSide, Lockable, sideOf } from "./lockable.ts";
import { LockCore } from "./lock_core.ts";
import {
  type AcquireOptions,
  repairOf,
  type SyncAcquireOptions,
} from "./options.ts";
import { RemoteRLock } from "./remote_sides.ts";
import { RLockCore } from "./rlock_core.ts";
import { conditionService } from "./services.ts";
import { newShared } from "./shared.ts";
import { mend } from "./side.ts";

/** What kind of lock a condition has, in shared memory. */
const KINDS = { LOCK: 0, RLOCK: 1 } as const;

/**
 * Waiting for something to change that a lock guards.
 *
 * Who has the lock looks, and if it has to wait, waits here: that releases the lock,
 * waits to be notified, and takes the lock again before it goes on. Who changes
 * something notifies, with the lock held.
 *
 * `notify(n)` wakes exactly `n` of those who wait, or all if they are fewer. If one
 * of them dies, or is made to give up, before it has the lock again, another one
 * is woken instead.
 *
 * @example Waiting for an item
 * ```ts
 * import { Condition } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const changed = new Condition();
 * const items: string[] = [];
 * const consumer = changed.withLock(async () => {
 *   await changed.waitFor(() => items.length > 0);
 *   return items.shift();
 * });
 * await changed.withLock(async () => {
 *   items.push("apple");
 *   await changed.notify();
 * });
 * assertEquals(await consumer, "apple");
 * ```
 *
 * Python: `multiprocessing.Condition`, `threading.Condition`.
 */
export class Condition extends Lockable {
  #core: ConditionCore | RemoteCondition;

  /**
   * Makes a condition of that lock; by default of an {@linkcode RLock} of its own.
   *
   * Python: `multiprocessing.Condition(lock)`.
   *
   * @throws {TypeError} If the lock is no Lock or RLock, or another process serves
   * it.
   */
  constructor(lock?: Lock | RLock) {
    super();
    const core = givenOr<ConditionCore | RemoteCondition>(() =>
      newCondition(lock ?? new RLock())
    );
    this.#core = core;
    initSide(
      this,
      () => core instanceof ConditionCore ? core.lock : core,
    );
  }

  /**
   * Releases the lock, waits to be notified, and takes the lock again.
   *
   * It is taken again in every case, however the wait ends, but for a holder that
   * has died with it. To do so may take longer than the time-out.
   *
   * Cancel safety: who gives up and had been notified passes that on.
   *
   * Python: `multiprocessing.Condition.wait`.
   *
   * @returns `false` if time ran out.
   * @throws {RangeError} If the lock is not held here.
   * @throws {LockAbandonedError} If who had the lock has died with it, and there is
   * no `repair`: then it is not held. One of those who wait is woken by that.
   * @throws {unknown} The signal's reason when it aborts.
   */
  wait(options?: AcquireOptions): Promise<boolean> {
    return this.#core.wait(options);
  }

  /**
   * {@linkcode Condition.wait}, blocking the thread.
   *
   * Python: `multiprocessing.Condition.wait`.
   */
  waitSync(options?: SyncAcquireOptions): boolean {
    return this.#core.waitSync(options);
  }

  /**
   * Waits until the predicate holds, which is called with the lock held: first at
   * once, and then whenever this has been notified.
   *
   * Python: `multiprocessing.Condition.wait_for`.
   *
   * @returns What the predicate returned last: what does not hold if time ran out.
   * @throws As {@linkcode Condition.wait}.
   */
  async waitFor<T>(
    predicate: () => T | PromiseLike<T>,
    options: AcquireOptions = {},
  ): Promise<T> {
    checkFunction(predicate, "wait", "predicate");
    checkWait(options);
    const end = performance.now() + timeoutOf(options);
    this.#core.checkHeld();
    for (;;) {
      const result = await call(predicate);
      const timeout = end - performance.now();
      if (result || timeout <= 0) return result;
      await this.wait({ ...options, timeout });
    }
  }

  /**
   * {@linkcode Condition.waitFor}, blocking the thread; the predicate must not be
   * async.
   *
   * Python: `multiprocessing.Condition.wait_for`.
   *
   * @throws {TypeError} If the predicate returns a promise, or is a generator
   * function.
   */
  waitForSync<T>(predicate: () => T, options: SyncAcquireOptions = {}): T {
    if (this.#core instanceof RemoteCondition) this.#core.refuse("waitForSync");
    checkFunction(predicate, "wait", "predicate");
    const end = performance.now() + timeoutOf(options);
    this.#core.checkHeld();
    for (;;) {
      const result = callSync(predicate, "predicate", "waitForSync");
      const timeout = end - performance.now();
      if (result || timeout <= 0) return result;
      this.waitSync({ ...options, timeout });
    }
  }

  /**
   * Wakes `n` of those who wait, or all if they are fewer. They go on when they
   * have the lock, so not before this one releases it.
   *
   * Python: `multiprocessing.Condition.notify`.
   *
   * @throws {RangeError} If the lock is not held here.
   */
  notify(n: number = 1): Promise<void> {
    return this.#core.notify(n);
  }

  /**
   * {@linkcode Condition.notify}, at once.
   *
   * Python: `multiprocessing.Condition.notify`.
   */
  notifySync(n: number = 1): void {
    this.#core.notifySync(n);
  }

  /**
   * Wakes all who wait.
   *
   * Python: `multiprocessing.Condition.notify_all`.
   *
   * @throws {RangeError} If the lock is not held here.
   */
  notifyAll(): Promise<void> {
    return this.#core.notify(Infinity);
  }

  /**
   * {@linkcode Condition.notifyAll}, at once.
   *
   * Python: `multiprocessing.Condition.notify_all`.
   */
  notifyAllSync(): void {
    this.#core.notifySync(Infinity);
  }

  static {
    registerShared<Condition>({
      name: "Condition",
      class: Condition,
      encode(condition) {
        const core = condition.#core as ConditionCore;
        writeHandle(core.lock.object, 0); // so that it is held on the way, too
        return writeHandle(core.object, 0);
      },
      decode: (handle) =>
        giving(
          readHandle(handle, (object) => receive(object, handle)),
          () => new Condition(),
        ),
      remoteOf: (condition) =>
        condition.#core instanceof RemoteCondition
          ? condition.#core.remote
          : null,
      fromRemote: (remote) =>
        giving(
          new RemoteCondition(remote, "Condition"),
          () => new Condition(),
        ),
      service: conditionService((condition) =>
        condition.#core as ConditionCore
      ),
    });
  }
}

/** A condition elsewhere, with its lock. */
class RemoteCondition extends RemoteRLock {
  async wait(options: AcquireOptions = {}): Promise<boolean> {
    const repair = repairOf(options);
    const { timeout, signal } = options;
    try {
      return await this.asOwner(() =>
        this.callWaiting("wait", { timeout, signal })
      );
    } catch (error) {
      if (!(error instanceof LockAbandonedError) || !repair) throw error;
      await this.acquire();
      await mend(repair, () => this.call("abandon"));
      return true;
    }
  }

  notify(n: number): Promise<void> {
    return this.asOwner(() => this.call("notify", n));
  }

  waitSync(): never {
    this.refuse("waitSync");
  }

  notifySync(): never {
    this.refuse("notifySync");
  }

  checkHeld(): void {}
}

function newCondition(lock: Lock | RLock): ConditionCore {
  if (!(lock instanceof Lock || lock instanceof RLock)) {
    throw new TypeError(
      `Cannot create condition as "lock" must be a Lock or an RLock: current value is ${
        Deno.inspect(lock, { depth: 0 })
      }`,
    );
  }
  const core = sideOf(lock);
  if (!(core instanceof LockCore)) {
    throw new TypeError(
      "Cannot create condition as its lock is served by another process: let that one make the condition, too",
    );
  }
  const { index, uid, space } = core.object;
  const kind = core instanceof RLockCore ? KINDS.RLOCK : KINDS.LOCK;
  return newShared(
    CONDITION,
    CONDITION_BYTES,
    (object) => conditionOf(object).init({ index, uid, kind }),
    (object) => new ConditionCore(object, core),
    homeIn(space.arena.grant),
  );
}

/** The core of a condition that was sent here. */
function receive(object: SharedObject, [, , , arena]: Handle): ConditionCore {
  const { index, uid, kind } = conditionOf(object).lock;
  const lock = readHandle(
    [index, uid, 0, arena],
    (object) =>
      kind === KINDS.RLOCK ? new RLockCore(object) : new LockCore(object),
  );
  return new ConditionCore(object, lock);
}
