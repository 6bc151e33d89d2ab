/**
 * Where the cells of a row stand.
 *
 * ```text
 *   own words   table     a block with pointers to the cells; 0: there are none
 *               version   of the cell that was made last
 *   table       length    how many cells there are
 *               capacity  how many fit
 *               then a pointer to each
 * ```
 *
 * At the end, cells are added and taken out by a store of `length`. Anywhere else
 * by a new table, which takes the place of the old one by one store.
 */

import { CellKeeper } from "./cell_keeper.ts";
import { Word } from "./keeper.ts";

const TABLE = Word.OWN;
/** The word that counts versions. */
export const VERSION: number = Word.OWN + 1;

/** The words of a table. */
export const LENGTH = 0;
export const CAPACITY = 1;
/** Of the pointers to the cells, the first. */
export const FIRST = 2;
const FEWEST = 14;

/** The table of a row. All of this under the lock. */
export abstract class RowTable extends CellKeeper {
  #pointer = 0;
  #table: Int32Array = new Int32Array(FIRST);

  /** The table; where there is none, an empty one. */
  protected open(): Int32Array {
    const pointer = this.get(TABLE);
    const table = this.#table;
    // The block may have been freed, and be a table of another size now.
    return pointer === this.#pointer &&
        table[CAPACITY] === table.length - FIRST
      ? table
      : this.#look(pointer);
  }

  /** Takes a smaller table where most of it is not used. */
  protected shrink(): void {
    const table = this.open();
    const capacity = table[CAPACITY]!;
    const length = table[LENGTH]!;
    if (capacity <= FEWEST * 4 || length >= capacity / 4) return;
    try {
      this.prepare(length, length, [], length * 2);
    } catch {
      return; // there is no memory for a smaller one
    }
    this.switch();
  }

  /**
   * Makes a table in which other cells stand from one index to another, which is
   * to take the place of the old one next.
   */
  protected prepare(
    start: number,
    end: number,
    cells: readonly number[],
    capacity: number,
  ): void {
    const old = this.open();
    const length = old[LENGTH]! - (end - start) + cells.length;
    const pointer = this.allocateNode(
      (FIRST + Math.max(capacity, length, FEWEST)) * 4,
    );
    const size = this.space.allocator.sizeOf(pointer) / 4;
    const table = this.blocks.words(pointer, size);
    table[LENGTH] = length;
    table[CAPACITY] = size - FIRST;
    table.set(old.subarray(FIRST, FIRST + start), FIRST);
    table.set(cells, FIRST + start);
    table.set(
      old.subarray(FIRST + end, FIRST + old[LENGTH]!),
      FIRST + start + cells.length,
    );
  }

  /** It takes the place of the old one. */
  protected switch(): Int32Array {
    const table = this.get(Word.NODE);
    this.set(Word.OLD, this.get(TABLE));
    this.set(TABLE, table);
    this.set(Word.NODE, 0);
    this.freeOld();
    return this.#look(table);
  }

  #look(pointer: number): Int32Array {
    this.#pointer = pointer;
    return this.#table = this.#view(pointer);
  }

  #view(pointer: number): Int32Array {
    if (pointer === 0) return new Int32Array(FIRST);
    const words = this.blocks.ints(pointer);
    const capacity = words[this.blocks.at(pointer) + CAPACITY]!;
    return this.blocks.words(pointer, FIRST + capacity);
  }

  protected mend(): void {
    if (
      this.get(Word.DOOMED) !== 0 && this.get(Word.DOOMED) === this.get(TABLE)
    ) {
      this.set(TABLE, 0);
    }
  }

  protected survey(visit: (pointer: number) => void): void {
    for (const pointer of [this.get(TABLE), this.get(Word.DOOMED)]) {
      if (pointer === 0) continue;
      visit(pointer);
      const table = this.#view(pointer);
      for (let i = 0; i < table[LENGTH]!; i++) visit(table[FIRST + i]!);
    }
  }

  protected doom(): void {
    this.set(Word.DOOMED, this.get(TABLE));
    this.set(TABLE, 0);
  }

  protected freeDoomed(cells: number): boolean {
    const pointer = this.get(Word.DOOMED);
    if (pointer === 0) return true;
    const table = this.#view(pointer);
    let length = table[LENGTH]!;
    for (; length > 0 && cells > 0; cells--) {
      length--;
      this.set(Word.TRASH, table[FIRST + length]!);
      Atomics.store(table, LENGTH, length);
      this.freeTrash();
    }
    if (length > 0) return false;
    this.set(Word.OLD, pointer);
    this.set(Word.DOOMED, 0);
    this.freeOld();
    return true;
  }
}
