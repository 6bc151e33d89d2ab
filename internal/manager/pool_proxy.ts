/** A pool that a manager has: the proxy. */

import { referTo } from "../launch/function_reference.ts";
import type { Target } from "../launch/target.ts";
import type { PoolHome } from "./pool_home.ts";
import {
  BaseProxy,
  call,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

const METHODS: Methods<PoolHome> = {
  run: (pool, ...args: Parameters<PoolHome["run"]>) => pool.run(...args),
  join: (pool) => pool.join(),
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
   * @throws What the function throws.
   * @throws {WorkerLostError} If the worker dies with it.
   *
   * Python: `pool.apply(func, args)`.
   */
  async apply<A extends unknown[], R>(
    fn: Target<A, R>,
    args: Readonly<A>,
  ): Promise<R> {
    const reference = referTo(fn, "fn");
    const [result] = await call<[R]>(this, "run", reference, [args]);
    return result;
  }

  /**
   * Has the workers call a function for each item; gives the results in the order
   * of the items.
   *
   * @throws What the function throws, the first of all.
   *
   * Python: `pool.map(func, iterable)`.
   */
  async map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T>,
  ): Promise<R[]> {
    const calls = Array.from(items, (item) => [item]);
    return await call(this, "run", referTo(fn, "fn"), calls);
  }

  /**
   * As `map()`, where each item is the arguments of a call.
   *
   * Python: `pool.starmap(func, iterable)`.
   */
  async starmap<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>>,
  ): Promise<R[]> {
    return await call(this, "run", referTo(fn, "fn"), [...items]);
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

  static {
    registerProxy<PoolProxy, PoolHome>("PoolProxy", PoolProxy, METHODS);
  }
}

/** A pool here. Who only uses one elsewhere loads nothing of pools. */
export async function newPool(processes?: number): Promise<PoolProxy> {
  const { PoolHome } = await import("./pool_home.ts");
  return newHome(PoolProxy, new PoolHome(processes), METHODS);
}
