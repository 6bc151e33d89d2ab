import { BrokenPoolError } from "../../errors.ts";
import {
  checkBoolean,
  checkInteger,
  checkNames,
  checkOptions,
  type OptionNames,
} from "../check.ts";
import { LEVELS, log } from "../launch/log.ts";
import type { Target } from "../launch/target.ts";
import { waitHolding } from "../wait.ts";
import { call, EventualOfCall } from "./calls.ts";
import { PROCESSES, THREADS } from "./carriers.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Future } from "./future.ts";
import { ImapJob } from "./imap_job.ts";
import { type ExecutorMapOptions, mapArguments, zip } from "./map_arguments.ts";
import {
  CREATE,
  makeDispatcher,
  POOL_SETTING_NAMES,
  poolOptions,
  type PoolSettings,
} from "./pool_options.ts";
import { NO_LIMITS, type Task } from "./task.ts";

/** How an executor is made. */
export interface ExecutorOptions extends PoolSettings {
  /**
   * How many workers it has at most; by default as many as this process may use
   * cores.
   */
  maxWorkers?: number;
  /**
   * After so many calls a worker ends, and another may take its place, which loads
   * its modules anew: what calls have left behind is gone.
   */
  maxTasksPerChild?: number;
}

const EXECUTOR_NAMES: OptionNames<ExecutorOptions> = {
  ...POOL_SETTING_NAMES,
  maxWorkers: true,
  maxTasksPerChild: true,
};

/** How an executor ends. */
export interface ExecutorShutdownOptions {
  /** Whether to wait until all calls have ended, and the workers; by default, yes. */
  wait?: boolean;
  /** Whether calls that no worker has begun are taken back; by default, no. */
  cancelFutures?: boolean;
}

const SHUTDOWN_NAMES: OptionNames<ExecutorShutdownOptions> = {
  wait: true,
  cancelFutures: true,
};

const numbers = { process: 0, thread: 0 };

/** Executors that nobody can shut down any more. */
const forgotten = new FinalizationRegistry<Dispatcher>((dispatcher) => {
  log(
    LEVELS.WARNING,
    `${dispatcher.name} was forgotten, and is shut down: call shutdown() when it is not needed any more`,
  );
  dispatcher.close();
});

/**
 * What both executors are.
 *
 * @example Processes or threads, as the caller likes
 * ```ts
 * import { type Executor, ThreadPoolExecutor } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * const power = (executor: Executor, a: number, b: number) =>
 *   executor.submit((a: number, b: number) => a ** b, a, b).result();
 *
 * await using executor = new ThreadPoolExecutor(1);
 * assertEquals(await power(executor, 2, 5), 32);
 * ```
 */
export abstract class Executor implements AsyncDisposable {
  readonly #dispatcher: Dispatcher;

  /**
   * Makes an executor. Its workers start when there is something to do.
   *
   * @param kind What its workers are.
   * @param options How many there are at most, and how they are run.
   */
  protected constructor(
    kind: "process" | "thread",
    options: number | ExecutorOptions = {},
  ) {
    const { maxWorkers, maxTasksPerChild, ...settings } = poolOptions(
      options,
      "maxWorkers",
      EXECUTOR_NAMES,
    );
    const name = kind === "process" ? "ProcessPool" : "ThreadPool";
    this.#dispatcher = makeDispatcher(
      `${name}Executor-${++numbers[kind]}`,
      settings,
      {
        carriers: kind === "process" ? PROCESSES : THREADS,
        size: maxWorkers === undefined
          ? navigator.hardwareConcurrency
          : checkInteger(maxWorkers, CREATE, "maxWorkers", 1),
        maxtasksperchild: maxTasksPerChild === undefined
          ? Infinity
          : checkInteger(maxTasksPerChild, CREATE, "maxTasksPerChild", 1),
        isLazy: true,
        explainFailure: (cause) =>
          new BrokenPoolError(
            `Cannot run tasks as the initializer of a worker has thrown: ${
              cause instanceof Error ? cause.message : String(cause)
            }`,
            { cause },
          ),
      },
    );
    forgotten.register(this, this.#dispatcher, this);
  }

  /**
   * Calls a function in a worker.
   *
   * Ordering: calls are begun in the order in which they were submitted; where they
   * are short, and workers have some ahead, by and large.
   *
   * @returns What it will have given; where the call cannot be made, this is failed
   * already: a `ShutDownError` after `shutdown()`, a `DataCloneError` if an argument
   * cannot be sent.
   *
   * Python: `concurrent.futures.Executor.submit`.
   */
  submit<A extends unknown[], R>(
    fn: Target<A, R>,
    ...args: A
  ): Future<R> {
    const dispatcher = this.#dispatcher;
    const eventual = new EventualOfCall(dispatcher, undefined);
    let task: Task | null = null;
    try {
      task = call(
        dispatcher,
        {
          fn,
          args,
          limits: NO_LIMITS,
          retries: 0,
          transfer: undefined,
          keeper: this,
        },
        eventual,
      );
    } catch (error) {
      eventual.settle(false, error);
    }
    return new Future(eventual, dispatcher, task);
  }

  /**
   * Calls a function with the first item of each iterable, then with the second of
   * each, and so on until one of them has no more; gives the results in their order.
   * The iterables are asked for their first items at once, and for the others as
   * workers are free for them. An error ends it. Options, if any, stand behind the
   * iterables.
   *
   * Cancel safety: leaving the loop takes back what has not begun.
   *
   * @example With a time-out
   * ```ts
   * import { TimeoutError } from "@multi/processing/errors";
   * import { ThreadPoolExecutor } from "@multi/processing/pool";
   * import { assertRejects } from "@std/assert";
   *
   * const slow = (ms: number) =>
   *   new Promise((resolve) => setTimeout(resolve, ms));
   *
   * await using executor = new ThreadPoolExecutor(1);
   * const results = executor.map(slow, [200], { timeout: 50 });
   * await assertRejects(() => results.next(), TimeoutError);
   * ```
   *
   * @throws {ShutDownError} After `shutdown()`.
   * @throws {TypeError} If one of them cannot be iterated at once, or an option is
   * none.
   * @throws {RangeError} If an option is out of its range.
   *
   * Python: `concurrent.futures.Executor.map`.
   */
  map<A extends unknown[], R>(
    fn: Target<A, R>,
    ...iterables: { [K in keyof A]: Iterable<A[K]> }
  ): AsyncIterableIterator<R>;
  /**
   * The same, with options behind the iterables.
   *
   * Python: `concurrent.futures.Executor.map`.
   */
  map<A extends unknown[], R>(
    fn: Target<A, R>,
    ...iterablesAndOptions: [
      ...iterables: { [K in keyof A]: Iterable<A[K]> },
      options: ExecutorMapOptions,
    ]
  ): AsyncIterableIterator<R>;
  map<R>(
    fn: Target<never, R>,
    ...given: unknown[]
  ): AsyncIterableIterator<R> {
    const dispatcher = this.#dispatcher;
    dispatcher.checkOpen();
    const { iterables, timeout, chunksize } = mapArguments(given);
    const job = new ImapJob(
      dispatcher,
      {
        fn: dispatcher.functions.of(fn),
        items: zip(iterables),
        isStar: true,
        chunksize,
        limits: NO_LIMITS,
        retries: 0,
        keeper: this,
        told: undefined,
      },
      { isOrdered: true, endsByError: true, timeout },
    );
    return job as AsyncIterableIterator<unknown> as AsyncIterableIterator<R>;
  }

  /**
   * Takes no more calls; when all have ended, so do the workers.
   *
   * Python: `concurrent.futures.Executor.shutdown`.
   */
  async shutdown(options: ExecutorShutdownOptions = {}): Promise<void> {
    checkOptions(options, "shut down", "{ wait: false }");
    checkNames(options, SHUTDOWN_NAMES, "shut down");
    const { wait = true, cancelFutures = false } = options;
    checkBoolean(wait, "shut down", "wait");
    checkBoolean(cancelFutures, "shut down", "cancelFutures");
    const dispatcher = this.#dispatcher;
    forgotten.unregister(this);
    dispatcher.close("shut down");
    if (cancelFutures) dispatcher.cancelAll();
    if (wait) await waitHolding(dispatcher.crew, dispatcher.crew.gone, {});
  }

  /** Shuts it down, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/**
 * Calls functions in worker processes, which start when they are needed.
 *
 * @example Calls, and a map
 * ```ts
 * import { ProcessPoolExecutor } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ProcessPoolExecutor(2);
 * const power = (a: number, b: number) => a ** b;
 * assertEquals(await executor.submit(power, 2, 5), 32);
 * const powers = executor.map(power, [2, 3], [5, 2]);
 * assertEquals(await Array.fromAsync(powers), [32, 9]);
 * ```
 *
 * Python: `concurrent.futures.ProcessPoolExecutor`; but a worker that dies breaks
 * nothing here: its call fails with a `WorkerLostError`, and it is replaced.
 */
export class ProcessPoolExecutor extends Executor {
  /** Makes an executor of so many workers at most. */
  constructor(options?: number | ExecutorOptions) {
    super("process", options);
  }
}

/**
 * Calls functions in worker threads, which start when they are needed.
 *
 * As in a `ThreadPool`, variables of modules may have values that other threads
 * have left, unless there is a `maxTasksPerChild`.
 *
 * @example Calls
 * ```ts
 * import { ThreadPoolExecutor } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const future = executor.submit((name: string) => `Hello, ${name}`, "Alice");
 * assertEquals(await future.result(), "Hello, Alice");
 * ```
 *
 * Python: `concurrent.futures.ThreadPoolExecutor`.
 */
export class ThreadPoolExecutor extends Executor {
  /** Makes an executor of so many workers at most. */
  constructor(options?: number | ExecutorOptions) {
    super("thread", options);
  }
}
