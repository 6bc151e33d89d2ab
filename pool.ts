/**
 * Pools of worker processes and threads, and executors: Python's
 * `multiprocessing.Pool` and `concurrent.futures`.
 *
 * Functions travel by name, as a process's target does; each worker is sent each of
 * them once.
 *
 * ```ts
 * import { Pool } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new Pool(2);
 * const squares = await pool.map((n: number) => n * n, [1, 2, 3]);
 * assertEquals(squares, [1, 4, 9]);
 * ```
 *
 * Permissions: processes need `--allow-run`; with `--allow-ffi`, on Linux, they share
 * memory with their pool, and without, a task takes many times as long on its way.
 * Threads need what `thread` says.
 *
 * Python: `multiprocessing.pool`, `concurrent.futures`.
 *
 * @module
 */

export { Pool, type PoolWorkerInfo, ThreadPool } from "./internal/pool/pool.ts";
export {
  Executor,
  type ExecutorOptions,
  type ExecutorShutdownOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from "./internal/pool/executor.ts";
export type { ExecutorMapOptions } from "./internal/pool/map_arguments.ts";
export { Future } from "./internal/pool/future.ts";
export { asCompleted, type Completed } from "./internal/pool/as_completed.ts";
export type {
  PoolOptions,
  PoolSettings,
} from "./internal/pool/pool_options.ts";
export type { PoolProgress } from "./internal/pool/progress.ts";
export { AsyncResult } from "./internal/pool/async_result.ts";
export type { Target } from "./internal/launch/target.ts";
export type { WaitOptions } from "./internal/wait.ts";
export { currentTask } from "./internal/pool/current_task.ts";
export type { CurrentTask } from "./internal/pool/current_task.ts";
export type {
  CallbackOptions,
  MapOptions,
  TaskArgs,
  TaskOptions,
} from "./internal/pool/task_options.ts";
