/**
 * A semaphore in shared memory: how many permits are free, and who has the others.
 *
 * ```text
 *   word 0          lock     a brief lock; everything below changes under it
 *   word 1          free     the permits that can be taken
 *   word 2          initial  the permits that there were at first
 *   word 3          flags
 *                     31        3           2           1         0
 *                    +-----------+-----------+-----------+---------+
 *                    |  STARVING | ABANDONED |  TRAVELS  | BOUNDED |
 *                    +-----------+-----------+-----------+---------+
 *   word 4          heir     the slot that was given a permit last
 *   words 16 …      a wait set
 *   then, for each slot
 *                     31        24  23                             0
 *                    +------------+--------------------------------+
 *                    |  given     |  held                          |
 *                    +------------+--------------------------------+
 *   BOUNDED    there are never more than `initial` permits.
 *   TRAVELS    a permit was released by who had none, or a thread has returned with
 *              one: permits pass from hand to hand, as signals do, and are nobody's.
 *   ABANDONED  a holder has died; nobody has been told yet.
 *   STARVING   somebody has waited for long: the next release gives its permit to
 *              one who waits, instead of leaving it to the first that comes.
 *   given      permits given to this slot by a release; it does not know yet.
 *   held       permits that its thread has taken.
 * ```
 *
 * Who may write what
 *   Whoever has the lock, anything. The slots' words are the truth, each changed by
 *   one store; with TRAVELS, `free` is.
 *
 * Invariants
 *   I1  Without TRAVELS, free = initial − all held − all given. So `free` can be
 *       made anew from the slots' words, wherever a holder of the lock has died.
 *   I2  With TRAVELS nothing is held or given, and each change is one store.
 *   I3  Who gives a permit looks afterwards, under the same lock, whether the other
 *       still waits; who stops waiting leaves the wait set and then, under the lock,
 *       gives back. So no permit stays given to one who does not wait.
 *   I4  What a dead thread held is free again, once, and never more than that; not
 *       so with TRAVELS, because permits that pass from hand to hand may be on
 *       their way still: to make new ones would break what they count.
 *
 * Who waits is in the wait set before it looks under the lock, and who releases
 * wakes one after it has left the lock: so no wake-up is lost.
 */

import type { Arena } from "../memory/arena.ts";
import { BriefLock } from "../memory/brief_lock.ts";
import { SLOTS } from "../memory/layout.ts";
import type { Member } from "../memory/member.ts";
import {
  defineType,
  type ObjectType,
  type SharedObject,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Attempt, Gate } from "../memory/waits.ts";
import { abandoned } from "./abandoned.ts";

const FREE = 1;
const INITIAL = 2;
const FLAGS = 3;
const HEIR = 4;
const SET = 16;
const TABLE = SET + WAIT_SET_BYTES / 4;

const BOUNDED = 1;
const TRAVELS = 2;
const ABANDONED = 4;
const STARVING = 8;

const GIVEN_SHIFT = 24;
const ONE_GIVEN = 1 << GIVEN_SHIFT;
const MOST_GIVEN = 127;
const HELD = ONE_GIVEN - 1;

const STARVING_MS = 2;
/** As with locks: so often one thread may leave it to the first that comes. */
const MOST_TURNS = 4096;

/** The most permits that there can be. */
export const MOST_PERMITS = 2 ** 31 - 1;
/** The bytes of a semaphore that is a part of something. */
export const SEMAPHORE_BYTES = (TABLE + SLOTS) * 4;

/** What came of a release. */
export type Released = "released" | "over the bound" | "too many";

/** A semaphore at some words. */
export class SemaphoreWords implements Gate {
  readonly set: WaitSet;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #member: Member;
  readonly #lock: BriefLock;
  /** The index of this thread's own word. */
  readonly #own: number;
  /** Whether somebody may wait for what was released last. */
  #mayWake = false;
  #turns = 0;

  constructor(
    member: Member,
    words: Int32Array,
    at: number,
    arena: Arena,
    offset: number,
  ) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.#own = at + TABLE + member.slot;
    this.#lock = new BriefLock(arena, offset);
    this.set = new WaitSet(words, at + SET);
  }

  /** To be called once, by who has made it. */
  init(initial: number, bounded: boolean): void {
    this.#words[this.#at + FREE] = initial;
    this.#words[this.#at + INITIAL] = initial;
    this.#words[this.#at + FLAGS] = bounded ? BOUNDED : 0;
  }

  /** How many permits can be taken. */
  get free(): number {
    return Atomics.load(this.#words, this.#at + FREE);
  }

  /** Whether this thread has a permit. */
  get isOwn(): boolean {
    return (Atomics.load(this.#words, this.#own) & HELD) !== 0;
  }

  /**
   * Leaves the permits of this thread, which ends, to whoever releases them. What it
   * has given is free again, of which nobody is told: whom it was given to looks, or
   * leaves, and passes on that wake-up either way (waits.ts).
   */
  handOver(): void {
    if (!this.isOwn) return;
    this.#enter();
    this.#travel();
    this.#leave();
  }

  /** Takes a permit if there is one, and nobody has to be told of anything. */
  tryFast(): boolean {
    if (this.#words[this.#at + FREE]! <= 0) return false;
    this.#enter();
    const taken = !this.#has(ABANDONED) && this.#take(false);
    this.#leave();
    return taken;
  }

  /** An attempt to take a permit; `repair` takes one that a holder died with. */
  attempt(repair: boolean): Attempt<"taken" | "abandoned"> {
    let since = 0;
    return () => {
      const now = performance.now();
      since ||= now;
      this.#enter();
      const isAbandoned = this.#has(ABANDONED);
      if (isAbandoned && !repair) {
        this.#setFlags(ABANDONED, 0);
        this.#leave();
        this.set.wakeOne(this.#member);
        throw abandoned("semaphore");
      }
      const taken = this.#take(now - since > STARVING_MS);
      if (taken && isAbandoned) this.#setFlags(ABANDONED, 0);
      this.#leave();
      if (!taken) return undefined;
      return isAbandoned ? "abandoned" : "taken";
    };
  }

  /** Releases a permit; {@linkcode wakeNext} is to be called afterwards. */
  release(): Released {
    this.#enter();
    this.#mayWake = this.set.wasUsed;
    const own = this.#words[this.#own]!;
    if ((own & HELD) === 0 || this.#has(TRAVELS)) {
      const result = this.#releaseForeign();
      this.#leave();
      return result;
    }
    if ((this.#has(STARVING) || this.#isTurnOver()) && this.#give(own)) {
      this.#leave();
      return "released";
    }
    this.#put(this.#own, own - 1);
    this.#setFree(this.#getFree() + 1);
    this.#leave();
    return "released";
  }

  /** Wakes one who waits, if there is a permit for it. */
  wakeNext(): void {
    if (this.#mayWake && this.free > 0) this.set.wakeOne(this.#member);
  }

  /** Releases a permit of this thread as if the thread had died with it. */
  abandon(): void {
    this.#enter();
    if (this.#has(TRAVELS)) return this.#leave(); // then they are nobody's
    this.#setFlags(0, ABANDONED);
    const own = this.#words[this.#own]!;
    if ((own & HELD) > 0) this.#put(this.#own, own - 1);
    this.#setFree(this.#getFree() + 1);
    this.#leave();
    this.set.wakeOne(this.#member);
  }

  ready(): boolean {
    return this.free > 0 ||
      Atomics.load(this.#words, this.#own) >>> GIVEN_SHIFT > 0;
  }

  /** What was given to this thread, which does not wait any more, goes on. */
  refuse(): void {
    if (Atomics.load(this.#words, this.#own) >>> GIVEN_SHIFT === 0) return;
    this.#enter();
    this.#takeBack(this.#member.slot);
    this.#leave();
    this.set.wakeOne(this.#member);
  }

  /** After a thread's death. */
  sweep(slot: number): void {
    this.#enter();
    const index = this.#at + TABLE + slot;
    const word = this.#words[index]!;
    if (word !== 0) {
      // In this order: a sweep that is cut off here says it twice, not never.
      if ((word & HELD) > 0 && !this.#has(TRAVELS)) {
        this.#setFlags(0, ABANDONED);
      }
      this.#put(index, 0);
      this.#count();
    }
    const { free } = this;
    this.#leave();
    this.set.sweep(this.#member, slot);
    if (free > 0) this.set.wakeAll(this.#member);
  }

  // All that follows happens under the lock.

  #enter(): void {
    if (!this.#lock.take(this.#member)) return;
    // Who had it has died with it. It may have given to one who had left.
    if (this.#has(TRAVELS)) return;
    this.#count();
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!this.set.isWaiting(slot)) this.#takeBack(slot);
    }
  }

  #leave(): void {
    this.#lock.release(this.#member);
  }

  #take(starves: boolean): boolean {
    const words = this.#words;
    const own = words[this.#own]!;
    if (own >>> GIVEN_SHIFT > 0) {
      this.#put(this.#own, own - ONE_GIVEN + 1);
      this.#setFlags(STARVING, 0);
      return true;
    }
    if (this.#getFree() <= 0) {
      if (starves && !this.#has(TRAVELS)) this.#setFlags(0, STARVING);
      return false;
    }
    if (!this.#has(TRAVELS)) {
      // More than can be counted: such permits are counts, and nobody's.
      if ((own & HELD) === HELD) this.#travel();
      else this.#put(this.#own, own + 1);
    }
    this.#setFree(this.#getFree() - 1);
    return true;
  }

  /** Releases what this thread has not taken: a signal. */
  #releaseForeign(): Released {
    if (!this.#has(TRAVELS)) {
      this.#takeBackAll();
      if (this.#isFull()) return "over the bound";
      this.#travel();
    } else if (this.#isFull()) return "over the bound";
    const free = this.#getFree();
    if (free === MOST_PERMITS) return "too many";
    this.#setFree(free + 1);
    return "released";
  }

  #isFull(): boolean {
    return this.#has(BOUNDED) &&
      this.#getFree() >= this.#words[this.#at + INITIAL]!;
  }

  /** From now on permits are nobody's. */
  #travel(): void {
    this.#takeBackAll();
    this.#setFlags(STARVING, TRAVELS);
    for (let slot = 0; slot < SLOTS; slot++) {
      const index = this.#at + TABLE + slot;
      if (this.#words[index] !== 0) this.#put(index, 0);
    }
  }

  #isTurnOver(): boolean {
    if (!this.#mayWake) return false;
    this.#turns = (this.#turns + 1) % MOST_TURNS;
    return this.#turns === 0;
  }

  /** Gives a permit of this thread to one who waits; `false`: nobody does. */
  #give(own: number): boolean {
    const slot = this.set.nextAfter(this.#words[this.#at + HEIR]!);
    this.#put(this.#at + HEIR, slot);
    if (slot === -1 || this.#member.ownerOf(slot) === 0) {
      this.#setFlags(STARVING, 0);
      return false;
    }
    const index = this.#at + TABLE + slot;
    const word = this.#words[index]!;
    if (word >>> GIVEN_SHIFT >= MOST_GIVEN) return false;
    if (index === this.#own) {
      this.#put(index, own + ONE_GIVEN - 1);
    } else {
      // For a moment neither has it: who repairs finds it free.
      this.#put(this.#own, own - 1);
      this.#put(index, word + ONE_GIVEN);
    }
    if (this.set.isWaiting(slot)) this.#member.ring(slot);
    else this.#takeBack(slot); // it has left in between
    return true;
  }

  #takeBack(slot: number): void {
    const index = this.#at + TABLE + slot;
    const word = this.#words[index]!;
    const given = word >>> GIVEN_SHIFT;
    if (given === 0) return;
    this.#put(index, word & HELD);
    this.#setFree(this.#getFree() + given);
  }

  #takeBackAll(): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#takeBack(slot);
  }

  /** Makes `free` anew. */
  #count(): void {
    if (this.#has(TRAVELS)) return;
    let free = this.#words[this.#at + INITIAL]!;
    for (let slot = 0; slot < SLOTS; slot++) {
      const word = this.#words[this.#at + TABLE + slot]!;
      free -= (word & HELD) + (word >>> GIVEN_SHIFT);
    }
    this.#setFree(free);
  }

  /** Not atomic, as only who has the lock writes, and it is in order. */
  #put(index: number, value: number): void {
    this.#words[index] = value;
  }

  #getFree(): number {
    return this.#words[this.#at + FREE]!;
  }

  #setFree(free: number): void {
    this.#put(this.#at + FREE, free);
  }

  #has(flag: number): boolean {
    return (this.#words[this.#at + FLAGS]! & flag) !== 0;
  }

  #setFlags(off: number, on: number): void {
    const flags = this.#words[this.#at + FLAGS]!;
    const changed = flags & ~off | on;
    if (changed !== flags) {
      this.#put(this.#at + FLAGS, changed);
    }
  }
}

/** The type of semaphores, bounded or not. */
export const SEMAPHORE: ObjectType = defineType({
  code: 2,
  ends: 1,
  isOwned: (object) => semaphoreOf(object).isOwn,
  handOver: (object) => semaphoreOf(object).handOver(),
  sweep: (object, slot) => semaphoreOf(object).sweep(slot),
});

/** The semaphore that an object is. */
export function semaphoreOf(object: SharedObject): SemaphoreWords {
  return new SemaphoreWords(
    object.member,
    object.words,
    object.body,
    object.space.arena,
    object.offsetOfWord(object.body),
  );
}
