/** How tasks are given to a pool. */

import {
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNames,
  checkOptions,
  checkSignal,
  type OptionNames,
} from "../check.ts";
import type { TaskLimits } from "./task.ts";

/** What a task may take, and who is told of it. */
export interface TaskOptions {
  /**
   * How long it may run (ms, not 0), in a map each of its items. Then it rejects with a
   * `TimeoutError`, and its worker is ended; see `signal`. By default what the
   * pool's options say. It counts from when the worker has begun: where that is
   * stopped (SIGSTOP) before, `queueTimeout` helps, and this does not.
   */
  taskTimeout?: number;
  /**
   * How long it may wait for a worker (ms): then it rejects with a `TimeoutError`,
   * and is not begun. In a map this is for its first item.
   */
  queueTimeout?: number;
  /**
   * Aborts the task, which rejects with the signal's reason. One that has not begun
   * never will. One that runs sees it by `currentTask().signal`; if it has not
   * asked for that, or does not end within a second, its worker is ended and
   * replaced, and no other task notices.
   */
  signal?: AbortSignal | undefined;
  /**
   * Buffers in the arguments that are given away: here they are empty afterwards.
   * (They are copied, so far also for a thread.) A map ignores it.
   */
  transfer?: ArrayBuffer[];
  /** Called with what the task gives to `currentTask().progress()`. */
  onProgress?(value: unknown): void;
}

/** What is called with the result, or the error, of a task. */
export interface CallbackOptions<R> {
  /** Called with the result. */
  callback?(value: R): void;
  /** Called with the error. */
  errorCallback?(error: unknown): void;
}

/** How the items of a map are given to workers. */
export interface MapOptions extends TaskOptions {
  /**
   * How many items a worker gets at a time. By default so many that each worker
   * gets four times some where the number of items is known, else so many as
   * take about a millisecond; in `imap` and `imapUnordered` 1.
   */
  chunksize?: number;
}

/** The names of all that can be said of a task or a map. */
const NAMES: OptionNames<MapOptions & CallbackOptions<never>> = {
  taskTimeout: true,
  queueTimeout: true,
  signal: true,
  transfer: true,
  onProgress: true,
  callback: true,
  errorCallback: true,
  chunksize: true,
};

/** A list of arguments, which may be left out where a function needs none. */
export type TaskArgs<A extends unknown[], O> = [] extends A
  ? [args?: Readonly<A>, options?: O]
  : [args: Readonly<A>, options?: O];

/** What cannot be done where these are none. */
export const GIVE = "give a task to the pool";

/** A `TypeError` where these are no options of a task. */
export function checkTaskOptions(
  options: TaskOptions & CallbackOptions<never>,
): void {
  checkOptions(options, GIVE, "{ taskTimeout: 1000 }");
  checkNames(options, NAMES, GIVE);
  const { signal, onProgress, callback, errorCallback } = options;
  checkSignal(signal, GIVE);
  if (onProgress !== undefined) checkFunction(onProgress, GIVE, "onProgress");
  if (callback !== undefined) checkFunction(callback, GIVE, "callback");
  if (errorCallback !== undefined) {
    checkFunction(errorCallback, GIVE, "errorCallback");
  }
}

/** Checks how many items a worker is to get at a time, and gives it. */
export function chunksizeOf({ chunksize }: MapOptions): number | undefined {
  if (chunksize === undefined) return undefined;
  return checkInteger(chunksize, GIVE, "chunksize", 1);
}

/** Checks how long a task may run, and gives it. */
export function checkTaskTimeout(taskTimeout: number, cannot: string): number {
  checkMilliseconds(taskTimeout, cannot, "taskTimeout");
  if (taskTimeout > 0) return taskTimeout;
  throw new RangeError(
    `Cannot ${cannot} as "taskTimeout" must be > 0 (Infinity: no limit), because no task ends in no time: current value is 0`,
  );
}

/** The limits that are asked for; where none are, those of the pool. */
export function limitsOf(
  { taskTimeout, queueTimeout, signal }: TaskOptions,
  ofPool: TaskLimits,
): TaskLimits {
  if (
    taskTimeout === undefined && queueTimeout === undefined &&
    signal === undefined
  ) return ofPool;
  return {
    taskTimeout: taskTimeout === undefined
      ? ofPool.taskTimeout
      : checkTaskTimeout(taskTimeout, GIVE),
    queueTimeout: queueTimeout === undefined
      ? Infinity
      : checkMilliseconds(queueTimeout, GIVE, "queueTimeout"),
    signal,
  };
}
