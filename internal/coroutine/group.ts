/** Groups of coroutines. */

import { checkIterable } from "../check.ts";
import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "../wait.ts";
import { Arrivals } from "./arrivals.ts";
import { FAILED } from "./core.ts";
import { coreOf, type Greenlet, type Outcome, prepare } from "./greenlet.ts";
import { haveEnded, killall } from "./joining.ts";
import { kill, type KillOptions } from "./kill.ts";
import { imap, type ImapOptions, map } from "./mapping.ts";
import { Members } from "./members.ts";
import { SETTLED, turn } from "./turns.ts";

/** How to wait for a group. */
export interface GroupJoinOptions extends WaitOptions {
  /** Whether to throw the error of one that has failed meanwhile. */
  raiseError?: boolean | undefined;
}

let membersOf: (group: Group) => Members;

/**
 * Coroutines that are waited for, or killed, together. One that has ended leaves
 * the group. `await using` kills those that are left.
 *
 * @example All or nothing
 * ```ts
 * import { Group, sleep } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * {
 *   await using group = new Group();
 *   group.spawn(async () => {
 *     try {
 *       await sleep(60_000);
 *     } finally {
 *       seen.push("killed");
 *     }
 *   });
 *   const squares = await group.map((n) => n ** 2, [1, 2, 3]);
 *   assertEquals(squares, [1, 4, 9]);
 * }
 * assertEquals(seen, ["killed"]);
 * ```
 *
 * Python: `gevent.pool.Group`.
 */
export class Group implements AsyncDisposable {
  #members = new Members();

  static {
    membersOf = (group) => group.#members;
  }

  /** Makes a group, of these if there are any. */
  constructor(greenlets: Iterable<Greenlet> = []) {
    checkIterable(greenlets, "create group", "greenlets");
    for (const greenlet of greenlets) this.add(greenlet);
  }

  /** Those in it that have not ended: a snapshot. */
  get greenlets(): Greenlet[] {
    return Array.from(
      this.#members.cores,
      ({ greenlet }) => greenlet as Greenlet,
    );
  }

  /** Takes in a coroutine that was spawned elsewhere; it counts, but never queues. */
  add(greenlet: Greenlet): void {
    this.#members.add(coreOf(greenlet));
  }

  /** Lets one go, which goes on. */
  discard(greenlet: Greenlet): void {
    this.#members.discard(coreOf(greenlet));
  }

  /** Makes a coroutine that is in the group, as the function `spawn` does. */
  spawn<A extends unknown[], F>(
    fn: (...args: A) => F,
    ...args: NoInfer<A>
  ): Greenlet<Outcome<F>> {
    const greenlet = prepare<Outcome<F>>(fn, args);
    this.#members.start(coreOf(greenlet));
    return greenlet;
  }

  /**
   * Calls the function with each item, in coroutines of the group, and gives the
   * results in the order of the items. An error rejects at once: no more items
   * are taken, and what runs goes on.
   */
  map<T, F>(
    fn: (item: T) => F,
    items: Iterable<T> | AsyncIterable<T>,
  ): Promise<Outcome<F>[]> {
    return map(this.#members, fn, items);
  }

  /**
   * {@linkcode map} that gives each result as it is there, in the order of the
   * items. Items are taken as there are places, from the first `next()` on: in a
   * pool the input may have no end. Who leaves the loop leaves alone what runs.
   */
  imap<T, F>(
    fn: (item: T) => F,
    items: Iterable<T> | AsyncIterable<T>,
    options: ImapOptions = {},
  ): AsyncIterableIterator<Outcome<F>> {
    return imap(this.#members, fn, items, options, true);
  }

  /** {@linkcode imap} in the order in which the results are there. */
  imapUnordered<T, F>(
    fn: (item: T) => F,
    items: Iterable<T> | AsyncIterable<T>,
    options: ImapOptions = {},
  ): AsyncIterableIterator<Outcome<F>> {
    return imap(this.#members, fn, items, options, false);
  }

  /**
   * Waits until the group is empty; `false` if the time ran out before.
   *
   * Cancel safety: giving up leaves the coroutines running.
   */
  async join(options: GroupJoinOptions = {}): Promise<boolean> {
    using arrivals = new Arrivals(this.#members.cores);
    const empty = await waitFor(this.#members.whenEmpty(), options);
    if (options.raiseError) {
      const failed = arrivals.arrived.find(({ state }) => state === FAILED);
      if (failed) throw failed.takeError();
    }
    return empty !== TIMED_OUT;
  }

  /**
   * Kills all that are in it, and when they have ended those that have come
   * meanwhile, until the group is empty; `false` if the time ran out before. See
   * {@linkcode Greenlet.kill}.
   *
   * Cancel safety: giving up leaves killed who was.
   */
  kill(options: KillOptions = {}): Promise<boolean> {
    const { cores } = this.#members;
    const { greenlets } = this;
    return kill(cores, options, async () => {
      const end = performance.now() + timeoutOf(options);
      let ended = await haveEnded(greenlets, options);
      while (ended && cores.size > 0) {
        // Where each that ends makes another, time is to go on.
        await turn();
        const timeout = Math.max(0, end - performance.now());
        ended = await killall(this.greenlets, { ...options, timeout }) &&
          timeout > 0;
      }
      return ended;
    });
  }

  /** Whether one more would have to wait for a place: not in a group. */
  full(): boolean {
    return this.#members.isFull;
  }

  /** {@linkcode kill}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/**
 * A group of which at most `size` coroutines run at a time. `spawn` in a full one
 * gives a coroutine that waits for its place, and starts when others have ended.
 *
 * @example At most two at a time
 * ```ts
 * import { GreenletPool, sleep } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * let running = 0;
 * const pool = new GreenletPool(2);
 * const counts = await pool.map(async () => {
 *   running++;
 *   await sleep(1);
 *   return running--;
 * }, Array(10));
 * assertEquals(Math.max(...counts), 2);
 * ```
 *
 * Python: `gevent.pool.Pool`, whose `spawn` waits where the pool is full; that is
 * {@linkcode waitAvailable} here.
 */
export class GreenletPool extends Group {
  /** How many may run at a time. */
  readonly size: number;

  /**
   * Makes a pool.
   *
   * @throws {RangeError} If `size` is no whole number from 1 on.
   */
  constructor(size: number) {
    if (!(size >= 1) || (!Number.isInteger(size) && size !== Infinity)) {
      throw new RangeError(
        `Cannot create pool as "size" must be a whole number >= 1: current value is ${
          Deno.inspect(size)
        }`,
      );
    }
    super();
    membersOf(this).limit = size;
    this.size = size;
  }

  /** How many places are free: a snapshot. */
  freeCount(): number {
    return Math.max(0, this.size - membersOf(this).cores.size);
  }

  /**
   * Waits until one more can run; `false` if the time ran out before.
   *
   * Cancel safety: giving up takes nothing.
   */
  async waitAvailable(options: WaitOptions = {}): Promise<boolean> {
    const members = membersOf(this);
    const end = performance.now() + timeoutOf(options);
    do {
      const left = members.isFull ? members.whenLeft() : SETTLED;
      const timeout = Math.max(0, end - performance.now());
      if (await waitFor(left, { ...options, timeout }) === TIMED_OUT) break;
    } while (members.isFull);
    return !members.isFull;
  }
}
