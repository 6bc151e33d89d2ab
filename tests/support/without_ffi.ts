/** Processes, and pools of them, that cannot look at the memory of this process. */

import {
  type ExecutorOptions,
  Pool,
  type PoolOptions,
  Process,
  ProcessPoolExecutor,
} from "@multi/processing";

/** What workers may do: all but ffi that tasks of tests need. */
const permissions = { read: true, write: true, run: true, env: true } as const;

/** A pool of processes without ffi. */
export class LonelyPool extends Pool {
  constructor(options: number | PoolOptions = {}) {
    const own = typeof options === "number" ? { processes: options } : options;
    super({ ...own, permissions });
  }
}

/** An executor whose processes are without ffi. */
export class LonelyExecutor extends ProcessPoolExecutor {
  constructor(options: number | ExecutorOptions = {}) {
    const own = typeof options === "number" ? { maxWorkers: options } : options;
    super({ ...own, permissions });
  }
}

/** Starts a function in a process without any permission. */
export function start<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Process<A, R> {
  const process = new Process<A, R>(
    { target, args, permissions: "none" } as never,
  );
  process.start();
  return process;
}
