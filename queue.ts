/**
 * Queues between processes, threads and coroutines: Python's
 * `multiprocessing.Queue`.
 *
 * Any number of writers and readers, in any processes and threads, use one queue
 * at the same time. It is sent to them as any other value: among the arguments of
 * a `Process`, through another queue, as a result.
 *
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { Queue } from "@multi/processing/queue";
 * import { assertEquals } from "@std/assert";
 *
 * export async function square(numbers: Queue<number>, squares: Queue<number>) {
 *   for await (const n of numbers) await squares.put(n * n);
 * }
 *
 * if (import.meta.main) {
 *   const numbers = new Queue<number>();
 *   const squares = new Queue<number>();
 *   const process = new Process({ target: square, args: [numbers, squares] });
 *   process.start();
 *   await numbers.putMany([1, 2, 3]);
 *   await numbers.shutdown();
 *   await process.join();
 *   assertEquals(await squares.getMany(3), [1, 4, 9]);
 * }
 * ```
 *
 * An item is copied when it is put, and when it is got. It is in the queue when
 * `put()` has resolved, whatever happens to the one who put it: a process that puts
 * and ends at once, or is killed, has its items delivered. Whoever is killed while it
 * puts or gets leaves the queue as it was for everybody else, and takes with it the
 * item at most that it had in its hands.
 *
 * The memory of a queue is shared: with `--allow-ffi` (on Linux) by all processes
 * of a family, without by the threads of a process, and other processes reach it
 * through its owner. It goes when nobody has the queue any more.
 *
 * Python: `multiprocessing.Queue`, `queue.Queue`.
 *
 * @module
 */

import { ShutDownError } from "./errors.ts";
import { checkIterable } from "./internal/check.ts";
import {
  CLOSED,
  coreOf,
  getElsewhere,
  giveBackTo,
  handleOf,
  leave,
  newQueue,
  putElsewhere,
  remoteOf,
  type Ways,
  waysFrom,
} from "./internal/queue/queue_ways.ts";
import { callWaiting } from "./internal/travel/remote.ts";
import { registerShared } from "./internal/travel/shared_class.ts";
import type { SyncWaitOptions, WaitOptions } from "./internal/wait.ts";

export type { SyncWaitOptions, WaitOptions } from "./internal/wait.ts";

/** How a queue is shut down. */
export interface ShutdownOptions {
  /** Whether the items that are in it are dropped; by default they can be got. */
  immediate?: boolean | undefined;
}

const NO_WAIT: WaitOptions = { timeout: 0 };

/** What the next queue is made of, where it is not a new one. */
let next: Ways | null = null;

function make<Q>(cls: new () => Q, ways: Ways): Q {
  next = ways;
  try {
    return new cls();
  } finally {
    next = null;
  }
}

/** Takes what was set by {@linkcode make}; else makes a queue of that size. */
function enter(maxsize: number): Ways {
  const ways = next ?? newQueue(checkMaxsize(maxsize));
  ways.core?.enter();
  next = null;
  return ways;
}

function checkMaxsize(maxsize: number): number {
  if (maxsize === Infinity) return 0;
  if (Number.isInteger(maxsize) && maxsize >= 0 && maxsize < 2 ** 31) {
    return maxsize;
  }
  throw new RangeError(
    `Cannot create queue as "maxsize" must be an integer >= 0 (0: no bound): current value is ${
      Deno.inspect(maxsize)
    }`,
  );
}

let waysOf: <T>(queue: Queue<T>) => Ways;

/**
 * Items, first in, first out, for many writers and many readers.
 *
 * The items of one writer are got in the order in which it has put them, be it
 * one reader or several that begin to get them.
 *
 * @example With a bound
 * ```ts
 * import { EmptyError, FullError, Queue } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using queue = new Queue<string>(2);
 * await queue.put("a");
 * await queue.put("b");
 * const error = await assertRejects(() => queue.putNowait("c"), FullError);
 * assertEquals(error.item, "c");
 * assertEquals(await queue.get(), "a");
 * assertEquals(await queue.get(), "b");
 * await assertRejects(() => queue.get({ timeout: 10 }), EmptyError);
 * ```
 *
 * Python: `multiprocessing.Queue`. There is no feeder thread: `close()` and
 * `join_thread()` are not needed for what was put to arrive.
 *
 * @typeParam T The items.
 */
export class Queue<T> implements AsyncIterable<T>, Disposable {
  #ways: Ways;

  static {
    waysOf = (queue) => queue.#ways;
    registerShared<Queue<unknown>>({
      name: "Queue",
      class: Queue,
      encode: (queue) => handleOf(queue.#ways),
      decode: (handle) => make(Queue, waysFrom(handle)),
      remoteOf: (queue) => queue.#ways.remote,
      isClosed: (queue) => queue.#ways === CLOSED,
      another: (queue) => make(Queue, queue.#ways),
      fromRemote: (remote) => make(Queue, { core: null, remote }),
      service: {
        methods: ["qsize", "empty", "full", "shutdown"],
        waiting: ["put", "get", "putMany", "getMany"],
        carries: true,
        left: (queue) => queue.close(),
        giveBack: giveBackTo((queue) => queue.#ways),
      },
    });
  }

  /**
   * Makes a queue.
   *
   * @param maxsize How many items it has at most: `put()` then waits for room. 0,
   * the default, is no bound: `put()` then never waits for a reader, and a backlog is
   * limited by memory only, which is given back as it is read.
   * @throws {RangeError} If `maxsize` is no integer >= 0.
   */
  constructor(maxsize = 0) {
    this.#ways = enter(maxsize);
  }

  /**
   * Puts an item, waiting for room where the queue is full. It is copied at the
   * call: what is done to it afterwards does not matter.
   *
   * Cancel safety: whoever gives up has not put the item; nobody knows where another
   * process serves the queue, and does not answer.
   *
   * Ordering: the calls of one thread put their items in the order of the calls,
   * whether or not one waits for each.
   *
   * @throws {DataCloneError} If the item cannot be sent; nothing is put.
   * @throws {FullError} If there was no room in time; it has the `item`.
   * @throws {TimeoutError} If who serves the queue did not answer in time: it may have
   * been put, or be put yet.
   * @throws {ShutDownError} If the queue was shut down, or closed in this thread.
   *
   * Python: `multiprocessing.Queue.put`.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    const { core } = this.#ways;
    if (core !== null) return core.putter.put(item, options);
    return putElsewhere(this.#ways, "put", item, options);
  }

  /**
   * Puts an item, if there is room now.
   *
   * @throws {FullError} If there is none; it has the `item`.
   *
   * Python: `multiprocessing.Queue.put_nowait`.
   */
  putNowait(item: T): Promise<void> {
    return this.put(item, NO_WAIT);
  }

  /**
   * Takes the first item, waiting for one where the queue is empty. Several calls in
   * one thread are served in their order.
   *
   * Cancel safety: whoever gives up has taken nothing: an item that comes at that
   * very moment is either what the call gives, or stays in the queue.
   *
   * @throws {EmptyError} If there was no item in time.
   * @throws {ShutDownError} If the queue was shut down, and is empty; or if it was
   * closed in this thread.
   * @throws {DataCloneError} If the item cannot be read, such as an instance of a
   * class that is not registered here; it has been taken.
   *
   * Python: `multiprocessing.Queue.get`.
   */
  get(options?: WaitOptions): Promise<T> {
    const { core } = this.#ways;
    if (core !== null) return core.getter.get(options) as Promise<T>;
    return getElsewhere(this.#ways, "get", [], options);
  }

  /**
   * Takes the first item, if there is one now.
   *
   * @throws {EmptyError} If there is none.
   *
   * Python: `multiprocessing.Queue.get_nowait`.
   */
  getNowait(): Promise<T> {
    return this.get(NO_WAIT);
  }

  /**
   * Puts many items, several times as fast as one at a time. All are copied at the
   * call. Where the queue has a bound, they are put as there is room; items of others
   * may come in between.
   *
   * Cancel safety: whoever gives up has put the first ones, as many as there was
   * room for.
   *
   * @example Many at a time
   * ```ts
   * import { Queue } from "@multi/processing/queue";
   * import { assertEquals } from "@std/assert";
   *
   * using queue = new Queue<number>();
   * await queue.putMany([1, 2, 3, 4]);
   * assertEquals(await queue.getMany(3), [1, 2, 3]);
   * assertEquals(await queue.getMany(3), [4]);
   * ```
   *
   * @throws {DataCloneError} If one of them cannot be sent; none is put.
   * @throws {FullError} If there was not room for all in time: `items` are those
   * that were not put.
   * @throws {TimeoutError} As `put()` does.
   * @throws {ShutDownError} If the queue was shut down, or closed in this thread.
   */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    const { core } = this.#ways;
    if (core !== null) return await core.putter.putMany(items, options);
    checkIterable(items, "put", "items");
    await putElsewhere(this.#ways, "putMany", [...items], options);
  }

  /**
   * Takes up to `max` items, as many as are there; it waits only for the first.
   *
   * Cancel safety: whoever gives up has taken nothing.
   *
   * @returns One item at least.
   * @throws {RangeError} If `max` is no integer >= 1.
   * @throws As `get()` does.
   */
  getMany(max: number, options?: WaitOptions): Promise<T[]> {
    const { core } = this.#ways;
    if (core !== null) {
      return core.getter.getMany(max, options) as Promise<T[]>;
    }
    return getElsewhere(this.#ways, "getMany", [max], options);
  }

  /**
   * As `put()`, blocking this thread. Where calls of `put()` in this thread wait
   * for room, it comes before them.
   *
   * @throws {TypeError} If another process serves this queue: use `await put()`.
   */
  putSync(item: T, options?: SyncWaitOptions): void {
    coreOf(this.#ways, "putSync").putter.putSync(item, options);
  }

  /**
   * As `get()`, blocking this thread. Where calls of `get()` in this thread wait
   * for an item, it comes before them.
   *
   * While it blocks, nothing else happens in this thread: a process or thread that
   * was started just before, and is to put the item, does not come up.
   *
   * @throws {TypeError} If another process serves this queue: use `await get()`.
   */
  getSync(options?: SyncWaitOptions): T {
    return coreOf(this.#ways, "getSync").getter.getSync(options) as T;
  }

  /**
   * How many items there are: a snapshot, stale by the time one reads it, which is
   * not to be steered by where others use the queue too.
   *
   * Python: `multiprocessing.Queue.qsize`.
   */
  async qsize(): Promise<number> {
    const { core } = this.#ways;
    return core !== null ? core.size : await this.#call("qsize", []);
  }

  /**
   * Whether there is no item: a snapshot, as `qsize()`.
   *
   * Python: `multiprocessing.Queue.empty`.
   */
  async empty(): Promise<boolean> {
    const { core } = this.#ways;
    return core !== null ? core.size === 0 : await this.#call("empty", []);
  }

  /**
   * Whether there is no room: a snapshot, as `qsize()`.
   *
   * Python: `multiprocessing.Queue.full`.
   */
  async full(): Promise<boolean> {
    const { core } = this.#ways;
    return core !== null ? core.isFull : await this.#call("full", []);
  }

  /**
   * Ends the queue, for everybody: nothing can be put any more, and whoever waits to
   * put gets a `ShutDownError`. What is in it can still be got; after that getting is
   * a `ShutDownError` too, and loops over the queue end. Twice does nothing new.
   *
   * Python: `queue.Queue.shutdown`.
   *
   * @param options With `immediate`, what is in it is dropped.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { immediate = false } = options;
    const { core } = this.#ways;
    if (core !== null) core.shutdown(immediate);
    else await this.#call("shutdown", [{ immediate }]);
  }

  /**
   * Lets go of the queue in this thread: using it is a `ShutDownError` from now on,
   * also for who waits. Others keep it; what was put stays there for them. Twice does
   * nothing new.
   *
   * Python: `multiprocessing.Queue.close`.
   */
  close(): void {
    leave(this.#ways);
    this.#ways = CLOSED;
  }

  /** Lets go of the queue in this thread. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes items until the queue is shut down, and empty. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: async () => {
        try {
          return { done: false, value: await this.get() };
        } catch (error) {
          if (!(error instanceof ShutDownError) || this.#ways === CLOSED) {
            throw error;
          }
          return { done: true, value: undefined };
        }
      },
    };
  }

  async #call<R>(method: string, args: readonly unknown[]): Promise<R> {
    return await remoteOf(this.#ways).call(method, args) as R;
  }
}

/**
 * A queue that knows how many of its items are still being worked on: each one
 * counts from `put()` until somebody who got it says `taskDone()`.
 *
 * The count is in the queue: where a consumer dies with an item, that item stays
 * unfinished, which `unfinished()` shows.
 *
 * @example Waiting until everything is done
 * ```ts
 * import { JoinableQueue } from "@multi/processing/queue";
 * import { assertEquals } from "@std/assert";
 *
 * using queue = new JoinableQueue<number>();
 * let sum = 0;
 * const consumer = (async () => {
 *   for await (const n of queue) {
 *     sum += n;
 *     await queue.taskDone();
 *   }
 * })();
 *
 * await queue.putMany([1, 2, 3]);
 * await queue.join();
 * assertEquals(sum, 6);
 * await queue.shutdown();
 * await consumer;
 * ```
 *
 * Python: `multiprocessing.JoinableQueue`.
 *
 * @typeParam T The items.
 */
export class JoinableQueue<T> extends Queue<T> {
  static {
    registerShared<JoinableQueue<unknown>>({
      name: "JoinableQueue",
      class: JoinableQueue,
      encode: (queue) => handleOf(waysOf(queue)),
      decode: (handle) => make(JoinableQueue, waysFrom(handle)),
      remoteOf: (queue) => waysOf(queue).remote,
      isClosed: (queue) => waysOf(queue) === CLOSED,
      another: (queue) => make(JoinableQueue, waysOf(queue)),
      fromRemote: (remote) => make(JoinableQueue, { core: null, remote }),
      service: {
        methods: [
          "qsize",
          "empty",
          "full",
          "shutdown",
          "taskDone",
          "unfinished",
        ],
        waiting: ["put", "get", "putMany", "getMany", "join"],
        carries: true,
        left: (queue) => queue.close(),
        giveBack: giveBackTo(waysOf),
      },
    });
  }

  /**
   * Says that one item that was got is done with.
   *
   * @throws {RangeError} If it is called more often than items were put.
   *
   * Python: `multiprocessing.JoinableQueue.task_done`.
   */
  async taskDone(): Promise<void> {
    const ways = this.#ways;
    if (ways.core === null) await remoteOf(ways).call("taskDone", []);
    else if (!ways.core.finish()) {
      throw new RangeError(
        "Cannot count another item as done as all that were put are: taskDone() is to be called once for each get()",
      );
    }
  }

  /**
   * Waits until all items that were put are done with.
   *
   * Cancel safety: giving up changes nothing.
   *
   * @returns `false` if the time ran out.
   * @throws {ShutDownError} If the queue was closed in this thread.
   *
   * Python: `multiprocessing.JoinableQueue.join`.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const { core } = this.#ways;
    if (core !== null) return await core.join(options);
    const remote = remoteOf(this.#ways);
    return await callWaiting(remote, "join", [], options, () => false);
  }

  /**
   * How many items were put and are not done with: those in the queue, and those that
   * somebody works on. A snapshot, as `qsize()`.
   */
  async unfinished(): Promise<number> {
    const { core } = this.#ways;
    if (core !== null) return core.unfinished;
    return await remoteOf(this.#ways).call("unfinished", []) as number;
  }

  get #ways(): Ways {
    return waysOf(this);
  }
}

/**
 * A queue without a bound, and with no more than putting and getting.
 *
 * @example Put and get
 * ```ts
 * import { SimpleQueue } from "@multi/processing/queue";
 * import { assertEquals } from "@std/assert";
 *
 * using queue = new SimpleQueue<number>();
 * await queue.put(1);
 * assertEquals(await queue.empty(), false);
 * assertEquals(await queue.get(), 1);
 * ```
 *
 * Python: `multiprocessing.SimpleQueue`.
 *
 * @typeParam T The items.
 */
export class SimpleQueue<T> implements Disposable {
  #ways: Ways;

  static {
    registerShared<SimpleQueue<unknown>>({
      name: "SimpleQueue",
      class: SimpleQueue,
      encode: (queue) => handleOf(queue.#ways),
      decode: (handle) => make(SimpleQueue, waysFrom(handle)),
      remoteOf: (queue) => queue.#ways.remote,
      isClosed: (queue) => queue.#ways === CLOSED,
      another: (queue) => make(SimpleQueue, queue.#ways),
      fromRemote: (remote) => make(SimpleQueue, { core: null, remote }),
      service: {
        methods: ["put", "empty"],
        waiting: ["get"],
        carries: true,
        left: (queue) => queue.close(),
        giveBack: giveBackTo((queue) => queue.#ways),
      },
    });
  }

  /** Makes a queue. */
  constructor() {
    this.#ways = enter(0);
  }

  /**
   * Puts an item.
   *
   * @throws {DataCloneError} If the item cannot be sent; nothing is put.
   * @throws {ShutDownError} If the queue was closed in this thread.
   *
   * Python: `multiprocessing.SimpleQueue.put`.
   */
  put(item: T): Promise<void> {
    const { core } = this.#ways;
    if (core !== null) return core.putter.put(item);
    return this.#call("put", [item]);
  }

  /**
   * Takes the first item, waiting for one where the queue is empty.
   *
   * Cancel safety: whoever gives up has taken nothing.
   *
   * @throws {EmptyError} If there was no item in time.
   * @throws {ShutDownError} If the queue was closed in this thread.
   *
   * Python: `multiprocessing.SimpleQueue.get`.
   */
  get(options?: WaitOptions): Promise<T> {
    const { core } = this.#ways;
    if (core !== null) return core.getter.get(options) as Promise<T>;
    return getElsewhere(this.#ways, "get", [], options);
  }

  /**
   * Whether there is no item: a snapshot, stale by the time one reads it.
   *
   * Python: `multiprocessing.SimpleQueue.empty`.
   */
  async empty(): Promise<boolean> {
    const { core } = this.#ways;
    return core !== null ? core.size === 0 : await this.#call("empty", []);
  }

  /**
   * Lets go of the queue in this thread: using it is a `ShutDownError` from now on.
   * Others keep it. Twice does nothing new.
   *
   * Python: `multiprocessing.SimpleQueue.close`.
   */
  close(): void {
    leave(this.#ways);
    this.#ways = CLOSED;
  }

  /** Lets go of the queue in this thread. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #call<R>(method: string, args: readonly unknown[]): Promise<R> {
    return await remoteOf(this.#ways).call(method, args) as R;
  }
}
