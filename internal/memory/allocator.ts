/**
 * Hands out blocks of an arena, and takes them back.
 *
 * Memory is divided into pages of 64 KiB. Small blocks (up to 32 KiB) share a
 * page with others of their size; a larger one has pages of its own.
 *
 * ```text
 *   PAGES   a word for each page that begins a run of pages
 *            31  30 29  24 23 22                      0
 *           +------+------+--+-------------------------+
 *           | kind | size |  |  pages in this run      |
 *           +------+------+--+-------------------------+
 *           kind    FREE_RUN, SMALL (of that size), LARGE
 *   INFOS   of a page of small blocks: a bit for each that is taken; how many are
 *           free; the neighbours in the list of pages of that size with free ones
 * ```
 *
 * Every block that is taken is owned by one word somewhere in the arena, which
 * points to it. `allocate` writes that word, and `free` reads and clears it.
 *
 * Everything happens under one lock. What is done is written down as an intent
 * before it begins: who finds the lock with a dead owner does it again, to its
 * end. So a block is either free and pointed to by nobody, or taken and pointed
 * to by its owner, wherever its allocation or release is cut off.
 *
 * The truth are the run words, each changed by one store that leaves a valid
 * chain of runs, and the bits. The counts and lists are made from these anew
 * after an owner's death.
 *
 * First fit, with neighbours joined on the way: Knuth, The Art of Computer
 * Programming, volume 1, section 2.5.
 */

import { type Arena, offsetOf, pointerTo, wordIn } from "./arena.ts";
import { BriefLock } from "./brief_lock.ts";
import { Header, INFO_BYTES, PAGE, PAGE_TABLE, UNIT } from "./layout.ts";
import type { Member } from "./member.ts";

const RUN = 2 ** 23 - 1;
const SIZE_SHIFT = 24;
const SIZE_MASK = 63;
const KIND_SHIFT = 30;
const FREE_RUN = 0;
const SMALL = 1;
const LARGE = 2;

/** Words of a page's info. */
const TAKEN = 0; // 32 words of bits
const FREE_COUNT = 32;
const NEXT = 33;
const PREVIOUS = 34;

const Intent = { NONE: 0, ALLOCATE: 1, FREE: 2 } as const;

/** The sizes of small blocks, in units: powers of two, and the middles between. */
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512]
  .map((units) => units * UNIT);
const LARGEST_SMALL = SIZES.at(-1)!;
/** Freed pages keep their memory for the next who needs some, up to this. */
const KEPT = 64 * 2 ** 20;
/** From this size on, a block is made empty by giving its memory back. */
const SPARSE = 2 ** 20;

/** Takes blocks from an arena, and gives them back, for one thread. */
export class Allocator {
  #arena: Arena;
  #member: Member;
  #lock: BriefLock;
  #header: Int32Array;
  #infos: number;

  constructor(member: Member) {
    const { arena } = member;
    this.#arena = arena;
    this.#member = member;
    this.#header = arena.header;
    this.#lock = new BriefLock(arena, Header.LOCK * 4);
    this.#infos = PAGE_TABLE + this.#header[Header.PAGES]! * 4;
  }

  /**
   * Takes a block, which begins at a multiple of 64 bytes and is full of zeros if
   * `zeroed`, and makes the word at the offset `owner` point to it.
   *
   * @returns The pointer.
   */
  allocate(bytes: number, owner: number, zeroed = true): number {
    const size = sizeFor(bytes);
    const units = size === -1 ? Math.ceil(bytes / PAGE) : 1;
    this.#enter();
    let pointer: number;
    try {
      pointer = size === -1 ? this.#findRun(units) : this.#findBlock(size);
      this.#begin(Intent.ALLOCATE, pointer, owner, size === -1 ? units : 0);
      this.#carryOut();
    } finally {
      this.#lock.release(this.#member);
    }
    if (zeroed) {
      const length = size === -1 ? units * PAGE : SIZES[size]!;
      this.#clear(offsetOf(pointer), length);
    }
    return pointer;
  }

  #clear(offset: number, length: number): void {
    // What is given back reads as zeros, and takes no memory until it is used.
    if (length >= SPARSE && this.#arena.base !== null) {
      this.#arena.discard(offset, length);
    } else this.#arena.bytes(offset, length).fill(0);
  }

  /** Gives back the block that the word at that offset points to; 0: none. */
  free(owner: number): void {
    const pointer = this.#word(owner);
    if (pointer === 0) return;
    this.#enter();
    try {
      this.#begin(Intent.FREE, pointer, owner, 0);
      this.#carryOut();
    } finally {
      this.#lock.release(this.#member);
    }
  }

  /** Ends what a thread that has died may have begun: it may write its words. */
  settle(): void {
    this.#enter();
    this.#lock.release(this.#member);
  }

  /** How many bytes a block has, which may be more than were asked for. */
  sizeOf(pointer: number): number {
    const page = Math.floor(offsetOf(pointer) / PAGE);
    const run = this.#run(page);
    return run >>> KIND_SHIFT === LARGE
      ? (run & RUN) * PAGE
      : SIZES[run >>> SIZE_SHIFT & SIZE_MASK]!;
  }

  /** How many bytes are taken, for tests and reports; whole blocks count. */
  taken(): number {
    this.#enter();
    try {
      let bytes = 0;
      for (
        let page = this.#firstRun();
        this.#isRun(page);
        page = this.#afterRun(page)
      ) {
        const run = this.#run(page);
        if (run >>> KIND_SHIFT === LARGE) bytes += (run & RUN) * PAGE;
        if (run >>> KIND_SHIFT !== SMALL) continue;
        const size = SIZES[run >>> SIZE_SHIFT & SIZE_MASK]!;
        bytes += (perPage(size) - this.#info(page, FREE_COUNT)) * size;
      }
      return bytes;
    } finally {
      this.#lock.release(this.#member);
    }
  }

  #enter(): void {
    if (this.#lock.take(this.#member)) this.#repair();
  }

  // The intent

  #begin(intent: number, pointer: number, owner: number, pages: number): void {
    const header = this.#header;
    header[Header.INTENT_POINTER] = pointer;
    header[Header.INTENT_WORD] = owner / 4 | 0;
    header[Header.INTENT_WORD + 1] = Math.floor(owner / 2 ** 34);
    header[Header.INTENT_PAGES] = pages;
    Atomics.store(header, Header.INTENT, intent);
  }

  /** Does what is intended; doing it twice does nothing new. */
  #carryOut(): void {
    const header = this.#header;
    const intent = header[Header.INTENT]!;
    if (intent === Intent.NONE) return;
    const pointer = header[Header.INTENT_POINTER]!;
    const owner = (header[Header.INTENT_WORD]! >>> 0) * 4 +
      header[Header.INTENT_WORD + 1]! * 2 ** 34;
    const pages = header[Header.INTENT_PAGES]!;
    if (intent === Intent.ALLOCATE) {
      if (pages > 0) this.#takeRun(pointer, pages);
      else this.#setTaken(pointer, true);
      this.#setWord(owner, pointer);
    } else {
      const page = Math.floor(offsetOf(pointer) / PAGE);
      if (this.#run(page) >>> KIND_SHIFT === LARGE) this.#freeRun(page);
      else this.#setTaken(pointer, false);
      this.#setWord(owner, 0);
    }
    Atomics.store(header, Header.INTENT, Intent.NONE);
  }

  /** After the death of who had the lock: ends what it began. */
  #repair(): void {
    // Lists may be in pieces, so they are made anew first, and after the intent,
    // which may change what they are made of, once more.
    this.#rebuild();
    this.#carryOut();
    this.#rebuild();
  }

  #rebuild(): void {
    this.#header[Header.HINT] = 0; // it may be within a run that was joined
    for (let size = 0; size < SIZES.length; size++) {
      this.#header[Header.CLASSES + size] = 0;
    }
    for (
      let page = this.#firstRun();
      this.#isRun(page);
      page = this.#afterRun(page)
    ) {
      const run = this.#run(page);
      if (run >>> KIND_SHIFT !== SMALL) continue;
      const size = run >>> SIZE_SHIFT & SIZE_MASK;
      let free = perPage(SIZES[size]!);
      for (let i = 0; i < 32; i++) {
        for (let bits = this.#info(page, TAKEN + i); bits !== 0; free--) {
          bits &= bits - 1;
        }
      }
      this.#setInfo(page, FREE_COUNT, free);
      if (free > 0) this.#link(page, size);
    }
  }

  // Small blocks

  #findBlock(size: number): number {
    let page = this.#header[Header.CLASSES + size]!;
    if (page === 0) page = this.#addPage(size);
    const count = perPage(SIZES[size]!);
    for (let i = 0;; i++) {
      const bits = this.#info(page, TAKEN + i);
      if (bits === -1) continue;
      const bit = 31 - Math.clz32(~bits & -~bits);
      const block = i * 32 + bit;
      if (block >= count) throw new Error("the allocator's counts are wrong");
      return pointerTo(page * PAGE + block * SIZES[size]!);
    }
  }

  /** Makes a page of blocks of a size, all free. */
  #addPage(size: number): number {
    const page = Math.floor(offsetOf(this.#findRun(1)) / PAGE);
    this.#splitRun(page, 1);
    for (let i = 0; i < INFO_BYTES / 4; i++) this.#setInfo(page, i, 0);
    this.#setInfo(page, FREE_COUNT, perPage(SIZES[size]!));
    this.#setRun(page, SMALL, size, 1);
    this.#link(page, size);
    return page;
  }

  #setTaken(pointer: number, taken: boolean): void {
    const offset = offsetOf(pointer);
    const page = Math.floor(offset / PAGE);
    const run = this.#run(page);
    if (run >>> KIND_SHIFT !== SMALL) return; // freed to the end already
    const size = run >>> SIZE_SHIFT & SIZE_MASK;
    const block = (offset % PAGE) / SIZES[size]!;
    const bits = this.#info(page, TAKEN + (block >>> 5));
    const bit = 1 << (block & 31);
    if ((bits & bit) !== 0 === taken) return;
    this.#setInfo(page, TAKEN + (block >>> 5), bits ^ bit);
    const free = this.#info(page, FREE_COUNT) + (taken ? -1 : 1);
    this.#setInfo(page, FREE_COUNT, free);
    if (taken && free === 0) this.#unlink(page, size);
    if (!taken && free === 1) this.#link(page, size);
    // An empty page goes back, but for one that the next of its size will need.
    if (!taken && free === perPage(SIZES[size]!) && !this.#isOnly(page, size)) {
      this.#unlink(page, size);
      this.#freeRun(page);
    }
  }

  #isOnly(page: number, size: number): boolean {
    return this.#header[Header.CLASSES + size] === page &&
      this.#info(page, NEXT) === 0;
  }

  #link(page: number, size: number): void {
    const first = this.#header[Header.CLASSES + size]!;
    this.#setInfo(page, PREVIOUS, 0);
    this.#setInfo(page, NEXT, first);
    if (first !== 0) this.#setInfo(first, PREVIOUS, page);
    this.#header[Header.CLASSES + size] = page;
  }

  #unlink(page: number, size: number): void {
    const next = this.#info(page, NEXT);
    const previous = this.#info(page, PREVIOUS);
    if (next !== 0) this.#setInfo(next, PREVIOUS, previous);
    if (previous !== 0) this.#setInfo(previous, NEXT, next);
    else this.#header[Header.CLASSES + size] = next;
  }

  // Runs of pages

  /** The first page of the first run. */
  #firstRun(): number {
    return this.#header[Header.FIRST_PAGE]!;
  }

  /** Whether a run begins at that page, and not the end. */
  #isRun(page: number): boolean {
    return page < this.#header[Header.TOP]!;
  }

  /** The first page of the run that follows. */
  #afterRun(page: number): number {
    return page + (this.#run(page) & RUN);
  }

  /** A free run of that many pages, or more: a pointer to it. */
  #findRun(pages: number): number {
    const header = this.#header;
    const first = header[Header.FIRST_PAGE]!;
    const hint = header[Header.HINT]!;
    return this.#searchRun(hint || first, pages) ??
      (hint > first ? this.#searchRun(first, pages) : null) ??
      this.#extend(pages);
  }

  #searchRun(from: number, pages: number): number | null {
    const top = this.#header[Header.TOP]!;
    for (let page = from; page < top;) {
      const run = this.#run(page);
      if (run >>> KIND_SHIFT === FREE_RUN) {
        const length = this.#join(page, top);
        if (length >= pages) return pointerTo(page * PAGE);
        page += length;
      } else page += run & RUN;
    }
    return null;
  }

  /** Joins a free run with the free ones that follow it; gives its length. */
  #join(page: number, top: number): number {
    let length = this.#run(page) & RUN;
    for (;;) {
      const next = page + length;
      if (next >= top || this.#run(next) >>> KIND_SHIFT !== FREE_RUN) break;
      length += this.#run(next) & RUN;
    }
    if (length !== (this.#run(page) & RUN)) {
      this.#setRun(page, FREE_RUN, 0, length);
      const hint = this.#header[Header.HINT]!;
      if (hint > page && hint < page + length) this.#header[Header.HINT] = page;
    }
    return length;
  }

  #extend(pages: number): number {
    const top = this.#header[Header.TOP]!;
    if (top + pages > this.#header[Header.PAGES]!) {
      throw new RangeError(
        `Cannot share ${pages * PAGE} bytes more as the shared memory of ${
          this.#header[Header.PAGES]! * PAGE
        } bytes is full`,
      );
    }
    this.#setRun(top, FREE_RUN, 0, pages);
    this.#header[Header.TOP] = top + pages;
    return pointerTo(top * PAGE);
  }

  /** Cuts a free run; first what is left over, so that the chain stays whole. */
  #splitRun(page: number, pages: number): void {
    const length = this.#run(page) & RUN;
    if (length > pages) {
      this.#setRun(page + pages, FREE_RUN, 0, length - pages);
      this.#setRun(page, FREE_RUN, 0, pages);
    }
    const header = this.#header;
    header[Header.DIRTY] = Math.max(0, header[Header.DIRTY]! - pages);
    header[Header.HINT] = page;
  }

  #takeRun(pointer: number, pages: number): void {
    const page = Math.floor(offsetOf(pointer) / PAGE);
    if (this.#run(page) >>> KIND_SHIFT === LARGE) return;
    this.#splitRun(page, pages);
    this.#setRun(page, LARGE, 0, pages);
  }

  #freeRun(page: number): void {
    const header = this.#header;
    const pages = this.#run(page) & RUN;
    const dirty = header[Header.DIRTY]! + pages;
    if (dirty * PAGE > KEPT) {
      this.#arena.discard(page * PAGE, pages * PAGE);
    } else header[Header.DIRTY] = dirty;
    this.#setRun(page, FREE_RUN, 0, pages);
    if (page < header[Header.HINT]!) header[Header.HINT] = page;
  }

  // Words

  #run(page: number): number {
    const offset = PAGE_TABLE + page * 4;
    return this.#arena.window(offset)[wordIn(offset)]!;
  }

  #setRun(page: number, kind: number, size: number, pages: number): void {
    const offset = PAGE_TABLE + page * 4;
    Atomics.store(
      this.#arena.window(offset),
      wordIn(offset),
      kind << KIND_SHIFT | size << SIZE_SHIFT | pages,
    );
  }

  #info(page: number, word: number): number {
    return this.#word(this.#infos + page * INFO_BYTES + word * 4);
  }

  #setInfo(page: number, word: number, value: number): void {
    this.#setWord(this.#infos + page * INFO_BYTES + word * 4, value);
  }

  #word(offset: number): number {
    return this.#arena.window(offset)[wordIn(offset)]!;
  }

  #setWord(offset: number, value: number): void {
    Atomics.store(this.#arena.window(offset), wordIn(offset), value);
  }
}

/** The number of the size of small blocks in which so many bytes fit; -1: none. */
function sizeFor(bytes: number): number {
  if (bytes > LARGEST_SMALL) return -1;
  return SIZES.findIndex((size) => size >= bytes);
}

function perPage(size: number): number {
  return Math.floor(PAGE / size);
}
