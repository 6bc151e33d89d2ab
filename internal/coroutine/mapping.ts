/** Calls a function with each item, in coroutines of a group. */

import { checkItems, isAsyncIterable, mustBe } from "../check.ts";
import { waitFor } from "../wait.ts";
import { type Core, RETURNED } from "./core.ts";
import { coreOf, type Outcome, prepare } from "./greenlet.ts";
import type { Members } from "./members.ts";
import { turn } from "./turns.ts";

/** A function of one item, in any of the ways to write a coroutine. */
export type MapFunction<T, F> = (item: T) => F;

/** How `imap` and `imapUnordered` go ahead of who takes the results. */
export interface ImapOptions {
  /**
   * How many results at most wait to be taken until no more items are taken
   * from the input; by default as many as the pool has places. 0 or `null`: any
   * number.
   */
  maxsize?: number | null | undefined;
}

/** Coroutines for the items, made as there are places for them. */
class Feed<T> implements Disposable {
  /** All that were made and not taken, in order. */
  readonly cores = new Set<Core>();
  /** Whether no more items are taken from the input. */
  isOver = false;
  /** The error of the input, if it has thrown. */
  failure: { error: unknown } | null = null;

  #members: Members;
  #fn: MapFunction<T, unknown>;
  #onEnd: (core: Core) => void;
  #isBehind: () => boolean;
  #changed: PromiseWithResolvers<void> | null = null;

  constructor(
    members: Members,
    fn: MapFunction<T, unknown>,
    onEnd: (core: Core) => void,
    isBehind: () => boolean,
  ) {
    this.#members = members;
    this.#fn = fn;
    this.#onEnd = onEnd;
    this.#isBehind = isBehind;
  }

  /** Takes items until there are no more, or it is over. */
  async run(items: Iterable<T> | AsyncIterable<T>): Promise<void> {
    try {
      await this.#room();
      if (isAsyncIterable(items)) {
        for await (const item of items) {
          if (this.isOver) break;
          this.#start(item);
          if (!await this.#room()) break;
        }
      } else {
        for (const item of items) {
          this.#start(item);
          if (!await this.#room()) break;
        }
      }
    } catch (error) {
      this.failure = { error };
    }
    this.isOver = true;
    this.change();
  }

  #start(item: T): void {
    const core = coreOf(prepare(this.#fn, [item]));
    core.hold();
    core.link(this.#onEnd);
    this.cores.add(core);
    this.#members.start(core);
    this.change();
  }

  /** Waits until one more can run; `false` if it is over. */
  async #room(): Promise<boolean> {
    // Where all goes quickly, the others and the event loop have turns too.
    await turn();
    while (!this.isOver && (this.#members.isFull || this.#isBehind())) {
      await Promise.race([this.#members.whenLeft(), this.whenChanged()]);
    }
    return !this.isOver;
  }

  /** Takes the result of one that has ended. */
  take(core: Core): unknown {
    const returned = core.state === RETURNED;
    const outcome = returned ? core.outcome : core.takeError();
    this.cores.delete(core);
    core.release();
    if (returned) return outcome;
    throw outcome;
  }

  whenChanged(): Promise<void> {
    return (this.#changed ??= Promise.withResolvers()).promise;
  }

  change(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  /** Takes no more items; what runs goes on, and nobody asks for its result. */
  [Symbol.dispose](): void {
    this.isOver = true;
    this.change();
    for (const core of this.cores) core.release();
    this.cores.clear();
  }
}

/** All results, in the order of the items; an error as soon as there is one. */
export async function map<T, F>(
  members: Members,
  fn: MapFunction<T, F>,
  items: Iterable<T> | AsyncIterable<T>,
): Promise<Outcome<F>[]> {
  checkItems(items);
  let failed: Core | undefined;
  using feed: Feed<T> = new Feed(members, fn, (core) => {
    if (core.state === RETURNED) return;
    failed ??= core;
    feed.isOver = true;
    feed.change();
  }, () => false);
  const all = async () => {
    await feed.run(items);
    for (const core of feed.cores) {
      while (!failed && !core.isDone) {
        await Promise.race([core.ended, feed.whenChanged()]);
      }
    }
  };
  await waitFor(all());
  if (failed) feed.take(failed);
  if (feed.failure) throw feed.failure.error;
  return Array.from(feed.cores, (core) => feed.take(core) as Outcome<F>);
}

/** The results as they are there, in the order of the items or of their ends. */
export function imap<T, F>(
  members: Members,
  fn: MapFunction<T, F>,
  items: Iterable<T> | AsyncIterable<T>,
  { maxsize = members.limit }: ImapOptions,
  ordered: boolean,
): AsyncIterableIterator<Outcome<F>> {
  checkItems(items);
  checkMaxsize(maxsize);
  return results(members, fn, items, maxsize || Infinity, ordered);
}

function checkMaxsize(maxsize: number | null): void {
  if (maxsize === null || maxsize >= 0) return;
  if (typeof maxsize !== "number") {
    throw mustBe("map", "maxsize", "a number", maxsize);
  }
  throw new RangeError(
    `Cannot map as "maxsize" must be >= 0 (0: no limit): current value is ${maxsize}`,
  );
}

async function* results<T, F>(
  members: Members,
  fn: MapFunction<T, F>,
  items: Iterable<T> | AsyncIterable<T>,
  most: number,
  ordered: boolean,
): AsyncGenerator<Outcome<F>, undefined, void> {
  const ended = new Set<Core>();
  using feed: Feed<T> = new Feed(members, fn, (core) => {
    ended.add(core);
    feed.change();
  }, () => ended.size >= most);
  void feed.run(items);
  for (;;) {
    const [next] = ordered ? feed.cores : ended;
    if (next?.isDone) {
      ended.delete(next);
      feed.change();
      yield feed.take(next) as Outcome<F>;
    } else if (feed.isOver && feed.cores.size === 0) {
      if (feed.failure) throw feed.failure.error;
      return;
    } else {
      await waitFor(feed.whenChanged());
    }
  }
}
