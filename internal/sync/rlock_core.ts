import { ProcessError } from "../../errors.ts";
import { currentContext } from "../context.ts";
import type { Attempt } from "../memory/waits.ts";
import { type Left, LockCore } from "./lock_core.ts";
import type { SyncAcquireOptions } from "./options.ts";
import { notHeld, type Taken } from "./side.ts";

/**
 * An owner that a callback of `withLock` runs as. What those around it have, it
 * has too: `a.withLock(() => b.withLock(() => a.acquire()))` is one owner's doing.
 */
class CallbackOwner {
  readonly around: object;
  constructor(around: object) {
    this.around = around;
  }
}

/** The owner among these, from the innermost outwards, for which it holds. */
export function ownerAround(
  owner: object,
  has: (owner: object) => boolean,
): object | null {
  for (let inner: object = owner;;) {
    if (has(inner)) return inner;
    if (!(inner instanceof CallbackOwner)) return null;
    inner = inner.around;
  }
}

/** An owner for a callback that is called here. */
export function callbackOwner(): object {
  return new CallbackOwner(currentContext().owner);
}

/**
 * An RLock in this thread. To others it is a lock that the thread has; which owner
 * in the thread it is, and how often it was taken, is known here.
 */
export class RLockCore extends LockCore {
  #owner: object | null = null;
  #count = 0;

  override newOwner(): object | null {
    return this.isHeld() ? null : callbackOwner();
  }

  override isHeld(): boolean {
    return this.#isHeldBy(currentContext().owner);
  }

  override acquireSync(options?: SyncAcquireOptions): boolean {
    const isForEver = (options?.timeout ?? Infinity) === Infinity;
    if (isForEver && this.#owner !== null && !this.isHeld()) {
      throw new ProcessError(
        "Cannot block this thread until it has this RLock as another owner in this thread has it, who could not run to release it: use await acquire()",
      );
    }
    return super.acquireSync(options);
  }

  override tryFast(): boolean {
    const { owner } = currentContext();
    if (this.#isHeldBy(owner)) {
      this.#count++;
      return true;
    }
    if (!super.tryFast()) return false;
    this.#own(owner);
    return true;
  }

  override attempt(repair: boolean): Attempt<Taken> {
    const { owner } = currentContext();
    const take = super.attempt(repair);
    return () => {
      // Another wait of this owner may have come first.
      if (this.#isHeldBy(owner)) {
        this.#count++;
        return "taken";
      }
      const taken = take();
      if (taken !== undefined) this.#own(owner);
      return taken;
    };
  }

  override releaseSync(): void {
    if (!this.isHeld()) throw notHeld("RLock");
    if (--this.#count > 0) return;
    this.#owner = null;
    super.releaseSync();
  }

  override abandon(): void {
    this.#owner = null;
    this.#count = 0;
    super.abandon();
  }

  override leave(): Left {
    const left = { owner: this.#owner, count: this.#count };
    this.#count = 1;
    this.releaseSync();
    return left;
  }

  override async takeAgain(
    left: Left,
    repair?: () => unknown,
  ): Promise<void> {
    await super.takeAgain(left, repair);
    this.#count += left.count - 1;
  }

  override takeAgainSync(left: Left, repair?: () => unknown): void {
    super.takeAgainSync(left, repair);
    this.#count += left.count - 1;
  }

  #own(owner: object): void {
    this.#owner = owner;
    this.#count = 1;
  }

  #isHeldBy(owner: object): boolean {
    const holder = this.#owner;
    if (holder === null) return false;
    return holder === owner ||
      ownerAround(owner, (around) => around === holder) !== null;
  }
}
