/** Where a map has its items from. */

import { checkItems, isAsyncIterable } from "../check.ts";
import { runForThread } from "../context.ts";
import { Deque } from "./deque.ts";
import { checkIterator, checkStep } from "./iterators.ts";

/** Items that are taken one after the other. */
export interface Input {
  /** How many there are in all; `null`: that is not known. */
  readonly length: number | null;
  /** How many to take at a time, at first. */
  readonly each: number;
  /** Whether all were taken. */
  readonly isOver: boolean;
  /**
   * Asks for an item, if none is there: where there is none, it is over. Throws what
   * the iterable has thrown, if all before that was taken, and is over then. Else both
   * would be seen only when a worker is free.
   */
  look(): void;
  /**
   * Takes up to so many; none, where there are none now. Throws what the iterable
   * throws, and is over then.
   */
  take(most: number): ArrayLike<unknown>;
  /** No more are wanted. */
  close(): void;
}

/**
 * Makes it from what the user gives.
 *
 * @param arrived Called when there are more.
 * @param chunksize How many the user wants to be taken at a time.
 * @param workers Each of them has four chunks of a list, where it is left away.
 */
export function inputOf(
  items: unknown,
  arrived: () => void,
  chunksize: number | undefined,
  workers: number,
): Input {
  const eachOf = ({ length }: ArrayLike<unknown>) =>
    chunksize ?? Math.max(1, Math.ceil(length / (4 * workers)));
  if (Array.isArray(items)) {
    // Others may give something else when they are asked one after the other.
    const list = items.constructor === Array ? items : [...items];
    const each = eachOf(list);
    return new List(partsOf(list, each), each);
  }
  if (ArrayBuffer.isView(items) && "slice" in items) {
    const copy = (items as Uint8Array).slice();
    return new List([copy], eachOf(copy));
  }
  if (
    typeof items === "string" || items instanceof Set || items instanceof Map
  ) {
    const copy = [...items];
    return new List([copy], eachOf(copy));
  }
  checkItems(items);
  if (!isAsyncIterable(items)) {
    const iterator = checkIterator(items[Symbol.iterator](), "items");
    return new Sequence(iterator, chunksize);
  }
  const iterator = checkIterator(items[Symbol.asyncIterator](), "items");
  return new Stream(iterator, arrived, chunksize);
}

/** So many items are copied together, if fewer are taken at a time. */
const TOGETHER = 2 ** 12;

/**
 * A copy in parts that will be taken as they are. One large array would be memory
 * that is fresh from the system each time, which costs more than all else.
 */
function partsOf(list: unknown[], each: number): unknown[][] {
  const size = each * Math.max(1, Math.floor(TOGETHER / each));
  const parts: unknown[][] = [];
  for (let at = 0; at < list.length; at += size) {
    parts.push(list.slice(at, at + size));
  }
  return parts;
}

/** A list, as it was when it was given. */
class List implements Input {
  readonly length: number;
  readonly each: number;
  /** The rest, in parts. */
  readonly #parts: Deque<unknown[] | Uint8Array> = new Deque();
  /** How many of the first one were taken. */
  #at = 0;

  constructor(parts: Iterable<unknown[] | Uint8Array>, each: number) {
    let length = 0;
    for (const part of parts) {
      length += part.length;
      if (part.length > 0) this.#parts.push(part);
    }
    this.length = length;
    this.each = each;
  }

  get isOver(): boolean {
    return this.#parts.size === 0;
  }

  look(): void {}

  take(most: number): ArrayLike<unknown> {
    const part = this.#parts.first;
    if (part === undefined) return [];
    const at = this.#at;
    this.#at = Math.min(at + most, part.length);
    const isWhole = this.#at - at === part.length;
    const taken = isWhole ? part : part.slice(at, this.#at);
    if (this.#at === part.length) {
      this.#parts.shift();
      this.#at = 0;
    }
    return taken;
  }

  close(): void {
    this.#parts.clear();
  }
}

/** What was asked of an iterator, and not taken. */
abstract class Asked {
  readonly length = null;
  protected items: unknown[] = [];
  /** Whether it is not asked any more. */
  protected hasEnded = false;
  /** What it has thrown behind the items. */
  protected failed: { error: unknown } | null = null;

  get isOver(): boolean {
    return this.hasEnded && this.items.length === 0 && this.failed === null;
  }

  /** Throws what it has thrown, once, if all before that was taken. */
  protected throwFailed(): void {
    if (this.items.length > 0 || this.failed === null) return;
    const { error } = this.failed;
    this.failed = null;
    throw error;
  }
}

/** What an iterator gives, when it is asked. */
class Sequence extends Asked implements Input {
  readonly each: number;
  readonly #iterator: Iterator<unknown>;
  /** Whether it is asked just now: who does anything with it now is called by it. */
  #isAsked = false;

  constructor(iterator: Iterator<unknown>, each = 1) {
    super();
    this.#iterator = iterator;
    this.each = each;
  }

  look(): void {
    this.#ask(1);
    this.throwFailed();
  }

  take(most: number): unknown[] {
    if (this.#isAsked) return [];
    this.#ask(most);
    this.throwFailed();
    return this.items.splice(0);
  }

  close(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.items = [];
    if (!this.#isAsked) this.#return();
  }

  /** Until there are so many, as far as it has them. */
  #ask(most: number): void {
    this.#isAsked = true;
    try {
      while (this.items.length < most && !this.hasEnded) {
        const { done, value } = checkStep(this.#iterator.next(), "items");
        if (this.hasEnded) { // closed meanwhile, which it could not be told
          if (!done) this.#return();
        } else if (done) this.hasEnded = true;
        else this.items.push(value);
      }
    } catch (error) {
      if (!this.hasEnded) this.failed = { error };
      this.hasEnded = true;
    }
    this.#isAsked = false;
  }

  #return(): void {
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
class Stream extends Asked implements Input {
  readonly each: number;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #arrived: () => void;
  #isReading = false;

  constructor(
    iterator: AsyncIterator<unknown>,
    arrived: () => void,
    each = 1,
  ) {
    super();
    this.#iterator = iterator;
    this.each = each;
    this.#arrived = arrived;
  }

  look(): void {
    this.throwFailed();
    if (!this.#isReading) runForThread(() => this.#read(1));
  }

  take(most: number): unknown[] {
    this.throwFailed();
    const items = this.items.splice(0, most);
    // Whoever has just given the pool something to do must not be who it is for.
    runForThread(() => this.#read(most));
    return items;
  }

  close(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.items = [];
    // Some wait for the item that was asked for; others fail.
    Promise.try(() => this.#iterator.return?.()).catch(() => {});
  }

  /** Reads on, one item at a time, as far as there is room. */
  async #read(most: number): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (
      !this.hasEnded &&
      this.items.length < Math.max(1, Math.min(most, READ_AHEAD))
    ) {
      try {
        const step = await this.#iterator.next();
        const { done, value } = checkStep(step, "items");
        if (this.hasEnded) break;
        if (done) this.hasEnded = true;
        else this.items.push(value);
      } catch (error) {
        if (this.hasEnded) break;
        this.hasEnded = true;
        this.failed = { error };
      }
      this.#arrived();
    }
    this.#isReading = false;
  }
}
