/** Tasks that were encoded, on their way to a worker. */

import type { Composed } from "../queue/draft.ts";
import { Scratch } from "../structure/scratch.ts";
import type { Wording } from "./wording.ts";

const PAGE_BYTES = 2 ** 16;
/** A page with less room than this is full. */
const LEAST_WORDS = 2 ** 10;
/** A page of this size is kept for the next large draft; larger ones are not. */
const MOST_KEPT = 2 ** 22;

/** Memory with one draft after another. */
class Page extends Scratch {
  /** How many drafts in it are needed. */
  users = 0;
  /** Where the next one goes. */
  next = 0;

  /** Whether there is room for a draft that is not larger than most. */
  hasRoom(words: number): boolean {
    return this.next + words <= this.words.length;
  }
}

/** An encoded task, until it is not needed any more. */
export interface Draft extends Composed {
  readonly scratch: Page;
}

/**
 * Where a pool encodes its tasks. They are kept as long as they may have to be
 * given to another worker: many of them together, which costs less than memory
 * for each.
 */
export class Drafts {
  readonly #wording: Wording;
  #page = new Page(PAGE_BYTES);
  /** One that was made for large drafts, if nobody needs it now. */
  #large: Page | null = null;

  /** @param wording How workers can read them. */
  constructor(wording: Wording) {
    this.#wording = wording;
  }

  /**
   * Encodes a task, which will take about so many bytes, if that is known; a
   * `DataCloneError` where it cannot be.
   */
  make(
    id: number,
    info: number,
    value: unknown,
    root: string,
    bytes = 0,
  ): Draft {
    const page = this.#pageFor((bytes >> 2) + LEAST_WORDS);
    const from = page.next;
    const notes = this.#wording.compose(page, from, id, info, value, root);
    const { length } = page;
    page.next = from + 1 + (length + 3 >>> 2);
    page.users++;
    return { scratch: page, from, length, notes };
  }

  /** A draft is not needed any more. */
  drop({ scratch }: Draft): void {
    if (--scratch.users > 0) return;
    scratch.next = 0;
    const { length } = scratch.bytes;
    if (length <= PAGE_BYTES || length > MOST_KEPT) return;
    if (length > (this.#large?.bytes.length ?? 0)) this.#large = scratch;
  }

  /** Lets go of memory that is not needed as long as there are no tasks. */
  rest(): void {
    this.#large = null;
    if (this.#page.bytes.length > PAGE_BYTES) this.#page = new Page(PAGE_BYTES);
  }

  #pageFor(words: number): Page {
    if (this.#page.hasRoom(words)) return this.#page;
    const large = this.#large;
    if (large !== null && large.users === 0 && large.hasRoom(words)) {
      this.#large = null;
      return this.#page = large;
    }
    return this.#page = new Page(Math.max(PAGE_BYTES, words * 4));
  }
}
