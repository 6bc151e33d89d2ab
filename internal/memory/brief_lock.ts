/**
 * A lock for a few hundred nanoseconds of work on shared words, which blocks its
 * thread. No user's code runs under it.
 *
 * ```text
 *    31          30  28  27                              0
 *   +-----------+------+----------------------------------+
 *   | CONTENDED |      | owner; 0: free                   |
 *   +-----------+------+----------------------------------+
 *   CONTENDED   somebody may sleep on this word.
 * ```
 *
 * Who may write what
 *   take      0 -> owner; a dead owner -> owner | CONTENDED; sets CONTENDED.
 *   release   owner -> 0, and wakes if CONTENDED was set.
 *
 * Invariants
 *   I1  One sleeps only on a word that one has seen with CONTENDED, and the sleep
 *       compares the word again. The owner takes CONTENDED away only with the
 *       lock itself, and then wakes everybody. So no wake-up is lost.
 *   I2  Who takes the lock of a dead owner is told so, and mends what it guards
 *       before anybody else can look.
 */

import type { Arena } from "./arena.ts";
import { type Member, OWNER } from "./member.ts";

const CONTENDED = 0x80000000 | 0;
const SPINS = 100;
/** Whoever is woken by nobody looks whether the owner has died (ms). */
const LOOK = 5;

/** One such lock, at a word in shared memory. */
export class BriefLock {
  #words: Int32Array;
  #index: number;
  #offset: number;

  constructor(arena: Arena, offset: number) {
    this.#words = arena.ints(offset, 4);
    this.#index = 0;
    this.#offset = offset;
  }

  /** Takes the lock; `true`: its owner had died with it. */
  take(member: Member): boolean {
    if (
      Atomics.compareExchange(this.#words, this.#index, 0, member.id) === 0
    ) return false;
    return this.#takeContended(member);
  }

  /** Leaves it. */
  release(member: Member): void {
    if (Atomics.exchange(this.#words, this.#index, 0) < 0) {
      member.parking.wake(this.#offset);
    }
  }

  #takeContended(member: Member): boolean {
    const words = this.#words;
    const index = this.#index;
    for (let spins = 0;; spins++) {
      const word = Atomics.load(words, index);
      const owner = word & OWNER;
      if (owner === 0) {
        // Others may sleep still, so the flag stays set.
        const taken = member.id | (spins > SPINS ? CONTENDED : 0);
        if (Atomics.compareExchange(words, index, word, taken) === word) {
          return false;
        }
      } else if (spins > SPINS) {
        if (owner === member.id) {
          throw new Error("a brief lock was taken twice by one thread");
        }
        if (!member.isAlive(owner)) {
          const taken = member.id | CONTENDED;
          if (Atomics.compareExchange(words, index, word, taken) === word) {
            return true;
          }
        } else if (
          word < 0 ||
          Atomics.compareExchange(words, index, word, word | CONTENDED) === word
        ) {
          member.parking.sleep(this.#offset, word | CONTENDED, LOOK, false);
        }
      }
    }
  }
}
