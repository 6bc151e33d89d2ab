import {
  type Context,
  currentContext,
  currentCoroutine,
  runInSync,
} from "../context.ts";
import type { SharedObject } from "../memory/objects.ts";
import type { Attempt } from "../memory/waits.ts";
import { lockOf, type LockWord } from "../structure/lock.ts";
import { Core } from "./core.ts";
import { notHeld, type Taken } from "./side.ts";

/** So often those of this thread may have it one after another, others waiting. */
const MOST_STAYS = 64;

/** What a lock was left with, to be taken again so. */
export interface Left {
  readonly owner: object | null;
  readonly count: number;
}

/** A Lock in this thread. */
export class LockCore extends Core {
  readonly word: LockWord;
  /** It was left by one of this thread, to be taken by the next of its line. */
  #stays = false;
  #stayed = 0;

  constructor(object: SharedObject) {
    const word = lockOf(object);
    super(object, word.set);
    this.word = word;
  }

  tryFast(): boolean {
    return this.word.tryFast();
  }

  attempt(repair: boolean): Attempt<Taken> {
    const take = this.word.attempt(repair);
    return () => {
      if (!this.#stays) return take();
      this.#stays = false;
      return "taken";
    };
  }

  releaseSync(): void {
    if (this.word.leaveFast()) return;
    if (this.#stay()) return;
    if (!this.word.release()) throw notHeld("lock");
  }

  /**
   * Leaves it to the next of this thread, which costs next to nothing; by turns it
   * is left to others.
   */
  #stay(): boolean {
    const { line, word } = this;
    if (line.isEmpty || !word.mayStay) return false;
    this.#stayed = (this.#stayed + 1) % MOST_STAYS;
    if (this.#stayed === 0) return false;
    this.#stays = true;
    line.lookNow();
    if (!this.#stays) return true;
    this.#stays = false;
    return false;
  }

  abandon(): void {
    this.word.abandon();
  }

  lockedSync(): boolean {
    return this.word.isTaken;
  }

  get state(): string {
    if (!this.word.isTaken) return "free";
    return this.word.isOwn ? "taken in this thread" : "taken elsewhere";
  }

  ready(): boolean {
    return this.word.ready();
  }

  refuse(): void {
    this.word.refuse();
  }

  /** Whether who asks has it. */
  isHeld(): boolean {
    return this.word.isOwn;
  }

  /** Leaves it, however often it was taken. */
  leave(): Left {
    this.releaseSync();
    return { owner: null, count: 1 };
  }

  /** Takes it again as it was left; nothing but its holder's death prevents that. */
  async takeAgain(left: Left, repair?: () => unknown): Promise<void> {
    // The kill of a coroutine, too, is thrown with the lock taken.
    const context = { ...contextOf(left), coroutine: null };
    await runInSync(context, () => this.acquire(repair && { repair }));
  }

  /** The same, blocking the thread. */
  takeAgainSync(left: Left, repair?: () => unknown): void {
    runInSync(contextOf(left), () => this.acquireSync(repair && { repair }));
  }
}

function contextOf({ owner }: Left): Context {
  return {
    owner: owner ?? currentContext().owner,
    coroutine: currentCoroutine(),
  };
}
