/** A stripe of a dict: its cells, each under a key; see trie.ts and keeper.ts. */

import {
  Cell,
  CELL_BYTES,
  cellBytes,
  type Content,
  copy,
  fillCell,
  valueStart,
} from "./cell.ts";
import { type DictKey, readKey, wanted } from "./keys.ts";
import type { SharedObject } from "../memory/objects.ts";
import { ANY, LARGE } from "./cell_keeper.ts";
import { Word } from "./keeper.ts";
import { Trie, VERSION } from "./trie.ts";
import type { Reading } from "./values.ts";

/** The keys of a dict whose hashes end alike; all of this is about the wanted one. */
export class Stripe extends Trie {
  /** The index of the word that counts the keys of the whole dict that came. */
  readonly #order: number;

  constructor(object: SharedObject, at: number, order: number) {
    super(object, at);
    this.#order = order;
  }

  /** Whether the key is there. */
  has(): boolean {
    this.enter();
    const found = this.find();
    this.leave();
    return found !== 0;
  }

  /**
   * Puts a value. `expected` is the version of the cell that it may replace, or
   * one of the above; `false`: it was not put.
   */
  put(content: Content, expected: number): boolean {
    const bytes = cellBytes(wanted.length, content);
    const parked = content.length > LARGE ? this.#fillApart(bytes, content) : 0;
    this.enter();
    try {
      const found = this.find();
      if (expected !== ANY && expected !== this.versionOf(found)) {
        if (parked !== 0) this.freeParked([parked]);
        return false;
      }
      if (parked !== 0) this.unparkHand(parked);
      const cell = parked || this.#fill(bytes, content);
      const words = this.blocks.ints(cell);
      const at = this.blocks.at(cell);
      words[at + Cell.VERSION] = this.nextVersion(VERSION);
      if (found !== 0) this.replace(cell, found);
      else {
        words[at + Cell.ORDER] = Atomics.add(this.words, this.#order, 1);
        this.link(cell);
      }
      return true;
    } catch (error) {
      this.free(Word.HAND); // there was no memory for more
      throw error;
    } finally {
      this.leave();
    }
  }

  /** Deletes the key; `false`: it was not there. */
  remove(): boolean {
    this.enter();
    try {
      const found = this.find();
      if (found === 0) return false;
      this.unlink(found);
      this.freeTrash();
      this.shrink();
      return true;
    } finally {
      this.leave();
    }
  }

  /**
   * Deletes the key, and copies its value, with which the pins go to the caller;
   * `false`: it was not there.
   */
  take(reading: Reading): boolean {
    this.enter();
    try {
      const cell = this.find();
      if (cell === 0) return false;
      this.measure(cell, reading);
      const { length } = reading;
      if (length <= LARGE) this.copyOut(cell, reading);
      this.unlink(cell);
      this.takePins(cell, reading.pins);
      if (length <= LARGE) {
        this.freeTrash();
        this.shrink();
        return true;
      }
      this.parkTrash();
      this.shrink();
      this.leave();
      this.copyOut(cell, reading);
      this.enter();
      this.freeParked([cell]);
      return true;
    } finally {
      this.leave();
    }
  }

  /** Gives each key, with its place in the order. */
  visitKeys(visit: (key: DictKey, order: number) => void): void {
    this.enter();
    try {
      this.visitCells((cell) => {
        const words = this.blocks.ints(cell);
        const at = this.blocks.at(cell);
        const bytes = this.blocks.bytes(cell, valueStart(words, at));
        visit(
          readKey(words[at + Cell.KEY]!, bytes, this.blocks.start + CELL_BYTES),
          words[at + Cell.ORDER]!,
        );
      });
    } finally {
      this.leave();
    }
  }

  /** Dooms all that there is; with the lock, which is taken before. */
  doomAll(): void {
    this.freeDoomed(Infinity);
    this.doom();
  }

  /** Frees what is doomed. */
  finish(): void {
    this.freeAllDoomed();
  }

  /** Makes a cell in the hand. */
  #fill(bytes: number, content: Content): number {
    const cell = this.allocateCell(bytes);
    this.#fillKey(cell);
    fillCell(this.blocks, cell, content);
    return cell;
  }

  #fillKey(cell: number): void {
    const words = this.blocks.ints(cell);
    const at = this.blocks.at(cell);
    words[at + Cell.HASH] = wanted.hash;
    words[at + Cell.KEY] = wanted.word;
    const bytes = this.blocks.bytes(cell, CELL_BYTES + wanted.length);
    const start = this.blocks.start + CELL_BYTES;
    copy(wanted.bytes, 0, bytes, start, wanted.length);
  }

  /** Makes a cell without the lock, and leaves it pending. */
  #fillApart(bytes: number, content: Content): number {
    let cell = 0;
    this.enter();
    try {
      this.allocateCell(bytes);
      cell = this.parkHand();
    } finally {
      this.leave();
    }
    this.#fillKey(cell);
    fillCell(this.blocks, cell, content);
    return cell;
  }
}
