/** A list in shared memory: see row.ts. */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { unpin } from "../memory/pins.ts";
import { decodeFrom } from "../wire/decode.ts";
import { isTouched, KEEPER_WORDS } from "./keeper.ts";
import { ANY } from "./cell_keeper.ts";
import { OVERTAKEN } from "./claim.ts";
import { type Outcome, Row, type Taken } from "./row.ts";
import {
  contentOf,
  contentsOf,
  discard,
  giveBack,
  isOutdated,
  NONE,
  type Reading,
  takeReading,
  withReading,
} from "./values.ts";

export const LIST: ObjectType = defineType({
  code: 13,
  ends: 1,
  sweep(object, _slot, owner) {
    if (!isTouched(object.words, object.body, owner)) return;
    new Row(object, object.body).sweep(owner);
  },
  destroy(object) {
    new Row(object, object.body).destroy();
  },
});

/** Makes an empty one. */
export function createList(space: Space): SharedObject {
  return space.create(LIST, KEEPER_WORDS * 4);
}

/** A list as this thread uses it. Indexes may be negative: from the end. */
export class List {
  readonly object: SharedObject;
  readonly #row: Row;

  constructor(object: SharedObject) {
    this.object = object;
    this.#row = new Row(object, object.body);
  }

  get length(): number {
    return this.#row.length;
  }

  /** The value at an index; `NONE`: there is none. */
  get(index: number): unknown {
    return withReading((reading) => this.#read(index, reading));
  }

  /** Puts a value in the place of another; `false`: there is none. */
  set(index: number, value: unknown): boolean {
    this.#row.claim.wait();
    return this.#put(index, value, ANY) === "put";
  }

  /** Adds values at the end; gives the length then. */
  push(values: readonly unknown[]): number {
    const { space } = this.object;
    const contents = values.length === 1
      ? [contentOf(values[0], this.object)]
      : contentsOf(values, this.object);
    try {
      return this.#row.append(contents);
    } catch (error) {
      for (const content of contents) discard(content, space);
      throw error;
    }
  }

  /** Takes a value out; `NONE`: there is none. */
  take(index: number): unknown {
    const reading = takeReading();
    try {
      this.#row.claim.wait();
      if (!this.#row.mean(index).take(reading)) return NONE;
      const content = { ...reading };
      let value: unknown;
      try {
        value = reading.decode();
      } catch (error) {
        // Who cannot read it leaves it to others.
        if (index === -1) this.#row.append([content]);
        else this.#row.splice(index < 0 ? index + 1 : index, 0, [content]);
        throw error;
      }
      discard(content, this.object.space);
      return value;
    } finally {
      giveBack(reading);
    }
  }

  /** Takes values out, and puts others in their place; gives those taken out. */
  splice(start: number, count: number, values: readonly unknown[]): unknown[] {
    const { space } = this.object;
    const contents = contentsOf(values, this.object);
    this.#row.claim.wait();
    let taken: Taken;
    try {
      taken = this.#row.splice(start, count, contents);
    } catch (error) {
      for (const content of contents) discard(content, space);
      throw error;
    }
    try {
      return decodeAll(taken);
    } finally {
      for (const pin of taken.pins) unpin(space, pin);
    }
  }

  /** The values from one index to another, all of one moment. */
  slice(start: number, end: number): unknown[] {
    return decodeAll(this.#row.readMany(start, end));
  }

  /** Puts what `change` makes of the value at an index; `NONE`: there is none. */
  update(index: number, change: (value: unknown) => unknown): unknown {
    return this.#row.claim.insist(() => {
      const [found, version] = withReading((reading) =>
        [this.#read(index, reading), reading.version] as const
      );
      if (found === NONE) return NONE;
      const value = change(found);
      const outcome = this.#put(index, value, version);
      return outcome === "put" ? value : OVERTAKEN;
    });
  }

  clear(): void {
    this.#row.clear();
  }

  /** Pointers to all blocks that it owns, for tests. */
  owned(): number[] {
    return this.#row.owned();
  }

  #read(index: number, reading: Reading): unknown {
    for (let outdated = 0;; outdated = reading.version) {
      if (!this.#row.mean(index).read(reading)) return NONE;
      const { version } = reading;
      try {
        return reading.decode();
      } catch (error) {
        if (!isOutdated(reading, error) || version === outdated) throw error;
      }
    }
  }

  #put(index: number, value: unknown, expected: number): Outcome {
    const content = contentOf(value, this.object);
    let outcome: Outcome = "nowhere";
    try {
      return outcome = this.#row.mean(index).put(content, expected);
    } finally {
      if (outcome !== "put") discard(content, this.object.space);
    }
  }
}

function decodeAll({ bytes, ends }: Taken): unknown[] {
  return ends.map((end, i) =>
    decodeFrom(bytes, i === 0 ? 0 : ends[i - 1]!, end)
  );
}
