import type { SharedObject } from "../memory/objects.ts";
import type { WaitSet } from "../memory/wait_set.ts";
import type { Gate, Line } from "../memory/waits.ts";
import { conditionOf, type ConditionWords } from "../structure/condition.ts";
import { checkInteger } from "../check.ts";
import { checkWait, lineOf } from "./core.ts";
import type { Left, LockCore } from "./lock_core.ts";
import {
  type AcquireOptions,
  repairOf,
  type SyncAcquireOptions,
} from "./options.ts";
import { promised } from "./side.ts";

/** A Condition in this thread. It is the gate of its line, as a {@linkcode Core} is. */
export class ConditionCore implements Gate {
  readonly object: SharedObject;
  /** The lock that belongs to it. */
  readonly lock: LockCore;
  readonly set: WaitSet;
  readonly words: ConditionWords;
  readonly #line: Line;

  constructor(object: SharedObject, lock: LockCore) {
    this.object = object;
    this.lock = lock;
    this.words = conditionOf(object);
    this.set = this.words.set;
    this.#line = lineOf(object, this);
  }

  ready(): boolean {
    return this.words.ready();
  }

  async wait(options: AcquireOptions = {}): Promise<boolean> {
    checkWait(options);
    const repair = repairOf(options);
    const { lock, words } = this;
    const left = this.#enter();
    let notified = false;
    try {
      try {
        notified = await this.#line.wait(() => words.claim(), options) ===
            true || words.giveUp();
      } catch (error) {
        if (words.giveUp()) this.#passOn();
        throw error;
      } finally {
        await lock.takeAgain(left, repair);
      }
    } catch (error) {
      if (notified) this.#passOn();
      throw error;
    }
    if (notified) words.settle();
    return notified;
  }

  waitSync(options: SyncAcquireOptions = {}): boolean {
    const repair = repairOf(options);
    const { lock, words } = this;
    const left = this.#enter();
    let notified = false;
    try {
      try {
        notified = this.#line.waitSync(() => words.claim(), options) ===
            true || words.giveUp();
      } catch (error) {
        if (words.giveUp()) this.#passOn();
        throw error;
      } finally {
        lock.takeAgainSync(left, repair);
      }
    } catch (error) {
      if (notified) this.#passOn();
      throw error;
    }
    if (notified) words.settle();
    return notified;
  }

  notify(count: number): Promise<void> {
    return promised(() => this.notifySync(count));
  }

  notifySync(count: number): void {
    if (!this.lock.isHeld()) throw withoutLock("notify");
    if (count !== Infinity) {
      checkInteger(count, "notify", "n", 0);
    }
    if (this.words.notify(count)) this.#line.lookNow();
  }

  /** Only who has the lock may go on. */
  checkHeld(): void {
    if (!this.lock.isHeld()) throw withoutLock("wait");
  }

  /** One waits from now on, and leaves the lock. */
  #enter(): Left {
    this.checkHeld();
    if (!this.words.enter()) {
      throw new RangeError(
        "Cannot wait as 65535 of this thread wait at this condition already",
      );
    }
    return this.lock.leave();
  }

  #passOn(): void {
    this.words.passOn();
    this.#line.lookNow();
  }
}

function withoutLock(what: string): RangeError {
  return new RangeError(
    `Cannot ${what} as the condition's lock is not held here: is an "await" missing before acquire()?`,
  );
}
