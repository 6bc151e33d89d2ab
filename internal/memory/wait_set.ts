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
 *                    `woken`, and clears that where it finds that the thread has left;
 *                    who sweeps up after it clears both.
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

import { SET_WORDS, SLOTS } from "./layout.ts";
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

  /**
   * Whether anybody ever waited: to be asked under a lock that all take who wait,
   * after they have entered.
   */
  get wasUsed(): boolean {
    return this.#words[this.#at + USED] !== 0;
  }

  /** Whether somebody waits who was not told to look: cheap, to be asked often. */
  get wantsWake(): boolean {
    const words = this.#words;
    let used = Atomics.load(words, this.#at + USED);
    while (used !== 0) {
      const at = this.#at + 31 - Math.clz32(used & -used);
      const waiting = Atomics.load(words, at + WAITING);
      if (waiting & ~Atomics.load(words, at + WOKEN)) return true;
      used &= used - 1;
    }
    return false;
  }

  /** Whether a thread waits. */
  isWaiting(slot: number): boolean {
    const at = this.#at + WAITING + (slot >>> 5);
    return (Atomics.load(this.#words, at) & 1 << (slot & 31)) !== 0;
  }

  /** Whether a thread was told to look. */
  isWoken(slot: number): boolean {
    const at = this.#at + WOKEN + (slot >>> 5);
    return (Atomics.load(this.#words, at) & 1 << (slot & 31)) !== 0;
  }

  /** Whether another thread than this one waits; -1: whether any does. */
  hasOthers(slot: number): boolean {
    const other = this.#next(0, false);
    return other !== -1 &&
      (other !== slot || this.#next(other + 1, false) !== -1);
  }

  /** The first that waits, woken or not, after that slot, by turns; -1: none does. */
  nextAfter(slot: number): number {
    const next = this.#next(slot + 1, false);
    return next !== -1 ? next : this.#next(0, false);
  }

  /** Wakes one that waits and was not woken yet; gives its slot, or -1. */
  wakeOne(member: Member): number {
    if (!this.isUsed) return -1;
    let busy = -1;
    const start = Atomics.load(this.#words, this.#at + CURSOR) + 1;
    // By turns, but those who sleep come first.
    for (const [from, to] of [[start, SLOTS], [0, start]] as const) {
      let slot = this.#next(from, true);
      while (slot !== -1 && slot < to) {
        if (!member.sleeps(slot)) {
          if (busy === -1) busy = slot;
        } else if (this.#wake(member, slot)) {
          Atomics.store(this.#words, this.#at + CURSOR, slot);
          return slot;
        }
        slot = this.#next(slot + 1, true);
      }
    }
    // One that was busy may have left: then there may be others.
    while (busy !== -1 && !this.#wake(member, busy)) {
      busy = this.#nextNotWoken();
    }
    if (busy !== -1) Atomics.store(this.#words, this.#at + CURSOR, busy);
    return busy;
  }

  /** Wakes all that wait. */
  wakeAll(member: Member): void {
    if (!this.isUsed) return;
    let slot = this.#next(0, true);
    while (slot !== -1) {
      this.#wake(member, slot);
      slot = this.#next(slot + 1, true);
    }
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

  #nextNotWoken(): number {
    const start = Atomics.load(this.#words, this.#at + CURSOR) + 1;
    const slot = this.#next(start, true);
    return slot !== -1 ? slot : this.#next(0, true);
  }

  /** The first slot that waits, from `start` on; -1: none does. */
  #next(start: number, notWoken: boolean): number {
    const words = this.#words;
    const used = Atomics.load(words, this.#at + USED);
    for (let word = start >>> 5; word < SET_WORDS; word++) {
      if (!(used & 1 << word)) continue;
      let bits = Atomics.load(words, this.#at + WAITING + word);
      if (word === start >>> 5) bits &= -1 << (start & 31);
      if (bits === 0) continue;
      if (notWoken) bits &= ~Atomics.load(words, this.#at + WOKEN + word);
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits & -bits);
    }
    return -1;
  }

  /** After a thread's death: it waits no more, and its wake-up moves on. */
  sweep(member: Member, slot: number): void {
    // First another one is woken, so that a sweep that is cut off wakes one too many.
    if (this.isWoken(slot)) this.wakeOne(member);
    this.leave(slot);
  }
}
