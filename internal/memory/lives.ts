/**
 * The life word of a slot: by it everyone learns that its thread has died.
 *
 * In mapped memory it is a robust mutex of the C library, which the thread locks
 * for life. When the thread dies, however it does, the kernel sets `OWNER_DIED`
 * in the word and wakes one who watches it. To sweep up after it one locks the
 * mutex oneself, so that a sweeper that dies is swept up after in turn.
 *
 * ```text
 *    31      30                                   0
 *   +-------+----------+---------------------------+
 *   | WATCH |   DIED   | thread                    |   0: nobody's
 *   +-------+----------+---------------------------+
 *   WATCH   somebody sleeps on this word (the kernel's FUTEX_WAITERS).
 *   DIED    the thread has died (the kernel's FUTEX_OWNER_DIED).
 * ```
 *
 * Between threads on a `SharedArrayBuffer` the same words are written here: a
 * thread is declared dead by the one who ended it.
 */

import { LIFE_BYTES, SLOTS } from "./layout.ts";
import { type MemoryCalls, memoryCalls, mutexCalls } from "./libc.ts";

export const WATCH = 0x80000000 | 0;
export const DIED = 0x40000000;

const WORDS = LIFE_BYTES / 4;
const ENTER = 1;
const EOWNERDEAD = 130;
const MUTEX_BYTES = 40;

/** The index of a slot's life word. */
export function lifeIndex(slot: number): number {
  return slot * WORDS;
}

/** How the life words of an arena are taken and left. */
export interface Lives {
  /**
   * Takes one that is nobody's. `"dead"`: it was taken, but the one who had it
   * a moment ago has died, and must be swept up after.
   */
  claim(slot: number): "free" | "dead" | "taken";
  /** Takes the one of a thread that died; `false`: another one does. */
  claimDead(slot: number): boolean;
  /** Leaves one that one has taken, as nobody's. */
  release(slot: number): void;
}

/** Prepares the words of a new arena. */
export function initLife(words: Int32Array, kind: "mapped" | "shared"): void {
  if (kind === "shared") return;
  const calls = mutexCalls();
  const attributes = new Uint8Array(16);
  calls.pthread_mutexattr_init(attributes);
  calls.pthread_mutexattr_setpshared(attributes, 1);
  calls.pthread_mutexattr_setrobust(attributes, 1);
  const mutex = new Int32Array(MUTEX_BYTES / 4);
  calls.pthread_mutex_init(new Uint8Array(mutex.buffer), attributes);
  for (let slot = 0; slot < SLOTS; slot++) words.set(mutex, lifeIndex(slot));
}

/** The words at that address. */
export function mappedLives(address: number, words: Int32Array): Lives {
  return new MappedLives(memoryCalls()!, address, words);
}

class MappedLives implements Lives {
  #calls: MemoryCalls;
  #address: number;
  #words: Int32Array;

  constructor(calls: MemoryCalls, address: number, words: Int32Array) {
    this.#calls = calls;
    this.#address = address;
    this.#words = words;
  }

  claim(slot: number): "free" | "dead" | "taken" {
    if (Atomics.load(this.#words, lifeIndex(slot)) !== 0) return "taken";
    const result = this.#calls.pthread_mutex_trylock(
      this.#address + slot * LIFE_BYTES,
    );
    return result === 0 ? "free" : result === EOWNERDEAD ? "dead" : "taken";
  }

  claimDead(slot: number): boolean {
    if (!(Atomics.load(this.#words, lifeIndex(slot)) & DIED)) return false;
    const address = this.#address + slot * LIFE_BYTES;
    const result = this.#calls.pthread_mutex_trylock(address);
    if (result === 0) this.#calls.pthread_mutex_unlock(address); // swept already
    return result === EOWNERDEAD;
  }

  release(slot: number): void {
    const address = this.#address + slot * LIFE_BYTES;
    this.#calls.pthread_mutex_consistent(address); // does nothing to a sound one
    this.#calls.pthread_mutex_unlock(address);
  }
}

/** The words of a `SharedArrayBuffer`. */
export class SharedLives implements Lives {
  #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  claim(slot: number): "free" | "taken" {
    const index = lifeIndex(slot);
    return Atomics.compareExchange(this.#words, index, 0, ENTER) === 0
      ? "free"
      : "taken";
  }

  claimDead(slot: number): boolean {
    const index = lifeIndex(slot);
    const word = Atomics.load(this.#words, index);
    return (word & DIED) !== 0 &&
      Atomics.compareExchange(this.#words, index, word, ENTER) === word;
  }

  release(slot: number): void {
    Atomics.store(this.#words, lifeIndex(slot), 0);
  }
}
