/** The workers of a pool: their starts, their ends, and those who follow them. */

import { BrokenPoolError } from "../../errors.ts";
import { ownHome } from "../memory/home.ts";
import type { Inbox } from "../structure/inbox.ts";
import type { Holdable } from "../wait.ts";
import {
  type CarrierSettings,
  type StartCarrier,
  whyLost,
} from "./carriers.ts";
import { newLink } from "./link.ts";
import { PoolWorker } from "./pool_worker.ts";
import type { Setup } from "./setup.ts";

/** So many workers in a row may end soon, before they have had anything to do. */
const MOST_FAILURES = 3;
/** One that was up for so long (ms) has ended for another reason than its start. */
const LASTING_MS = 10_000;

/** How the workers of a pool are run. */
export interface CrewOptions {
  readonly start: StartCarrier;
  /** Whether workers cannot look at this process's memory, and so are served. */
  readonly isServed: boolean;
  readonly settings: CarrierSettings;
  readonly setup: Setup;
  readonly size: number;
  readonly maxtasksperchild: number;
  /** Whether workers are started only when there is something for them to do. */
  readonly isLazy: boolean;
  /** The modules that tasks may need, as far as they are known. */
  readonly modules: readonly string[];
}

/** What a crew tells. */
export interface CrewEvents {
  /** A worker has ended; what it has said can be read. */
  ended(worker: PoolWorker): void;
  /** No worker can be had. */
  failed(error: unknown): void;
}

/** The workers of a pool. */
export class Crew implements Holdable {
  /** Those that have, or may get, tasks. */
  readonly workers: PoolWorker[] = [];
  readonly #inbox: Inbox;
  readonly #options: CrewOptions;
  readonly #events: CrewEvents;
  /** All that have not ended. */
  readonly #alive = new Set<PoolWorker>();
  #failures = 0;
  /** How many wait for the end of all. */
  #holds = 0;
  /** Whether no more are to be started. */
  #isOver = false;
  readonly #gone = Promise.withResolvers<void>();

  constructor(inbox: Inbox, options: CrewOptions, events: CrewEvents) {
    this.#inbox = inbox;
    this.#options = options;
    this.#events = events;
  }

  /** Resolved when all have ended, and no more will be started. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** The program goes on until all have ended, or `release()`. */
  hold(): void {
    if (this.#holds++ > 0) return;
    for (const { carrier } of this.#alive) carrier.hold();
  }

  /** Takes back one `hold()`. */
  release(): void {
    if (--this.#holds > 0) return;
    for (const { carrier } of this.#alive) carrier.release();
  }

  /** Whether some may be able to do more soon: they start, or they are at work. */
  get isUnsettled(): boolean {
    return this.workers.some(({ isReady, isIdle }) => !isReady || !isIdle);
  }

  /** How many there are to be, at most. */
  get size(): number {
    return this.#options.size;
  }

  /** Starts all, but where that is done when there is something to do. */
  open(): void {
    if (this.#options.isLazy) return;
    while (this.workers.length < this.size) this.add();
  }

  /** Starts one. */
  add(): void {
    const { start, maxtasksperchild, ...options } = this.#options;
    const link = newLink(this.#inbox);
    let worker: PoolWorker;
    try {
      const fresh = maxtasksperchild !== Infinity;
      const carrier = start(link, { ...options, fresh });
      worker = new PoolWorker(carrier, link, maxtasksperchild);
    } catch (error) {
      link.close();
      throw error;
    }
    this.workers.push(worker);
    this.#alive.add(worker);
    if (this.#holds > 0) worker.carrier.hold();
    worker.carrier.ended.then(() => this.#ended(worker));
  }

  /** A worker is up. */
  isUp(worker: PoolWorker): void {
    worker.upSince = performance.now();
  }

  /** A worker has been at a task. */
  hasWorked(): void {
    this.#failures = 0;
  }

  /** A worker gets no more tasks; another one takes its place. */
  replace(worker: PoolWorker): void {
    const at = this.workers.indexOf(worker);
    if (at === -1) return;
    this.workers.splice(at, 1);
    if (!this.#options.isLazy) this.addAnother();
  }

  /**
   * Where workers are started as there is something to do: starts one for each of
   * so many tasks, and for each that was given ahead, as that may wait for what is
   * before it for ever.
   */
  growFor(tasks: number): void {
    const { workers, size } = this;
    if (!this.#options.isLazy || workers.length >= size) return;
    let wanted = tasks;
    for (const { given } of workers) wanted += given.size - 1;
    while (workers.length < size && wanted-- > 0) {
      if (!this.addAnother()) return;
    }
  }

  /** Starts one more; `false`: that cannot be done. */
  addAnother(): boolean {
    if (this.#isOver) return false;
    try {
      this.add();
      return true;
    } catch (error) {
      this.#events.failed(
        new BrokenPoolError(
          `Cannot start a worker: ${
            error instanceof Error ? error.message : String(error)
          }`,
          { cause: error },
        ),
      );
      return false;
    }
  }

  /** Ends a worker at once, without looking at what it does. */
  kill(worker: PoolWorker): void {
    worker.carrier.kill();
    this.replace(worker);
  }

  /** Lets all end when they have done what they were given. */
  leave(): void {
    this.#isOver = true;
    for (const worker of this.workers) worker.leave();
    this.#look();
  }

  /** Ends all of them soon. */
  terminate(): void {
    this.#isOver = true;
    this.workers.length = 0;
    for (const worker of this.#alive) {
      worker.leave();
      worker.carrier.terminate();
    }
    this.#look();
  }

  #ended(worker: PoolWorker): void {
    this.#alive.delete(worker);
    // What it had begun to write is mended before it is read.
    ownHome().space.member.sweepDead();
    worker.link.words.results.sweep();
    this.#events.ended(worker);
    const { wasBusy } = worker;
    worker.close();
    if (wasBusy) this.hasWorked();
    else if (this.workers.includes(worker) && !hasLasted(worker)) {
      this.#failed(worker);
    }
    this.replace(worker);
    this.#look();
  }

  #failed({ carrier, isReady }: PoolWorker): void {
    if (this.#isOver || ++this.#failures < MOST_FAILURES) return;
    const { how, cause } = carrier.lost;
    const why = whyLost(carrier.lost);
    this.#events.failed(
      new BrokenPoolError(
        `Cannot start workers: ${carrier.name} ${how} before it ${
          isReady ? "had anything to do" : "was up"
        }, as did ${MOST_FAILURES - 1} before it${why}`,
        cause === undefined ? {} : { cause },
      ),
    );
  }

  #look(): void {
    if (this.#isOver && this.#alive.size === 0) this.#gone.resolve();
  }
}

function hasLasted({ upSince }: PoolWorker): boolean {
  return performance.now() - upSince > LASTING_MS;
}
