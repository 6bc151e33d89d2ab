/** What a thread takes from a ring, as values. */

import { type GetSide, Take } from "../structure/get_side.ts";
import { contentOf, dropCell, readCell } from "../structure/message.ts";
import { cellWords, LONG } from "../structure/ring_words.ts";
import { giveBack, Scratch, takeScratch } from "../structure/scratch.ts";
import { UnknownClassError } from "../wire/classes.ts";

/** There is no message. */
export const NOTHING = Symbol("nothing");
/** The next message is of another kind. */
export const OTHER = Symbol("other");

/** So many messages are dropped at a time. */
const DROPPED_AT_ONCE = 1024;

/** Thrown where a message has an object of ours whose module is not loaded here. */
export class NotLoaded {
  constructor(readonly error: UnknownClassError) {}
}

/** What was taken with others, or too early, and is still to be given. */
type Leftover =
  | { item: unknown }
  | { bytes: Uint8Array<ArrayBuffer> }
  | { error: unknown }
  | { cell: Scratch };

/** Those messages of a ring that this thread takes. */
export class Inbox {
  readonly #gets: GetSide;
  /** Called after so many were taken from the ring. */
  readonly #taken: (count: number) => void;
  #leftovers: Leftover[] | null = null;
  /** How many of these, the first ones, were given, and came back. */
  #returned = 0;
  #isComplete = false;

  constructor(gets: GetSide, taken: (count: number) => void) {
    this.#gets = gets;
    this.#taken = taken;
  }

  /** How many are to be given that are in the ring no more. */
  get held(): number {
    return this.#leftovers?.length ?? 0;
  }

  /**
   * Takes a value of that kind (0; or -1: any).
   *
   * @throws {NotLoaded} If modules have to be loaded first.
   * @throws {DataCloneError} If it cannot be read; it has been taken.
   */
  take(kind: number): unknown {
    if (this.#leftovers !== null) {
      return kind !== -1 && "bytes" in this.#leftovers[0]!
        ? OTHER
        : this.#nextLeftover();
    }
    const scratch = takeScratch();
    try {
      const take = this.#gets.take(scratch, kind);
      if (take !== Take.DONE) return take === Take.EMPTY ? NOTHING : OTHER;
      this.#taken(1);
      return this.#read(scratch, 0);
    } finally {
      giveBack(scratch);
    }
  }

  /** Takes up to `max` values, as many as there are. */
  takeMany(max: number): unknown[] {
    if (this.#leftovers !== null) return [this.#nextLeftover()];
    const scratch = takeScratch();
    try {
      const count = this.#gets.takeMany(scratch, max);
      if (count === 0) {
        if (this.#gets.take(scratch, -1) !== Take.DONE) return [];
        this.#taken(1);
        return [this.#read(scratch, 0)];
      }
      this.#taken(count);
      return this.#readMany(scratch, count);
    } finally {
      giveBack(scratch);
    }
  }

  /** Takes what is in a message of that kind, as it is. */
  takeBytes(
    kind: number,
  ): Uint8Array<ArrayBuffer> | typeof NOTHING | typeof OTHER {
    if (this.#leftovers !== null) {
      return "bytes" in this.#leftovers[0]!
        ? this.#nextLeftover() as Uint8Array<ArrayBuffer>
        : OTHER;
    }
    const scratch = takeScratch();
    try {
      const take = this.#gets.take(scratch, kind);
      if (take !== Take.DONE) return take === Take.EMPTY ? NOTHING : OTHER;
      this.#taken(1);
      const { start, length } = contentOf(scratch, 0);
      return scratch.bytes.slice(start, start + length);
    } finally {
      giveBack(scratch);
    }
  }

  /**
   * Takes back what was given and could not be passed on: it is the first to be
   * given again, to who gets it in this thread.
   */
  putBack(items: readonly unknown[], areBytes = false): void {
    const returned = items.map((item) =>
      areBytes ? { bytes: item as Uint8Array<ArrayBuffer> } : { item }
    );
    this.#leftovers ??= [];
    this.#leftovers.splice(this.#returned, 0, ...returned);
    this.#returned += items.length;
  }

  /** Drops all; gives how many there were. */
  dropAll(): number {
    const scratch = takeScratch();
    let dropped = this.#leftovers?.length ?? 0;
    this.#leftovers = null;
    this.#returned = 0;
    try {
      for (;;) {
        const count = this.#gets.takeMany(scratch, DROPPED_AT_ONCE);
        for (let i = 0, from = 0; i < count; i++) {
          dropCell(scratch, from);
          from += cellWords(scratch.words[from]!);
        }
        dropped += count;
        if (count > 0) continue;
        if (this.#gets.take(scratch, -1) !== Take.DONE) return dropped;
        dropCell(scratch, 0);
        dropped++;
      }
    } finally {
      giveBack(scratch);
    }
  }

  /** Loads what {@linkcode NotLoaded} asks for. */
  async load(): Promise<void> {
    try {
      await import("../travel/all.ts");
    } finally {
      this.#isComplete = true;
    }
  }

  /** Reads values; where one cannot be read, that is told when it is its turn. */
  #readMany(scratch: Scratch, count: number): unknown[] {
    const items: unknown[] = [];
    for (let i = 0, from = 0; i < count; i++) {
      const next = from + cellWords(scratch.words[from]!);
      try {
        const item = this.#read(scratch, from);
        if (this.#leftovers === null) items.push(item);
        else this.#leftovers.push({ item });
      } catch (error) {
        if (!(error instanceof NotLoaded)) this.#leave({ error });
      }
      from = next;
    }
    return items.length > 0 ? items : [this.#nextLeftover()];
  }

  #read(scratch: Scratch, from: number): unknown {
    try {
      return readCell(scratch, from);
    } catch (error) {
      if (
        error instanceof UnknownClassError && error.kind === "object" &&
        !this.#isComplete
      ) {
        this.#leave({ cell: copyCell(scratch, from) });
        throw new NotLoaded(error);
      }
      dropCell(scratch, from);
      throw error;
    }
  }

  #leave(leftover: Leftover): void {
    this.#leftovers ??= [];
    this.#leftovers.push(leftover);
  }

  #nextLeftover(): unknown {
    const leftovers = this.#leftovers!;
    const next = leftovers.shift()!;
    this.#leftovers = null;
    if (this.#returned > 0) this.#returned--;
    try {
      if ("item" in next) return next.item;
      if ("bytes" in next) return next.bytes;
      if ("error" in next) throw next.error;
      return this.#read(next.cell, 0); // which may leave it again, as the first
    } finally {
      if (leftovers.length > 0) {
        this.#leftovers = [...this.#leftovers ?? [], ...leftovers];
      }
    }
  }
}

/** A cell that was taken, in memory of its own. */
function copyCell(scratch: Scratch, from: number): Scratch {
  const { start, length } = contentOf(scratch, from);
  const isLong = (scratch.words[from]! & LONG) !== 0;
  const begin = isLong ? 0 : from * 4; // a long one comes alone
  const copy = new Scratch(start - begin + length);
  copy.bytes.set(scratch.bytes.subarray(begin, start + length));
  return copy;
}
