/**
 * What a pool and its workers say to each other. A message is a cell of a ring
 * (structure/message.ts) which has two words before its value:
 *
 * ```text
 *   word 0   the task that it is about: its id
 *   word 1   31                8  7        4  3     0
 *           +-------------------+-----------+--------+
 *           |  number           |  flags    |  kind  |
 *           +-------------------+-----------+--------+
 *   number   to the worker: that of a function.
 *            from the worker: the index of an item in its chunk.
 * ```
 */

import { type CellValue, compose, valueIn } from "../structure/message.ts";
import { LONG, LONG_WORDS, PINNED } from "../structure/ring_words.ts";
import type { Scratch } from "../structure/scratch.ts";
import type { Note } from "../wire/envelope.ts";

/** To the worker. */
export const Order = {
  /** What function that number is: its reference, which the task needs. */
  FUNCTION: 1,
  /** Call it with these arguments. */
  CALL: 2,
  /** Call it with each of these items, */
  MAP: 3,
  /** or with each of these lists of arguments. */
  STARMAP: 4,
} as const;

/** Beside an order. */
export const Flag = {
  /** Each item has an answer of its own; else all have one. */
  EACH: 0x10,
  /** Somebody looks how long each item takes. */
  TIMED: 0x20,
} as const;

/** From the worker. */
export const Answer = {
  /** It is up. */
  READY: 1,
  /** It is not: what its initializer has thrown. */
  FAILED: 2,
  /** What a function returned, or a list of that for all items, */
  OK: 3,
  /** or what it threw, with the index of the item. */
  ERROR: 4,
  /** Why the function could not be called at all. */
  MISSING: 5,
  /** What the function returned for one item of several, */
  ITEM_OK: 6,
  /** or what it threw. */
  ITEM_ERROR: 7,
  /** What a task tells of its progress. */
  PROGRESS: 8,
  /** The worker does not know the function: it is to be told again. */
  UNKNOWN: 9,
} as const;

const KIND = 0xF;
const NUMBER_BITS = 8;
/** Numbers are less than this. */
export const NUMBERS = 2 ** 24;
/** A worker keeps so many functions at most, each at its number modulo this. */
export const SLOTS = 2 ** 12;
/** How many words stand before the value. */
export const LEAD = 2;

/** The second word of a message; `kind` may have flags. */
export function infoOf(kind: number, number: number): number {
  return number << NUMBER_BITS | kind;
}

/** A message's kind, without flags. */
export function kindOf(info: number): number {
  return info & KIND;
}

/** A message's number. */
export function numberOf(info: number): number {
  return info >>> NUMBER_BITS;
}

/** What is answered with the error instead, where an answer cannot be; or nothing. */
export function insteadOf(info: number): number | null {
  switch (kindOf(info)) {
    case Answer.OK:
      return infoOf(Answer.ERROR, numberOf(info));
    case Answer.ITEM_OK:
      return infoOf(Answer.ITEM_ERROR, numberOf(info));
    default:
      return null;
  }
}

/** Writes a message from a word on; gives what is to be pinned in it. */
export function composeMessage(
  scratch: Scratch,
  from: number,
  id: number,
  info: number,
  value: unknown,
  root: string,
): readonly Note[] | null {
  const notes = compose(scratch, from, value, root, LEAD);
  scratch.words[from + 1] = id;
  scratch.words[from + 2] = info;
  return notes;
}

/** The index of the first of the two words of a message that was taken. */
export function leadOf({ words }: Scratch, from: number): number {
  return from + (words[from]! & LONG ? LONG_WORDS : 1);
}

/** Whether there are objects of this library in a message. */
export function hasObjects({ words }: Scratch, from: number): boolean {
  return (words[from]! & PINNED) !== 0;
}

/** Where the value of a message is that was taken. */
export function valueOf(scratch: Scratch, from: number): CellValue {
  return valueIn(scratch, from, LEAD);
}
