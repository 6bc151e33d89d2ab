/**
 * Where tasks are given to workers, and what has become of them.
 *
 *     task queue --> ready --> in hands --> result queue
 *                      ^          |
 *                      +----------+  the worker died, or gave it back
 *
 * Invariants
 *   I1  A task that was taken from the queue is in `#entries` until its result is in
 *       the result queue: it is ready, or in the hands of one seat.
 *   I2  Who takes it out of `#entries` puts its result, so there is one result, however
 *       often the task was done.
 *   I3  Nothing is taken from the queue but for a seat that waits. If that is gone when
 *       the task comes, it is ready for the next one.
 */

import { ShutDownError } from "../../errors.ts";
import { Queue } from "../../queue.ts";
import { faultOf, idOf } from "./check_task.ts";
import type {
  Applicant,
  Farewell,
  Order,
  QueuedTask,
  QueueStatus,
  Report,
  TaskResult,
} from "./protocol.ts";
import { type Keeper, WorkerSeat } from "./seat.ts";

/** A task from when it was taken until its result is there. */
export interface Entry {
  readonly order: Order;
  readonly retries: number;
  attempts: number;
  /** When it was given to somebody. */
  since: number;
  seat: WorkerSeat | null;
}

/** A seat that waits for a task. */
interface Idle {
  readonly seat: WorkerSeat;
  readonly give: (order: Order | Farewell) => void;
}

/** How tasks are given. */
export interface DeskOptions {
  /** How often a task is given to somebody else, where it does not say itself. */
  readonly retries: number;
  /** How many tasks there may be in the queue; 0: any number. */
  readonly maxsize: number;
  /** Told in a line what happens. */
  note(message: string): void;
}

/** Gives tasks to whoever waits, and takes reports. */
export class Desk implements Keeper {
  readonly tasks: Queue<QueuedTask>;
  readonly results = new Queue<TaskResult>();
  /** Tells this run of the server from others. */
  readonly run: string = crypto.randomUUID();
  readonly note: (message: string) => void;

  readonly #retries: number;
  readonly #start = performance.now();
  readonly #seats = new Set<WorkerSeat>();
  readonly #entries = new Map<number, Entry>();
  #ready: Entry[] = [];
  #idle: Idle[] = [];
  #isFetching = false;
  #isClosed = false;
  /** Resolved when it is closed, and nobody sits here any more. */
  readonly #left = Promise.withResolvers<void>();
  #count = 0;
  #done = 0;
  #failed = 0;
  #retried = 0;

  constructor({ retries, maxsize, note }: DeskOptions) {
    this.tasks = new Queue(maxsize);
    this.#retries = retries;
    this.note = note;
  }

  /** A place for who comes to work. */
  seat(applicant: Applicant): WorkerSeat {
    return new WorkerSeat(this, applicant);
  }

  /** It sits down, with what it still does. */
  enter(seat: WorkerSeat, keys: readonly number[]): void {
    if (this.#isClosed) {
      throw new ShutDownError("Cannot work for this server as it stops");
    }
    const old = [...this.#seats].find(({ id }) => id === seat.id);
    this.#seats.add(seat);
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      if (entry.seat !== null && entry.seat !== old) continue; // others do it
      this.#ready = this.#ready.filter((ready) => ready !== entry);
      this.#hand(entry, seat);
    }
    old?.exit("has come back");
  }

  /** It is gone: what it had goes to others. */
  exit(seat: WorkerSeat, error: Error): void {
    if (!this.#seats.delete(seat)) return;
    this.dismiss(seat, "you leave"); // before anything can be given to it
    const lost: (string | number)[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.seat !== seat) continue;
      lost.push(entry.order.id);
      this.#lose(entry, error);
    }
    const what = lost.length === 0 ? "" : `, with ${listed(lost)} in its hands`;
    this.note(`${seat.name} is gone${what}`);
    if (this.#seats.size === 0 && this.#isClosed) this.#left.resolve();
  }

  /** Waits for a task for that seat. */
  next(seat: WorkerSeat): Promise<Order | Farewell> {
    if (this.#isClosed) return Promise.resolve("the server stops");
    if (!this.#seats.has(seat) || seat.isLeaving) {
      return Promise.resolve("you leave");
    }
    return new Promise((give) => {
      this.#idle.push({ seat, give });
      this.#match();
    });
  }

  /** That seat waits no longer. */
  dismiss(seat: WorkerSeat, farewell: Farewell): void {
    const idle = this.#idle;
    this.#idle = idle.filter((waiting) => waiting.seat !== seat);
    for (const waiting of idle) {
      if (waiting.seat === seat) waiting.give(farewell);
    }
  }

  /** What has become of a task; `false`: that is known already. */
  report(seat: WorkerSeat, report: Report): boolean {
    const entry = this.#entries.get(report.key);
    if (entry === undefined) return false;
    if (report.is === "refused" || report.is === "lost") {
      if (entry.seat !== seat) return false; // others have it now
      if (report.is === "lost") this.#lose(entry, report.error);
      else this.#giveBack(entry);
      return true;
    }
    const { is, ms } = report;
    this.#ready = this.#ready.filter((ready) => ready !== entry);
    seat.counts[is]++;
    this.#settle(entry, seat.name, ms, {
      ...(is === "done"
        ? { ok: true, value: report.value }
        : { ok: false, error: report.error }),
    });
    return true;
  }

  /** How it is now. */
  async status(): Promise<QueueStatus> {
    const [waiting, results] = [
      await sizeOf(this.tasks),
      await sizeOf(this.results),
    ];
    const now = performance.now();
    const running = (seat: WorkerSeat) =>
      [...this.#entries.values()].filter((entry) => entry.seat === seat)
        .map(({ order: { id, fn }, since }) => ({
          id,
          fn,
          ms: Math.round(now - since),
        }));
    return {
      uptime: Math.round(now - this.#start),
      queued: waiting + this.#ready.length,
      running: this.#entries.size - this.#ready.length,
      done: this.#done,
      failed: this.#failed,
      retried: this.#retried,
      results,
      workers: [...this.#seats].map((seat) => ({
        name: seat.name,
        processes: seat.processes,
        running: running(seat),
        ...seat.counts,
        isLeaving: seat.isLeaving,
      })),
    };
  }

  /** Gives and takes no more; tells all who wait, and waits until they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.tasks.shutdown();
    await this.results.shutdown();
    for (const seat of this.#seats) seat.stop();
    if (this.#seats.size > 0) await this.#left.promise;
  }

  #match(): void {
    while (this.#idle.length > 0 && this.#ready.length > 0) {
      const entry = this.#ready.shift()!;
      const { seat, give } = this.#idle.shift()!;
      entry.attempts++;
      this.#hand(entry, seat);
      give(entry.order);
    }
    if (this.#idle.length > 0) this.#fetch();
  }

  /** One at a time asks the queue, for as many as wait then. */
  async #fetch(): Promise<void> {
    if (this.#isFetching || this.#isClosed) return;
    this.#isFetching = true;
    try {
      const tasks = await this.tasks.getMany(this.#idle.length);
      for (const task of tasks) this.#accept(task);
    } catch (error) {
      if (!(error instanceof ShutDownError)) throw error;
      return;
    } finally {
      this.#isFetching = false;
    }
    this.#match();
  }

  #accept(task: QueuedTask): void {
    const key = ++this.#count;
    const error = faultOf(task);
    const { id, fn, args = [], retries, timeout } = error === null
      ? task
      : { fn: "", id: idOf(task) } as QueuedTask;
    const entry: Entry = {
      // Who gives ids counts up, most likely, from what number ever.
      order: { key, id: id ?? -key, fn, args, timeout: timeout ?? null },
      retries: retries ?? this.#retries,
      attempts: 0,
      since: performance.now(),
      seat: null,
    };
    this.#entries.set(key, entry);
    if (error === null) this.#ready.push(entry);
    else this.#settle(entry, null, 0, { ok: false, error });
  }

  #hand(entry: Entry, seat: WorkerSeat): void {
    entry.seat = seat;
    entry.since = performance.now();
  }

  /** Nobody has begun it. */
  #giveBack(entry: Entry): void {
    entry.attempts--;
    this.#again(entry);
  }

  /** Who did it has died. */
  #lose(entry: Entry, error: Error): void {
    const { order: { id, fn }, attempts, retries, seat, since } = entry;
    if (attempts <= retries) {
      this.#retried++;
      this.note(`task ${id} (${fn}) goes to somebody else: ${error.message}`);
      return this.#again(entry);
    }
    seat!.counts.failed++;
    const ms = Math.round(performance.now() - since);
    this.#settle(entry, seat!.name, ms, { ok: false, error });
  }

  #again(entry: Entry): void {
    entry.seat = null;
    this.#ready.unshift(entry);
    this.#match();
  }

  #settle(
    { order: { key, id, fn }, attempts }: Entry,
    worker: string | null,
    ms: number,
    outcome: { ok: true; value: unknown } | { ok: false; error: Error },
  ): void {
    this.#entries.delete(key);
    if (outcome.ok) this.#done++;
    else this.#failed++;
    this.results.put({ id, fn, worker, attempts, ms, ...outcome })
      .catch((error) => {
        if (!(error instanceof ShutDownError)) throw error;
      });
  }
}

async function sizeOf(queue: Queue<unknown>): Promise<number> {
  try {
    return await queue.qsize();
  } catch (error) {
    if (error instanceof ShutDownError) return 0;
    throw error;
  }
}

/** Some tasks, by their ids. */
function listed(ids: readonly (string | number)[]): string {
  const some = ids.slice(0, 5).join(", ");
  const noun = ids.length === 1 ? "task" : "tasks";
  return `${noun} ${some}${ids.length > 5 ? ", …" : ""}`;
}
