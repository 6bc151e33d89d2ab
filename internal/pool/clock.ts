/** How long a worker is at its task. */

import type { LinkWords } from "../structure/worker_link.ts";
import { after } from "../wait.ts";
import type { Task } from "./task.ts";

/** In the time that something has, it is looked at so often, … */
const LOOKS = 8;
/** … and whether it has begun, once in so long at least (ms). */
const LOOK_MS = 20;
/** So long a task that listens may take to end by itself (ms). */
const GRACE_MS = 1000;

/** What a worker says of its task. */
type Words = Pick<LinkWords, "begun" | "beats">;

/**
 * The clock of a worker. It goes for one task, the first that the worker has, and
 * what it was set to for that is over when it goes for another one.
 */
export class Clock {
  readonly #words: Words;
  #task: Task | undefined = undefined;
  #stop: (() => void) | null = null;

  constructor(words: Words) {
    this.#words = words;
  }

  /**
   * It goes for this task from now on, if that has a limit: calls back when the
   * task, or one of its items, has run for as long as it may.
   */
  follow(task: Task | undefined, late: (task: Task) => void): void {
    if (task === this.#task) return;
    this.#begin(task);
    if (task === undefined || task.limits.taskTimeout === Infinity) return;
    this.#waitForBegin(task, late);
  }

  /** Its task was told to end; calls back if it has not in a while. */
  grace(task: Task, over: () => void): void {
    this.#begin(task);
    this.#stop = after(GRACE_MS, over, false); // nobody waits for it
  }

  /** It goes for no task any more. */
  stop(): void {
    this.#begin(undefined);
  }

  #begin(task: Task | undefined): void {
    this.#stop?.();
    this.#stop = null;
    this.#task = task;
  }

  /** Before the worker has begun, it may have modules to load. */
  #waitForBegin(task: Task, late: (task: Task) => void): void {
    const { taskTimeout } = task.limits;
    if (this.#words.begun !== task.id) {
      const ms = Math.min(LOOK_MS, taskTimeout / LOOKS);
      this.#stop = after(ms, () => this.#waitForBegin(task, late));
    } else if (task.items > 0) {
      this.#watchItems(task, this.#words.beats, performance.now(), late);
    } else this.#stop = after(taskTimeout, () => late(task));
  }

  /** An item is told from the next one by the count of beats. */
  #watchItems(
    task: Task,
    beats: number,
    since: number,
    late: (task: Task) => void,
  ): void {
    const { taskTimeout } = task.limits;
    this.#stop = after(taskTimeout / LOOKS, () => {
      const now = performance.now();
      const seen = this.#words.beats;
      if (seen === beats && now - since >= taskTimeout) late(task);
      else this.#watchItems(task, seen, seen === beats ? since : now, late);
    });
  }
}
