import type { SharedObject } from "../memory/objects.ts";
import {
  MOST_PERMITS,
  SEMAPHORE,
  SEMAPHORE_BYTES,
  semaphoreOf,
} from "../structure/semaphore.ts";
import type { Remote } from "../travel/remote.ts";
import type { SharedClass } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { checkInteger } from "../check.ts";
import { giving } from "./given.ts";
import { initSide, Lockable, sideOf } from "./lockable.ts";
import { RemoteLock } from "./remote_sides.ts";
import { SemaphoreCore } from "./semaphore_core.ts";
import { newShared, sharedLock } from "./shared.ts";

/**
 * A number of permits: `acquire` takes one, and waits where there is none;
 * `release` adds one.
 *
 * Whoever likes may release, also who has acquired nothing: that is how it carries
 * a signal. As long as nobody has done so, permits are somebody's: those that a
 * thread or process has when it dies are free again, and the next who comes is told
 * so by a {@linkcode LockAbandonedError}. Later they are nobody's, and what a dead
 * process has taken stays taken, as in Python.
 *
 * @example At most two at a time
 * ```ts
 * import { Semaphore } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const semaphore = new Semaphore(2);
 * let now = 0, most = 0;
 * async function work() {
 *   await semaphore.withLock(async () => {
 *     most = Math.max(most, ++now);
 *     await new Promise((resolve) => setTimeout(resolve, 1));
 *     now--;
 *   });
 * }
 * await Promise.all([work(), work(), work(), work(), work()]);
 * assertEquals(most, 2);
 * ```
 *
 * Python: `multiprocessing.Semaphore`, `threading.Semaphore`.
 */
export class Semaphore extends Lockable {
  /**
   * Makes a semaphore with so many permits, all free.
   *
   * Python: `multiprocessing.Semaphore(value)`.
   *
   * @throws {RangeError} If it is less than 0, no integer, or above 2147483647.
   */
  constructor(value: number = 1) {
    super();
    initSide(this, () => newSemaphore(value, this instanceof BoundedSemaphore));
  }

  /** {@linkcode Lockable.release}: one permit, so no number is taken. */
  override release(count?: undefined): Promise<void> {
    try {
      refuseCount(count);
    } catch (error) {
      return Promise.reject(error);
    }
    return super.release();
  }

  /** {@linkcode Semaphore.release}, at once. */
  override releaseSync(count?: undefined): void {
    refuseCount(count);
    super.releaseSync();
  }

  /**
   * How many permits are free: a snapshot, stale by the time it is read.
   *
   * Python: `multiprocessing.Semaphore.get_value`.
   */
  getValue(): Promise<number> {
    return (sideOf(this) as SemaphoreSide).getValue();
  }

  /**
   * {@linkcode Semaphore.getValue}, at once.
   *
   * Python: `multiprocessing.Semaphore.get_value`.
   */
  getValueSync(): number {
    return (sideOf(this) as SemaphoreSide).getValueSync();
  }

  static {
    registerShared(sharedSemaphore("Semaphore", Semaphore));
  }
}

/**
 * A {@linkcode Semaphore} that never has more permits than at first: a release too
 * many is an error.
 *
 * @example A release too many
 * ```ts
 * import { BoundedSemaphore } from "@multi/processing/sync";
 * import { assertRejects } from "@std/assert";
 *
 * const semaphore = new BoundedSemaphore(1);
 * await semaphore.acquire();
 * await semaphore.release();
 * await assertRejects(() => semaphore.release(), RangeError, "await");
 * ```
 *
 * Python: `multiprocessing.BoundedSemaphore`, `threading.BoundedSemaphore`.
 */
export class BoundedSemaphore extends Semaphore {
  static {
    registerShared(sharedSemaphore("BoundedSemaphore", BoundedSemaphore));
  }
}

/** Python's takes how many; here that would be lost where no types are checked. */
function refuseCount(count: unknown): void {
  if (count === undefined) return;
  throw new TypeError(
    `Cannot release ${
      Deno.inspect(count, { depth: 0 })
    } permits as release() gives back one: call it for each`,
  );
}

type SemaphoreSide = SemaphoreCore | RemoteSemaphore;

/** A semaphore of either kind elsewhere. */
class RemoteSemaphore extends RemoteLock {
  getValue(): Promise<number> {
    return this.call("getValue");
  }

  getValueSync(): never {
    this.refuse("getValueSync");
  }
}

function sharedSemaphore<T extends Semaphore>(
  name: string,
  cls: new () => T,
): SharedClass<T> {
  const make = (object: SharedObject) => new SemaphoreCore(object);
  const shared = sharedLock(name, cls, make);
  return {
    ...shared,
    fromRemote: (remote: Remote) =>
      giving(new RemoteSemaphore(remote, name), () => new cls()),
    service: { ...shared.service!, methods: ["locked", "getValue"] },
  };
}

function newSemaphore(value: number, bounded: boolean): SemaphoreCore {
  checkInteger(value, "create semaphore", "value", 0, MOST_PERMITS);
  return newShared(
    SEMAPHORE,
    SEMAPHORE_BYTES,
    (object) => semaphoreOf(object).init(value, bounded),
    (object) => new SemaphoreCore(object),
  );
}
