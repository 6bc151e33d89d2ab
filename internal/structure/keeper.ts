/**
 * What keeps a structure of cells whole, whoever is killed at whatever moment: a
 * brief lock, and words that own the blocks which are on their way in or out.
 *
 * ```text
 *   word 0   lock      a BriefLock
 *   word 1   hand      a cell that is to become a part of the structure
 *   word 2   node      the same for an inner block of the structure
 *   word 3   trash     a cell that is no part of it any more
 *   word 4   old       the same for an inner block
 *   word 5   spare     a small block that was freed, for the next cell
 *   word 6   pending   a chain of cells on which a thread works without the lock:
 *                      it fills them, or has taken them
 *   word 7   doomed    what is to be freed, cell by cell
 *   word 8   claim     who changes a value, and has failed too often (claim.ts)
 *   words 9 …          the structure's own
 * ```
 *
 * Who may write what
 *   all but `claim`   who has the lock.
 *
 * Invariants
 *   I1  Each block is owned by one word: of the structure, or of these. While it
 *       moves from one to the other, both name it, the new one first. Where two
 *       do after a death, the structure's word decides: what it leads to, it owns.
 *   I2  Each store leaves a structure that is whole: a block becomes a part of it,
 *       or ceases to be, by one store.
 *   I3  What is in `pending` belongs to its owner as long as that lives.
 *
 * So after an owner's death one looks which of the blocks in hand the structure
 * leads to, and frees the others; and which of the pending ones, which then are
 * pending no more. To mend it twice does nothing new.
 */

import { BriefLock } from "../memory/brief_lock.ts";
import { OWNER } from "../memory/member.ts";
import type { SharedObject, Space } from "../memory/objects.ts";
import { unpin } from "../memory/pins.ts";
import { Blocks } from "./blocks.ts";
import { Cell, collectPins } from "./cell.ts";
import { Claim } from "./claim.ts";

export const Word = {
  LOCK: 0,
  HAND: 1,
  NODE: 2,
  TRASH: 3,
  OLD: 4,
  SPARE: 5,
  PENDING: 6,
  DOOMED: 7,
  CLAIM: 8,
  /** The structure's own words. */
  OWN: 9,
} as const;

/** A keeper has one line of the cache. */
export const KEEPER_WORDS = 16;

/** A larger block is not kept for the next cell. */
const MAX_SPARE = 1024;
/** So many cells are freed before others get the lock. */
const BATCH = 64;

/** Whether a thread that has died may have left something there to be mended. */
export function isTouched(
  words: Int32Array,
  at: number,
  owner: number,
): boolean {
  return (Atomics.load(words, at + Word.LOCK) & OWNER) === owner ||
    Atomics.load(words, at + Word.PENDING) !== 0 ||
    Atomics.load(words, at + Word.DOOMED) !== 0;
}

/** A part of a shared structure that is guarded by one lock. */
export abstract class Keeper {
  protected readonly space: Space;
  protected readonly blocks: Blocks;
  protected readonly words: Int32Array;
  /** The index of its first word. */
  protected readonly at: number;
  readonly claim: Claim;
  readonly #lock: BriefLock;
  readonly #offset: number;
  /** Pins of cells that have gone, to be taken out without the lock. */
  #pins: number[] = [];

  constructor(object: SharedObject, at: number) {
    const { space, words } = object;
    this.space = space;
    this.words = words;
    this.at = at;
    this.blocks = Blocks.of(space.arena);
    this.#offset = object.offsetOfWord(at);
    this.#lock = new BriefLock(space.arena, this.#offset);
    this.claim = new Claim(
      space.member,
      words,
      at + Word.CLAIM,
      this.#offset + Word.CLAIM * 4,
    );
  }

  /** Takes the lock; {@linkcode leave} is to follow. */
  enter(): void {
    if (this.#lock.take(this.space.member)) this.#repair();
  }

  /** Leaves the lock. */
  leave(): void {
    this.#lock.release(this.space.member);
    if (this.#pins.length > 0) {
      for (const pin of this.#pins.splice(0)) unpin(this.space, pin);
    }
  }

  /** Ends after an owner's death what was begun by one store, and not finished. */
  protected abstract mend(): void;
  /** Visits all cells and inner blocks, and corrects what is known about them. */
  protected abstract survey(visit: (pointer: number) => void): void;
  /** Makes all that there is be doomed, which nothing was. */
  protected abstract doom(): void;
  /** Frees that many doomed cells; `true`: there are no more. */
  protected abstract freeDoomed(cells: number): boolean;

  // Blocks on their way. All of this under the lock.

  /** Takes a block for a cell into the hand. */
  protected allocateCell(bytes: number): number {
    const { allocator } = this.space;
    const spare = this.get(Word.SPARE);
    if (spare !== 0) {
      const size = allocator.sizeOf(spare);
      if (bytes <= size && size <= bytes * 2 + 64) {
        this.set(Word.HAND, spare);
        this.set(Word.SPARE, 0);
        return spare;
      }
    }
    return allocator.allocate(bytes, this.offsetOf(Word.HAND), false);
  }

  /** Takes a block full of zeros for the structure itself. */
  protected allocateNode(bytes: number): number {
    return this.space.allocator.allocate(bytes, this.offsetOf(Word.NODE));
  }

  /** Frees the cell in the trash, to which nothing leads any more. */
  protected freeTrash(): void {
    const { allocator } = this.space;
    const cell = this.get(Word.TRASH);
    collectPins(this.blocks, cell, this.#pins);
    if (allocator.sizeOf(cell) > MAX_SPARE) return this.free(Word.TRASH);
    this.free(Word.SPARE);
    this.set(Word.SPARE, cell);
    this.set(Word.TRASH, 0);
  }

  /** Frees the inner block that was replaced. */
  protected freeOld(): void {
    this.free(Word.OLD);
  }

  /** The cell in the hand will be filled without the lock. */
  protected parkHand(): number {
    const cell = this.get(Word.HAND);
    const words = this.blocks.ints(cell);
    // It has none as long as it is not filled.
    words[this.blocks.at(cell) + Cell.PINS] = 0;
    this.park(cell);
    this.set(Word.HAND, 0);
    return cell;
  }

  /** The cell in the trash will be read without the lock. */
  protected parkTrash(): void {
    this.park(this.get(Word.TRASH));
    this.set(Word.TRASH, 0);
  }

  /** A cell is pending, for this thread; the structure must not use its `next`. */
  protected park(cell: number): void {
    const words = this.blocks.ints(cell);
    const at = this.blocks.at(cell);
    words[at + Cell.OWNER] = this.space.member.id;
    words[at + Cell.NEXT] = this.get(Word.PENDING);
    this.set(Word.PENDING, cell);
  }

  /** A cell that was pending is in the hand again. */
  protected unparkHand(cell: number): void {
    this.set(Word.HAND, cell);
    this.unchain([cell]);
  }

  /** Cells are pending no more; in the order in which they became so. */
  protected unchain(cells: readonly number[]): void {
    this.#unchain(cells, false);
  }

  /** Cells that were pending are freed; in the order in which they became so. */
  protected freeParked(cells: readonly number[]): void {
    this.#unchain(cells, true);
  }

  /** The chain begins with the last one; those of other threads may be between. */
  #unchain(cells: readonly number[], isFreed: boolean): void {
    let previous = 0;
    for (let i = cells.length; i-- > 0;) {
      const cell = cells[i]!;
      let next = this.#pendingAfter(previous);
      while (next !== cell) {
        if (next === 0) return; // they were no longer pending
        previous = next;
        next = this.#pendingAfter(previous);
      }
      if (isFreed) this.set(Word.TRASH, cell);
      next = this.#pendingAfter(cell);
      if (previous === 0) this.set(Word.PENDING, next);
      else {
        const at = this.blocks.at(previous) + Cell.NEXT;
        Atomics.store(this.blocks.ints(previous), at, next);
      }
      if (isFreed) this.freeTrash();
    }
  }

  /** What follows a pending cell; after 0, the first one. */
  #pendingAfter(cell: number): number {
    return cell === 0
      ? this.get(Word.PENDING)
      : this.blocks.ints(cell)[this.blocks.at(cell) + Cell.NEXT]!;
  }

  // Ends

  /** After a thread's death. */
  sweep(owner: number): void {
    if (!isTouched(this.words, this.at, owner)) return;
    this.enter();
    this.#dropPending((other) => !this.space.member.isAlive(other));
    this.leave();
    this.freeAllDoomed();
  }

  /** Frees everything, before the words themselves are. */
  destroy(): void {
    this.enter();
    this.#dropPending(() => true);
    this.freeDoomed(Infinity);
    this.doom();
    this.freeDoomed(Infinity);
    this.free(Word.SPARE);
    this.leave();
  }

  /** Pointers to all blocks that it owns, for tests. */
  owned(): number[] {
    const pointers: number[] = [];
    this.enter();
    this.survey((pointer) => pointers.push(pointer));
    for (let word: number = Word.HAND; word <= Word.SPARE; word++) {
      pointers.push(this.get(word));
    }
    pointers.push(...this.#pending());
    this.leave();
    return pointers.filter((pointer) => pointer !== 0);
  }

  /** Frees what is doomed, letting others in between. */
  protected freeAllDoomed(): void {
    while (this.get(Word.DOOMED) !== 0) {
      this.enter();
      this.freeDoomed(BATCH);
      this.leave();
    }
  }

  #dropPending(isDropped: (owner: number) => boolean): void {
    this.freeParked(
      this.#pending().filter((cell) => {
        const words = this.blocks.ints(cell);
        return isDropped(words[this.blocks.at(cell) + Cell.OWNER]!);
      }),
    );
  }

  #repair(): void {
    this.space.allocator.settle();
    const spare = this.get(Word.SPARE);
    if (spare !== 0 && spare === this.get(Word.HAND)) this.set(Word.SPARE, 0);
    else if (spare === this.get(Word.TRASH)) this.set(Word.TRASH, 0);
    this.mend();
    const words = [Word.HAND, Word.NODE, Word.TRASH, Word.OLD];
    const pending = this.#pending();
    const moving = new Set([
      ...words.map((word) => this.get(word)),
      ...pending,
    ]);
    const reached = new Set<number>();
    this.survey((pointer) => {
      if (moving.has(pointer)) reached.add(pointer);
    });
    this.unchain(pending.filter((cell) => reached.has(cell)));
    for (const cell of pending) reached.add(cell);
    for (const word of words) {
      const pointer = this.get(word);
      if (pointer === 0) continue;
      if (reached.has(pointer)) this.set(word, 0);
      else if (word === Word.TRASH) this.freeTrash();
      else this.free(word);
    }
  }

  /** The pending cells, in the order in which they became so. */
  #pending(): number[] {
    const cells: number[] = [];
    let cell = 0;
    while ((cell = this.#pendingAfter(cell)) !== 0) cells.push(cell);
    return cells.reverse();
  }

  // Words

  protected get(word: number): number {
    return this.words[this.at + word]!;
  }

  protected set(word: number, value: number): void {
    Atomics.store(this.words, this.at + word, value);
  }

  protected free(word: number): void {
    this.space.allocator.free(this.offsetOf(word));
  }

  protected offsetOf(word: number): number {
    return this.#offset + word * 4;
  }
}
