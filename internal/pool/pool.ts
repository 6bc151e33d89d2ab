import { ProcessError } from "../../errors.ts";
import { checkFunction, checkInteger } from "../check.ts";
import { waitBySignal } from "../context.ts";
import { LEVELS, log } from "../launch/log.ts";
import type { Target } from "../launch/target.ts";
import { TIMED_OUT, waitHolding, type WaitOptions } from "../wait.ts";
import { AsyncResult } from "./async_result.ts";
import {
  call,
  callBack,
  EventualOfCall,
  PromiseOwner,
  tellerOf,
} from "./calls.ts";
import { PROCESSES, THREADS } from "./carriers.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Eventual } from "./eventual.ts";
import { ImapJob } from "./imap_job.ts";
import { MapJob, type MapPlan } from "./map_job.ts";
import {
  CREATE,
  makeDispatcher,
  POOL_NAMES,
  type PoolOptions,
  poolOptions,
} from "./pool_options.ts";
import { NO_LIMITS, type TaskLimits } from "./task.ts";
import {
  type CallbackOptions,
  checkTaskOptions,
  checkTaskTimeout,
  chunksizeOf,
  limitsOf,
  type MapOptions,
  type TaskArgs,
  type TaskOptions,
} from "./task_options.ts";

/** What a pool says of one of its workers. */
export interface PoolWorkerInfo {
  /** The process's id; in a `ThreadPool` the thread's ident. */
  readonly ident: number;
  /** Whether it has a task. */
  readonly busy: boolean;
  /** How many tasks it has done. */
  readonly tasks: number;
}

let pools = 0;
let threadPools = 0;

/** Pools that nobody can close any more. */
const forgotten = new FinalizationRegistry<Dispatcher>((dispatcher) => {
  log(
    LEVELS.WARNING,
    `${dispatcher.name} was forgotten, and is terminated: close() it when it is not needed any more`,
  );
  dispatcher.terminate("forgotten");
});

/**
 * Worker processes that share the work.
 *
 * Each worker does one task at a time, and gets some more ahead if they are small;
 * what it has not begun goes to another that has nothing to do. What goes into a
 * task and comes out of it is copied. A worker that dies takes the task with it that
 * it was doing (`WorkerLostError`), is replaced, and no other task notices.
 *
 * A pool without tasks does not keep the program alive; its workers end with it.
 *
 * @example Calls and maps
 * ```ts
 * import { Pool } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * const square = (n: number) => n * n;
 *
 * await using pool = new Pool(2);
 * assertEquals(await pool.apply(square, [5]), 25);
 * assertEquals(await pool.map(square, [1, 2, 3]), [1, 4, 9]);
 * ```
 *
 * Python: `multiprocessing.Pool`.
 */
export class Pool implements AsyncDisposable {
  #dispatcher: Dispatcher;
  #retries: number;
  /** Of tasks that have none of their own. */
  #limits: TaskLimits;

  /**
   * Makes a pool, and starts its workers.
   *
   * @param options How many workers there are, and how they are run.
   * @throws {RangeError} If a number is none that can be.
   * @throws {TypeError} If something is of a wrong type.
   * @throws {DataCloneError} If an argument of the initializer cannot be sent.
   * @throws {Deno.errors.NotCapable} If a permission is missing.
   */
  constructor(options: number | PoolOptions = {}) {
    const isThreads = this instanceof ThreadPool;
    const {
      processes = navigator.hardwareConcurrency,
      maxtasksperchild,
      taskTimeout = Infinity,
      retries = 0,
      onProgress,
      ...settings
    } = poolOptions(options, "processes", POOL_NAMES);
    this.#retries = checkInteger(retries, CREATE, "retries", 0);
    this.#limits = {
      ...NO_LIMITS,
      taskTimeout: checkTaskTimeout(taskTimeout, CREATE),
    };
    if (onProgress !== undefined) {
      checkFunction(onProgress, CREATE, "onProgress");
    }
    const name = isThreads ? `ThreadPool-${++threadPools}` : `Pool-${++pools}`;
    this.#dispatcher = makeDispatcher(name, settings, {
      carriers: isThreads ? THREADS : PROCESSES,
      size: checkInteger(processes, CREATE, "processes", 1),
      maxtasksperchild: maxtasksperchild === undefined
        ? Infinity
        : checkInteger(maxtasksperchild, CREATE, "maxtasksperchild", 1),
      isLazy: false,
      onProgress,
    });
    forgotten.register(this, this.#dispatcher, this);
  }

  /**
   * Calls a function in a worker, and gives what it returns.
   *
   * Cancel safety: with the coroutine that waits the task ends, too, as by its
   * `signal`.
   *
   * @throws What the function throws, with its stack.
   * @throws {DataCloneError} If an argument cannot be sent, or the result
   * (`result…` is its path then).
   * @throws {WorkerLostError} If its worker died.
   * @throws {TimeoutError} By `taskTimeout` and `queueTimeout`.
   * @throws {CancelledError} If the pool was terminated.
   * @throws {ShutDownError} After `close()` or `terminate()`.
   *
   * Python: `multiprocessing.Pool.apply`.
   */
  async apply<A extends unknown[], R>(
    fn: Target<A, R>,
    ...rest: TaskArgs<A, TaskOptions>
  ): Promise<R> {
    const [args = [], options = {}] = rest as readonly unknown[] as [
      unknown[]?,
      TaskOptions?,
    ];
    checkTaskOptions(options);
    return await waitBySignal(
      options.signal,
      (signal) =>
        new Promise<R>((resolve, reject) => {
          const owner = new PromiseOwner(
            this.#dispatcher,
            resolve as (value: unknown) => void,
            reject,
            tellerOf(options),
          );
          this.#call(fn, args, { ...options, signal }, owner);
        }),
    );
  }

  /**
   * Calls a function in a worker, and gives its result to be asked for. What
   * {@linkcode Pool.apply} throws, also at once, is there.
   *
   * @throws {TypeError} If the options are none.
   *
   * Python: `multiprocessing.Pool.apply_async`.
   */
  applyAsync<A extends unknown[], R>(
    fn: Target<A, R>,
    ...rest: TaskArgs<A, TaskOptions & CallbackOptions<R>>
  ): AsyncResult<R> {
    type Options = TaskOptions & CallbackOptions<R>;
    const [args = [], options = {}] = rest as readonly unknown[] as [
      unknown[]?,
      Options?,
    ];
    checkTaskOptions(options);
    const eventual = new EventualOfCall(this.#dispatcher, tellerOf(options));
    try {
      this.#call(fn, args, options, eventual);
    } catch (error) {
      eventual.settle(false, error);
    }
    return this.#resultOf(eventual, options);
  }

  /**
   * Calls a function with each item (and nothing else: no index), and gives the
   * results in the order of the items. The first error that comes rejects it; then
   * no more items are begun.
   *
   * An iterable is asked for its first item at once, and for the others as workers
   * become free for them.
   *
   * Cancel safety: with the coroutine that waits the map ends, too, as by its
   * `signal`.
   *
   * @example From something asynchronous
   * ```ts
   * import { ThreadPool } from "@multi/processing/pool";
   * import { assertEquals } from "@std/assert";
   *
   * async function* names() {
   *   yield "Alice";
   *   yield await Promise.resolve("Bob");
   * }
   * await using pool = new ThreadPool(2);
   * const greetings = await pool.map((name) => `Hello, ${name}`, names());
   * assertEquals(greetings, ["Hello, Alice", "Hello, Bob"]);
   * ```
   *
   * @throws What the iterable throws, and what {@linkcode Pool.apply} throws.
   *
   * Python: `multiprocessing.Pool.map`.
   */
  map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): Promise<R[]> {
    return this.#map(fn, items, false, options);
  }

  /**
   * {@linkcode Pool.map}, and gives its result to be asked for.
   *
   * @throws {TypeError} If the options are none.
   *
   * Python: `multiprocessing.Pool.map_async`.
   */
  mapAsync<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions & CallbackOptions<R[]> = {},
  ): AsyncResult<R[]> {
    return this.#mapAsync(fn, items, false, options);
  }

  /**
   * {@linkcode Pool.map} where each item is a list of arguments.
   *
   * Python: `multiprocessing.Pool.starmap`.
   */
  starmap<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: MapOptions = {},
  ): Promise<R[]> {
    return this.#map(fn, items, true, options);
  }

  /**
   * {@linkcode Pool.starmap}, and gives its result to be asked for.
   *
   * @throws {TypeError} If the options are none.
   *
   * Python: `multiprocessing.Pool.starmap_async`.
   */
  starmapAsync<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: MapOptions & CallbackOptions<R[]> = {},
  ): AsyncResult<R[]> {
    return this.#mapAsync(fn, items, true, options);
  }

  /**
   * Calls a function with each item, and gives the results one by one, in the order
   * of the items. An error comes in its place; who asks on gets what follows.
   *
   * The items may have no end: no more are taken than somebody may soon ask for the
   * results of, at first two chunks for each worker and two more; more only as long as
   * results are asked for faster than they come. After `close()` all are taken.
   *
   * Cancel safety: leaving the loop takes back what has not begun; so does the kill
   * of the coroutine that waits in it.
   *
   * @example As far as one likes
   * ```ts
   * import { ThreadPool } from "@multi/processing/pool";
   * import { assertEquals } from "@std/assert";
   *
   * function* all() {
   *   for (let n = 1;; n++) yield n;
   * }
   * await using pool = new ThreadPool(2);
   * const cubes: number[] = [];
   * for await (const cube of pool.imap((n) => n ** 3, all())) {
   *   cubes.push(cube);
   *   if (cube > 50) break;
   * }
   * assertEquals(cubes, [1, 8, 27, 64]);
   * ```
   *
   * @throws {ShutDownError} At the call, if the pool takes no more tasks, where
   * `map()` rejects; so it is with what is wrong with an argument.
   *
   * Python: `multiprocessing.Pool.imap`.
   */
  imap<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<R> {
    return this.#imap(fn, items, true, options);
  }

  /**
   * {@linkcode Pool.imap}, but gives the results as they come.
   *
   * Python: `multiprocessing.Pool.imap_unordered`.
   */
  imapUnordered<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<R> {
    return this.#imap(fn, items, false, options);
  }

  /**
   * Takes no more tasks; the workers end when all are done. Twice does nothing new.
   *
   * Python: `multiprocessing.Pool.close`.
   */
  close(): void {
    forgotten.unregister(this);
    this.#dispatcher.close();
  }

  /**
   * Ends the workers at once, and resolves when they have ended; tasks that are not
   * done reject with a `CancelledError`. Twice does nothing new.
   *
   * Python: `multiprocessing.Pool.terminate`.
   */
  async terminate(): Promise<void> {
    forgotten.unregister(this);
    this.#dispatcher.terminate();
    const { crew } = this.#dispatcher;
    await waitHolding(crew, crew.gone, {});
  }

  /**
   * Waits until all workers have ended, after `close()` or `terminate()`; `false`:
   * time ran out first.
   *
   * Cancel safety: giving up changes nothing.
   *
   * @throws {ProcessError} If the pool still takes tasks.
   *
   * Python: `multiprocessing.Pool.join`.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const dispatcher = this.#dispatcher;
    if (!dispatcher.isClosed) {
      throw new ProcessError(
        `Cannot join ${dispatcher.name} as it still takes tasks: close() or terminate() it first`,
      );
    }
    const { crew } = dispatcher;
    return await waitHolding(crew, crew.gone, options) !== TIMED_OUT;
  }

  /** The workers that there are now. */
  get workers(): readonly PoolWorkerInfo[] {
    return this.#dispatcher.crew.workers.map((worker) => ({
      ident: worker.carrier.ident,
      busy: !worker.isIdle,
      tasks: worker.done,
    }));
  }

  /** Terminates it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }

  #call(
    fn: unknown,
    args: readonly unknown[],
    options: TaskOptions,
    owner: PromiseOwner | EventualOfCall,
  ): void {
    const limits = limitsOf(options, this.#limits);
    const retries = this.#retries;
    const { transfer } = options;
    const plan = { fn, args, limits, retries, transfer, keeper: this };
    call(this.#dispatcher, plan, owner);
  }

  async #map<R>(
    fn: unknown,
    items: unknown,
    isStar: boolean,
    options: MapOptions,
  ): Promise<R[]> {
    checkTaskOptions(options);
    return await waitBySignal(
      options.signal,
      (signal) =>
        new Promise<R[]>((resolve, reject) => {
          new MapJob(
            this.#dispatcher,
            this.#plan(fn, items, isStar, { ...options, signal }),
            (ok, value) => ok ? resolve(value as R[]) : reject(value),
          );
        }),
    );
  }

  #mapAsync<R>(
    fn: unknown,
    items: unknown,
    isStar: boolean,
    options: MapOptions & CallbackOptions<R[]>,
  ): AsyncResult<R[]> {
    checkTaskOptions(options);
    const eventual = new Eventual();
    try {
      new MapJob(
        this.#dispatcher,
        this.#plan(fn, items, isStar, options),
        (ok, value) => eventual.settle(ok, value),
      );
    } catch (error) {
      eventual.settle(false, error);
    }
    return this.#resultOf(eventual, options);
  }

  #imap<R>(
    fn: unknown,
    items: unknown,
    isOrdered: boolean,
    options: MapOptions,
  ): AsyncIterableIterator<R> {
    checkTaskOptions(options);
    const plan = this.#plan(fn, items, false, options);
    const job = new ImapJob(this.#dispatcher, plan, {
      isOrdered,
      endsByError: false,
    });
    return job as AsyncIterableIterator<unknown> as AsyncIterableIterator<R>;
  }

  #plan(
    fn: unknown,
    items: unknown,
    isStar: boolean,
    options: MapOptions,
  ): MapPlan {
    const dispatcher = this.#dispatcher;
    dispatcher.checkOpen();
    const limits = limitsOf(options, this.#limits);
    limits.signal?.throwIfAborted();
    return {
      fn: dispatcher.functions.of(fn),
      items,
      isStar,
      chunksize: chunksizeOf(options),
      limits,
      retries: this.#retries,
      keeper: this,
      told: tellerOf(options),
    };
  }

  #resultOf<R>(
    eventual: Eventual,
    { callback, errorCallback }: CallbackOptions<R>,
  ): AsyncResult<R> {
    if (callback !== undefined || errorCallback !== undefined) {
      eventual.whenSettled(() => {
        const { ok, value } = eventual.outcome!;
        if (ok) callBack(callback, value as R, '"callback"');
        else callBack(errorCallback, value, '"errorCallback"');
      });
    }
    return new AsyncResult(eventual);
  }
}

/**
 * Worker threads that share the work: a {@linkcode Pool} whose workers are Web
 * Workers of this process. They take less memory than processes.
 *
 * A worker may be a thread that has run something else before, as every `Thread`
 * may, so that variables of modules have the values that this has left. With
 * `maxtasksperchild` each worker has modules of its own.
 *
 * A task in an endless loop cannot be stopped by the runtime: its worker is given
 * up, and replaced. One that uses up the memory ends the program, unless
 * `maxHeapMb` contains it.
 *
 * @example Threads that share the work
 * ```ts
 * import { ThreadPool } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new ThreadPool(2);
 * const squares = await pool.map((n: number) => n * n, [1, 2, 3]);
 * assertEquals(squares, [1, 4, 9]);
 * ```
 *
 * Python: `multiprocessing.pool.ThreadPool`.
 */
export class ThreadPool extends Pool {}
