/**
 * Messages of a ring: encoded values, with pins for the objects of this library
 * that are in them; or bytes, as they are.
 *
 * ```text
 *   header   encoded value, up to a whole word   pin … pin   length   number
 *                                                2 words     of the   of
 *                                                each        value    pins
 * ```
 *
 * Pins are for the sake of the object that has the ring, so that they go with it.
 * What is after the value is there only in a message that has pins.
 */

import { decodeFrom } from "../wire/decode.ts";
import { encodeOrMeasure } from "../wire/encode.ts";
import { beginNotes, endNotes, type Note } from "../wire/envelope.ts";
import { pinAll, takeOut } from "../wire/parcels.ts";
import { LENGTH, LONG, LONG_WORDS, PINNED } from "./ring_words.ts";
import type { Scratch } from "./scratch.ts";

const PIN_WORDS = 2;
const LAST_WORDS = 2;
const HALF = 2 ** 32;

/**
 * Writes a value as a cell from the word `from` on, as far as that is there: the
 * content's length is in the scratch. Before the value, it leaves `lead` words to
 * the caller. Gives what is to be pinned.
 */
export function compose(
  scratch: Scratch,
  from: number,
  value: unknown,
  root: string,
  lead = 0,
): readonly Note[] | null {
  const content = from * 4 + 4;
  const start = content + lead * 4;
  const outer = beginNotes();
  let notes: readonly Note[] | null = null;
  let end: number;
  try {
    end = encodeOrMeasure(value, scratch.bytes, start, root);
    while (end > scratch.bytes.length) {
      scratch.grow(end, start);
      end = encodeOrMeasure(value, scratch.bytes, start, root);
    }
  } finally {
    notes = endNotes(outer);
  }
  scratch.length = end - content;
  if (notes === null) scratch.words[from] = end - content;
  else makeRoom(scratch, from, notes.length);
  return notes;
}

/** Adds room for pins. */
function makeRoom(scratch: Scratch, from: number, count: number): void {
  const start = from * 4 + 4;
  const { length } = scratch;
  const value = length + 3 & ~3;
  const all = value + (count * PIN_WORDS + LAST_WORDS) * 4;
  scratch.grow(start + all, start + length);
  const last = from + 1 + (all >>> 2) - LAST_WORDS;
  scratch.words[last] = length;
  scratch.words[last + 1] = count;
  scratch.words[from] = PINNED | all;
  scratch.length = all;
}

/**
 * Pins what is in a cell that was composed, for the sake of the object with this
 * uid; gives the pins.
 */
export function pinCell(
  { words }: Scratch,
  from: number,
  length: number,
  notes: readonly Note[],
  uid: number,
): number[] {
  const pins = pinAll(notes, { object: uid });
  const last = from + 1 + (length >>> 2) - LAST_WORDS;
  words[last + 1] = pins.length;
  pins.forEach((pin, i) => {
    const at = last - (i + 1) * PIN_WORDS;
    words[at] = pin % HALF;
    words[at + 1] = Math.floor(pin / HALF);
  });
  return pins;
}

/** Reads the value of a cell that was taken; its pins go then. */
export function readCell(scratch: Scratch, from: number): unknown {
  const header = scratch.words[from]!;
  const { start, length } = contentOf(scratch, from);
  if (!(header & PINNED)) {
    return decodeFrom(scratch.bytes, start, start + length);
  }
  const { pins, valueLength } = pinsOf(scratch, start, length);
  const value = decodeFrom(scratch.bytes, start, start + valueLength);
  takeOut(pins);
  return value;
}

/** Takes out the pins of a cell that was taken, which nobody will read. */
export function dropCell(scratch: Scratch, from: number): void {
  if (!(scratch.words[from]! & PINNED)) return;
  const { start, length } = contentOf(scratch, from);
  takeOut(pinsOf(scratch, start, length).pins);
}

/** Where the content of a cell is that was taken, in bytes. */
export function contentOf(
  { words }: Scratch,
  from: number,
): { start: number; length: number } {
  const header = words[from]!;
  return header & LONG
    ? { start: (from + LONG_WORDS) * 4, length: words[from + 2]! }
    : { start: (from + 1) * 4, length: header & LENGTH };
}

/** The value in a cell: its bytes from `start` to `end`, and what is pinned. */
export interface CellValue {
  readonly start: number;
  readonly end: number;
  readonly pins: number[] | null;
}

/** Where the value of a cell is that was taken, behind `lead` words. */
export function valueIn(
  scratch: Scratch,
  from: number,
  lead: number,
): CellValue {
  const content = contentOf(scratch, from);
  const start = content.start + lead * 4;
  if (!(scratch.words[from]! & PINNED)) {
    return { start, end: content.start + content.length, pins: null };
  }
  const { pins, valueLength } = pinsOf(
    scratch,
    content.start,
    content.length,
  );
  return { start, end: content.start + valueLength, pins };
}

function pinsOf(
  { words }: Scratch,
  start: number,
  length: number,
): { pins: number[]; valueLength: number } {
  const last = (start + length >>> 2) - LAST_WORDS;
  const pins: number[] = [];
  for (let i = 1; i <= words[last + 1]!; i++) {
    const at = last - i * PIN_WORDS;
    pins.push(words[at + 1]! * HALF + (words[at]! >>> 0));
  }
  return { pins, valueLength: words[last]! };
}
