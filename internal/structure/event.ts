/**
 * An event in shared memory: one word, and a wait set.
 *
 * ```text
 *    31                                            1     0
 *   +---------------------------------------------+-----+
 *   |  how often it was set (wraps)               | SET |
 *   +---------------------------------------------+-----+
 *   SET   the flag.
 * ```
 *
 * Who may write what
 *   set     0 -> 1 on SET and +1 on the count, in one swap.
 *   clear   1 -> 0 on SET; nothing else.
 *
 * Invariants
 *   I1  Who waits has read the word when it began. It is released when it sees SET,
 *       or another count than it has read: set() followed at once by clear()
 *       releases all who waited.
 *   I2  Who waits is in the wait set before it looks; set() wakes all after the
 *       swap. So no wake-up is lost.
 *
 * Not promised: anything to one who begins to wait after clear().
 */

import type { Member } from "../memory/member.ts";
import {
  defineType,
  type ObjectType,
  type SharedObject,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Attempt, Gate } from "../memory/waits.ts";

const SET = 1;
const ONE_MORE = 2;
const WAIT_SET = 16;

/** The bytes of an event that is a part of something. */
export const EVENT_BYTES = WAIT_SET * 4 + WAIT_SET_BYTES;

/** An event at some words. */
export class EventWord implements Gate {
  readonly set: WaitSet;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #member: Member;

  constructor(member: Member, words: Int32Array, at: number) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.set = new WaitSet(words, at + WAIT_SET);
  }

  /** Whether it is set. */
  ready(): boolean {
    return (Atomics.load(this.#words, this.#at) & SET) !== 0;
  }

  /** Sets it; {@linkcode wakeAll} is to be called afterwards. */
  turnOn(): void {
    for (;;) {
      const word = Atomics.load(this.#words, this.#at);
      if (word & SET) return;
      const next = (word + ONE_MORE) | SET;
      if (
        Atomics.compareExchange(this.#words, this.#at, word, next) === word
      ) return;
    }
  }

  /** Wakes all who wait. */
  wakeAll(): void {
    this.set.wakeAll(this.#member);
  }

  /** Clears it. */
  turnOff(): void {
    Atomics.and(this.#words, this.#at, ~SET);
  }

  /** An attempt of one who begins to wait now. */
  attempt(): Attempt<true> {
    const before = Atomics.load(this.#words, this.#at) >>> 1;
    return () => {
      const word = Atomics.load(this.#words, this.#at);
      return word & SET || word >>> 1 !== before ? true : undefined;
    };
  }

  /** After a thread's death. */
  sweep(slot: number): void {
    // It may have died after it had set it, before it had woken all.
    if (this.ready()) this.wakeAll();
    this.set.sweep(this.#member, slot);
  }
}

/** The type of events. */
export const EVENT: ObjectType = defineType({
  code: 4,
  ends: 1,
  sweep: (object, slot) => eventOf(object).sweep(slot),
});

/** The event that an object is. */
export function eventOf(object: SharedObject): EventWord {
  return new EventWord(object.member, object.words, object.body);
}
