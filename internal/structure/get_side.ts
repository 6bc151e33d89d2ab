/** How messages are taken from a ring: see ring_words.ts. */

import { offsetOf } from "../memory/arena.ts";
import { BriefLock } from "../memory/brief_lock.ts";
import type { Member } from "../memory/member.ts";
import type { Space } from "../memory/objects.ts";
import {
  BYTES,
  cellUnits,
  cellWords,
  LONG,
  LONG_WORDS,
  Segment,
  Word,
} from "./ring_words.ts";
import type { Scratch } from "./scratch.ts";
import { copyWords, countCells, SegmentView } from "./segments.ts";

const { COMMITTED, NEXT, FIRST, FIRST_UNITS, TAKEN } = Segment;
const { GET_LOCK, HEAD, TAKING, GETS, GOT_UNITS, PUTS, OLDEST } = Word;

/** What came of a take. */
export const Take = { DONE: 0, EMPTY: 1, OTHER: 2 } as const;
/** One of these. */
export type Take = typeof Take[keyof typeof Take];

/** So many words are taken at a time, at most. */
const MOST_WORDS = 2 ** 17;

/** The get side of a ring, for one thread. */
export class GetSide {
  readonly #space: Space;
  readonly #member: Member;
  readonly #words: Int32Array;
  readonly #lock: BriefLock;
  readonly #head: SegmentView;
  /** Frees segments that were read. */
  readonly #trim: () => void;

  /** Made over a ring's words, which lie at that offset. */
  constructor(
    space: Space,
    words: Int32Array,
    offset: number,
    trim: () => void,
  ) {
    this.#space = space;
    this.#member = space.member;
    this.#words = words;
    this.#lock = new BriefLock(space.arena, offset + GET_LOCK * 4);
    this.#head = new SegmentView(space.arena);
    this.#trim = trim;
  }

  /**
   * Takes a message, if there is one, of that kind (`BYTES` or 0; -1: any), and
   * copies its cell to the beginning of `target`; what it has elsewhere, to the
   * word `LONG_WORDS`.
   */
  take(target: Scratch, kind: number): Take {
    const words = this.#words;
    if (Atomics.load(words, GETS) === Atomics.load(words, PUTS)) {
      return Take.EMPTY;
    }
    this.#enter();
    const before = words[HEAD]!;
    let header: number;
    try {
      const gets = words[GETS]!;
      if (gets === Atomics.load(words, PUTS)) return Take.EMPTY;
      const head = this.#headWithCell();
      const at = head[TAKEN]!;
      header = head[at]!;
      if (kind !== -1 && (header & BYTES) !== kind) return Take.OTHER;
      const length = cellWords(header);
      if (length > target.words.length) target.grow(length * 4);
      copyWords(head, at, at + length, target.words, 0);
      if (header & LONG) this.#takeLong(head, at);
      else {
        head[TAKEN] = at + length;
        words[GOT_UNITS] = words[GOT_UNITS]! + length;
        Atomics.store(words, GETS, gets + 1);
      }
    } finally {
      this.#lock.release(this.#member);
    }
    if (header & LONG) this.#copyLong(target);
    this.#leave(before);
    return Take.DONE;
  }

  /**
   * Takes up to `max` messages that have nothing elsewhere, and copies their cells
   * to `target`, one after the other; gives how many: 0 if there is none, or if
   * the first one is not such.
   */
  takeMany(target: Scratch, max: number): number {
    const words = this.#words;
    this.#enter();
    const before = words[HEAD]!;
    let taken = 0;
    try {
      let most = Math.min(max, Atomics.load(words, PUTS) - words[GETS]! | 0);
      for (let filled = 0; taken < most;) {
        const head = this.#headWithCell();
        const committed = Atomics.load(head, COMMITTED);
        const start = head[TAKEN]!;
        let end = start;
        let count = 0;
        while (taken + count < most && end < committed) {
          if (head[end]! & LONG || filled + end - start > MOST_WORDS) {
            most = taken + count;
          } else {
            end += cellWords(head[end]!);
            count++;
          }
        }
        target.grow((filled + end - start) * 4, filled * 4);
        copyWords(head, start, end, target.words, filled);
        filled += end - start;
        taken += count;
        head[TAKEN] = end;
        words[GOT_UNITS] = words[GOT_UNITS]! + end - start;
        Atomics.store(words, GETS, words[GETS]! + count | 0);
      }
    } finally {
      this.#lock.release(this.#member);
    }
    this.#leave(before);
    return taken;
  }

  /** After a thread's death: mends what it was doing. */
  sweep(): void {
    this.#enter();
    this.#lock.release(this.#member);
  }

  /** The same where nobody uses the ring any more. */
  mend(): void {
    const words = this.#words;
    if (words[HEAD] === 0) return;
    const head = this.#head.of(words[HEAD]!);
    const at = head[TAKEN]!;
    if (words[TAKING] !== 0) {
      const { hand } = this.#hand(words[TAKING]! - 1);
      if (
        at < Atomics.load(head, COMMITTED) && head[at]! & LONG &&
        head[at + 1] === hand[0]
      ) Atomics.store(hand, 0, 0); // it was not taken
      Atomics.store(words, TAKING, 0);
    }
    const { cells, units } = countCells(head, at);
    words[GOT_UNITS] = head[FIRST_UNITS]! + units;
    Atomics.store(words, GETS, head[FIRST]! + cells | 0);
  }

  /** Frees what messages have elsewhere, when nobody uses the ring any more. */
  end(): void {
    const { allocator } = this.#space;
    for (let pointer = this.#words[HEAD]!; pointer !== 0;) {
      const head = this.#head.of(pointer);
      for (let at = head[TAKEN]!; at < head[COMMITTED]!;) {
        if (head[at]! & LONG) allocator.free(offsetOf(pointer) + (at + 1) * 4);
        at += cellWords(head[at]!);
      }
      pointer = head[NEXT]!;
    }
  }

  #enter(): void {
    if (this.#lock.take(this.#member)) this.mend();
  }

  /** The segment in which the next cell is, as there is one. */
  #headWithCell(): Int32Array {
    const words = this.#words;
    for (;;) {
      const head = this.#head.of(words[HEAD]!);
      if (head[TAKEN] !== Atomics.load(head, COMMITTED)) return head;
      Atomics.store(words, HEAD, head[NEXT]!);
    }
  }

  /** When HEAD has moved on, and left more than one segment behind it. */
  #leave(before: number): void {
    const words = this.#words;
    if (words[HEAD] === before) return;
    if (Atomics.load(words, OLDEST) !== before) this.#trim();
  }

  /** Takes a cell, and what it has elsewhere into this thread's hand. */
  #takeLong(head: Int32Array, at: number): void {
    const words = this.#words;
    const { slot } = this.#member;
    Atomics.store(words, TAKING, 1 + slot);
    Atomics.store(this.#hand(slot).hand, 0, head[at + 1]!);
    Atomics.store(head, TAKEN, at + LONG_WORDS);
    Atomics.store(words, TAKING, 0);
    words[GOT_UNITS] = words[GOT_UNITS]! + cellUnits(head, at);
    Atomics.store(words, GETS, words[GETS]! + 1 | 0);
  }

  /** Copies what is in this thread's hand, and frees it. */
  #copyLong(target: Scratch): void {
    const { arena, allocator } = this.#space;
    const { hand, offset } = this.#hand(this.#member.slot);
    const start = LONG_WORDS * 4;
    const length = target.words[2]!;
    try {
      target.grow(start + length, start);
      target.bytes.set(arena.bytes(offsetOf(hand[0]!), length), start);
    } finally {
      allocator.free(offset);
    }
  }

  /** The word that owns what a thread has in its hand. */
  #hand(slot: number): { hand: Int32Array; offset: number } {
    const offset = this.#member.handOf(slot);
    return { hand: this.#space.arena.ints(offset, 4), offset };
  }
}
