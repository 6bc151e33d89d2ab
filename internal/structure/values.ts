/**
 * Values on their way into cells and out of them.
 *
 * Users' code may run while a value is encoded or decoded (a getter, a class's
 * `encode`), and may use the same structure. So it runs without any lock: values
 * are encoded before, and decoded from a copy after.
 */

import { ShutDownError } from "../../errors.ts";
import { ownHome } from "../memory/home.ts";
import type { SharedObject, Space } from "../memory/objects.ts";
import { unpin } from "../memory/pins.ts";
import { decodeFrom } from "../wire/decode.ts";
import { encode, encodeInto } from "../wire/encode.ts";
import { beginNotes, endNotes } from "../wire/envelope.ts";
import { pinAll } from "../wire/parcels.ts";
import type { Content } from "./cell.ts";

/** What is no value: there is none. */
export const NONE: unique symbol = Symbol("none");

const FIRST_BYTES = 2 ** 14;
const MAX_KEPT = 2 ** 18;
const NO_PINS: readonly number[] = [];

let scratch: Uint8Array | null = null;

/**
 * Encodes a value which goes into an object. The bytes may be overwritten as soon
 * as another value is encoded: they are to be used at once.
 */
export function contentOf(value: unknown, object: SharedObject): Content {
  const outer = beginNotes();
  let notes = null;
  let content: Content;
  try {
    const bytes = scratch ?? new Uint8Array(FIRST_BYTES);
    scratch = null; // a value within this one has its own
    const length = encodeInto(value, bytes, 0);
    scratch = bytes;
    content = { bytes, length, pins: NO_PINS };
    if (length === -1) {
      content.bytes = encode(value);
      content.length = content.bytes.length;
    }
  } finally {
    notes = endNotes(outer);
  }
  if (notes !== null) {
    const { space } = ownHome();
    if (space === object.space) {
      content.pins = pinAll(notes, { object: object.uid });
    } else {
      // Others there cannot let go of what lies here: this thread keeps it.
      pinAll(notes, { owner: space.member.id });
    }
  }
  return content;
}

/** The same with bytes of its own, for several at once. */
export function contentsOf(
  values: Iterable<unknown>,
  object: SharedObject,
): Content[] {
  const contents: Content[] = [];
  for (const value of values) {
    const content = contentOf(value, object);
    content.bytes = content.bytes.slice(0, content.length);
    contents.push(content);
  }
  return contents;
}

/** Takes out the pins of a value that did not become a cell. */
export function discard(content: Content, space: Space): void {
  for (const pin of content.pins) unpin(space, pin);
}

/** A value that was copied out of a cell. */
export class Reading {
  bytes = new Uint8Array(FIRST_BYTES);
  length = 0;
  /** Where in the cell it begins. */
  start = 0;
  /** The version of the cell. */
  version = 0;
  /** Whether there are objects of ours in the value. */
  isPinned = false;
  /** The pins, where the value was taken out with them. */
  pins: number[] = [];

  /** Makes room for a value. */
  reserve(length: number): void {
    if (length > this.bytes.length) {
      this.bytes = new Uint8Array(
        length > MAX_KEPT ? length : Math.max(length, this.bytes.length * 2),
      );
    }
    this.length = length;
  }

  /** The value. */
  decode(): unknown {
    return decodeFrom(this.bytes, 0, this.length);
  }
}

let kept: Reading | null = null;

/** What to copy a value to; to be given back. */
export function takeReading(): Reading {
  const reading = kept ?? new Reading();
  kept = null; // a value that is read while this one is decoded has its own
  return reading;
}

/** Gives it back. */
export function giveBack(reading: Reading): void {
  if (reading.pins.length > 0) reading.pins = [];
  if (reading.bytes.length <= MAX_KEPT) kept = reading;
}

/** Calls `read` with what to copy a value to. */
export function withReading<R>(read: (reading: Reading) => R): R {
  const reading = takeReading();
  try {
    return read(reading);
  } finally {
    giveBack(reading);
  }
}

/**
 * Whether a value could not be decoded because an object of ours in it is no
 * more: then it may have been replaced since it was copied.
 */
export function isOutdated(reading: Reading, error: unknown): boolean {
  return reading.isPinned && error instanceof ShutDownError;
}
