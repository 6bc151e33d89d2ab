/** What all queues of a thread share that are one queue. */

import { FullError, ShutDownError } from "../../errors.ts";
import { homeIn } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { Line, wake } from "../memory/waits.ts";
import { QueueWords } from "../structure/queue.ts";
import { Seal } from "../structure/ring_words.ts";
import type { SyncWaitOptions, WaitOptions } from "../wait.ts";
import { Getter } from "./getter.ts";
import { Putter, type Rest } from "./putter.ts";

/** A queue, for one thread. */
export class QueueCore {
  readonly object: SharedObject;
  readonly getter: Getter;
  readonly putter: Putter;
  readonly #words: QueueWords;
  readonly #joiners: Line;
  /** How many public objects stand for it that were not closed. */
  #users = 0;

  constructor(object: SharedObject) {
    const { waits } = homeIn(object.space.arena.grant);
    const words = new QueueWords(object);
    this.object = object;
    this.#words = words;
    const { filled, emptied, ring } = words;
    const getters = new Line(waits, filled);
    const putters = new Line(waits, emptied);
    this.putter = new Putter({
      core: this,
      object,
      ring,
      line: putters,
      root: "item",
      put: (count) => wake(getters, count, object.member),
      sealed: cannotPut,
      full: (options, rest) => stayedFull(ring.most, options, rest),
    });
    this.getter = new Getter(this, ring, getters, (count) => {
      if (ring.most !== 0) wake(putters, count, object.member);
    });
    this.#joiners = new Line(waits, words.finished);
  }

  get size(): number {
    const { ring } = this.#words;
    const held = this.getter.inbox.held;
    return ring.seal === Seal.BOTH ? held : Math.max(0, ring.size) + held;
  }

  get isFull(): boolean {
    const { most } = this.#words.ring;
    return most !== 0 && this.size >= most;
  }

  get unfinished(): number {
    return Math.max(0, this.#words.unfinished);
  }

  /** An item is done with; `false`: all are. */
  finish(): boolean {
    return this.#words.finish(1);
  }

  /**
   * Takes back items that somebody elsewhere was given and did not take. They are
   * the first to be got again; but where others look into the queue themselves, who
   * cannot see what this thread holds, they come last.
   */
  putBack(items: readonly unknown[]): void {
    const { ring } = this.#words;
    if (ring.seal === Seal.BOTH) return this.#words.finishUpTo(items.length);
    if (ring.seal === Seal.OPEN && !this.object.isOnlyHeldHere(0)) {
      // Their being put does not count: they are no new ones.
      this.putter.putAnyway(items);
      return this.#words.finishUpTo(items.length);
    }
    this.getter.inbox.putBack(items);
    this.getter.line.lookNow();
  }

  /** Waits until all items are done with; `false`: time ran out. */
  async join(options?: WaitOptions): Promise<boolean> {
    const attempt = () => this.#words.unfinished <= 0 || undefined;
    return await this.#joiners.wait(attempt, options) ?? false;
  }

  /** Nothing can be put any more, nor taken if it is `immediate`. */
  shutdown(immediate: boolean): void {
    const words = this.#words;
    const { member } = this.object;
    words.ring.puts.seal(immediate ? Seal.BOTH : Seal.PUT);
    if (immediate) words.finishUpTo(this.getter.inbox.dropAll());
    words.filled.set.wakeAll(member);
    words.emptied.set.wakeAll(member);
  }

  /** One more public object stands for it. */
  enter(): void {
    this.#users++;
    for (const line of this.#lines) line.open();
  }

  /** One of these was closed; when all are, this thread lets go of the queue. */
  leave(): void {
    if (--this.#users > 0) return;
    for (const line of this.#lines) line.close(closed);
    const { holdings } = homeIn(this.object.space.arena.grant);
    holdings.letGo(this.object, 0, () => this.#users > 0);
  }

  get #lines(): Line[] {
    return [this.getter.line, this.putter.line, this.#joiners];
  }
}

function closed(): ShutDownError {
  return new ShutDownError(
    "Cannot wait for the queue as it was closed in this thread",
  );
}

function cannotPut(): ShutDownError {
  return new ShutDownError(
    "Cannot put into the queue as it has been shut down",
  );
}

function stayedFull(
  most: number,
  { timeout }: SyncWaitOptions,
  rest: Rest,
): FullError {
  const why = timeout === 0
    ? `as it is full: it has ${most} items`
    : `as it has been full, with ${most} items, for ${timeout} ms`;
  return new FullError(
    `Cannot put into the queue ${why}; what was not put is in this error`,
    rest,
  );
}
