/** How the cells of a structure are read; see keeper.ts. */

import { Cell, collectPins, copy, valueStart } from "./cell.ts";
import { Keeper } from "./keeper.ts";
import type { Reading } from "./values.ts";

/** A larger value is copied, into a cell and out of it, without the lock. */
export const LARGE = 2 ** 15;
/** How often that is tried, before a value is copied out with it. */
const TRIES = 3;

/** Cell of any version, or none, may be there. */
export const ANY = -1;
/** None may be there. */
export const ABSENT = 0;

/** A structure that has a way to find the cell that is meant. */
export abstract class CellKeeper extends Keeper {
  /** The cell that is meant; 0: there is none. Under the lock. */
  protected abstract find(): number;

  /** Copies the value of the cell that is meant; `false`: there is none. */
  read(reading: Reading): boolean {
    this.enter();
    try {
      for (let tries = 0;; tries++) {
        const cell = this.find();
        if (cell === 0) return false;
        this.measure(cell, reading);
        const { length, version } = reading;
        if (length <= LARGE || tries === TRIES) {
          this.copyOut(cell, reading);
          return true;
        }
        // Meanwhile the block may be freed, and used for something else: what is
        // copied then is not used.
        this.leave();
        this.copyOut(cell, reading);
        this.enter();
        if (this.find() === cell && this.versionOf(cell) === version) {
          return true;
        }
      }
    } finally {
      this.leave();
    }
  }

  /** Reads what is to be copied, and makes room for it. */
  protected measure(cell: number, reading: Reading): void {
    const words = this.blocks.ints(cell);
    const at = this.blocks.at(cell);
    reading.start = valueStart(words, at);
    reading.version = words[at + Cell.VERSION]!;
    reading.isPinned = words[at + Cell.PINS] !== 0;
    reading.reserve(words[at + Cell.VALUE]!);
  }

  /** Copies it. */
  protected copyOut(cell: number, { start, length, bytes }: Reading): void {
    const source = this.blocks.bytes(cell, start + length);
    copy(source, this.blocks.start + start, bytes, 0, length);
  }

  /** The version of a cell; `ABSENT` where there is none. */
  protected versionOf(cell: number): number {
    return cell === 0
      ? ABSENT
      : this.blocks.ints(cell)[this.blocks.at(cell) + Cell.VERSION]!;
  }

  /** Takes the pins from a cell that is no part of the structure any more. */
  protected takePins(cell: number, pins: number[]): void {
    collectPins(this.blocks, cell, pins);
    this.blocks.ints(cell)[this.blocks.at(cell) + Cell.PINS] = 0;
  }

  /** A version that no other cell has; `word` counts them. */
  protected nextVersion(word: number): number {
    const version = (this.get(word) + 1 | 0) || 1;
    this.set(word, version);
    return version;
  }
}
