/** What is served to workers, to who watches, and to users' own programs. */

import { BaseManager, type Typeid } from "../../manager.ts";
import type { Queue } from "../../queue.ts";
import type { Lock } from "../../sync.ts";

/** A task, as one puts it into the queue. */
export interface QueuedTask {
  /** The name of a function that the workers' module exports. */
  fn: string;
  /** What it is called with; by default nothing. */
  args?: readonly unknown[];
  /**
   * Comes back with the result; by default a number below 0, which no other task has
   * as long as you give no such ids.
   */
  id?: string | number;
  /**
   * How often it is given to somebody else when its worker has died; by default
   * what the server was started with. 0 for what must not run twice.
   */
  retries?: number;
  /** How long it may run (ms); by default, ever. */
  timeout?: number;
}

/** What has become of a task: either a value or an error. */
export type TaskResult<T = unknown> =
  & {
    /** That of the task. */
    id: string | number;
    /** The function's name; empty where what was put is no task. */
    fn: string;
    /** The name of the worker that has done it; `null`: none. */
    worker: string | null;
    /** How many workers it was given to. */
    attempts: number;
    /** How long the last of them took (ms). */
    ms: number;
  }
  & (
    | { /** It was done. */ ok: true; /** What the function gave. */ value: T }
    | { /** It failed. */ ok: false; /** Why. */ error: Error }
  );

/** A task that runs. */
export interface RunningTask {
  /** Its id. */
  id: string | number;
  /** The function's name. */
  fn: string;
  /** For how long it has been with its worker (ms). */
  ms: number;
}

/** One who takes tasks. */
export interface WorkerStatus {
  /** The name that it was given, or its host and process id. */
  name: string;
  /** How many tasks it does at a time. */
  processes: number;
  /** What it is doing. */
  running: RunningTask[];
  /** How many tasks it has done. */
  done: number;
  /** How many tasks have failed with it. */
  failed: number;
  /** Whether it takes no more, and ends when it has done what it has. */
  isLeaving: boolean;
}

/** The state of all tasks at one moment. */
export interface QueueStatus {
  /** For how long they have been served (ms). */
  uptime: number;
  /** How many tasks no worker has yet. */
  queued: number;
  /** How many tasks workers have. */
  running: number;
  /** How many tasks were done. */
  done: number;
  /** How many tasks have failed. */
  failed: number;
  /** How often a task was given to somebody else as its worker had died. */
  retried: number;
  /** How many results nobody has taken yet. */
  results: number;
  /** Those who take tasks now. */
  workers: WorkerStatus[];
}

/** Who comes to work. */
export interface Applicant {
  /** Tells it from others of that name, and is the same when it comes back. */
  readonly id: string;
  readonly name: string;
  readonly processes: number;
}

/** A task as it is given to a worker. */
export interface Order {
  /** Its number, which the server gives it. */
  readonly key: number;
  readonly id: string | number;
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly timeout: number | null;
}

/** What a worker says of a task. */
export type Report =
  & { readonly key: number; readonly ms: number }
  & (
    | { readonly is: "done"; readonly value: unknown }
    | { readonly is: "failed"; readonly error: Error }
    /** Who did it has died. */
    | { readonly is: "lost"; readonly error: Error }
    /** It was not begun. */
    | { readonly is: "refused" }
  );

/** Why there is nothing more to do. */
export type Farewell = "you leave" | "the server stops";

/** The place of one worker. */
export interface Seat {
  /** To be held by the worker as long as it lives: so its death is noticed. */
  life(): Lock;
  /**
   * Sits down, with what it still does if it was here before; gives the number of
   * this run of the server.
   */
  begin(run: string | null, keys: readonly number[]): string;
  /** Waits for a task. */
  next(): Promise<Order | Farewell>;
  /** What has become of a task. `false`: somebody else has done it, too, earlier. */
  report(report: Report): boolean;
  /** It takes no more. */
  leave(): void;
  /** It is still there. */
  beat(): void;
  /** Waits until the server stops. */
  ended(): Promise<Farewell>;
}

/** Who watches. */
export interface Watch {
  /** How it is now. */
  status(): Promise<QueueStatus>;
}

/** The methods of a seat, and of a watch, that others may call. */
export const SEAT = [
  "life",
  "begin",
  "next",
  "report",
  "leave",
  "beat",
  "ended",
];
export const WATCH = ["status"];

/** What the command's own parts use beside the queues. */
export class CommandManager extends BaseManager {
  /** Tasks that are to be done. */
  declare getTaskQueue: Typeid<Queue<QueuedTask>>;
  /** What has become of them. */
  declare getResultQueue: Typeid<Queue<TaskResult>>;
  declare getSeat: Typeid<Seat, [applicant: Applicant]>;
  declare getWatch: Typeid<Watch>;
}

for (
  const name of [
    "getTaskQueue",
    "getResultQueue",
    "getSeat",
    "getWatch",
  ] as const
) CommandManager.register(name);

/**
 * The queues that `cli serve` serves, for a program that puts tasks and takes
 * results. A class of one's own with these names does it as well.
 *
 * @example Put a task, and get its result
 * ```ts
 * import { type Address } from "@multi/processing";
 * import { QueueManager } from "@multi/processing/cli";
 *
 * export async function square(address: Address, authkey: string, n: number) {
 *   await using manager = new QueueManager({ address, authkey });
 *   await manager.connect({ timeout: 5000 });
 *   const tasks = await manager.getTaskQueue();
 *   const results = await manager.getResultQueue();
 *   await tasks.put({ fn: "square", args: [n] });
 *   const result = await results.get({ timeout: 60_000 }); // or an EmptyError
 *   if (!result.ok) throw result.error;
 *   return result.value;
 * }
 * ```
 *
 * Python: a class of one's own that extends `multiprocessing.managers.BaseManager`.
 */
export class QueueManager extends BaseManager {
  /** Tasks that are to be done; any worker takes them. */
  declare getTaskQueue: Typeid<Queue<QueuedTask>>;
  /** What has become of them, in the order in which they ended. */
  declare getResultQueue: Typeid<Queue<TaskResult>>;
}
QueueManager.register("getTaskQueue");
QueueManager.register("getResultQueue");
