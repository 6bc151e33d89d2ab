/** Where a map has its items from. */

import { checkItems, isAsyncIterable } from "../check.ts";
import { runForThread } from "../context.ts";
import { checkIterator, checkStep } from "./iterators.ts";

/** Items that are taken one after the other. */
export interface Input {
  /** How many there are in all; `null`: that is not known. */
  readonly length: number | null;
  /** Whether all were taken. */
  readonly isOver: boolean;
  /**
   * Takes up to so many; none, where there are none now. Throws what the iterable
   * throws, and is over then.
   */
  take(most: number): ArrayLike<unknown>;
  /** No more are wanted. */
  close(): void;
}

/** Makes it from what the user gives; `arrived` is called when there are more. */
export function inputOf(items: unknown, arrived: () => void): Input {
  if (Array.isArray(items)) return new List([...items]);
  if (ArrayBuffer.isView(items) && "slice" in items) {
    return new List((items as Uint8Array).slice());
  }
  if (
    typeof items === "string" || items instanceof Set || items instanceof Map
  ) return new List([...items]);
  checkItems(items);
  if (!isAsyncIterable(items)) {
    return new Sequence(checkIterator(items[Symbol.iterator](), "items"));
  }
  const iterator = checkIterator(items[Symbol.asyncIterator](), "items");
  return new Stream(iterator, arrived);
}

/** A list, as it was when it was given. */
class List implements Input {
  readonly #items: unknown[] | Uint8Array;
  #at = 0;

  constructor(items: unknown[] | Uint8Array) {
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  get isOver(): boolean {
    return this.#at >= this.#items.length;
  }

  take(most: number): ArrayLike<unknown> {
    const at = this.#at;
    this.#at = Math.min(at + most, this.#items.length);
    return this.#items.slice(at, this.#at);
  }

  close(): void {
    this.#at = this.#items.length;
  }
}

/** What an iterator gives, when it is asked. */
class Sequence implements Input {
  readonly length = null;
  isOver = false;
  readonly #iterator: Iterator<unknown>;
  /** What it has thrown behind items that were taken together with that. */
  #failed: { error: unknown } | null = null;

  constructor(iterator: Iterator<unknown>) {
    this.#iterator = iterator;
  }

  take(most: number): unknown[] {
    const items: unknown[] = [];
    if (this.#failed !== null) {
      const { error } = this.#failed;
      this.#failed = null;
      this.isOver = true;
      throw error;
    }
    while (items.length < most && !this.isOver) {
      try {
        const { done, value } = checkStep(this.#iterator.next(), "items");
        if (done) this.isOver = true;
        else items.push(value);
      } catch (error) {
        if (items.length > 0) {
          this.#failed = { error };
          break;
        }
        this.isOver = true;
        throw error;
      }
    }
    return items;
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#failed !== null) return;
    try {
      this.#iterator.return?.();
    } catch {
      // Nobody is there any more who could do something about it.
    }
  }
}

/** So many items of a stream are read ahead. */
const READ_AHEAD = 64;

/** What an asynchronous iterator gives, as it comes. */
class Stream implements Input {
  readonly length = null;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #arrived: () => void;
  #items: unknown[] = [];
  #isReading = false;
  /** Whether nothing more will come. */
  #hasEnded = false;
  #failed: { error: unknown } | null = null;

  constructor(iterator: AsyncIterator<unknown>, arrived: () => void) {
    this.#iterator = iterator;
    this.#arrived = arrived;
  }

  get isOver(): boolean {
    return this.#hasEnded && this.#items.length === 0 && this.#failed === null;
  }

  take(most: number): unknown[] {
    const items = this.#items.splice(0, most);
    if (items.length === 0 && this.#failed !== null) {
      const { error } = this.#failed;
      this.#failed = null;
      throw error;
    }
    // Whoever has just given the pool something to do must not be who it is for.
    runForThread(() => this.#read(most));
    return items;
  }

  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#items = [];
    // Some wait for the item that was asked for; others fail.
    Promise.try(() => this.#iterator.return?.()).catch(() => {});
  }

  /** Reads on, one item at a time, as far as there is room. */
  async #read(most: number): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (
      !this.#hasEnded &&
      this.#items.length < Math.max(1, Math.min(most, READ_AHEAD))
    ) {
      try {
        const step = await this.#iterator.next();
        const { done, value } = checkStep(step, "items");
        if (this.#hasEnded) break;
        if (done) this.#hasEnded = true;
        else this.#items.push(value);
      } catch (error) {
        if (this.#hasEnded) break;
        this.#hasEnded = true;
        this.#failed = { error };
      }
      this.#arrived();
    }
    this.#isReading = false;
  }
}
