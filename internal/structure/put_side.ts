/** How messages are put into a ring: see ring_words.ts. */

import { offsetOf } from "../memory/arena.ts";
import { BriefLock } from "../memory/brief_lock.ts";
import type { Member } from "../memory/member.ts";
import type { Space } from "../memory/objects.ts";
import {
  cellUnits,
  cellWords,
  LONG,
  LONG_WORDS,
  Seal,
  Segment,
  Word,
} from "./ring_words.ts";
import { copyWords, countCells, Segments, SegmentView } from "./segments.ts";

const { COMMITTED, FIRST, FIRST_UNITS } = Segment;
const { PUT_LOCK, TAIL, LOADING, PUTS, PUT_UNITS } = Word;
const { GETS, GOT_UNITS, SEALED, MOST, MOST_UNITS } = Word;

/** What came of a put. */
export const Put = { DONE: 0, FULL: 1, SEALED: 2 } as const;
/** One of these. */
export type Put = typeof Put[keyof typeof Put];

/** The put side of a ring, for one thread. */
export class PutSide {
  readonly #space: Space;
  readonly #member: Member;
  readonly #words: Int32Array;
  readonly #lock: BriefLock;
  readonly #segments: Segments;
  readonly #tail: SegmentView;
  /** GETS and GOT_UNITS as they were when it last looked: it may be more by now. */
  #gets = 0;
  #gotUnits = 0;
  #isUnbound = false;

  /** Made over a ring's words, which lie at that offset. */
  constructor(space: Space, words: Int32Array, offset: number) {
    this.#space = space;
    this.#member = space.member;
    this.#words = words;
    this.#lock = new BriefLock(space.arena, offset + PUT_LOCK * 4);
    this.#segments = new Segments(space, words, offset);
    this.#tail = new SegmentView(space.arena);
  }

  /** Makes a new ring, with its bounds; 0: none. */
  begin(most: number, mostUnits: number): void {
    this.#words[MOST] = most;
    this.#words[MOST_UNITS] = mostUnits;
    this.#segments.begin();
  }

  /** Whether this thread puts however much is there already. */
  ignoreBounds(ignore: boolean): void {
    this.#isUnbound = ignore;
  }

  /** Seals the ring that far. */
  seal(seal: number): void {
    const words = this.#words;
    this.#enter();
    if (words[SEALED]! < seal) Atomics.store(words, SEALED, seal);
    this.#lock.release(this.#member);
  }

  /** Puts a cell, which is in `cells` from `from` to `end`. */
  put(cells: Int32Array, from: number, end: number): Put {
    const words = this.#words;
    this.#enter();
    try {
      const puts = words[PUTS]!;
      const refused = this.#refuses(puts);
      if (refused !== Put.DONE) return refused;
      const length = end - from;
      const tail = this.#tailFor(length);
      const at = tail[COMMITTED]!;
      copyWords(cells, from, end, tail, at);
      tail[COMMITTED] = at + length;
      words[PUT_UNITS] = words[PUT_UNITS]! + length;
      Atomics.store(words, PUTS, puts + 1);
      return Put.DONE;
    } finally {
      this.#lock.release(this.#member);
    }
  }

  /**
   * Puts as many as it can of the `count` cells which follow each other in `cells`
   * from `from` on; gives how many, or -1 where the ring is sealed.
   */
  putMany(cells: Int32Array, from: number, count: number): number {
    const words = this.#words;
    this.#enter();
    try {
      const refused = this.#refuses(words[PUTS]!);
      if (refused !== Put.DONE) return refused === Put.SEALED ? -1 : 0;
      const most = words[MOST]!;
      const done = most === 0 ? count : Math.min(
        count,
        most - (words[PUTS]! - Atomics.load(words, GETS) | 0),
      );
      let left = done;
      for (let start = from; left > 0;) {
        const tail = this.#tailFor(cellWords(cells[start]!));
        const at = tail[COMMITTED]!;
        let end = start;
        let fit = 0;
        do {
          end += cellWords(cells[end]!);
          fit++;
        } while (
          fit < left && at + end - start + cellWords(cells[end]!) <= tail.length
        );
        copyWords(cells, start, end, tail, at);
        tail[COMMITTED] = at + end - start;
        words[PUT_UNITS] = words[PUT_UNITS]! + end - start;
        Atomics.store(words, PUTS, words[PUTS]! + fit);
        left -= fit;
        start = end;
      }
      return done;
    } finally {
      this.#lock.release(this.#member);
    }
  }

  /** Puts a content that is to have a block of its own, with those flags. */
  putLong(content: Uint8Array, flags: number): Put {
    const words = this.#words;
    const { allocator, arena } = this.#space;
    const seen = this.#refuses(Atomics.load(words, PUTS));
    if (seen !== Put.DONE) return seen;
    const { hand, offset } = this.#hand(this.#member.slot);
    const pointer = allocator.allocate(content.length, offset, false);
    arena.bytes(offsetOf(pointer), content.length).set(content);
    this.#enter();
    try {
      const puts = words[PUTS]!;
      const refused = this.#refuses(puts);
      if (refused !== Put.DONE) return refused;
      const tail = this.#tailFor(LONG_WORDS);
      const at = tail[COMMITTED]!;
      tail[at] = LONG | flags;
      tail[at + 1] = pointer;
      tail[at + 2] = content.length;
      Atomics.store(words, LOADING, 1 + this.#member.slot);
      Atomics.store(tail, COMMITTED, at + LONG_WORDS);
      Atomics.store(hand, 0, 0);
      Atomics.store(words, LOADING, 0);
      words[PUT_UNITS] = words[PUT_UNITS]! + cellUnits(tail, at);
      Atomics.store(words, PUTS, puts + 1);
      return Put.DONE;
    } finally {
      this.#lock.release(this.#member);
      allocator.free(offset); // nothing, where it was put
    }
  }

  /** Frees segments that were read. */
  trim(): void {
    this.#enter();
    this.#segments.trim();
    this.#lock.release(this.#member);
  }

  /** After a thread's death: mends what it was doing. */
  sweep(): void {
    this.#enter();
    this.#lock.release(this.#member);
  }

  /** The same where nobody uses the ring any more. */
  mend(): void {
    const words = this.#words;
    this.#segments.mend();
    if (words[TAIL] === 0) return;
    const tail = this.#tail.of(words[TAIL]!);
    const { cells, units, last } = countCells(tail, tail[COMMITTED]!);
    if (words[LOADING] !== 0) {
      const { hand } = this.#hand(words[LOADING]! - 1);
      if (last !== -1 && tail[last]! & LONG && tail[last + 1] === hand[0]) {
        Atomics.store(hand, 0, 0);
      }
      Atomics.store(words, LOADING, 0);
    }
    words[PUT_UNITS] = tail[FIRST_UNITS]! + units;
    Atomics.store(words, PUTS, tail[FIRST]! + cells | 0);
  }

  /** Frees all segments. */
  end(): void {
    this.#segments.end();
  }

  #enter(): void {
    if (this.#lock.take(this.#member)) this.mend();
  }

  /** Why nothing can be put; `Put.DONE` if it can. */
  #refuses(puts: number): Put {
    const words = this.#words;
    if (Atomics.load(words, SEALED) !== Seal.OPEN) return Put.SEALED;
    if (this.#isUnbound) return Put.DONE;
    const most = words[MOST]!;
    if (most !== 0 && (puts - this.#gets) >>> 0 >= most) {
      this.#gets = Atomics.load(words, GETS);
      if ((puts - this.#gets) >>> 0 >= most) return Put.FULL;
    }
    const units = words[MOST_UNITS]!;
    if (units !== 0 && (words[PUT_UNITS]! - this.#gotUnits) >>> 0 >= units) {
      this.#gotUnits = Atomics.load(words, GOT_UNITS);
      if ((words[PUT_UNITS]! - this.#gotUnits) >>> 0 >= units) return Put.FULL;
    }
    return Put.DONE;
  }

  /** The segment in which there is room for a cell of so many words. */
  #tailFor(length: number): Int32Array {
    const tail = this.#tail.of(this.#words[TAIL]!);
    return tail[COMMITTED]! + length <= tail.length
      ? tail
      : this.#tail.of(this.#segments.extend(length));
  }

  /** The word that owns what a thread has in its hand. */
  #hand(slot: number): { hand: Int32Array; offset: number } {
    const offset = this.#member.handOf(slot);
    return { hand: this.#space.arena.ints(offset, 4), offset };
  }
}
