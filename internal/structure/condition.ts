/**
 * Who waits at a condition in shared memory, and who was notified.
 *
 * ```text
 *   word 0, 1       lock     the place and uid of the lock that belongs to it
 *   word 2          kind     what kind of lock that is
 *   word 3          cursor   the slot that was notified last
 *   words 16 …      a wait set, which says who looks; it wakes nobody
 *   then, for each slot
 *                     31        16  15         0
 *                    +------------+-------------+
 *                    |  notified  |   waiting   |   notified <= waiting
 *                    +------------+-------------+
 *   waiting    how many of its thread wait, those included who were notified and
 *              have not taken the lock again yet.
 *   notified   how many of these were notified.
 * ```
 *
 * Who may write what
 *   wait     its thread: waiting + 1, while it has the lock.
 *   notify   who has the lock: notified + 1, where notified < waiting.
 *   its end  its thread: both − 1 for one who was notified and has the lock again;
 *            waiting − 1 for one who gives up, and was not.
 *   sweep    whoever sweeps up after the thread.
 *
 * Invariants
 *   I1  A notification is for one who waited when it was made: `notify` and `wait`
 *       happen under the lock, and nobody else adds to either count.
 *   I2  A notification is used up when its waiter has the lock again. Before that,
 *       whoever gives up or dies passes it on to another one who waits. First that
 *       one is notified, then the count of the first goes down: a death in between
 *       notifies one too many, never one too few.
 *   I3  Which of its waiters were notified is known to the thread alone, as they
 *       are all the same to others: the first of its line.
 *   I4  If the lock's holder dies, one who waits is notified. It takes the lock and
 *       so learns of that; it may be what it waits for that will not happen now.
 */

import { SLOTS } from "../memory/layout.ts";
import type { Member } from "../memory/member.ts";
import {
  defineType,
  type ObjectType,
  type SharedObject,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import { lockOf } from "./lock.ts";

const LOCK_INDEX = 0;
const LOCK_UID = 1;
const LOCK_KIND = 2;
const CURSOR = 3;
const SET = 16;
const TABLE = SET + WAIT_SET_BYTES / 4;

const WAITING = 0xffff;
const NOTIFIED_SHIFT = 16;
const ONE_NOTIFIED = 1 << NOTIFIED_SHIFT;
const MOST = WAITING;

/** The bytes of a condition. */
export const CONDITION_BYTES = (TABLE + SLOTS) * 4;

/** The lock that belongs to a condition. */
export interface LockPlace {
  readonly index: number;
  readonly uid: number;
  /** What its user makes of it. */
  readonly kind: number;
}

/** A condition at some words. */
export class ConditionWords {
  readonly set: WaitSet;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #member: Member;
  /** The index of this thread's own word. */
  readonly #own: number;
  /** How many of this thread know that they were notified. */
  #claimed = 0;

  constructor(member: Member, words: Int32Array, at: number) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.#own = at + TABLE + member.slot;
    this.set = new WaitSet(words, at + SET);
  }

  /** To be called once, by who has made it. */
  init({ index, uid, kind }: LockPlace): void {
    this.#words[this.#at + LOCK_INDEX] = index;
    this.#words[this.#at + LOCK_UID] = uid;
    this.#words[this.#at + LOCK_KIND] = kind;
  }

  /** Its lock. */
  get lock(): LockPlace {
    return {
      index: this.#words[this.#at + LOCK_INDEX]!,
      uid: this.#words[this.#at + LOCK_UID]!,
      kind: this.#words[this.#at + LOCK_KIND]!,
    };
  }

  /** One more of this thread waits; `false`: there are too many. */
  enter(): boolean {
    if ((Atomics.load(this.#words, this.#own) & WAITING) === MOST) return false;
    Atomics.add(this.#words, this.#own, 1);
    return true;
  }

  /** Whether one of this thread was notified who does not know yet. */
  ready(): boolean {
    return this.#getNotified() > this.#claimed;
  }

  /** One of this thread takes note that it was notified. */
  claim(): true | undefined {
    if (!this.ready()) return undefined;
    this.#claimed++;
    return true;
  }

  /**
   * One of this thread who was not told gives up; `true`: it had been notified
   * nevertheless, and has taken note of it.
   */
  giveUp(): boolean {
    for (;;) {
      const word = Atomics.load(this.#words, this.#own);
      const waiting = (word & WAITING) - this.#claimed;
      const notified = (word >>> NOTIFIED_SHIFT) - this.#claimed;
      if (notified >= waiting) {
        this.#claimed++;
        return true;
      }
      if (this.#swap(word, word - 1)) return false;
    }
  }

  /** One who has taken note of it has the lock again. */
  settle(): void {
    this.#claimed--;
    Atomics.sub(this.#words, this.#own, ONE_NOTIFIED + 1);
  }

  /** One who has taken note of it makes no use of it: another one is notified. */
  passOn(): void {
    this.#notifyOther(-1); // maybe another one of this thread
    this.settle();
  }

  /** Notifies as many who wait, by turns; whether any of this thread. */
  notify(count: number): boolean {
    const before = this.#getNotified();
    for (let left = count; left > 0; left--) {
      if (!this.#notifyOther(-1)) break;
    }
    return this.#getNotified() !== before;
  }

  /** After a thread's death; `lockLost`: the lock was left by one who died. */
  sweep(slot: number, lockLost: boolean): void {
    const index = this.#at + TABLE + slot;
    // First so that nobody notifies it any more.
    Atomics.and(this.#words, index, ~WAITING);
    while (Atomics.load(this.#words, index) >>> NOTIFIED_SHIFT > 0) {
      this.#notifyOther(index);
      Atomics.sub(this.#words, index, ONE_NOTIFIED);
    }
    if (lockLost) this.#notifyOther(index);
    this.set.sweep(this.#member, slot);
  }

  #getNotified(): number {
    return Atomics.load(this.#words, this.#own) >>> NOTIFIED_SHIFT;
  }

  /** Notifies one of a slot that is not at `except`; `false`: nobody waits. */
  #notifyOther(except: number): boolean {
    const start = Atomics.load(this.#words, this.#at + CURSOR) + 1;
    const top = this.#member.slotsTop;
    for (let i = 0; i < top; i++) {
      const slot = (start + i) % top;
      const index = this.#at + TABLE + slot;
      if (index === except) continue;
      for (;;) {
        const word = Atomics.load(this.#words, index);
        if (word >>> NOTIFIED_SHIFT >= (word & WAITING)) break;
        const notified = word + ONE_NOTIFIED;
        if (
          Atomics.compareExchange(this.#words, index, word, notified) !== word
        ) continue;
        Atomics.store(this.#words, this.#at + CURSOR, slot);
        if (index !== this.#own) this.#member.ring(slot);
        return true;
      }
    }
    return false;
  }

  #swap(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.#own, from, to) === from;
  }
}

/** The type of conditions. */
export const CONDITION: ObjectType = defineType({
  code: 3,
  ends: 1,
  sweep(object, slot, owner) {
    const words = conditionOf(object);
    const { index, uid } = words.lock;
    const lock = object.space.find(index, uid);
    words.sweep(slot, lock !== null && lockOf(lock).isAbandonedBy(owner));
  },
});

/** The condition that an object is. */
export function conditionOf(object: SharedObject): ConditionWords {
  return new ConditionWords(object.member, object.words, object.body);
}
