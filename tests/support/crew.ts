/**
 * Processes that run one function of a test after the other, so that not every
 * step has to start some.
 */

import { Process, SimpleQueue } from "@multi/processing";
import {
  functions,
  type Job,
  type Outcome,
  serveJobs,
} from "../fixtures/crew_work.ts";

/** Those that are about the end of who has called them. */
const LAST: ReadonlySet<string> = new Set(["putAndLeave"]);

interface Member {
  readonly process: Process<unknown[], void>;
  readonly jobs: SimpleQueue<Job>;
  readonly outcomes: SimpleQueue<Outcome>;
}

/** Any number of processes, started as they are needed. */
export class Crew {
  readonly #settings: object;
  #all = new Set<Member>();
  #idle: Member[] = [];

  /** @param settings Of the processes. */
  constructor(settings: object) {
    this.#settings = settings;
  }

  /** Has a function run by one of them, of a module in `fixtures/crew_work.ts`. */
  start<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ): { result(): Promise<R>; end(): Promise<R>; kill(): Promise<void> } {
    const { name } = fn;
    if (functions[name] !== fn) throw new TypeError(`no member can do ${name}`);
    const member = this.#idle.pop() ?? this.#newMember();
    const outcome = this.#run(member, [name, args]);
    outcome.catch(() => {});
    const result = () => outcome as Promise<R>;
    return {
      result,
      end: result,
      kill: async () => {
        member.process.kill();
        await this.#leave(member);
      },
    };
  }

  /** Ends them. */
  async end(): Promise<void> {
    this.#idle = [];
    for (const member of this.#all) {
      await member.jobs.put(null);
      await this.#leave(member);
    }
  }

  #newMember(): Member {
    const jobs = new SimpleQueue<Job>();
    const outcomes = new SimpleQueue<Outcome>();
    const process = new Process<unknown[], void>(
      {
        target: serveJobs,
        args: [jobs, outcomes],
        ...this.#settings,
      } as never,
    );
    process.start();
    const member = { process, jobs, outcomes };
    this.#all.add(member);
    return member;
  }

  async #run(member: Member, job: Job): Promise<unknown> {
    await member.jobs.put(job);
    const stop = new AbortController();
    const { signal } = stop;
    try {
      const outcome = await Promise.race([
        member.outcomes.get({ signal }),
        member.process.result().then(() => null), // it has ended
      ]);
      if (outcome === null) return undefined;
      if (LAST.has(job![0])) {
        await member.jobs.put(null);
        await this.#leave(member);
      } else this.#idle.push(member);
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    } finally {
      stop.abort();
    }
  }

  async #leave(member: Member): Promise<void> {
    this.#all.delete(member);
    await member.process.join();
    member.jobs.close();
    member.outcomes.close();
  }
}
