import { TimeoutError } from "../../errors.ts";
import { checkFunction } from "../check.ts";
import { runAsOwner, runAsOwnerSync } from "../context.ts";
import { call, callSync } from "./callback.ts";
import { givenOr } from "./given.ts";
import type { AcquireOptions, SyncAcquireOptions } from "./options.ts";
import { type LockSide, show } from "./side.ts";

/** What stands behind a lock. */
export let sideOf: (lock: Lockable) => LockSide;
/** Called by the constructor: what stands behind it from now on. */
export let initSide: (lock: Lockable, make: () => LockSide) => void;

/**
 * What {@linkcode Lock}, {@linkcode RLock}, {@linkcode Semaphore},
 * {@linkcode BoundedSemaphore} and {@linkcode Condition} have in common: one takes
 * it, does something, and releases it.
 *
 * Each method that waits has a twin, named `…Sync`, which blocks the thread: no
 * coroutine of this thread runs meanwhile, so it is for threads that have nothing
 * else to do. A lock that another process serves has none of these: they throw a
 * `TypeError`.
 *
 * Ordering: what its holder wrote to shared memory before the release is seen by
 * the next holder.
 *
 * @example For any lock, and any semaphore
 * ```ts
 * import { Lock, type Lockable, Semaphore } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const isFree = (lock: Lockable) => lock.withLock(() => true, { timeout: 0 });
 *
 * assertEquals(await isFree(new Lock()), true);
 * assertEquals(await isFree(new Semaphore(3)), true);
 * ```
 *
 * Python: the methods of `multiprocessing.Lock` and its like.
 */
export abstract class Lockable {
  #side!: LockSide;

  static {
    sideOf = (lock) => lock.#side;
    initSide = (lock, make) => lock.#side = givenOr(make);
  }

  /**
   * Takes it; waits until that is possible.
   *
   * Cancel safety: who gives up, at a time-out or by the signal, has taken nothing.
   *
   * Python: `multiprocessing.Lock.acquire`. A time-out is in milliseconds; `block=False`
   * is `{ timeout: 0 }`.
   *
   * @returns `false` if time ran out.
   * @throws {LockAbandonedError} Once, if who had it has died with it, and there is
   * no `repair`. It is not taken then, but free.
   * @throws {unknown} The signal's reason when it aborts.
   */
  acquire(options?: AcquireOptions): Promise<boolean> {
    return this.#side.acquire(options);
  }

  /**
   * {@linkcode Lockable.acquire}, blocking the thread.
   *
   * Python: `multiprocessing.Lock.acquire`.
   */
  acquireSync(options?: SyncAcquireOptions): boolean {
    return this.#side.acquireSync(options);
  }

  /**
   * Releases it: one who waits has it next.
   *
   * Python: `multiprocessing.Lock.release`.
   *
   * @throws {RangeError} If it is not held.
   */
  release(): Promise<void> {
    return this.#side.release();
  }

  /**
   * {@linkcode Lockable.release}, at once.
   *
   * Python: `multiprocessing.Lock.release`.
   */
  releaseSync(): void {
    this.#side.releaseSync();
  }

  /**
   * Calls `fn` while it is held, and releases it however that ends. A generator
   * function is run to its end, as the target of a process is.
   *
   * Cancel safety: as {@linkcode Lockable.acquire}; when `fn` has begun, nothing
   * but its own end ends the call.
   *
   * Python: `with lock:`.
   *
   * @returns What `fn` returns.
   * @throws {TimeoutError} If time ran out before it could be taken.
   */
  async withLock<R>(
    fn: () => R | PromiseLike<R>,
    options?: AcquireOptions,
  ): Promise<R> {
    checkFunction(fn, "call with the lock held", "fn");
    const owner = this.#side.newOwner();
    return owner === null
      ? await this.#with(fn, options)
      : await runAsOwner(owner, () => this.#with(fn, options));
  }

  async #with<R>(
    fn: () => R | PromiseLike<R>,
    options: AcquireOptions | undefined,
  ): Promise<R> {
    if (!await this.acquire(options)) throw timedOut(options);
    let result: R;
    try {
      result = await call(fn);
    } catch (error) {
      // What went wrong first is what matters.
      await this.release().catch(() => {});
      throw error;
    }
    await this.release();
    return result;
  }

  /**
   * {@linkcode Lockable.withLock}, blocking the thread; `fn` must not be async.
   *
   * Python: `with lock:`.
   *
   * @throws {TypeError} If `fn` returns a promise, or is a generator function: it
   * would go on without the lock, which is released.
   */
  withLockSync<R>(fn: () => R, options?: SyncAcquireOptions): R {
    checkFunction(fn, "call with the lock held", "fn");
    const owner = this.#side.newOwner();
    return owner === null
      ? this.#withSync(fn, options)
      : runAsOwnerSync(owner, () => this.#withSync(fn, options));
  }

  #withSync<R>(fn: () => R, options: SyncAcquireOptions | undefined): R {
    if (!this.acquireSync(options)) throw timedOut(options);
    let result: R;
    try {
      result = callSync(fn, "fn", "withLockSync");
    } catch (error) {
      try {
        this.releaseSync();
      } catch {
        // What went wrong first is what matters.
      }
      throw error;
    }
    this.releaseSync();
    return result;
  }

  /**
   * Takes it for the rest of a block: `await using _ = await lock.guard()`.
   *
   * Cancel safety: as {@linkcode Lockable.acquire}.
   *
   * Python: `with lock:`.
   *
   * @returns What releases it when it is disposed of; twice does nothing new.
   * @throws {TimeoutError} If time ran out before it could be taken.
   */
  async guard(options?: AcquireOptions): Promise<AsyncDisposable> {
    if (!await this.acquire(options)) throw timedOut(options);
    let isHeld = true;
    return {
      [Symbol.asyncDispose]: async () => {
        if (!isHeld) return;
        isHeld = false;
        await this.release();
      },
    };
  }

  /**
   * {@linkcode Lockable.guard}, blocking the thread: `using _ = lock.guardSync()`.
   *
   * Python: `with lock:`.
   */
  guardSync(options?: SyncAcquireOptions): Disposable {
    if (!this.acquireSync(options)) throw timedOut(options);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.releaseSync();
      },
    };
  }

  /**
   * Whether it is held, so that `acquire` would have to wait: a snapshot, stale by
   * the time it is read.
   *
   * Python: `threading.Lock.locked`.
   */
  locked(): Promise<boolean> {
    return this.#side.locked();
  }

  /**
   * {@linkcode Lockable.locked}, at once.
   *
   * Python: `threading.Lock.locked`.
   */
  lockedSync(): boolean {
    return this.#side.lockedSync();
  }

  /** What is shown of it in the console: a snapshot, where it is in memory. */
  [Symbol.for("Deno.customInspect")](): string {
    return show(this, this.#side);
  }
}

function timedOut(
  options: { timeout?: number | undefined } = {},
): TimeoutError {
  return new TimeoutError(
    `Cannot call this with the lock held as it could not be taken within ${options.timeout} ms: its holder has not released it`,
  );
}
