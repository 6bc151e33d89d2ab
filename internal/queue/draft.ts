/** Items on their way into a ring: they are encoded before anything is put. */

import type { SharedObject } from "../memory/objects.ts";
import { compose, pinCell } from "../structure/message.ts";
import { Put, type PutSide } from "../structure/put_side.ts";
import {
  BYTES,
  cellWords,
  MAX_INLINE,
  PINNED,
} from "../structure/ring_words.ts";
import { Scratch } from "../structure/scratch.ts";
import type { Note } from "../wire/envelope.ts";
import { pinAll, takeOut } from "../wire/parcels.ts";

/** A cell that was composed. */
export interface Composed {
  readonly scratch: Scratch;
  /** The word where it begins. */
  readonly from: number;
  /** The length of the content. */
  readonly length: number;
  /** What is to be pinned. */
  readonly notes: readonly Note[] | null;
  /** The content itself, where that is long and no value. */
  readonly bytes?: Uint8Array;
}

/** Bytes as a cell: copied, if they are not long. */
export function composeBytes(scratch: Scratch, bytes: Uint8Array): Composed {
  const { length } = bytes;
  const cell = { scratch, from: 0, length, notes: null };
  if (length > MAX_INLINE) return { ...cell, bytes };
  scratch.grow(4 + length);
  scratch.words[0] = BYTES | length;
  scratch.bytes.set(bytes, 4);
  return cell;
}

/** Puts a cell into the ring of an object. */
export function offer(
  puts: PutSide,
  object: SharedObject,
  { scratch, from, length, notes, bytes }: Composed,
): Put {
  if (bytes !== undefined) return puts.putLong(bytes, BYTES);
  const start = from * 4 + 4;
  const pins = notes && pinCell(scratch, from, length, notes, object.uid);
  let put: Put = Put.FULL;
  try {
    put = length > MAX_INLINE
      ? puts.putLong(
        scratch.bytes.subarray(start, start + length),
        notes === null ? 0 : PINNED,
      )
      : puts.put(scratch.words, from, from + 1 + (length + 3 >>> 2));
  } finally {
    if (put !== Put.DONE) takeOut(pins);
  }
  return put;
}

/** A composed cell in memory of its own, for as long as there is no room for it. */
export function keep(composed: Composed): Composed {
  const { scratch, from, length, notes, bytes } = composed;
  if (bytes !== undefined) return composed;
  const own = new Scratch(4 + length);
  const start = from * 4;
  own.bytes.set(scratch.bytes.subarray(start, start + 4 + length));
  return { scratch: own, from: 0, length, notes };
}

/**
 * Pins what is in items that have to wait for room, for the sake of this thread:
 * the caller may let go of it meanwhile.
 */
export function holdMeanwhile(
  owner: number,
  notes: readonly (readonly Note[] | null)[],
): number[] {
  return pinAll(notes.flatMap((found) => found ?? []), { owner });
}

/** Plain cells that follow each other: how many, and where. */
interface Run {
  from: number;
  count: number;
}

/** Items that are put together, as far as there is room. */
export class Batch {
  /** How many of them were put. */
  done = 0;
  readonly notes: (readonly Note[] | null)[] = [];
  readonly #parts: (Run | Composed)[] = [];
  readonly #scratch = new Scratch(2 ** 12);
  #next = 0;

  /** Encodes the items: where one of them cannot be sent, none is put. */
  constructor(items: readonly unknown[]) {
    const scratch = this.#scratch;
    let from = 0;
    let run: Run | null = null;
    for (let i = 0; i < items.length; i++) {
      const notes = compose(scratch, from, items[i], `items[${i}]`);
      const { length } = scratch;
      if (notes === null && length <= MAX_INLINE) {
        if (run === null) this.#parts.push(run = { from, count: 0 });
        run.count++;
      } else {
        this.#parts.push({ scratch, from, length, notes });
        this.notes.push(notes);
        run = null;
      }
      from += 1 + (length + 3 >>> 2);
    }
  }

  /** Puts what there is room for; `Put.DONE` when everything is put. */
  offer(puts: PutSide, object: SharedObject): Put {
    while (this.#next < this.#parts.length) {
      const part = this.#parts[this.#next]!;
      if ("notes" in part) {
        const put = offer(puts, object, part);
        if (put !== Put.DONE) return put;
        this.done++;
      } else {
        const put = puts.putMany(this.#scratch.words, part.from, part.count);
        if (put === -1) return Put.SEALED;
        this.done += put;
        part.count -= put;
        for (let i = 0; i < put; i++) {
          part.from += cellWords(this.#scratch.words[part.from]!);
        }
        if (part.count > 0) return Put.FULL;
      }
      this.#next++;
    }
    return Put.DONE;
  }
}
