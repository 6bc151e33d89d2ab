/**
 * Pools.
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
export { Future } from "./internal/pool/future.ts";
export { asCompleted, type Completed } from "./internal/pool/as_completed.ts";
export type {
  PoolOptions,
  PoolSettings,
} from "./internal/pool/pool_options.ts";
export type { PoolProgress } from "./internal/pool/progress.ts";
export { AsyncResult } from "./internal/pool/async_result.ts";
export { currentTask } from "./internal/pool/current_task.ts";
export type { CurrentTask } from "./internal/pool/current_task.ts";
export type {
  CallbackOptions,
  MapOptions,
  TaskArgs,
  TaskOptions,
} from "./internal/pool/task_options.ts";
