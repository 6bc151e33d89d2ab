/** Which worker of a pool gets which task, and when. */

import type { Crew } from "./crew.ts";
import type { PoolWorker } from "./pool_worker.ts";
import { State, type Task } from "./task.ts";
import type { TaskQueue } from "./task_queue.ts";

/** A worker is given so much work ahead (ms), … */
const AHEAD_MS = 1;
/** … in so many tasks at most. */
const MOST_AHEAD = 1000;

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

  constructor(queue: TaskQueue, crew: Crew, events: FeederEvents) {
    this.#queue = queue;
    this.#crew = crew;
    this.#events = events;
  }

  /** How many tasks all workers may have together. */
  get capacity(): number {
    return this.#crew.workers.reduce((sum, worker) => sum + mostFor(worker), 1);
  }

  /** Whether a worker has nothing ahead: the caller may wait, blocked, for that. */
  get isHungry(): boolean {
    return this.#crew.workers.some((worker) =>
      worker.given.size < 2 && mayHave(worker)
    );
  }

  /** Gives to each worker what it may have, as far as there are tasks. */
  feed(): void {
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
        if (!mayHave(worker) || worker.given.size >= mostFor(worker)) continue;
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
}

/** How many tasks a worker may have. */
function mostFor({ pace }: PoolWorker): number {
  return 1 + Math.max(1, Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / pace)));
}

function mayHave(worker: PoolWorker): boolean {
  return worker.isReady && !worker.isLeaving && !worker.isGone &&
    worker.given.first?.state !== State.OVER;
}
