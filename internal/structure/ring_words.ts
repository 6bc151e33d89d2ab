/**
 * A ring: messages between any number of writers and readers, first in, first
 * out. Where its words lie, and what holds of them.
 *
 * ```text
 *   words 0 …   put side   PUT_LOCK TAIL OLDEST FRESH CONDEMNED LOADING
 *   words 16 …             PUTS PUT_UNITS
 *   words 32 …  get side   GET_LOCK HEAD TAKING
 *   words 48 …             GETS GOT_UNITS
 *   words 64 …  both       SEALED MOST MOST_UNITS
 *
 *   OLDEST ──► segment ──► segment ──► segment ──► 0
 *              read and    HEAD is     TAIL is
 *              used up     read        written
 * ```
 *
 * Messages lie in *segments*, blocks of memory that are written from their
 * beginning to their end, once, and read in the same way. A message is a *cell* of
 * whole words in one segment: a header, and the content. A long content has a block
 * of its own, to which the cell points.
 *
 * Who may write what
 *   the put side   who has PUT_LOCK; also COMMITTED and NEXT of segments, and all of a
 *                  segment that is before HEAD or not in the chain yet.
 *   the get side   who has GET_LOCK; also TAKEN of segments.
 *   SEALED         who has PUT_LOCK; it only grows.
 *
 * Invariants
 *   I1  A message is in the ring from the store of COMMITTED on, and no longer from
 *       the store of TAKEN on. PUTS and GETS count these, and follow.
 *   I2  PUTS - GETS messages are there for readers; that is never more than there are.
 *   I3  NEXT is set when nothing is committed to a segment any more. HEAD moves on
 *       only from a segment that has NEXT, and in which all is taken; it does not
 *       come back. So nobody reads in segments before HEAD, and the put side frees
 *       them or uses them again, whenever it likes.
 *   I4  A segment is owned by OLDEST or by the NEXT before it, or by FRESH or
 *       CONDEMNED; a long message's block by its cell from COMMITTED to TAKEN, and by
 *       its thread's hand (member.ts) before and after. Where it goes from one to the
 *       other, both point to it for a moment; FRESH, CONDEMNED, LOADING and TAKING
 *       tell who mends that from where it went.
 *
 * Whoever finds a lock with a dead owner mends its side first. The counts are made
 * from what is in the segments: `FIRST` and the cells up to COMMITTED or TAKEN.
 *
 * The race worth knowing: a reader sees all taken up to COMMITTED, and then NEXT
 * set; but in between the last message may have been committed. So it looks at
 * COMMITTED again *after* it has seen NEXT.
 */

/** Words of a ring. */
export const Word = {
  /** The lock of those who put. */
  PUT_LOCK: 0,
  /** The segment that is written. */
  TAIL: 1,
  /** The segment that was written first, of those that are there still. */
  OLDEST: 2,
  /** A segment that is about to become the last one. */
  FRESH: 3,
  /** A segment that is about to be freed. */
  CONDEMNED: 4,
  /** 1 + the slot from whose hand a block goes into a cell. */
  LOADING: 5,
  /** How many messages were ever put, modulo 2^32, and what they weigh. */
  PUTS: 16,
  PUT_UNITS: 17,
  /** The lock of those who get. */
  GET_LOCK: 32,
  /** The segment that is read. */
  HEAD: 33,
  /** 1 + the slot into whose hand a cell's block goes. */
  TAKING: 34,
  /** How many messages were ever taken, and what they weighed. */
  GETS: 48,
  GOT_UNITS: 49,
  /** Whether one may put: see {@linkcode Seal}. */
  SEALED: 64,
  /** How many messages may be there at most; 0: any number. */
  MOST: 65,
  /** From what weight of messages on none may be added; 0: any. */
  MOST_UNITS: 66,
} as const;

/** The bytes of a ring's words. */
export const RING_BYTES = 80 * 4;

/** What may still be done with a ring. */
export const Seal = {
  /** Everything. */
  OPEN: 0,
  /** Nothing may be put any more. */
  PUT: 1,
  /** Nor taken: what is there will be dropped. */
  BOTH: 2,
} as const;

/** Words of a segment. */
export const Segment = {
  /** The index of the word where the next cell goes. */
  COMMITTED: 0,
  /** The segment behind it. */
  NEXT: 1,
  /** How many messages, and of what weight, were put before its first one. */
  FIRST: 2,
  FIRST_UNITS: 3,
  /** How many words it has. */
  WORDS: 4,
  /** The index of the word where the next cell is to be taken. */
  TAKEN: 16,
  /** Where the first cell is. */
  CELLS: 32,
} as const;

/**
 * A cell's first word.
 *
 * ```text
 *    31  30     29       28      27                          0
 *   +---+------+--------+-------+-----------------------------+
 *   | 0 | LONG | PINNED | BYTES |  length of the content      |
 *   +---+------+--------+-------+-----------------------------+
 *   LONG    the content is elsewhere: here are a pointer and its length, in bytes.
 *   PINNED  the content ends with pins: message.ts.
 *   BYTES   the content is bytes, and no encoded value.
 * ```
 */
export const LONG = 1 << 30;
export const PINNED = 1 << 29;
export const BYTES = 1 << 28;
export const LENGTH = BYTES - 1;

/** The words of a cell whose content is elsewhere. */
export const LONG_WORDS = 3;
/** A content of more bytes than this is put elsewhere. */
export const MAX_INLINE = 2 ** 14;

/** How many words a cell takes in its segment. */
export function cellWords(header: number): number {
  return header & LONG ? LONG_WORDS : 1 + ((header & LENGTH) + 3 >>> 2);
}

/** What a cell weighs, in words: with what it has elsewhere. */
export function cellUnits(cells: Int32Array, at: number): number {
  const header = cells[at]!;
  return header & LONG
    ? LONG_WORDS + (cells[at + 2]! + 3 >>> 2)
    : cellWords(header);
}
