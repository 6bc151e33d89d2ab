/** A pool that a manager has: the proxy. */

import { referTo } from "../launch/function_reference.ts";
import type { Target } from "../launch/target.ts";
import { checkTaskOptions, type TaskArgs } from "../pool/task_options.ts";
import type { PoolHome, ProxyTaskOptions } from "./pool_home.ts";
import {
  BaseProxy,
  call,
  callBySignal,
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
    const [args = [], options] = rest;
    const [result] = await this.#run(fn, [args], options);
    return result as R;
  }

  /**
   * Has the workers call a function for each item; gives the results in the order
   * of the items. What ends it ends all of its tasks, as in {@linkcode apply}.
   *
   * @throws What the function throws, the first of all.
   *
   * Python: `pool.map(func, iterable)`.
   */
  async map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T>,
    options?: ProxyTaskOptions,
  ): Promise<R[]> {
    const calls = Array.from(items, (item) => [item]);
    return await this.#run(fn, calls, options) as R[];
  }

  /**
   * As `map()`, where each item is the arguments of a call.
   *
   * Python: `pool.starmap(func, iterable)`.
   */
  async starmap<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>>,
    options?: ProxyTaskOptions,
  ): Promise<R[]> {
    return await this.#run(fn, [...items], options) as R[];
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

  #run(
    fn: Target<never[], unknown>,
    calls: readonly (readonly unknown[])[],
    options: ProxyTaskOptions = {},
  ): Promise<unknown[]> {
    checkTaskOptions(options);
    const { signal, ...limits } = options;
    const reference = referTo(fn, "fn");
    return callBySignal(this, signal, "run", reference, calls, limits);
  }

  static {
    registerProxy<PoolProxy, PoolHome>("PoolProxy", PoolProxy, METHODS, [
      "run",
    ]);
  }
}

/** A pool here. Who only uses one elsewhere loads nothing of pools. */
export async function newPool(processes?: number): Promise<PoolProxy> {
  const { PoolHome } = await import("./pool_home.ts");
  return newHome(PoolProxy, new PoolHome(processes), METHODS);
}
