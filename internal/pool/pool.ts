import { memoryCalls } from "../memory/libc.ts";
import { ProcessError } from "../../errors.ts";
import { LEVELS, log } from "../launch/log.ts";
import type { Target } from "../launch/target.ts";
import { TIMED_OUT, waitHolding, type WaitOptions } from "../wait.ts";
import { AsyncResult } from "./async_result.ts";
import { call, callBack, EventualOwner, PromiseOwner } from "./calls.ts";
import { startProcessWorker, startThreadWorker } from "./carriers.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Eventual } from "./eventual.ts";
import { ImapJob } from "./imap_job.ts";
import { MapJob, type MapPlan } from "./map_job.ts";
import { makeDispatcher, type PoolOptions } from "./pool_options.ts";
import {
  type CallbackOptions,
  checkCount,
  checkLimit,
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
 * Python: `multiprocessing.Pool`.
 */
export class Pool implements AsyncDisposable {
  #dispatcher: Dispatcher;
  #retries: number;
  #taskTimeout: number;

  /**
   * Starts the workers.
   */
  constructor(options: number | PoolOptions = {}) {
    const isThreads = this instanceof ThreadPool;
    if (!isThreads && memoryCalls() === null) {
      throw new Deno.errors.NotCapable(
        "Cannot create a pool of processes without --allow-ffi (on Linux): they talk through shared memory; a ThreadPool needs no permission",
      );
    }
    const {
      processes = navigator.hardwareConcurrency,
      maxtasksperchild,
      taskTimeout,
      retries = 0,
      onProgress,
      ...settings
    } = typeof options === "number" ? { processes: options } : options;
    if (!(Number.isInteger(retries) && retries >= 0)) {
      throw new RangeError(
        `Cannot create pool as "retries" must be an integer >= 0: current value is ${
          Deno.inspect(retries)
        }`,
      );
    }
    this.#retries = retries;
    this.#taskTimeout = checkLimit("taskTimeout", taskTimeout) ?? Infinity;
    const name = isThreads ? `ThreadPool-${++threadPools}` : `Pool-${++pools}`;
    this.#dispatcher = makeDispatcher(name, settings, {
      start: isThreads ? startThreadWorker : startProcessWorker,
      size: checkCount("processes", processes),
      maxtasksperchild: maxtasksperchild === undefined
        ? Infinity
        : checkCount("maxtasksperchild", maxtasksperchild),
      isLazy: false,
      onProgress,
    });
    forgotten.register(this, this.#dispatcher, this);
  }

  /** Calls a function in a worker, and gives what it returns. */
  apply<A extends unknown[], R>(
    fn: Target<A, R>,
    ...rest: TaskArgs<A, TaskOptions>
  ): Promise<R> {
    const [args = [], options = {}] = rest as readonly unknown[] as [
      unknown[]?,
      TaskOptions?,
    ];
    return new Promise((resolve, reject) => {
      const owner = new PromiseOwner(
        this.#dispatcher,
        resolve as (value: unknown) => void,
        reject,
        options.onProgress,
      );
      this.#call(fn, args, options, owner);
    });
  }

  /** Calls a function in a worker; the result can be asked for. */
  applyAsync<A extends unknown[], R>(
    fn: Target<A, R>,
    ...rest: TaskArgs<A, TaskOptions & CallbackOptions<R>>
  ): AsyncResult<R> {
    type Options = TaskOptions & CallbackOptions<R>;
    const [args = [], options = {}] = rest as readonly unknown[] as [
      unknown[]?,
      Options?,
    ];
    const eventual = new Eventual();
    try {
      const owner = new EventualOwner(
        this.#dispatcher,
        eventual,
        options.onProgress,
      );
      this.#call(fn, args, options, owner);
    } catch (error) {
      eventual.settle(false, error);
    }
    return this.#resultOf(eventual, options);
  }

  /** Calls a function with each item, and gives the results in their order. */
  map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): Promise<R[]> {
    return this.#map(fn, items, false, options);
  }

  /** The same; the result can be asked for. */
  mapAsync<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions & CallbackOptions<R[]> = {},
  ): AsyncResult<R[]> {
    return this.#mapAsync(fn, items, false, options);
  }

  /** Calls a function with each list of arguments. */
  starmap<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: MapOptions = {},
  ): Promise<R[]> {
    return this.#map(fn, items, true, options);
  }

  /** The same; the result can be asked for. */
  starmapAsync<A extends unknown[], R>(
    fn: Target<A, R>,
    items: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: MapOptions & CallbackOptions<R[]> = {},
  ): AsyncResult<R[]> {
    return this.#mapAsync(fn, items, true, options);
  }

  /** Gives the results one by one, in the order of the items. */
  imap<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<R> {
    return this.#imap(fn, items, true, options);
  }

  /** Gives the results one by one, as they come. */
  imapUnordered<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<R> {
    return this.#imap(fn, items, false, options);
  }

  /** Takes no more tasks; the workers end when all are done. */
  close(): void {
    forgotten.unregister(this);
    this.#dispatcher.close();
  }

  /** Ends the workers at once; tasks that are not done are taken back. */
  async terminate(): Promise<void> {
    forgotten.unregister(this);
    this.#dispatcher.terminate();
    const { crew } = this.#dispatcher;
    await waitHolding(crew, crew.gone, {});
  }

  /** Waits until all workers have ended; `false`: time ran out first. */
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
    owner: PromiseOwner | EventualOwner,
  ): void {
    const limits = limitsOf(options, this.#taskTimeout);
    const retries = this.#retries;
    const plan = { fn, args, limits, retries, keeper: this };
    call(this.#dispatcher, plan, owner);
  }

  #map<R>(
    fn: unknown,
    items: unknown,
    isStar: boolean,
    options: MapOptions,
  ): Promise<R[]> {
    return new Promise((resolve, reject) => {
      new MapJob(
        this.#dispatcher,
        this.#plan(fn, items, isStar, options),
        (ok, value) => ok ? resolve(value as R[]) : reject(value),
      );
    });
  }

  #mapAsync<R>(
    fn: unknown,
    items: unknown,
    isStar: boolean,
    options: MapOptions & CallbackOptions<R[]>,
  ): AsyncResult<R[]> {
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
    const { chunksize, onProgress: told } = options;
    dispatcher.checkOpen();
    const limits = limitsOf(options, this.#taskTimeout);
    limits.signal?.throwIfAborted();
    return {
      fn: dispatcher.functions.of(fn),
      items,
      isStar,
      chunksize: chunksize === undefined
        ? undefined
        : checkCount("chunksize", chunksize),
      limits,
      retries: this.#retries,
      keeper: this,
      told,
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

/** Worker threads that share the work: a {@linkcode Pool} of Web Workers. */
export class ThreadPool extends Pool {}
