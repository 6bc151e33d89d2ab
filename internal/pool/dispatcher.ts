/**
 * Hands out tasks to the workers of a pool.
 *
 * ```text
 *                       owner                          |  shared    |    worker
 *                                                      |  memory    |
 *   apply, map …                                       |            |
 *      | submit                                        |            |
 *      v            next            give               |            |   take
 *   tasks, sources ------> dispatch ------> given -----|--> tasks --|--> (one at a time)
 *      ^                                      |        |     |      |      |
 *      |                                      |        |     |      |      v
 *      +------------------ takeBack ----------+--------|-----+      |   function
 *                                             |        |            |      |
 *      callbacks, promises <--- answers.ts ---+--------|-- results -|------+ answer
 *                                   ^                  |            |      |
 *                                   +-- pump ----------|-- inbox ---|------+ ring
 * ```
 *
 * A worker is given one task, and some more ahead if these are short, so that it
 * need not wait for its owner after each. What it has not begun the owner takes
 * back when a task before turns out to be long, or another worker has nothing to do:
 * so nothing waits behind a long task (feeder.ts). The owner knows what each worker
 * has: its death loses the one task that it had begun, and no other.
 *
 * Where a worker cannot look at this memory, somebody who can stands in its place:
 * link_server.ts.
 *
 * Everything here runs in the owner's thread; nobody waits for a lock but for the
 * time that a message takes to be copied.
 */

import { ShutDownError, TimeoutError, WorkerLostError } from "../../errors.ts";
import { holdMeanwhile } from "../queue/draft.ts";
import type { Inbox } from "../structure/inbox.ts";
import { Why } from "../structure/worker_link.ts";
import { takeOut } from "../wire/parcels.ts";
import { Answers } from "./answers.ts";
import { cancellation } from "./cancellation.ts";
import { whyLost } from "./carriers.ts";
import { Crew, type CrewOptions } from "./crew.ts";
import { Drafts } from "./drafts.ts";
import { Feeder } from "./feeder.ts";
import type { Functions } from "./functions.ts";
import { leaveInbox, newInbox } from "./link.ts";
import { watchSignal, watchTime } from "./limits.ts";
import type { PoolWorker } from "./pool_worker.ts";
import { Progress, type ProgressListener } from "./progress.ts";
import { Pump } from "./pump.ts";
import { State, type Task } from "./task.ts";
import { type Source, TaskQueue } from "./task_queue.ts";
import { APART, PLAIN } from "./wording.ts";

/** So often a task may be on its way to a worker when that dies. */
const MOST_IN_VAIN = 2;
/**
 * As soon as each worker has one ahead, tasks that are submitted without a break are
 * given out together: after two more, four more …, so many at most. To wake a worker
 * takes as long as to make ten of them.
 */
const MOST_TOGETHER = 64;

/** What a dispatcher is made from. */
export interface DispatcherOptions extends CrewOptions {
  readonly onProgress?: ProgressListener | undefined;
  /** With what tasks fail as the initializer has thrown; by default, that. */
  readonly explainFailure?: (error: unknown) => unknown;
}

/** The owner's side of a pool. */
export class Dispatcher {
  readonly name: string;
  readonly functions: Functions;
  readonly drafts: Drafts;
  readonly progress: Progress;
  readonly crew: Crew;
  readonly #inbox: Inbox;
  readonly #queue = new TaskQueue();
  readonly #feeder: Feeder;
  readonly #pump: Pump;
  readonly #answers: Answers;
  /** How many tasks there are of which nobody knows what came. */
  #outstanding = 0;
  /** Why no more tasks are taken; `null`: they are. */
  #refusal: (() => unknown) | null = null;
  #isDispatching = false;
  #isCollecting = false;
  #isScheduled = false;
  /** How many tasks were submitted that nobody was told of, … */
  #untold = 0;
  /** … and how many of them are given out together. */
  #together = 1;
  #ids = 0;
  /** What must not be forgotten as long as there are tasks. */
  #keeper: object | null = null;

  constructor(
    name: string,
    functions: Functions,
    options: DispatcherOptions,
  ) {
    const { onProgress, explainFailure = (error) => error } = options;
    this.name = name;
    this.functions = functions;
    const wording = options.isServed ? APART : PLAIN;
    this.drafts = new Drafts(wording);
    this.progress = new Progress(onProgress);
    this.#inbox = newInbox();
    this.crew = new Crew(this.#inbox, options, {
      ended: (worker) => this.#ended(worker),
      failed: (error) => this.fail(error),
    });
    this.#feeder = new Feeder(this.#queue, this.crew, {
      changed: (worker) => this.#follow(worker),
      failed: (task, error) => this.settle(task, false, error),
    });
    this.#answers = new Answers(wording, {
      up: (worker) => this.crew.isUp(worker),
      failed: (error) => this.fail(explainFailure(error)),
      unknown: (task) => this.#putBack(task),
      missing: ({ fn }) => this.functions.forget(fn),
      ended: (task, ok, value) => this.settle(task, ok, value),
    });
    // A worker that starts may need it until it has ended.
    this.crew.gone.then(() => leaveInbox(this.#inbox));
    this.#pump = new Pump(this.#inbox, this);
  }

  /** Whether somebody waits for a worker's answer. */
  get isWaiting(): boolean {
    return this.#outstanding > 0 ||
      this.#queue.sources > 0 && this.crew.isUnsettled;
  }

  /** How many workers are at work. */
  get busy(): number {
    let busy = 0;
    for (const worker of this.crew.workers) if (!worker.isIdle) busy++;
    return busy;
  }

  /** How long a task takes, by and large (ms); `Infinity`: nobody knows yet. */
  get pace(): number {
    return Math.min(...this.crew.workers.map(({ pace }) => pace));
  }

  /** How many tasks all workers may have together. */
  get capacity(): number {
    return this.#feeder.capacity;
  }

  /** Whether tasks are not taken any more: all that there are shall be done soon. */
  get isClosed(): boolean {
    return this.#refusal !== null;
  }

  /** The number of a new task. */
  nextId(): number {
    return this.#ids = this.#ids % (2 ** 31 - 1) + 1;
  }

  /** Starts the workers; throws where that cannot be done. */
  open(): void {
    try {
      this.crew.open();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Throws if no more tasks are taken. */
  checkOpen(): void {
    if (this.#refusal !== null) throw this.#refusal();
  }

  /** Takes a task. `keeper` is not to be forgotten before there is none left. */
  submit(task: Task, keeper: object): void {
    if (!this.adopt(task, keeper)) return;
    this.#queue.add(task);
    this.schedule();
    if (++this.#untold < this.#together && !this.#feeder.isHungry) return;
    this.#untold = 0;
    this.#together = Math.min(MOST_TOGETHER, this.#together * 2);
    if (this.#inbox.ready()) this.collect();
    else this.dispatch();
  }

  /**
   * A task is there, from now on until something comes of it. `false`: that is known
   * already, as what is in it cannot be kept.
   */
  adopt(task: Task, keeper: object): boolean {
    if (this.#outstanding++ === 0) {
      this.#keeper = keeper;
      this.#pump.start();
    }
    const { notes } = task.draft;
    try {
      if (notes !== null) {
        task.pins = holdMeanwhile(this.#inbox.object.member.id, [notes]);
      }
    } catch (error) {
      this.settle(task, false, error);
      return false;
    }
    if (task.limits.signal) {
      watchSignal(task, (reason) => this.abort(task, reason));
    }
    if (task.limits.queueTimeout !== Infinity) {
      watchTime(task, task.limits.queueTimeout, () => this.#outOfQueue(task));
    }
    return true;
  }

  /** Adds where tasks come from. */
  addSource(source: Source): void {
    this.#queue.addSource(source);
    this.dispatch();
  }

  /** Takes it out: it has no more, or they are not wanted. */
  removeSource(source: Source): void {
    this.#queue.removeSource(source);
    this.#lookForEnd();
  }

  /** Ends a task: nobody wants it any more. */
  abort(task: Task, reason: unknown): void {
    this.#end(task, reason, Why.UNWANTED);
  }

  /** Nobody wants a task any more; but if it has begun, it may end. */
  forsake(task: Task, reason: unknown): void {
    if (!this.cancel(task, reason)) this.settle(task, false, reason);
  }

  /** Takes a task back if it was not begun; whether it was not. */
  cancel(task: Task, reason: unknown): boolean {
    if (!this.recall(task)) return false;
    this.settle(task, false, reason);
    return true;
  }

  /** Takes a task from its worker if that has not begun it; whether it waits for one. */
  recall(task: Task): boolean {
    // The others that were taken back with it are given out again.
    if (task.state === State.GIVEN && this.#feeder.takeBack(workerOf(task))) {
      this.schedule();
    }
    return task.state === State.PENDING;
  }

  /** Whether a worker has begun it. */
  hasBegun(task: Task): boolean {
    if (task.state !== State.GIVEN) return false;
    const { link, given } = workerOf(task);
    return link.words.begun === task.id && given.first === task;
  }

  /** It is known what came of a task. */
  settle(task: Task, ok: boolean, value: unknown): void {
    if (task.state === State.OVER) return;
    task.state = State.OVER;
    task.release?.();
    this.drafts.drop(task.draft);
    if (task.pins !== null) takeOut(task.pins);
    if (--this.#outstanding === 0) this.#pause();
    task.owner.ended(task, ok, value);
    if (this.#outstanding === 0) this.#lookForEnd();
  }

  /** Takes no more tasks; when all are done, the workers end. */
  close(how = "closed"): void {
    if (this.#refusal !== null) return;
    this.#refuse(how);
    this.dispatch();
    this.#lookForEnd();
  }

  /** Takes back all tasks, and ends the workers. */
  terminate(how = "terminated"): void {
    this.#refuse(how);
    this.#dropAll(() =>
      cancellation(`The task was taken back as ${this.name} was ${how}`)
    );
  }

  /** Takes back all tasks that no worker has begun. */
  cancelAll(): void {
    for (const worker of this.crew.workers) this.#feeder.takeBack(worker);
    for (const task of this.#queue.drain()) {
      this.settle(
        task,
        false,
        cancellation(`Task ${task.id} (${task.fn.name}) was cancelled`),
      );
    }
    this.#queue.endSources(() =>
      cancellation(`The rest was cancelled as ${this.name} was shut down`)
    );
    this.#lookForEnd();
  }

  /** No task can be done any more, for that reason. */
  fail(error: unknown): void {
    this.#refusal ??= () => error;
    this.#dropAll(() => error);
  }

  /** Looks for what workers have answered. */
  collect(): void {
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    try {
      this.#inbox.look();
      for (const worker of [...this.crew.workers]) this.#collectFrom(worker);
    } finally {
      this.#isCollecting = false;
    }
    this.dispatch();
  }

  /** Lets go of memory that is not needed as long as there are no tasks. */
  rest(): void {
    this.drafts.rest();
    this.#answers.rest();
  }

  /** Gives tasks to workers. */
  dispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      this.#feeder.feed();
    } finally {
      this.#isDispatching = false;
    }
    if (this.isWaiting) this.#pump.start();
  }

  /** The same when the caller has said all that it wants. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#untold = 0;
      this.#together = 1;
      this.dispatch();
    });
  }

  /** Looks how long the first task of a worker takes, if that is limited. */
  #watch({ clock, given }: PoolWorker): void {
    clock.follow(given.first, this.#tooLong);
  }

  readonly #tooLong = (task: Task): void => {
    if (task.state === State.OVER) return this.#endForsaken(task);
    const { taskTimeout } = task.limits;
    this.#end(
      task,
      new TimeoutError(
        `Task ${task.id} (${task.fn.name}) did not end within ${taskTimeout} ms; its worker is ended`,
      ),
      Why.LATE,
    );
  };

  #outOfQueue(task: Task): void {
    if (task.wasBegun) return;
    this.cancel(
      task,
      new TimeoutError(
        `Task ${task.id} (${task.fn.name}) was not begun within ${task.limits.queueTimeout} ms`,
      ),
    );
  }

  /**
   * Ends a task with that reason. If it has begun, then so does its worker, and
   * nothing else: all that it has not begun is taken back first, so that it cannot
   * be in the middle of another task when it is killed.
   */
  #end(task: Task, reason: unknown, why: number): void {
    if (this.cancel(task, reason)) return this.schedule();
    if (task.state === State.OVER) return;
    const worker = workerOf(task);
    this.#collectFrom(worker);
    if (task.state !== State.GIVEN) return this.schedule(); // it has just ended
    this.settle(task, false, reason);
    this.#stop(worker, task, why);
  }

  /** A task that was forsaken may end, but has no more time for that than others. */
  #endForsaken(task: Task): void {
    const worker = workerOf(task);
    if (this.#isStillAt(worker, task)) this.#stop(worker, task, Why.LATE);
    this.schedule();
  }

  /** Ends what a worker is at: it does that itself if it listens, or it is ended. */
  #stop(worker: PoolWorker, task: Task, why: number): void {
    const { words } = worker.link;
    if (words.listening === task.id) {
      words.abort(task.id, why);
      worker.clock.grace(task, () => {
        if (this.#isStillAt(worker, task)) this.#kill(worker);
        this.schedule();
      });
    } else this.#kill(worker);
    this.schedule();
  }

  /** Whether a worker has not ended a task by now; it has no other then. */
  #isStillAt(worker: PoolWorker, task: Task): boolean {
    if (worker.isGone) return false;
    this.#feeder.takeBack(worker);
    this.#collectFrom(worker);
    return worker.given.first === task;
  }

  /** Ends a worker whose task nobody wants any more. */
  #kill(worker: PoolWorker): void {
    worker.isGone = true;
    this.#feeder.takeBack(worker);
    worker.clock.stop();
    this.crew.kill(worker);
    this.schedule();
  }

  #collectFrom(worker: PoolWorker): void {
    if (this.#answers.readFrom(worker) > 0) this.crew.hasWorked();
    this.#follow(worker);
  }

  /** What a worker has, has changed. */
  #follow(worker: PoolWorker): void {
    this.#watch(worker);
    if (worker.isLeaving && worker.isIdle) this.crew.replace(worker);
  }

  /** A worker has ended: what it had begun is lost. */
  #ended(worker: PoolWorker): void {
    worker.isGone = true;
    this.#collectFrom(worker);
    const { given, link: { words: { seen } } } = worker;
    const { first } = given;
    this.#feeder.takeBack(worker);
    if (first?.state === State.PENDING && first.id === seen) {
      // It died when it loaded the function, maybe.
      if (first.vain++ >= MOST_IN_VAIN) {
        this.settle(first, false, lost(worker, first));
      }
    }
    for (let task = given.shift(); task; task = given.shift()) {
      task.worker = null;
      if (task.state === State.OVER) continue;
      // It died when the task was on its way, maybe of how large that is.
      const isSeen = seen === task.id;
      task.wasBegun ||= isSeen;
      if (!isSeen && task.vain++ < MOST_IN_VAIN) {
        this.#putBack(task);
      } else if (task.retries > 0) {
        task.retries--;
        this.#putBack(task);
      } else this.settle(task, false, lost(worker, task));
    }
    this.#watch(worker);
    this.schedule();
  }

  /** A task that was given waits for a worker again. */
  #putBack(task: Task): void {
    task.state = State.PENDING;
    this.#queue.putBack([task]);
  }

  #refuse(how: string): void {
    this.#refusal ??= () =>
      new ShutDownError(`Cannot give a task to ${this.name} as it was ${how}`);
  }

  #dropAll(reason: () => unknown): void {
    const { workers } = this.crew;
    this.#queue.endSources(reason);
    const given = workers.flatMap((worker) => [...worker.given]);
    for (const task of this.#queue.drain()) this.settle(task, false, reason());
    for (const task of given) this.settle(task, false, reason());
    for (const worker of workers) worker.isGone = true;
    this.crew.terminate();
  }

  /** When there is nothing left to be done, the workers of a closed pool end. */
  #lookForEnd(): void {
    const { sources } = this.#queue;
    if (this.isClosed && this.#outstanding === 0 && sources === 0) {
      this.crew.leave();
    }
  }

  #pause(): void {
    this.#keeper = null;
    this.#pump.stop();
  }
}

function lost(worker: PoolWorker, task: Task): WorkerLostError {
  const { name, lost } = worker.carrier;
  const { pid, exitcode, how, cause } = lost;
  return new WorkerLostError(
    `Task ${task.id} (${task.fn.name}) was lost as its worker ${name}${
      pid === null ? "" : ` (pid ${pid})`
    } ${how}${whyLost(lost, worker.done)}`,
    { pid, exitcode, ...(cause !== undefined && { cause }) },
  );
}

/** Who has a task that is given. */
function workerOf(task: Task): PoolWorker {
  return task.worker as PoolWorker;
}
