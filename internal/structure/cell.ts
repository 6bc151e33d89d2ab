/**
 * A cell: a value in shared memory, as its encoded bytes, with its key where it
 * is in a dict. It is a block of its own, which nobody changes any more once it is
 * part of a structure: to change a value is to put another cell in its place.
 *
 * ```text
 *   word 0   next      the next cell of a chain: of keys with the same hash, or of
 *                      those that are on their way (keeper.ts)
 *   word 1   owner     on its way: who fills it, or has taken it
 *   word 2   version   tells it from others that were under its key before
 *   word 3   order     of two keys, which was there first
 *   word 4   hash
 *   word 5   key       its kind (3 bits) and how many bytes it has
 *   word 6   value     how many bytes it has
 *   word 7   pins      how many there are
 *   then the bytes of the key, those of the value and, at the next multiple of 4,
 *   two words for each pin
 * ```
 *
 * Pins keep objects of ours alive that are in the value. They are for the sake of
 * the structure's object, and are taken out when the cell goes. (Whoever is
 * killed between the one and the other leaves a pin that goes with the structure.)
 */

import type { Blocks } from "./blocks.ts";

/** Words of a cell, by their index. */
export const Cell = {
  NEXT: 0,
  OWNER: 1,
  VERSION: 2,
  ORDER: 3,
  HASH: 4,
  KEY: 5,
  VALUE: 6,
  PINS: 7,
} as const;

export const CELL_BYTES = 32;
const KIND_BITS = 3;

/** A value that is to become a cell. */
export interface Content {
  /** Memory that has its bytes at the beginning. */
  bytes: Uint8Array;
  length: number;
  pins: readonly number[];
}

const MAX_BYTES = 2 ** 31 - 2 ** 16;

/** How many bytes a cell takes. */
export function cellBytes(key: number, { length, pins }: Content): number {
  const bytes = CELL_BYTES + key + length;
  const all = pins.length === 0 ? bytes : align(bytes) + pins.length * 8;
  if (all > MAX_BYTES) {
    throw new RangeError(
      `Cannot share a value of ${length} bytes as it is too large: share parts of it`,
    );
  }
  return all;
}

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** Fills the value and the pins of a cell whose key is written. */
export function fillCell(
  blocks: Blocks,
  pointer: number,
  content: Content,
): void {
  const words = blocks.ints(pointer);
  const at = blocks.at(pointer);
  const { length, pins } = content;
  const start = CELL_BYTES + (words[at + Cell.KEY]! >>> KIND_BITS);
  words[at + Cell.VALUE] = length;
  words[at + Cell.PINS] = pins.length;
  const bytes = blocks.bytes(pointer, start + length);
  copy(content.bytes, 0, bytes, blocks.start + start, length);
  if (pins.length > 0) writePins(blocks, pointer, start + length, pins);
}

/** Words for the pins, apart from all else as they are rare. */
function writePins(
  blocks: Blocks,
  pointer: number,
  end: number,
  pins: readonly number[],
): void {
  const first = align(end) / 4;
  const words = blocks.words(pointer, first + pins.length * 2);
  for (let i = 0; i < pins.length; i++) {
    words[first + i * 2] = pins[i]! % 2 ** 32 | 0;
    words[first + i * 2 + 1] = Math.floor(pins[i]! / 2 ** 32);
  }
}

/** Adds the pins of a cell to a list. */
export function collectPins(
  blocks: Blocks,
  pointer: number,
  into: number[],
): void {
  const cell = blocks.ints(pointer);
  const at = blocks.at(pointer);
  const count = cell[at + Cell.PINS]!;
  if (count === 0) return;
  const first = align(valueStart(cell, at) + cell[at + Cell.VALUE]!) / 4;
  const words = blocks.words(pointer, first + count * 2);
  for (let i = 0; i < count; i++) {
    into.push(
      (words[first + i * 2]! >>> 0) + words[first + i * 2 + 1]! * 2 ** 32,
    );
  }
}

/** Where in a cell its value begins. */
export function valueStart(words: Int32Array, at: number): number {
  return CELL_BYTES + (words[at + Cell.KEY]! >>> KIND_BITS);
}

/** From so many bytes on, the runtime's own copying is faster than a loop. */
const LOOP = 48;

/** Copies bytes. */
export function copy(
  from: Uint8Array,
  start: number,
  to: Uint8Array,
  at: number,
  length: number,
): void {
  if (length > LOOP) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}
