/** The task that runs in this worker. */

import { CancelledError, TimeoutError } from "../../errors.ts";
import { runForThread } from "../context.ts";
import { Why } from "../structure/worker_link.ts";
import { Answer, infoOf } from "./messages.ts";
import type { WorkerEnd } from "./worker_end.ts";

/** The task that runs this code, as it sees itself. */
export interface CurrentTask {
  /** Its number, which no other task of its pool has. */
  readonly id: number;
  /**
   * Aborts when the task is to end: its own signal was aborted, or it has run for
   * longer than its `taskTimeout`. It then has a second to end by itself; one that
   * has never asked for its signal is ended at once.
   *
   * In code that does not wait for anything it cannot abort by itself: there, ask
   * for `currentTask().signal.aborted` each time. In a process without
   * `--allow-ffi` even that sees nothing, so that such a task is ended.
   */
  readonly signal: AbortSignal;
  /** Calls the `onProgress` of the task's options, where it was called, with this. */
  progress(value: unknown): void;
}

let id = 0;
let worker: WorkerEnd | null = null;
let current: RunningTask | null = null;

/**
 * The task that runs; `null`: none does, or this is no worker of a pool.
 *
 * @example How far it is
 * ```ts
 * import { currentTask, Pool } from "@multi/processing/pool";
 *
 * export function work(n: number): void {
 *   for (let i = 1; i <= n; i++) currentTask()?.progress(i);
 * }
 *
 * if (import.meta.main) {
 *   await using pool = new Pool();
 *   await pool.apply(work, [3], { onProgress: console.log });
 * }
 * ```
 */
export function currentTask(): CurrentTask | null {
  if (id === 0) return null;
  return current ??= new RunningTask(worker!, id);
}

/** A task begins. */
export function beginTask(task: number, by: WorkerEnd): void {
  id = task;
  worker = by;
}

/** It has ended. */
export function endTask(): void {
  id = 0;
  if (current !== null) {
    current.end();
    current = null;
  }
}

class RunningTask implements CurrentTask {
  readonly id: number;
  readonly #worker: WorkerEnd;
  #controller: AbortController | null = null;
  #over: AbortController | null = null;

  constructor(worker: WorkerEnd, id: number) {
    this.#worker = worker;
    this.id = id;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (current === this) this.#listen();
    }
    this.#look(this.#worker.abortedBy(this.id));
    return this.#controller.signal;
  }

  progress(value: unknown): void {
    if (current !== this) return; // it has ended
    this.#worker.answer(this.id, infoOf(Answer.PROGRESS, 0), value, "value");
  }

  end(): void {
    this.#over?.abort();
  }

  /** Whoever asks may be a coroutine, whose end is not the task's. */
  #listen(): void {
    const over = this.#over = new AbortController();
    runForThread(() => this.#worker.whenAborted(this.id, over.signal))
      .then((why) => this.#look(why), () => {});
  }

  #look(why: number): void {
    if (why === Why.NOT || this.#controller!.signal.aborted) return;
    this.#controller!.abort(
      why === Why.LATE
        ? new TimeoutError(
          `Task ${this.id} has run for longer than its "taskTimeout"`,
        )
        : new CancelledError(`Task ${this.id} is not wanted any more`),
    );
  }
}
