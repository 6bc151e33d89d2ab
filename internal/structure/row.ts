/** A row of cells, one behind the other, which can be added and taken out anywhere. */

import {
  Cell,
  cellBytes,
  type Content,
  copy,
  fillCell,
  valueStart,
} from "./cell.ts";
import { ANY, LARGE } from "./cell_keeper.ts";
import { Word } from "./keeper.ts";
import { CAPACITY, FIRST, LENGTH, RowTable, VERSION } from "./row_table.ts";
import type { Reading } from "./values.ts";

/** What came of putting a value at an index. */
export type Outcome = "put" | "changed" | "nowhere";

/** Cells that were taken out: their values, one behind the other. */
export interface Taken {
  readonly bytes: Uint8Array;
  /** Where each value ends. */
  readonly ends: number[];
  readonly pins: number[];
}

/** The cells of a list. An index may be negative: it counts from the end then. */
export class Row extends RowTable {
  #index = 0;

  /** How many cells there are. */
  get length(): number {
    this.enter();
    const length = this.open()[LENGTH]!;
    this.leave();
    return length;
  }

  /** Means the cell at an index from now on. */
  mean(index: number): this {
    this.#index = index;
    return this;
  }

  /** Copies the values from one index to another. */
  readMany(start: number, end: number): Taken {
    this.enter();
    try {
      const table = this.open();
      const [from, to] = range(start, end, table[LENGTH]!);
      return this.#copyMany(table.subarray(FIRST + from, FIRST + to));
    } finally {
      this.leave();
    }
  }

  /** Puts a value in the place of the one that is meant, if it has that version. */
  put(content: Content, expected: number): Outcome {
    const parked = content.length > LARGE ? this.#makeCells([content]) : null;
    this.enter();
    try {
      const old = this.find();
      const isThere = old !== 0 &&
        (expected === ANY || this.versionOf(old) === expected);
      if (!isThere) {
        if (parked !== null) this.freeParked(parked);
        return old === 0 ? "nowhere" : "changed";
      }
      if (parked !== null) this.unparkHand(parked[0]!);
      const cell = parked?.[0] ?? this.#makeCell(content);
      const table = this.open();
      this.set(Word.TRASH, old);
      Atomics.store(table, FIRST + resolve(this.#index, table[LENGTH]!), cell);
      this.set(Word.HAND, 0);
      this.freeTrash();
      return "put";
    } finally {
      this.leave();
    }
  }

  /** Adds values at the end; gives the length then. */
  append(contents: readonly Content[]): number {
    const isSmall = contents.length === 1 && contents[0]!.length <= LARGE;
    const cells = isSmall ? [] : this.#makeCells(contents);
    this.enter();
    try {
      let table = this.open();
      const length = table[LENGTH]!;
      const longer = length + contents.length;
      if (longer > table[CAPACITY]!) {
        this.prepare(length, length, [], longer * 2);
        table = this.switch();
      }
      if (isSmall) cells.push(this.#makeCell(contents[0]!));
      for (let i = 0; i < cells.length; i++) {
        table[FIRST + length + i] = cells[i]!;
      }
      Atomics.store(table, LENGTH, longer);
      if (isSmall) this.set(Word.HAND, 0);
      else this.unchain(cells);
      return longer;
    } catch (error) {
      if (!isSmall) this.freeParked(cells);
      throw error;
    } finally {
      this.leave();
    }
  }

  /**
   * Takes the value that is meant out, with its pins, which are the caller's then;
   * `false`: there is none.
   */
  take(reading: Reading): boolean {
    this.enter();
    try {
      const cell = this.find();
      if (cell === 0) return false;
      this.measure(cell, reading);
      const { length } = reading;
      if (length <= LARGE) this.copyOut(cell, reading);
      this.#takeOut(cell);
      this.takePins(cell, reading.pins);
      if (length > LARGE) {
        this.leave();
        this.copyOut(cell, reading);
        this.enter();
      }
      this.freeParked([cell]);
      return true;
    } finally {
      this.leave();
    }
  }

  /**
   * Takes the values from an index on out, with their pins, and puts others in
   * their place, all at one moment.
   */
  splice(start: number, count: number, contents: readonly Content[]): Taken {
    const cells = this.#makeCells(contents);
    this.enter();
    try {
      const table = this.open();
      const length = table[LENGTH]!;
      const [from, to] = range(start, Infinity, length);
      const end = Math.min(from + Math.max(count, 0), to);
      const removed = [...table.subarray(FIRST + from, FIRST + end)];
      const taken = this.#copyMany(removed);
      this.prepare(from, end, cells, 0);
      for (const cell of removed) this.park(cell);
      this.switch();
      this.unchain(cells);
      for (const cell of removed) this.takePins(cell, taken.pins);
      this.freeParked(removed);
      return taken;
    } catch (error) {
      this.freeParked(cells);
      throw error;
    } finally {
      this.leave();
    }
  }

  /** Takes everything out. */
  clear(): void {
    this.enter();
    this.freeDoomed(Infinity);
    this.doom();
    this.leave();
    this.freeAllDoomed();
  }

  // All of the following under the lock.

  /** Takes a cell out, which is pending then. */
  #takeOut(cell: number): void {
    const table = this.open();
    const length = table[LENGTH]!;
    const at = resolve(this.#index, length);
    if (at < length - 1) {
      this.prepare(at, at + 1, [], 0);
      this.park(cell);
      this.switch();
    } else {
      this.park(cell);
      Atomics.store(table, LENGTH, length - 1);
      this.shrink();
    }
  }

  protected find(): number {
    const table = this.open();
    const length = table[LENGTH]!;
    const at = resolve(this.#index, length);
    return at >= 0 && at < length ? table[FIRST + at]! : 0;
  }

  /** Makes a cell in the hand. */
  #makeCell(content: Content): number {
    const cell = this.allocateCell(cellBytes(0, content));
    this.#begin(cell);
    fillCell(this.blocks, cell, content);
    return cell;
  }

  #begin(cell: number): void {
    const words = this.blocks.ints(cell);
    const at = this.blocks.at(cell);
    words[at + Cell.VERSION] = this.nextVersion(VERSION);
    words[at + Cell.KEY] = 0;
  }

  /** Makes cells, filled without the lock, and pending then. Takes the lock. */
  #makeCells(contents: readonly Content[]): number[] {
    const cells: number[] = [];
    if (contents.length === 0) return cells;
    const sizes = contents.map((content) => cellBytes(0, content));
    this.enter();
    try {
      for (const size of sizes) {
        this.#begin(this.allocateCell(size));
        cells.push(this.parkHand());
      }
    } catch (error) {
      this.freeParked(cells);
      throw error;
    } finally {
      this.leave();
    }
    contents.forEach((content, i) => fillCell(this.blocks, cells[i]!, content));
    return cells;
  }

  #copyMany(cells: ArrayLike<number> & Iterable<number>): Taken {
    const { blocks } = this;
    const ends: number[] = [];
    let end = 0;
    for (const cell of cells) {
      end += blocks.ints(cell)[blocks.at(cell) + Cell.VALUE]!;
      ends.push(end);
    }
    const bytes = new Uint8Array(end);
    let at = 0;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      const start = valueStart(blocks.ints(cell), blocks.at(cell));
      const length = ends[i]! - at;
      const source = blocks.bytes(cell, start + length);
      copy(source, blocks.start + start, bytes, at, length);
      at += length;
    }
    return { bytes, ends, pins: [] };
  }
}

/** An index that may count from the end. */
function resolve(index: number, length: number): number {
  return index < 0 ? length + index : index;
}

/** Indexes that may count from the end or lie outside, as `slice` takes them. */
function range(start: number, end: number, length: number): [number, number] {
  const clamp = (index: number) =>
    Math.min(Math.max(resolve(index, length), 0), length);
  return [clamp(start), Math.max(clamp(start), clamp(end))];
}
