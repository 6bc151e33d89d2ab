/** A map whose results come one by one. */

import { TimeoutError, WorkerLostError } from "../../errors.ts";
import { type Coroutine, currentCoroutine } from "../context.ts";
import { after } from "../wait.ts";
import { draftChunk } from "./chunks.ts";
import { Deque } from "./deque.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Outcome } from "./eventual.ts";
import { type Input, inputOf } from "./inputs.ts";
import { JobLimits } from "./job_limits.ts";
import type { MapPlan } from "./map_job.ts";
import { Flag, Order } from "./messages.ts";
import { MapProgress } from "./progress.ts";
import { Task, type TaskOwner } from "./task.ts";
import type { Source } from "./task_queue.ts";

/** Items that were given together, as long as not all are done. */
interface Chunk {
  readonly items: ArrayLike<unknown>;
  /** Where the first one stands in the map. */
  readonly at: number;
  readonly retries: number;
}

/** How results are given. */
export interface ImapKind {
  /** In the order of the items, or as they come. */
  readonly isOrdered: boolean;
  /** Whether no more are given after an error. */
  readonly endsByError: boolean;
  /** How long results are waited for, in all (ms). */
  readonly timeout?: number;
}

/** Who waits for a result. */
interface Waiter {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Gives items to the workers, as many as somebody may soon ask for, and their
 * results to who asks: in their order, or as they come.
 */
export class ImapJob
  implements Source, TaskOwner, AsyncIterableIterator<unknown> {
  readonly told: ((value: unknown) => void) | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #plan: MapPlan;
  readonly #isOrdered: boolean;
  readonly #endsByError: boolean;
  readonly #input: Input;
  readonly #running = new Map<Task, Chunk>();
  /** Chunks that are given once more, as their worker has died. */
  readonly #again: Chunk[] = [];
  /** Results that nobody has asked for; in their order, with gaps before them. */
  readonly #ready = new Deque<Outcome>();
  readonly #early = new Map<number, Outcome>();
  readonly #waiters = new Deque<Waiter>();
  /** How many items were taken, and of how many the result is ready, or was given. */
  #taken = 0;
  #passed = 0;
  /** How many results were given, in all and when more ahead was allowed. */
  #given = 0;
  #givenThen = 0;
  /** How many chunks may be ahead of what was given, if not those of the beginning. */
  #ahead = 0;
  /** What the iterable has thrown, which comes behind the results. */
  #failed: { error: unknown } | null = null;
  #isExhausted = false;
  #isOver = false;
  /** The error of who waits for a result from now on. */
  #late: TimeoutError | null = null;
  readonly #cancelLate: () => void;
  readonly #progress: MapProgress;
  readonly #limits: JobLimits;

  constructor(
    dispatcher: Dispatcher,
    plan: MapPlan,
    { isOrdered, endsByError, timeout = Infinity }: ImapKind,
  ) {
    const { chunksize = 1 } = plan;
    const arrived = () => {
      this.#sawInput();
      dispatcher.schedule();
    };
    const { size } = dispatcher.crew;
    const input = inputOf(plan.items, arrived, chunksize, size);
    this.told = plan.told;
    this.#dispatcher = dispatcher;
    this.#plan = plan;
    this.#isOrdered = isOrdered;
    this.#endsByError = endsByError;
    this.#input = input;
    this.#progress = new MapProgress(dispatcher.progress, input.length);
    this.#limits = new JobLimits(
      dispatcher,
      plan.limits,
      (reason, isAbort) => this.#stop(reason, isAbort),
    );
    const late = () => {
      this.#late = new TimeoutError(
        `Not all results came within ${timeout} ms`,
      );
      this.#serve();
    };
    this.#cancelLate = after(timeout, late, false); // a worker holds the program
    if (!input.isOver) dispatcher.addSource(this);
    arrived();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const coroutine = currentCoroutine();
    return coroutine === null
      ? new Promise((resolve, reject) => this.#wait({ resolve, reject }))
      : this.#waitIn(coroutine);
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#ready.clear();
    this.#early.clear();
    this.#end(null, false);
    return Promise.resolve({ done: true, value: undefined });
  }

  pull(): Task | null {
    for (;;) {
      const chunk = this.#again.pop() ?? this.#nextChunk();
      if (chunk === null) return null;
      const task = this.#taskOf(chunk);
      // Not before: without it and the last task, a closed pool would end.
      if (this.#input.isOver) this.#exhausted();
      this.#look();
      if (task !== null) return task;
      this.#serve();
    }
  }

  fail(reason: unknown): void {
    this.#stop(reason, false);
  }

  itemEnded(task: Task, item: number, ok: boolean, value: unknown): void {
    if (!this.#isOver) this.#pass(task.at + item, ok, value);
  }

  ended(task: Task, ok: boolean, value: unknown): void {
    this.#limits.began(); // the results may stay unread, however long
    const chunk = this.#running.get(task)!;
    this.#running.delete(task);
    if (ok || this.#isOver) return;
    const { items, retries } = chunk;
    const from = task.answered;
    const isLost = value instanceof WorkerLostError;
    if (isLost && retries > 0) {
      return this.#giveAgain(items, from, task.at, retries - 1);
    }
    this.#pass(task.at + from, false, value);
    if (isLost || value instanceof TimeoutError) {
      return this.#giveAgain(items, from + 1, task.at, retries);
    }
    for (let item = from + 1; item < items.length; item++) {
      this.#pass(task.at + item, false, value);
    }
  }

  #wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#serve();
    if (this.#isExhausted) return;
    if (this.#waiters.size > 0) this.#hasToWait();
    this.#dispatcher.schedule(); // there is room for more
  }

  /** A kill leaves the loop: `for await` does not say so where this rejects. */
  #waitIn(
    coroutine: Coroutine,
  ): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      const killed = (exit: unknown) => {
        reject(exit);
        this.return();
      };
      try {
        coroutine.throwIfKilled();
      } catch (exit) {
        return killed(exit);
      }
      const forget = coroutine.onKill(killed);
      this.#wait({
        resolve(result) {
          forget();
          resolve(result);
        },
        reject(error) {
          forget();
          reject(error);
        },
      });
    });
  }

  /** Takes items; `null`: there are none, now. */
  #nextChunk(): Chunk | null {
    if (this.#isExhausted || !this.#hasRoom()) return null;
    try {
      const items = this.#input.take(this.#input.each);
      if (this.#isOver) return null; // by what the iterable has done
      if (items.length > 0) {
        const at = this.#taken;
        this.#taken += items.length;
        this.#progress.took(items.length);
        return { items, at, retries: this.#plan.retries };
      }
      if (this.#input.isOver) this.#exhausted();
    } catch (error) {
      this.#failed = { error };
      this.#exhausted();
    }
    this.#serve();
    return null;
  }

  #taskOf(chunk: Chunk): Task | null {
    const { items, at } = chunk;
    const { fn, isStar, keeper } = this.#plan;
    const limits = this.#limits.ofChunks;
    const dispatcher = this.#dispatcher;
    const kind = (isStar ? Order.STARMAP : Order.MAP) | Flag.EACH;
    const id = dispatcher.nextId();
    try {
      const draft = draftChunk(dispatcher, id, kind, fn, limits, items, at, 0);
      const task = new Task(id, fn, draft, this, limits, items.length, 0);
      task.at = at;
      this.#limits.took(task);
      this.#running.set(task, chunk);
      return dispatcher.adopt(task, keeper) ? task : null;
    } catch (error) {
      // One of them cannot be sent: that is the result of all of them.
      this.#limits.took(null);
      for (let i = 0; i < items.length; i++) this.#pass(at + i, false, error);
      return null;
    }
  }

  #giveAgain(
    items: ArrayLike<unknown>,
    from: number,
    at: number,
    retries: number,
  ): void {
    if (from >= items.length) return;
    const rest = Array.from(items).slice(from);
    this.#again.push({ items: rest, at: at + from, retries });
    this.#dispatcher.addSource(this);
  }

  /** Somebody may soon ask for so many results. */
  #hasRoom(): boolean {
    const { capacity, isClosed } = this.#dispatcher;
    const most = Math.min(this.#window, 2 * capacity) * this.#input.each;
    return isClosed || this.#taken - this.#given < most + this.#waiters.size;
  }

  /** How many chunks may be ahead: at first, as many as keep the workers busy. */
  get #window(): number {
    return Math.max(
      2 * (this.#dispatcher.crew.workers.length + 1),
      this.#ahead,
    );
  }

  /**
   * The workers have not kept up: after each time that as many results were given as
   * may be ahead, four times as many may. Who takes them slowly, or leaves early, has few
   * items taken for nothing.
   */
  #hasToWait(): void {
    const window = this.#window;
    if (window > 2 * this.#dispatcher.capacity) return;
    if (this.#given - this.#givenThen < window * this.#input.each) return;
    this.#givenThen = this.#given;
    this.#ahead = 4 * window;
  }

  /** The result of an item is there. */
  #pass(item: number, ok: boolean, value: unknown): void {
    this.#progress.did(1, ok ? 0 : 1);
    const outcome = { ok, value };
    if (!this.#isOrdered) {
      this.#passed++;
      this.#ready.push(outcome);
    } else if (item !== this.#passed) {
      this.#early.set(item, outcome);
      return;
    } else {
      let next: Outcome | undefined = outcome;
      while (next !== undefined) {
        this.#ready.push(next);
        this.#early.delete(this.#passed++);
        next = this.#early.get(this.#passed);
      }
    }
    this.#serve();
  }

  /** Gives what is ready to those who wait. */
  #serve(): void {
    while (this.#waiters.size > 0) {
      const outcome = this.#ready.shift();
      if (outcome === undefined) break;
      this.#given++;
      const { resolve, reject } = this.#waiters.shift()!;
      if (outcome.ok) resolve({ done: false, value: outcome.value });
      else reject(outcome.value);
      if (!outcome.ok && this.#endsByError) return void this.return();
    }
    if (this.#isExhausted && this.#passed >= this.#taken) {
      if (this.#ready.size === 0) this.#finish();
    } else if (this.#late !== null && this.#waiters.size > 0) {
      this.#end({ error: this.#late }, false);
    }
  }

  /** What comes is nothing, or an error: no worker has to be free to see that. */
  #sawInput(): void {
    try {
      this.#input.look();
    } catch (error) {
      this.#failed = { error };
    }
    if (!this.#input.isOver) return;
    this.#exhausted();
    this.#serve();
  }

  #exhausted(): void {
    this.#isExhausted = true;
    this.#progress.exhausted();
    this.#look();
  }

  /** Whether it is still a source. */
  #look(): void {
    if (this.#isExhausted && this.#again.length === 0) {
      this.#dispatcher.removeSource(this);
    }
  }

  /** All results were given. */
  #finish(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#limits.end();
      this.#cancelLate();
    }
    while (this.#waiters.size > 0) {
      const { resolve, reject } = this.#waiters.shift()!;
      const failed = this.#failed;
      this.#failed = null;
      if (failed !== null) reject(failed.error);
      else resolve({ done: true, value: undefined });
    }
  }

  #stop(reason: unknown, isAbort: boolean): void {
    this.#end({ error: reason }, isAbort);
  }

  /** No more items are begun; results that are there can still be had. */
  #end(failed: { error: unknown } | null, isAbort: boolean): void {
    if (this.#isOver) return this.#finish();
    this.#isOver = true;
    this.#limits.end();
    this.#cancelLate();
    this.#failed = failed;
    this.#again.length = 0;
    this.#exhausted();
    this.#progress.end();
    this.#input.close();
    this.#taken = this.#passed;
    const reason = failed?.error;
    for (const task of [...this.#running.keys()]) {
      if (isAbort) this.#dispatcher.abort(task, reason);
      else this.#dispatcher.forsake(task, reason);
    }
    this.#serve();
    this.#dispatcher.schedule();
  }
}
