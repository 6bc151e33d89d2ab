/**
 * A hash table as a trie: inner blocks of 16 slots, each chosen by the next four
 * bits of the hash. A slot is 0, or points to a cell, or to a further block.
 *
 * It grows by one block where two keys meet in a slot, and shrinks by one where a
 * single key is left, so that nobody ever has to wait for it to be rebuilt. Keys
 * whose whole hashes are the same form a chain.
 *
 * ```text
 *   slot        31     30                        0
 *              +------+---------------------------+
 *              | NODE | pointer                   |
 *              +------+---------------------------+
 *   own words   root    a slot
 *               count   how many cells there are
 *               version of the cell that was made last
 * ```
 *
 * Bagwell, Ideal Hash Trees (2001), without the compression of the blocks: they
 * have one line of the cache each.
 */

import type { SharedObject } from "../memory/objects.ts";
import { Cell, CELL_BYTES } from "./cell.ts";
import { CellKeeper } from "./cell_keeper.ts";
import { Word } from "./keeper.ts";
import { isWanted, wanted } from "./keys.ts";

const NODE = 0x80000000 | 0;
const POINTER = 0x7fffffff;
const SLOTS = 16;
const BITS = 4;
const NODE_BYTES = SLOTS * 4;

const ROOT = Word.OWN;
const COUNT = Word.OWN + 1;
/** The word that counts versions. */
export const VERSION: number = Word.OWN + 2;

/** How many cells there were a moment ago. */
export function countOf(words: Int32Array, at: number): number {
  return Atomics.load(words, at + COUNT);
}

/** A table for those keys whose hashes end with the same four bits. */
export abstract class Trie extends CellKeeper {
  /** Where the last search ended: a slot, the bits that led there, … */
  #words: Int32Array;
  #slot: number;
  #shift = BITS;
  /** … and the cell before the one that was found in its chain; 0: none. */
  #previous = 0;

  constructor(object: SharedObject, at: number) {
    super(object, at);
    this.#words = this.words;
    this.#slot = at + ROOT;
  }

  // All of the following under the lock.

  /** The cell of the key that is wanted; 0: there is none. */
  protected find(): number {
    const { blocks } = this;
    const { hash, word } = wanted;
    let words = this.words;
    let at = this.at + ROOT;
    let shift = BITS;
    let pointer = words[at]!;
    for (; pointer < 0; shift += BITS) {
      const node = pointer & POINTER;
      words = blocks.ints(node);
      at = blocks.at(node) + (hash >>> shift & SLOTS - 1);
      pointer = words[at]!;
    }
    this.#words = words;
    this.#slot = at;
    this.#shift = shift;
    let previous = 0;
    while (pointer !== 0) {
      const cell = blocks.ints(pointer);
      const start = blocks.at(pointer);
      if (cell[start + Cell.HASH] !== hash) return 0;
      if (cell[start + Cell.KEY] === word) {
        const bytes = blocks.bytes(pointer, CELL_BYTES + wanted.length);
        if (isWanted(bytes, blocks.start + CELL_BYTES)) {
          this.#previous = previous;
          return pointer;
        }
      }
      previous = pointer;
      pointer = cell[start + Cell.NEXT]!;
    }
    return 0;
  }

  /** Makes the cell in the hand a part of it, after `find()` has found nothing. */
  protected link(cell: number): void {
    const { blocks } = this;
    const { hash } = wanted;
    let words = this.#words;
    let at = this.#slot;
    let head = words[at]!;
    for (let shift = this.#shift; head !== 0; shift += BITS) {
      const other = blocks.ints(head)[blocks.at(head) + Cell.HASH]!;
      if (other === hash) break;
      // Both go below a new block; should they meet there too, once more.
      const node = this.allocateNode(NODE_BYTES);
      const slots = blocks.ints(node);
      const start = blocks.at(node);
      slots[start + (other >>> shift & SLOTS - 1)] = head;
      Atomics.store(words, at, node | NODE);
      this.set(Word.NODE, 0);
      words = slots;
      at = start + (hash >>> shift & SLOTS - 1);
      head = words[at]!;
    }
    blocks.ints(cell)[blocks.at(cell) + Cell.NEXT] = head;
    Atomics.store(words, at, cell);
    this.set(COUNT, this.get(COUNT) + 1);
    this.set(Word.HAND, 0);
  }

  /** Puts the cell in the hand in the place of the one that `find()` has found. */
  protected replace(cell: number, found: number): void {
    const { blocks } = this;
    const words = blocks.ints(cell);
    const at = blocks.at(cell);
    const old = blocks.ints(found);
    const start = blocks.at(found);
    words[at + Cell.ORDER] = old[start + Cell.ORDER]!;
    words[at + Cell.NEXT] = old[start + Cell.NEXT]!;
    this.set(Word.TRASH, found);
    this.#setLink(cell);
    this.set(Word.HAND, 0);
    this.freeTrash();
  }

  /** Takes the cell that `find()` has found out of it, into the trash. */
  protected unlink(found: number): void {
    const { blocks } = this;
    this.set(Word.TRASH, found);
    this.#setLink(blocks.ints(found)[blocks.at(found) + Cell.NEXT]!);
    this.set(COUNT, this.get(COUNT) - 1);
  }

  /** Frees the blocks on the way to what was taken out that are not needed. */
  protected shrink(): void {
    const { blocks } = this;
    const { hash } = wanted;
    for (;;) {
      // The last block on the way, and the slot that leads there.
      let words = this.words;
      let at = this.at + ROOT;
      let node = 0;
      let slots = words;
      let start = 0;
      let next = words[at]!;
      for (let shift = BITS; next < 0; shift += BITS) {
        if (node !== 0) {
          words = slots;
          at = start + (hash >>> shift - BITS & SLOTS - 1);
        }
        node = next & POINTER;
        slots = blocks.ints(node);
        start = blocks.at(node);
        next = slots[start + (hash >>> shift & SLOTS - 1)]!;
      }
      if (node === 0) return;
      let only = 0;
      for (let i = start; i < start + SLOTS; i++) {
        const child = slots[i]!;
        if (child === 0) continue;
        if (child < 0 || only !== 0) return;
        only = child;
      }
      this.set(Word.OLD, node);
      Atomics.store(words, at, only);
      this.freeOld();
    }
  }

  /** Visits all cells. */
  protected visitCells(visit: (cell: number) => void): void {
    this.#visit(this.get(ROOT), visit, () => {});
  }

  protected mend(): void {
    if (
      this.get(Word.DOOMED) !== 0 && this.get(Word.DOOMED) === this.get(ROOT)
    ) {
      this.set(ROOT, 0);
    }
  }

  protected survey(visit: (pointer: number) => void): void {
    let count = 0;
    this.#visit(this.get(ROOT), (cell) => {
      count++;
      visit(cell);
    }, visit);
    this.set(COUNT, count);
    this.#visit(this.get(Word.DOOMED), visit, visit);
  }

  protected doom(): void {
    this.set(Word.DOOMED, this.get(ROOT));
    this.set(ROOT, 0);
    this.set(COUNT, 0);
  }

  protected freeDoomed(cells: number): boolean {
    this.#free(this.words, this.at + Word.DOOMED, cells);
    return this.get(Word.DOOMED) === 0;
  }

  /** Frees so many cells below a slot; gives how many more it might have. */
  #free(words: Int32Array, at: number, cells: number): number {
    const { blocks } = this;
    for (let cell = words[at]!; cell > 0 && cells > 0; cells--) {
      const next = blocks.ints(cell)[blocks.at(cell) + Cell.NEXT]!;
      this.set(Word.TRASH, cell);
      Atomics.store(words, at, next);
      this.freeTrash();
      cell = next;
    }
    if (words[at]! >= 0) return cells;
    const node = words[at]! & POINTER;
    const slots = blocks.ints(node);
    const start = blocks.at(node);
    for (let i = start; i < start + SLOTS; i++) {
      if (slots[i] !== 0) cells = this.#free(slots, i, cells);
      if (slots[i] !== 0) return cells;
    }
    this.set(Word.OLD, node);
    Atomics.store(words, at, 0);
    this.freeOld();
    return cells;
  }

  #visit(
    slot: number,
    visitCell: (cell: number) => void,
    visitNode: (node: number) => void,
  ): void {
    const { blocks } = this;
    if (slot < 0) {
      const node = slot & POINTER;
      visitNode(node);
      const slots = blocks.ints(node);
      const start = blocks.at(node);
      for (let i = start; i < start + SLOTS; i++) {
        if (slots[i] !== 0) this.#visit(slots[i]!, visitCell, visitNode);
      }
      return;
    }
    for (let cell = slot; cell !== 0;) {
      visitCell(cell);
      cell = blocks.ints(cell)[blocks.at(cell) + Cell.NEXT]!;
    }
  }

  #setLink(pointer: number): void {
    const { blocks } = this;
    const previous = this.#previous;
    if (previous === 0) Atomics.store(this.#words, this.#slot, pointer);
    else {
      const at = blocks.at(previous) + Cell.NEXT;
      Atomics.store(blocks.ints(previous), at, pointer);
    }
  }
}
