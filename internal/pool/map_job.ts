/** A map whose results come all at once. */

import { JobLimits } from "./job_limits.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { PoolFunction } from "./functions.ts";
import { type Input, inputOf } from "./inputs.ts";
import { draftChunk } from "./chunks.ts";
import { Order } from "./messages.ts";
import { MapProgress } from "./progress.ts";
import { Task, type TaskLimits, type TaskOwner } from "./task.ts";
import type { Source } from "./task_queue.ts";

/** What a map is made from. */
export interface MapPlan {
  readonly fn: PoolFunction;
  readonly items: unknown;
  /** Whether each item is a list of arguments. */
  readonly isStar: boolean;
  readonly chunksize: number | undefined;
  readonly limits: TaskLimits;
  readonly retries: number;
  /** What is not to be forgotten before it is done. */
  readonly keeper: object;
  readonly told: ((value: unknown) => void) | undefined;
}

/** A chunk that took less than this (ms) is followed by a larger one, … */
const SHORT_MS = 1;
/** … one that took longer than this by a smaller one. */
const LONG_MS = 4;
const MOST_ITEMS = 2 ** 12;
const NOTHING: unknown[] = [];
/** A function can be called with so many arguments. */
const MOST_JOINED = 1000;

/** Gives items to the workers until all are done, or one has failed. */
export class MapJob implements Source, TaskOwner {
  readonly told: ((value: unknown) => void) | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #plan: MapPlan;
  readonly #input: Input;
  readonly #settled: (ok: boolean, value: unknown) => void;
  /** The results of each chunk. */
  readonly #parts: unknown[][] = [];
  readonly #running = new Set<Task>();
  readonly #adapts: boolean;
  #chunksize: number;
  /** How many items were taken. */
  #taken = 0;
  /** How many bytes the last chunk took. */
  #bytes = 0;
  #isExhausted = false;
  #isOver = false;
  readonly #progress: MapProgress;
  readonly #limits: JobLimits;

  /** Begins; `settled` is called once. */
  constructor(
    dispatcher: Dispatcher,
    plan: MapPlan,
    settled: (ok: boolean, value: unknown) => void,
  ) {
    const { chunksize } = plan;
    const arrived = () => {
      this.#sawInput();
      dispatcher.schedule();
    };
    const { size } = dispatcher.crew;
    const input = inputOf(plan.items, arrived, chunksize, size);
    const { length } = input;
    this.told = plan.told;
    this.#dispatcher = dispatcher;
    this.#plan = plan;
    this.#input = input;
    this.#settled = settled;
    this.#adapts = chunksize === undefined && length === null;
    this.#chunksize = input.each;
    this.#progress = new MapProgress(dispatcher.progress, length);
    this.#limits = new JobLimits(
      dispatcher,
      plan.limits,
      (reason, isAbort) => this.#stop(reason, isAbort),
    );
    if (!input.isOver) dispatcher.addSource(this);
    arrived();
  }

  pull(): Task | null {
    try {
      const items = this.#input.take(this.#chunksize);
      if (this.#isOver) return null; // by what the iterable has done
      const task = items.length > 0 ? this.#taskOf(items) : null;
      // Not before: without it and the last task, a closed pool would end.
      if (this.#input.isOver) this.#exhausted();
      if (task === null) this.#look();
      return task;
    } catch (error) {
      this.#stop(error, false);
      return null;
    }
  }

  fail(reason: unknown): void {
    this.#stop(reason, false);
  }

  ended(task: Task, ok: boolean, value: unknown): void {
    this.#running.delete(task);
    if (this.#isOver) return;
    this.#progress.did(task.items, ok ? 0 : 1);
    if (!ok) return this.#stop(value, false);
    this.#parts[task.at] = value as unknown[];
    this.#look();
  }

  #taskOf(items: ArrayLike<unknown>): Task | null {
    const { fn, isStar, retries, keeper } = this.#plan;
    const limits = this.#limits.ofChunks;
    const dispatcher = this.#dispatcher;
    const kind = isStar ? Order.STARMAP : Order.MAP;
    const id = dispatcher.nextId();
    const draft = draftChunk(
      dispatcher,
      id,
      kind,
      fn,
      limits,
      items,
      this.#taken,
      this.#bytes,
    );
    this.#bytes = draft.length;
    const task = new Task(id, fn, draft, this, limits, items.length, retries);
    this.#limits.took(task);
    task.at = this.#parts.length;
    this.#parts.push(NOTHING);
    this.#taken += items.length;
    this.#progress.took(items.length);
    this.#running.add(task);
    if (this.#adapts) this.#adapt();
    return dispatcher.adopt(task, keeper) ? task : null;
  }

  /** So many items at a time as take about a millisecond. */
  #adapt(): void {
    const { pace } = this.#dispatcher;
    if (pace < SHORT_MS) {
      this.#chunksize = Math.min(MOST_ITEMS, this.#chunksize * 2);
    } else if (pace > LONG_MS && pace !== Infinity) {
      this.#chunksize = Math.max(1, this.#chunksize >> 1);
    }
  }

  /** What comes is nothing, or an error: no worker has to be free to see that. */
  #sawInput(): void {
    try {
      this.#input.look();
    } catch (error) {
      return this.#stop(error, false);
    }
    this.#look();
  }

  #exhausted(): void {
    if (this.#isExhausted) return;
    this.#isExhausted = true;
    this.#dispatcher.removeSource(this);
    this.#progress.exhausted();
  }

  #look(): void {
    if (this.#isOver || this.#running.size > 0 || !this.#input.isOver) return;
    this.#isOver = true;
    this.#exhausted(); // a stream may have ended since it was asked last
    this.#limits.end();
    this.#settled(true, joined(this.#parts));
  }

  /** No more chunks are begun; with `isAbort`, those that run are ended. */
  #stop(reason: unknown, isAbort: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#limits.end();
    this.#exhausted();
    this.#progress.end();
    this.#input.close();
    this.#settled(false, reason);
    for (const task of [...this.#running]) {
      if (isAbort) this.#dispatcher.abort(task, reason);
      else this.#dispatcher.forsake(task, reason);
    }
    this.#dispatcher.schedule();
  }
}

/** All in one list. */
function joined(parts: unknown[][]): unknown[] {
  if (parts.length <= MOST_JOINED) return NOTHING.concat(...parts);
  const all: unknown[] = [];
  for (const part of parts) for (const result of part) all.push(result);
  return all;
}
