/** The segments of a ring: see ring_words.ts. All of this is the put side's. */

import type { Allocator } from "../memory/allocator.ts";
import { type Arena, offsetOf } from "../memory/arena.ts";
import type { Space } from "../memory/objects.ts";
import { cellUnits, cellWords, Segment, Word } from "./ring_words.ts";

const { COMMITTED, NEXT, FIRST, FIRST_UNITS, WORDS, TAKEN, CELLS } = Segment;
const { TAIL, OLDEST, FRESH, CONDEMNED, HEAD, PUTS, PUT_UNITS } = Word;

/** The sizes of segments, in bytes: the first one's, and those of others. */
const FIRST_BYTES = 2 ** 12;
const FEWEST_BYTES = 2 ** 14;
const MOST_BYTES = 2 ** 18;
/** A segment has room for so many cells of the size that it is made for. */
const CELLS_MEANT = 4;

/** A view of one segment, kept from one message to the next. */
export class SegmentView {
  readonly #arena: Arena;
  #pointer = 0;
  #words: Int32Array = new Int32Array(CELLS);

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The words of that segment. */
  of(pointer: number): Int32Array {
    const words = this.#words;
    // The block may have been freed, and be a segment of another size now.
    return pointer === this.#pointer && words[WORDS] === words.length
      ? words
      : this.#look(pointer);
  }

  #look(pointer: number): Int32Array {
    const offset = offsetOf(pointer);
    const length = this.#arena.ints(offset, CELLS * 4)[WORDS]!;
    this.#pointer = pointer;
    return this.#words = this.#arena.ints(offset, length * 4);
  }
}

/** How many cells there are in a segment before an index, and what they weigh. */
export function countCells(
  segment: Int32Array,
  end: number,
): { cells: number; units: number; last: number } {
  let cells = 0;
  let units = 0;
  let last = -1;
  for (let at: number = CELLS; at < end; at += cellWords(segment[at]!)) {
    last = at;
    cells++;
    units += cellUnits(segment, at);
  }
  return { cells, units, last };
}

/** Up to so many words a loop is faster than `set`. */
const FEW = 48;

/** Copies words from one place to another. */
export function copyWords(
  source: Int32Array,
  from: number,
  to: number,
  target: Int32Array,
  at: number,
): void {
  const length = to - from;
  if (length <= FEW) {
    for (let i = 0; i < length; i++) target[at + i] = source[from + i]!;
  } else target.set(source.subarray(from, to), at);
}

/** The chain of segments of a ring. */
export class Segments {
  readonly #arena: Arena;
  readonly #allocator: Allocator;
  readonly #ring: Int32Array;
  /** Where the ring's words lie. */
  readonly #offset: number;

  constructor(space: Space, ring: Int32Array, offset: number) {
    this.#arena = space.arena;
    this.#allocator = space.allocator;
    this.#ring = ring;
    this.#offset = offset;
  }

  /** Makes the first segment of a new ring, which nobody else knows yet. */
  begin(): void {
    const ring = this.#ring;
    this.#makeFresh(FIRST_BYTES);
    ring[TAIL] = ring[HEAD] = ring[OLDEST] = ring[FRESH]!;
    ring[FRESH] = 0;
  }

  /** Adds a segment with room for a cell of so many words; gives its pointer. */
  extend(words: number): number {
    const ring = this.#ring;
    const tail = this.#view(ring[TAIL]!);
    const isBehind = ring[TAIL] !== Atomics.load(ring, HEAD);
    const bytes = this.#bytesFor(words, isBehind ? tail.length * 8 : 0);
    this.#makeFresh(bytes);
    const fresh = ring[FRESH]!;
    Atomics.store(tail, NEXT, fresh);
    Atomics.store(ring, TAIL, fresh);
    Atomics.store(ring, FRESH, 0);
    return fresh;
  }

  /** Frees all segments that were read, but for the last of them. */
  trim(): void {
    const ring = this.#ring;
    for (;;) {
      const oldest = ring[OLDEST]!;
      if (oldest === Atomics.load(ring, HEAD)) return;
      const next = this.#view(oldest)[NEXT]!;
      if (next === Atomics.load(ring, HEAD)) return;
      this.#freeOldest();
    }
  }

  /** Frees all segments; done again, what is left of them. */
  end(): void {
    const ring = this.#ring;
    // Who made the ring may have died while it did.
    if (ring[FRESH] === ring[OLDEST]) Atomics.store(ring, FRESH, 0);
    Atomics.store(ring, TAIL, 0);
    Atomics.store(ring, HEAD, 0);
    while (ring[OLDEST] !== 0) this.#freeOldest();
    this.#allocator.free(this.#at(FRESH));
  }

  /** After the death of who had the lock: ends or undoes what it began. */
  mend(): void {
    const ring = this.#ring;
    this.#allocator.settle(); // it may be about to write one of these words
    if (ring[CONDEMNED] !== 0) {
      if (ring[CONDEMNED] === ring[OLDEST]) Atomics.store(ring, CONDEMNED, 0);
      else this.#allocator.free(this.#at(CONDEMNED));
    }
    const fresh = ring[FRESH]!;
    if (fresh === 0 || ring[TAIL] === 0) return;
    if (fresh === ring[OLDEST]) { // it was to be used again
      Atomics.store(ring, FRESH, 0);
    } else if (
      fresh === ring[TAIL] || this.#view(ring[TAIL]!)[NEXT] === fresh
    ) {
      Atomics.store(ring, TAIL, fresh);
      Atomics.store(ring, FRESH, 0);
    }
  }

  #bytesFor(words: number, before: number): number {
    const meant = (words * CELLS_MEANT + CELLS) * 4;
    let bytes = Math.max(FEWEST_BYTES, Math.min(before, MOST_BYTES));
    while (bytes < meant) bytes *= 2;
    return bytes;
  }

  /** Makes FRESH a segment that is empty. */
  #makeFresh(bytes: number): void {
    const ring = this.#ring;
    const oldest = ring[OLDEST]!;
    if (ring[FRESH] !== 0) { // left by one who died
      this.#allocator.free(this.#at(FRESH));
    }
    if (oldest !== 0 && oldest !== Atomics.load(ring, HEAD)) {
      const segment = this.#view(oldest);
      if (segment.length * 4 === bytes) {
        Atomics.store(ring, FRESH, oldest);
        Atomics.store(ring, OLDEST, segment[NEXT]!);
      } else this.#freeOldest();
    }
    if (ring[FRESH] === 0) {
      this.#allocator.allocate(bytes, this.#at(FRESH), false);
    }
    const segment = this.#arena.ints(offsetOf(ring[FRESH]!), CELLS * 4);
    segment.fill(0);
    segment[WORDS] = bytes / 4;
    segment[FIRST] = ring[PUTS]!;
    segment[FIRST_UNITS] = ring[PUT_UNITS]!;
    segment[COMMITTED] = segment[TAKEN] = CELLS;
  }

  #freeOldest(): void {
    const ring = this.#ring;
    const oldest = ring[OLDEST]!;
    Atomics.store(ring, CONDEMNED, oldest);
    Atomics.store(ring, OLDEST, this.#view(oldest)[NEXT]!);
    this.#allocator.free(this.#at(CONDEMNED));
  }

  #view(pointer: number): Int32Array {
    const offset = offsetOf(pointer);
    const length = this.#arena.ints(offset, CELLS * 4)[WORDS]!;
    return this.#arena.ints(offset, length * 4);
  }

  #at(word: number): number {
    return this.#offset + word * 4;
  }
}
