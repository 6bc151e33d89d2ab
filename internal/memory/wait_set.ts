/**
 * Who waits at an object: a bit for each thread.
 *
 * ```text
 *   word 0         used     a bit for each word of `waiting` that ever was not 0
 *   word 1         cursor   the slot that was woken last
 *   words 2 …      waiting  a bit for each slot that waits here
 *   then as many   woken    a bit for each slot that was told to look, and has not yet
 * ```
 *
 * Who may write what
 *   waiting, woken   its thread sets `waiting`, and clears both; who wakes it sets
 *                    `woken`; who sweeps up after it clears both.
 *
 * Invariants
 *   I1  A thread sets its bit in `waiting`, *then* clears `woken`, *then* looks at
 *       what it waits for, then sleeps. Who changes that looks for waiters *after*
 *       the change. So one of the two sees the other.
 *   I2  Whoever takes its bits away with `woken` set, without having taken what it
 *       was woken for, wakes another: a wake-up moves on, it is not lost. So does
 *       who sweeps up after a thread that died with `woken` set.
 *   I3  Threads that sleep are woken before others: one that is busy looks anyway
 *       before it goes to sleep.
 *
 * The race worth knowing: two releases follow each other, and one thread waits.
 * The first sets `woken`, the second finds nobody else. That one thread must take
 * all that it can use, and if something is left, wake another.
 */

import { SET_WORDS } from "./layout.ts";
import type { Member } from "./member.ts";

const USED = 0;
const CURSOR = 1;
const WAITING = 2;
const WOKEN = WAITING + SET_WORDS;

/** The bytes that a wait set takes. */
export const WAIT_SET_BYTES = (WOKEN + SET_WORDS) * 4;

/** The threads that wait for something. */
export class WaitSet {
  #words: Int32Array;
  #at: number;

  /** Made over words which are zeros at first. */
  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#at = index;
  }

  /** This thread will look, and then sleep. */
  enter(slot: number): void {
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    const words = this.#words;
    const at = this.#at + word;
    if (!(Atomics.or(words, at + WAITING, bit) & bit)) {
      Atomics.or(words, this.#at + USED, 1 << word);
    }
    if (Atomics.load(words, at + WOKEN) & bit) {
      Atomics.and(words, at + WOKEN, ~bit);
    }
  }

  /** It waits no more; `true`: it was woken, and has not looked since. */
  leave(slot: number): boolean {
    const bit = 1 << (slot & 31);
    const at = this.#at + (slot >>> 5);
    Atomics.and(this.#words, at + WAITING, ~bit);
    return (Atomics.load(this.#words, at + WOKEN) & bit) !== 0 &&
      (Atomics.and(this.#words, at + WOKEN, ~bit) & bit) !== 0;
  }

  /** Whether somebody may wait. */
  get isUsed(): boolean {
    return Atomics.load(this.#words, this.#at + USED) !== 0;
  }

  /** Whether this thread was told to look. */
  isWoken(slot: number): boolean {
    const at = this.#at + WOKEN + (slot >>> 5);
    return (Atomics.load(this.#words, at) & 1 << (slot & 31)) !== 0;
  }

  /** Whether another thread than this one waits; -1: whether any does. */
  hasOthers(slot: number): boolean {
    for (const other of this.#candidates(false)) {
      if (other !== slot) return true;
    }
    return false;
  }

  /** Chooses the next that waits, woken or not; gives its slot, or -1. */
  next(): number {
    for (const slot of this.#candidates(false)) {
      Atomics.store(this.#words, this.#at + CURSOR, slot);
      return slot;
    }
    return -1;
  }

  /** Wakes one that waits and was not woken yet; gives its slot, or -1. */
  wakeOne(member: Member): number {
    if (!this.isUsed) return -1;
    // Those who sleep come first.
    for (const sleeping of [true, false]) {
      for (const slot of this.#candidates(true)) {
        if (sleeping && !member.sleeps(slot)) continue;
        if (this.#wake(member, slot)) {
          Atomics.store(this.#words, this.#at + CURSOR, slot);
          return slot;
        }
      }
    }
    return -1;
  }

  /** Wakes all that wait. */
  wakeAll(member: Member): void {
    if (!this.isUsed) return;
    for (const slot of this.#candidates(true)) this.#wake(member, slot);
  }

  #wake(member: Member, slot: number): boolean {
    const at = this.#at + WOKEN + (slot >>> 5);
    const bit = 1 << (slot & 31);
    if (Atomics.or(this.#words, at, bit) & bit) return false;
    // It may have left in between, and would not take the wake-up with it.
    const waiting = Atomics.load(this.#words, at - SET_WORDS) & bit;
    if (waiting === 0 && Atomics.and(this.#words, at, ~bit) & bit) return false;
    member.ring(slot);
    return true;
  }

  /** The slots that wait, from the one after the cursor on. */
  *#candidates(notWoken: boolean): Iterable<number> {
    const words = this.#words;
    const used = Atomics.load(words, this.#at + USED);
    const start = (Atomics.load(words, this.#at + CURSOR) + 1) & 1023;
    const first = start >>> 5;
    for (let i = 0; i <= SET_WORDS; i++) {
      const word = (first + i) % SET_WORDS;
      if (!(used & 1 << word)) continue;
      const at = this.#at + word;
      let bits = Atomics.load(words, at + WAITING);
      if (notWoken) bits &= ~Atomics.load(words, at + WOKEN);
      if (i === 0) bits &= -1 << (start & 31);
      if (i === SET_WORDS) bits &= ~(-1 << (start & 31));
      while (bits !== 0) {
        const bit = bits & -bits;
        yield word * 32 + 31 - Math.clz32(bit);
        bits ^= bit;
      }
    }
  }

  /** After a thread's death: it waits no more, and its wake-up moves on. */
  sweep(member: Member, slot: number): void {
    // First another one is woken, so that a sweep that is cut off wakes one too many.
    if (this.isWoken(slot)) this.wakeOne(member);
    this.leave(slot);
  }
}
