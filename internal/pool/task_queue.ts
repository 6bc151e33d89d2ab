/** The tasks that wait for a worker. */

import { Deque } from "./deque.ts";
import { State, type Task } from "./task.ts";

/** Where tasks come from that are made only when a worker is free for them. */
export interface Source {
  /** The next task; `null`: there is none, now. */
  pull(): Task | null;
  /** Nothing more will be asked for, for that reason. */
  fail(reason: unknown): void;
}

/**
 * Tasks that were given to the pool, those that came first before the others, and
 * sources of more, which take turns with them.
 */
export class TaskQueue {
  readonly #tasks = new Deque<Task>();
  readonly #sources: Source[] = [];
  /** Whose turn it is: a source's, or behind all of them that of the tasks. */
  #turn = 0;

  /** How many tasks there are, at most. */
  get size(): number {
    return this.#tasks.size;
  }

  /** How many sources there are that are not exhausted. */
  get sources(): number {
    return this.#sources.length;
  }

  /** Adds a task. */
  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Adds tasks again, which have waited already. The last comes first. */
  putBack(tasks: readonly Task[]): void {
    const back = tasks.filter(({ state }) => state === State.PENDING);
    const last = back[0]?.id ?? 0;
    for (;;) {
      const first = this.#tasks.first;
      if (first === undefined || first.id > last) break;
      back.push(this.#tasks.shift()!);
    }
    back.sort((a, b) => b.id - a.id);
    for (const task of back) this.#tasks.unshift(task);
  }

  /** Adds a source. */
  addSource(source: Source): void {
    if (this.#sources.includes(source)) return; // it has more to give again
    this.#sources.push(source);
  }

  /** Takes one out. */
  removeSource(source: Source): void {
    const at = this.#sources.indexOf(source);
    if (at === -1) return;
    this.#sources.splice(at, 1);
    if (this.#turn > at) this.#turn--;
  }

  /** Takes the next task; `null`: there is none, now. */
  next(): Task | null {
    if (this.#sources.length === 0) return this.#nextTask();
    for (let asked = this.#sources.length; asked >= 0; asked--) {
      const turn = this.#turn;
      this.#turn = turn >= this.#sources.length ? 0 : turn + 1;
      const task = turn < this.#sources.length
        ? this.#sources[turn]!.pull()
        : this.#nextTask();
      if (task !== null) return task;
    }
    return null;
  }

  /** Takes all tasks. */
  *drain(): Iterable<Task> {
    for (let task = this.#nextTask(); task !== null; task = this.#nextTask()) {
      yield task;
    }
  }

  /** Ends all sources. */
  endSources(reason: () => unknown): void {
    for (const source of this.#sources.splice(0)) source.fail(reason());
  }

  #nextTask(): Task | null {
    for (;;) {
      const task = this.#tasks.shift();
      if (task === undefined) return null;
      // One that was taken back by its owner has stayed here.
      if (task.state === State.PENDING) return task;
    }
  }
}
