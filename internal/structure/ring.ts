/**
 * Messages between any number of writers and readers, in shared memory: see
 * ring_words.ts.
 */

import type { Space } from "../memory/objects.ts";
import { GetSide } from "./get_side.ts";
import { PutSide } from "./put_side.ts";
import { RING_BYTES, Word } from "./ring_words.ts";

const { PUTS, PUT_UNITS, GETS, GOT_UNITS, SEALED, MOST, MOST_UNITS } = Word;

/** One ring, for one thread. */
export class Ring {
  readonly puts: PutSide;
  readonly gets: GetSide;
  readonly #words: Int32Array;

  /** Made over words which are zeros at first, at that offset in the arena. */
  constructor(space: Space, offset: number) {
    const words = space.arena.ints(offset, RING_BYTES);
    const puts = new PutSide(space, words, offset);
    this.#words = words;
    this.puts = puts;
    this.gets = new GetSide(space, words, offset, () => puts.trim());
  }

  /** How many messages are there to be taken. */
  get size(): number {
    // GETS first: else there might be more of these than of the others.
    const gets = Atomics.load(this.#words, GETS);
    return Atomics.load(this.#words, PUTS) - gets | 0;
  }

  /** How many messages may be there at most; 0: any number. */
  get most(): number {
    return this.#words[MOST]!;
  }

  /** How many were ever put, modulo 2^32. */
  get count(): number {
    return Atomics.load(this.#words, PUTS);
  }

  /** Whether nothing is there. */
  get isEmpty(): boolean {
    const words = this.#words;
    return Atomics.load(words, GETS) === Atomics.load(words, PUTS);
  }

  /** Whether there is no room. */
  get isFull(): boolean {
    const words = this.#words;
    const { most } = this;
    if (most !== 0 && this.size >= most) return true;
    const units = words[MOST_UNITS]!;
    const got = Atomics.load(words, GOT_UNITS);
    return units !== 0 && Atomics.load(words, PUT_UNITS) - got >>> 0 >= units;
  }

  /** How far it is sealed: see {@linkcode Seal}. */
  get seal(): number {
    return Atomics.load(this.#words, SEALED);
  }

  /** After a thread's death: mends what it was doing. */
  sweep(): void {
    this.puts.sweep();
    this.gets.sweep();
  }

  /**
   * Frees all that it owns, when nobody uses it any more; done again, what is
   * left of that.
   */
  destroy(): void {
    this.puts.mend();
    this.gets.mend();
    this.gets.end();
    this.puts.end();
  }
}
