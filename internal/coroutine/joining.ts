/** Waiting for many coroutines. */

import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "../wait.ts";
import { Arrivals } from "./arrivals.ts";
import { type Core, FAILED } from "./core.ts";
import { coreOf, type Greenlet } from "./greenlet.ts";
import { kill, type KillOptions } from "./kill.ts";
import { checkIterable } from "../check.ts";

/** Which coroutines to wait for, and how long. */
export interface IwaitOptions extends WaitOptions {
  /** How many to wait for; by default all. */
  count?: number | undefined;
}

/** How to wait for many coroutines. */
export interface JoinallOptions extends IwaitOptions {
  /** Whether to throw the error of the first one that fails, at once. */
  raiseError?: boolean | undefined;
}

/**
 * Waits until all have ended, or `count` of them, or the time is over. Gives
 * those that have, in the order in which they have ended.
 *
 * Cancel safety: giving up leaves them running.
 *
 * @example Those that are done in time
 * ```ts
 * import { joinall, killall, sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const quick = spawn(sleep, 1);
 * const slow = spawn(sleep, 60_000);
 * assertEquals(await joinall([slow, quick], { count: 1 }), [quick]);
 * await killall([slow]);
 * ```
 *
 * Python: `gevent.joinall`.
 */
export async function joinall<G extends Greenlet>(
  list: Iterable<G>,
  options: JoinallOptions = {},
): Promise<G[]> {
  timeoutOf(options);
  using arrivals = new Arrivals(coresOf(list), options.count);
  const { arrived, count } = arrivals;
  const failed = () =>
    options.raiseError
      ? arrived.find((core, index) => index < count && core.state === FAILED)
      : undefined;
  const all = async () => {
    while (arrived.length < count && !failed()) {
      await arrivals.whenArrived(count);
    }
  };
  await waitFor(all(), options);
  const core = failed();
  if (core) throw core.takeError();
  return arrived.slice(0, count).map((core) => core.greenlet as G);
}

/**
 * A greenlet as {@linkcode iwait} gives it: without `then`, because to TypeScript
 * a `for await` loop would wait for its result.
 */
export type Ended<G extends Greenlet> = G extends unknown ? Omit<G, "then">
  : never;

/**
 * Gives the greenlets one after the other as they end, until all have, or
 * `count` of them, or the time is over.
 *
 * Cancel safety: giving up leaves them running.
 *
 * @example The first result first
 * ```ts
 * import { iwait, sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlets = [20, 10].map((ms) =>
 *   spawn(async () => {
 *     await sleep(ms);
 *     return ms;
 *   })
 * );
 * const results: (number | null)[] = [];
 * for await (const greenlet of iwait(greenlets)) results.push(greenlet.value);
 * assertEquals(results, [10, 20]);
 * ```
 *
 * Python: `gevent.iwait`.
 */
export function iwait<G extends Greenlet>(
  list: Iterable<G>,
  options: IwaitOptions = {},
): AsyncIterableIterator<Ended<G>> {
  const timeout = timeoutOf(options);
  const { signal } = options;
  const deadline = performance.now() + timeout;
  const arrivals = new Arrivals(coresOf(list), options.count);
  let taken = 0;
  let over = false;
  const end = (): IteratorReturnResult<undefined> => {
    over = true;
    arrivals[Symbol.dispose]();
    return { value: undefined, done: true };
  };
  // (No async generator: its `yield` would wait for the greenlet's result.)
  return {
    async next(): Promise<IteratorResult<Ended<G>, undefined>> {
      if (over || taken === arrivals.count) return end();
      const index = taken++;
      try {
        while (arrivals.arrived.length <= index) {
          const left = Math.max(0, deadline - performance.now());
          const next = arrivals.whenArrived(index + 1);
          if (await waitFor(next, { timeout: left, signal }) === TIMED_OUT) {
            return end();
          }
        }
      } catch (error) {
        end();
        throw error;
      }
      const value = arrivals.arrived[index]!.greenlet as Ended<G>;
      return { value, done: false };
    },
    return: () => Promise.resolve(end()),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function* coresOf(greenlets: Iterable<Greenlet>): Generator<Core> {
  checkIterable(greenlets, "wait for coroutines", "list");
  for (const greenlet of greenlets) yield coreOf(greenlet);
}

/**
 * Kills them all at once, and waits until they have ended; `false` if the time
 * ran out before. See {@linkcode Greenlet.kill}.
 *
 * @example All at once
 * ```ts
 * import { killall, sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlets = [1, 2, 3].map(() => spawn(sleep, 60_000));
 * assertEquals(await killall(greenlets), true);
 * assertEquals(greenlets.every((greenlet) => greenlet.ready()), true);
 * ```
 *
 * Python: `gevent.killall`.
 */
export function killall(
  list: Iterable<Greenlet>,
  options: KillOptions = {},
): Promise<boolean> {
  checkIterable(list, "kill coroutines", "list");
  const greenlets = [...list];
  return kill(
    greenlets.map(coreOf),
    options,
    () => haveEnded(greenlets, options),
  );
}

/** Waits until they have ended; `false` if the time ran out before. */
export async function haveEnded(
  greenlets: Greenlet[],
  { timeout, signal }: WaitOptions,
): Promise<boolean> {
  const ended = await joinall(greenlets, { timeout, signal });
  return ended.length === new Set(greenlets).size;
}
