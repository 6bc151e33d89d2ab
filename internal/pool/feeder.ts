/** Which worker of a pool gets which task, and when. */

import type { Crew } from "./crew.ts";
import type { PoolWorker } from "./pool_worker.ts";
import { State, type Task } from "./task.ts";
import type { TaskQueue } from "./task_queue.ts";

/** A worker is given so much work ahead (ms), … */
const AHEAD_MS = 1;
/** … in so many tasks at most. */
const MOST_AHEAD = 1000;
/** A task that takes longer than this (ms) is a long one: none waits behind it. */
const LONG_MS = 5;
/** What was given ahead may turn out to take so long (ms): a pace is a guess. */
const MOST_MS = 50;

/** What a feeder tells. */
export interface FeederEvents {
  /** What a worker has, has changed. */
  changed(worker: PoolWorker): void;
  /** A task could not be given to a worker. */
  failed(task: Task, error: unknown): void;
}

/** Gives the tasks of a queue to the workers of a crew. */
export class Feeder {
  readonly #queue: TaskQueue;
  readonly #crew: Crew;
  readonly #events: FeederEvents;
  /** When this was told last to feed them. */
  #now = 0;

  constructor(queue: TaskQueue, crew: Crew, events: FeederEvents) {
    this.#queue = queue;
    this.#crew = crew;
    this.#events = events;
  }

  /** How many tasks all workers may have together. */
  get capacity(): number {
    const { workers } = this.#crew;
    return workers.reduce((sum, worker) => sum + 1 + aheadFor(worker), 1);
  }

  /**
   * Whether a worker has nothing to do, or nothing ahead although it may: the caller
   * may wait, blocked, for that.
   */
  get isHungry(): boolean {
    return this.#crew.workers.some((worker) =>
      worker.given.size < 2 && this.#hasRoom(worker)
    );
  }

  /** Gives to each worker what it may have, as far as there are tasks. */
  feed(): void {
    this.#now = performance.now();
    this.#freeWaiting();
    this.#feedIdle();
    const { size, sources } = this.#queue;
    this.#crew.growFor(sources > 0 ? Infinity : size);
    if (this.#feedAhead()) this.#share();
  }

  /** Takes back what a worker has not begun; whether there was something. */
  takeBack(worker: PoolWorker): boolean {
    const back = worker.takeBack();
    this.#queue.putBack(back);
    this.#events.changed(worker);
    return back.length > 0;
  }

  /** Takes back what would wait for long, as far as that was not to be foreseen. */
  #freeWaiting(): void {
    for (const worker of this.#crew.workers) {
      const ahead = worker.given.size - 1;
      if (ahead < 1) continue;
      const isLong = ahead * worker.pace > MOST_MS || this.#isAtLong(worker);
      if (isLong) this.takeBack(worker);
    }
  }

  /** Lets no worker be idle, as far as there are tasks. */
  #feedIdle(): void {
    for (const worker of this.#crew.workers) {
      if (!worker.isIdle || !mayHave(worker)) continue;
      const task = this.#queue.next();
      if (task === null) return;
      this.#give(worker, task);
    }
  }

  /** Gives each worker some ahead; `true`: there are no tasks left. */
  #feedAhead(): boolean {
    const { workers } = this.#crew;
    for (let gave = true; gave;) {
      gave = false;
      for (const worker of workers) {
        if (!this.#hasRoom(worker)) continue;
        const task = this.#queue.next();
        if (task === null) return true;
        this.#give(worker, task);
        gave = true;
      }
    }
    return false;
  }

  /** Gives to an idle worker what another one has not begun. */
  #share(): void {
    const { workers } = this.#crew;
    if (!workers.some((worker) => worker.isIdle && mayHave(worker))) return;
    let richest: PoolWorker | null = null;
    for (const worker of workers) {
      if (worker.given.size > (richest?.given.size ?? 1)) richest = worker;
    }
    if (richest === null || !this.takeBack(richest)) return;
    this.#feedIdle();
    this.#feedAhead();
  }

  /** Gives a task to a worker; it fails where there is no memory for that. */
  #give(worker: PoolWorker, task: Task): void {
    try {
      worker.give(task);
    } catch (error) {
      return this.#events.failed(task, error);
    }
    this.#events.changed(worker);
    if (worker.left === 0) worker.leave();
  }

  /** Whether a worker may have one more. */
  #hasRoom(worker: PoolWorker): boolean {
    if (!mayHave(worker)) return false;
    const { size } = worker.given;
    return size === 0 || size <= aheadFor(worker) && !this.#isAtLong(worker);
  }

  /** Whether a worker is at a long task, as far as can be known by now. */
  #isAtLong({ given, since, link }: PoolWorker): boolean {
    return this.#now - since > LONG_MS && given.first!.id === link.words.begun;
  }
}

/** How many tasks a worker may have ahead: none, where they may be long. */
function aheadFor({ pace }: PoolWorker): number {
  if (pace > LONG_MS) return 0;
  return Math.max(1, Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / pace)));
}

function mayHave(worker: PoolWorker): boolean {
  return worker.isReady && !worker.isLeaving && !worker.isGone &&
    worker.given.first?.state !== State.OVER;
}
