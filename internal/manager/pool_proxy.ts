/** A pool that a manager has: the proxy. */

import { checkIterable } from "../check.ts";
import {
  type FunctionReference,
  referTo,
  standIn,
} from "../launch/function_reference.ts";
import type { Target } from "../launch/target.ts";
import type { Pool } from "../pool/pool.ts";
import {
  checkTaskOptions,
  chunksizeOf,
  type MapOptions,
  type TaskArgs,
  type TaskOptions,
} from "../pool/task_options.ts";
import {
  BaseProxy,
  call,
  callBySignal,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

/** What a task of a manager's pool may take. */
export type ProxyTaskOptions = Pick<
  TaskOptions,
  "taskTimeout" | "queueTimeout" | "signal"
>;

/** What a map of a manager's pool may take, and how its items are given. */
export type ProxyMapOptions =
  & ProxyTaskOptions
  & Pick<MapOptions, "chunksize">;

/** What tasks are made of where the pool is; the signal is that of the call. */
type Order<O> = [
  reference: FunctionReference,
  items: unknown[],
  options: O,
  signal?: AbortSignal,
];

/** The function was found out elsewhere: here is only what it is known by. */
const METHODS: Methods<Pool> = {
  apply: (pool, ...[fn, args, options, signal]: Order<TaskOptions>) =>
    pool.apply(standIn(fn), args as [], { ...options, signal }),
  map: (pool, ...[fn, items, options, signal]: Order<MapOptions>) =>
    pool.map(standIn(fn), items, { ...options, signal }),
  starmap: (pool, ...[fn, items, options, signal]: Order<MapOptions>) =>
    pool.starmap(standIn(fn), items as [][], { ...options, signal }),
  async join(pool) {
    pool.close();
    await pool.join();
  },
  terminate: (pool) => pool.terminate(),
};

/**
 * A pool of a manager: its workers are the manager's children, and all who have a
 * proxy of it share them. Functions travel by name, as a process's target does.
 *
 * @example A pool that other processes can use, too
 * ```ts
 * import { Manager } from "@multi/processing";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const pool = await manager.pool(2);
 * assertEquals(await pool.map((n: number) => n * n, [1, 2, 3]), [1, 4, 9]);
 * assertEquals(await pool.apply((a: number, b: number) => a + b, [1, 5]), 6);
 * ```
 *
 * Python: `multiprocessing.managers.PoolProxy`.
 */
export class PoolProxy extends BaseProxy {
  /**
   * Has a worker call a function.
   *
   * Cancel safety: with the coroutine that waits the task ends, too, as by its
   * `signal`; and with the process that has called.
   *
   * @throws What the function throws.
   * @throws {WorkerLostError} If the worker dies with it.
   * @throws {TimeoutError} By `taskTimeout` and `queueTimeout`.
   *
   * Python: `pool.apply(func, args)`.
   */
  async apply<A extends unknown[], R>(
    fn: Target<A, R>,
    ...rest: TaskArgs<A, ProxyTaskOptions>
  ): Promise<R> {
    const [args, options] = rest;
    return await this.#give("apply", fn, args ?? [], options) as R;
  }

  /**
   * Has the workers call a function for each item; gives the results in the order
   * of the items. The first error that comes rejects it; then no more items are
   * begun.
   *
   * Cancel safety: with the coroutine that waits all of its tasks end, too, as in
   * {@linkcode apply}.
   *
   * @throws What the function throws, the first of all.
   *
   * Python: `pool.map(func, iterable, chunksize)`.
   */
  async map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T>,
    options?: ProxyMapOptions,
  ): Promise<R[]> {
    return await this.#map("map", fn, items, options) as R[];
  }

  /**
   * As `map()`, where each item is the arguments of a call.
   *
   * Python: `pool.starmap(func, iterable, chunksize)`.
   */
  async starmap<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>>,
    options?: ProxyMapOptions,
  ): Promise<R[]> {
    return await this.#map("starmap", fn, items, options) as R[];
  }

  /**
   * Lets no more tasks come, for all who use it, and waits until all are done.
   *
   * Python: `pool.close()`, and `pool.join()`.
   */
  async join(): Promise<void> {
    await call(this, "join");
  }

  /**
   * Ends the workers at once; tasks that are not done reject with a
   * `CancelledError`.
   *
   * Python: `pool.terminate()`.
   */
  async terminate(): Promise<void> {
    await call(this, "terminate");
  }

  #map(
    method: "map" | "starmap",
    fn: Target<never[], unknown>,
    items: Iterable<unknown>,
    options?: ProxyMapOptions,
  ): Promise<unknown> {
    checkIterable(items, "map", "items");
    return this.#give(method, fn, [...items], options);
  }

  #give(
    method: "apply" | "map" | "starmap",
    fn: Target<never[], unknown>,
    items: readonly unknown[],
    options: ProxyMapOptions = {},
  ): Promise<unknown> {
    checkTaskOptions(options);
    chunksizeOf(options);
    const { signal, ...others } = options;
    return callBySignal(this, signal, method, referTo(fn, "fn"), items, others);
  }

  static {
    registerProxy<PoolProxy, Pool>("PoolProxy", PoolProxy, METHODS, [
      "apply",
      "map",
      "starmap",
    ]);
  }
}

/** A pool here. Who only uses one elsewhere loads nothing of pools. */
export async function newPool(
  processes = navigator.hardwareConcurrency,
): Promise<PoolProxy> {
  const { Pool } = await import("../pool/pool.ts");
  return newHome(PoolProxy, new Pool({ processes }), METHODS);
}
