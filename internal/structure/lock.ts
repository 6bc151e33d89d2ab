/**
 * A lock in shared memory: one word, and a wait set.
 *
 * ```text
 *    31        30       29          28         27                  0
 *   +---------+--------+-----------+----------+---------------------+
 *   | WAITERS | HANDED | ABANDONED | STARVING | owner; 0: nobody    |
 *   +---------+--------+-----------+----------+---------------------+
 *   WAITERS    somebody may be in the wait set: a release must look.
 *   HANDED     the owner was given the lock by its release, and does not know yet.
 *   ABANDONED  the last owner has died with it; nobody has been told yet.
 *   STARVING   somebody has waited for long: the lock is handed over soon to one
 *              who waits, instead of being left to the first that comes.
 * ```
 *
 * Who may write what
 *   acquire   0 -> owner; with flags, in one swap: sets WAITERS, STARVING; clears
 *             ABANDONED; clears HANDED in a word that names it.
 *   release   owner -> 0, the flags stay; or -> another owner with HANDED.
 *   sweep     a dead owner -> 0 with ABANDONED; with HANDED, -> 0 without.
 *
 * Invariants
 *   I1  WAITERS is set, by who waits, before it looks for the last time; so a
 *       release either finds it and wakes one, or frees the word before that look.
 *   I2  WAITERS goes away only with a release that has found nobody in the wait
 *       set. Who has come since then saw the lock taken and set the flag again, or
 *       was woken by a later release; and whoever was woken and takes the lock sets
 *       the flag for the others in the set. So while somebody sleeps, the flag is
 *       set or one who was woken is on its way.
 *   I3  Who hands the lock over looks afterwards whether the other still waits; who
 *       stops waiting leaves the wait set, and looks afterwards whether it was handed
 *       the lock. One of the two sees it, and lets it go on.
 *   I4  A lock that was handed over, and whose new owner dies before it knows, was
 *       not abandoned: nothing was done under it.
 *
 * Not promised: that those who wait get it in their order. Whoever comes may take
 * a free lock before one who was woken, but not for ever: who has waited for
 * `STARVING_MS` gets it by turns (as in Go's `sync.Mutex`), and so does one who
 * waits when a thread has had it `MOST_TURNS` times.
 */

import {
  defineType,
  type ObjectType,
  type SharedObject,
} from "../memory/objects.ts";
import { type Member, OWNER } from "../memory/member.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Attempt, Gate } from "../memory/waits.ts";
import { abandoned } from "./abandoned.ts";

const WAITERS = 0x80000000 | 0;
const HANDED = 0x40000000;
const ABANDONED = 0x20000000;
const STARVING = 0x10000000;
/** The next word: the slot that it was handed to last, by who had it then. */
const HEIR = 1;
const STARVING_MS = 2;
/**
 * A thread that was handed it may take it again for so long before it hands it on:
 * to hand it over costs the time of many short uses.
 */
const SLICE_MS = 0.25;
/**
 * So often one thread may leave it to the first that comes, while others wait: else
 * it would have it until its processor is given to another one.
 */
const MOST_TURNS = 4096;

/** The bytes of a lock that is a part of something. */
export const LOCK_BYTES = 64 + WAIT_SET_BYTES;

/** A lock at some words; whoever uses it names itself by its {@linkcode Member}. */
export class LockWord implements Gate {
  readonly words: Int32Array;
  /** The index of the word. */
  readonly at: number;
  readonly set: WaitSet;
  readonly #member: Member;
  readonly #id: number;
  #turns = 0;
  /** When this thread was handed it last. */
  #handedAt = -Infinity;

  constructor(member: Member, words: Int32Array, at: number) {
    this.#member = member;
    this.#id = member.id;
    this.words = words;
    this.at = at;
    this.set = new WaitSet(words, at + 16);
  }

  /** Takes it if it is nobody's and nobody waits: the fast way. */
  tryFast(): boolean {
    return Atomics.compareExchange(this.words, this.at, 0, this.#id) === 0;
  }

  /** Leaves it if it is this thread's and nobody waits: the fast way. */
  leaveFast(): boolean {
    const id = this.#id;
    return Atomics.compareExchange(this.words, this.at, id, 0) === id;
  }

  /** An attempt to take it; `repair` makes an abandoned one be taken. */
  attempt(repair: boolean): Attempt<"taken" | "abandoned"> {
    let since = 0;
    return () => {
      for (;;) {
        const word = Atomics.load(this.words, this.at);
        const owner = word & OWNER;
        if (owner === 0) {
          if ((word & ABANDONED) && !repair) {
            if (!this.#swap(word, word & ~ABANDONED)) continue;
            this.set.wakeOne(this.#member);
            throw abandoned("lock");
          }
          const { id, slot } = this.#member;
          const waiters = this.set.hasOthers(slot) ? WAITERS : word & WAITERS;
          if (!this.#swap(word, waiters | word & STARVING | id)) continue;
          return word & ABANDONED ? "abandoned" : "taken";
        }
        if (owner === this.#member.id && word & HANDED) {
          if (!this.#swap(word, word & ~(HANDED | STARVING))) continue;
          this.#handedAt = performance.now();
          return "taken";
        }
        if (!this.#member.isAlive(owner)) {
          this.#member.sweepDead();
          if (Atomics.load(this.words, this.at) !== word) continue;
        }
        const now = performance.now();
        since ||= now;
        const flags = now - since > STARVING_MS ? WAITERS | STARVING : WAITERS;
        if ((word & flags) === flags || this.#swap(word, word | flags)) {
          return undefined;
        }
      }
    };
  }

  /** Leaves it; `false`: it is nobody's. */
  release(): boolean {
    const { words, at } = this;
    for (;;) {
      const word = Atomics.load(words, at);
      if ((word & OWNER) === 0 || word & HANDED) return false;
      if (!this.#isTurnOver(word)) {
        // The flags stay as long as somebody may be in the set.
        if (!this.#swap(word, word & (WAITERS | STARVING))) continue;
        if (word & WAITERS) this.#wakeOne();
        return true;
      }
      const heir = this.#heir();
      if (heir === 0) {
        if (this.#swap(word, word & ~STARVING)) continue;
      } else if (this.#swap(word, WAITERS | HANDED | heir)) {
        this.#member.ring(heir & 1023);
        this.#takeBack();
        return true;
      }
    }
  }

  /** Whether it is somebody's. */
  get isTaken(): boolean {
    return (Atomics.load(this.words, this.at) & OWNER) !== 0;
  }

  /** Whether this thread has it. */
  get isOwn(): boolean {
    const word = Atomics.load(this.words, this.at);
    return (word & OWNER) === this.#member.id && (word & HANDED) === 0;
  }

  /** Whether this thread has it, and nobody else has waited for long. */
  get mayStay(): boolean {
    const word = Atomics.load(this.words, this.at);
    return (word & (OWNER | HANDED | STARVING)) === this.#id;
  }

  /** Whether it was left by one who died, or is, by that one. */
  isAbandonedBy(owner: number): boolean {
    const word = Atomics.load(this.words, this.at);
    return (word & ABANDONED) !== 0 ||
      (word & (OWNER | HANDED)) === owner;
  }

  /** Leaves it as if this thread, which has it, had died. */
  abandon(): void {
    for (;;) {
      const word = Atomics.load(this.words, this.at);
      if ((word & (OWNER | HANDED)) !== this.#id) return;
      if (!this.#swap(word, word & WAITERS | ABANDONED)) continue;
      return this.#wakeOne();
    }
  }

  ready(): boolean {
    const word = Atomics.load(this.words, this.at);
    return (word & OWNER) === 0 ||
      (word & HANDED) !== 0 && (word & OWNER) === this.#member.id;
  }

  /** A lock that was handed to one who waits no more goes on. */
  #takeBack(): void {
    for (;;) {
      const word = Atomics.load(this.words, this.at);
      if (!(word & HANDED) || this.set.isWaiting(word & 1023)) return;
      if (this.#swap(word, word & WAITERS)) return this.#wakeOne();
    }
  }

  /** After a thread's death. */
  sweep(slot: number, owner: number): void {
    for (;;) {
      const word = Atomics.load(this.words, this.at);
      if ((word & OWNER) !== owner) break;
      const flags = word & HANDED
        ? word & (WAITERS | ABANDONED)
        : word & WAITERS | ABANDONED;
      if (this.#swap(word, flags)) break;
    }
    this.set.sweep(this.#member, slot);
    this.#takeBack(); // it may have died while it handed it over
    if (!this.isTaken) this.set.wakeOne(this.#member);
  }

  /** What was handed over to this thread, which does not wait any more, goes on. */
  refuse(): void {
    for (;;) {
      const word = Atomics.load(this.words, this.at);
      if (!(word & HANDED) || (word & OWNER) !== this.#member.id) return;
      if (this.#swap(word, word & WAITERS)) return this.#wakeOne();
    }
  }

  /** Whether it is to be handed over now. */
  #isTurnOver(word: number): boolean {
    if (!(word & WAITERS)) return false;
    this.#turns = (this.#turns + 1) % MOST_TURNS;
    if (this.#turns === 0) return true;
    return (word & STARVING) !== 0 &&
      performance.now() - this.#handedAt >= SLICE_MS;
  }

  /** Wakes one; where nobody waits, the flag goes. */
  #wakeOne(): void {
    if (this.set.wakeOne(this.#member) !== -1) return;
    if (!this.set.hasOthers(-1)) this.#swap(WAITERS, 0);
  }

  /** Who waits, and is to have it; 0: nobody. */
  #heir(): number {
    const slot = this.set.nextAfter(this.words[this.at + HEIR]!);
    this.words[this.at + HEIR] = slot;
    const owner = slot === -1 ? 0 : this.#member.ownerOf(slot);
    return this.#member.isAlive(owner) ? owner : 0;
  }

  #swap(from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, this.at, from, to) === from;
  }
}

/** The type of locks, RLocks included: what is reentrant is known to the owner only. */
export const LOCK: ObjectType = defineType({
  code: 1,
  ends: 1,
  isOwned: (object) => lockOf(object).isOwn,
  sweep: (object, slot, owner) => lockOf(object).sweep(slot, owner),
});

/** The lock that an object is. */
export function lockOf(object: SharedObject): LockWord {
  return new LockWord(object.member, object.words, object.body);
}
