/** Those who take part in a scenario: processes and threads that may come to harm. */

import { delay } from "@std/async";
import { Process, Thread, WorkerLostError } from "@multi/processing";
import type { Round } from "./round.ts";

/** How one ends: by itself, by its own hand, or by somebody else's. */
export type Fate = "end" | "throw" | "exit" | "kill" | "terminate" | "abort";

/** What a party is told of its own fate. */
export interface Plan {
  readonly fate: Fate;
  /** After how many steps it throws or exits. */
  readonly steps: number;
  readonly seed: number;
}

const EXIT_CODE = 7;

/** To be called at each step: it ends whoever is to end itself there. */
export function meetFate(plan: Plan, step: number): void {
  if (step < plan.steps) return;
  if (plan.fate === "throw") throw new RangeError(`step ${step} is the last`);
  if (plan.fate === "exit") Deno.exit(EXIT_CODE);
}

/** To be called at the end of all work: it waits there for who is to end it. */
export async function meetEnd(plan: Plan): Promise<void> {
  meetFate(plan, plan.steps);
  while (isEndedByOthers(plan)) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Whether somebody else ends it, so that it goes on for ever. */
export function isEndedByOthers({ fate }: Pick<Plan, "fate">): boolean {
  return fate === "kill" || fate === "terminate" || fate === "abort";
}

const OF_PROCESSES: readonly Fate[] = [
  ...["end", "end", "end"] as const,
  ...["kill", "kill", "terminate", "abort", "throw", "exit"] as const,
];
const OF_THREADS: readonly Fate[] = [
  ...["end", "end", "end"] as const,
  ...["terminate", "abort", "throw"] as const,
];

/** A process or a thread with a fate. */
export class Party<R = unknown> {
  readonly kind: "process" | "thread";
  readonly plan: Plan;
  readonly name: string;
  #round: Round;
  #runs: Process<never[], R> | Thread<never[], R>;
  #abort = new AbortController();

  /**
   * Starts one. The target is called with these arguments, and with a
   * {@linkcode Plan} as the last.
   */
  constructor(
    round: Round,
    name: string,
    target: (...args: never[]) => R | PromiseLike<R>,
    args: (plan: Plan) => readonly unknown[],
    fates: { readonly [kind in Party["kind"]]?: readonly Fate[] } = {},
  ) {
    const { random } = round;
    this.#round = round;
    this.kind = random.oneOf(2) ? "thread" : "process";
    const all = this.kind === "thread" ? OF_THREADS : OF_PROCESSES;
    const allowed = fates[this.kind] ?? all;
    const fate = random.pick(all.filter((fate) => allowed.includes(fate)));
    this.plan = { fate, steps: random.between(1, 60), seed: random.next() };
    this.name = `${name}, a ${this.kind} whose fate is "${fate}"`;
    const options = {
      target,
      args: args(this.plan) as never[],
      daemon: true,
      signal: this.#abort.signal,
    };
    this.#runs = this.kind === "thread"
      ? new Thread(options as never)
      : new Process({ ...options, stderr: "null" } as never);
    this.#runs.start();
  }

  /** Whether it runs. */
  isAlive(): boolean {
    return this.#runs.isAlive();
  }

  /** Lets its fate come over it, when it has begun; waits for its end, and looks at it. */
  async end(hasBegun: () => boolean): Promise<R | undefined> {
    const round: Round = this.#round;
    const { fate } = this.plan;
    const runs = this.#runs;
    if (isEndedByOthers(this.plan)) {
      await round.until(
        `${this.name}, to begin`,
        () => hasBegun() || !runs.isAlive(),
      );
      await delay(round.random.below(20));
      if (fate === "kill") (runs as Process<never[], R>).kill();
      if (fate === "terminate") runs.terminate();
      if (fate === "abort") this.#abort.abort();
    }
    if (fate !== "end") round.fault(`${fate} of a ${this.kind}`);
    const [outcome] = await round.wait(
      `the result of ${this.name}`,
      Promise.allSettled([runs.result()]),
    );
    await round.wait(`the end of ${this.name}`, runs.join());
    round.check(!runs.isAlive(), `${this.name} is alive after join()`);
    round.did();
    this.#look(outcome);
    return outcome.status === "fulfilled" ? outcome.value : undefined;
  }

  #look(outcome: PromiseSettledResult<R>): void {
    const round: Round = this.#round;
    const { fate } = this.plan;
    const exitcode = this.#runs instanceof Process ? this.#runs.exitcode : null;
    const error = outcome.status === "rejected" ? outcome.reason : null;
    const said = `${this.name}: ${
      error ?? "it returned"
    }, exit code ${exitcode}`;
    if (fate === "end") {
      if (error !== null) throw error;
    } else if (fate === "throw") {
      round.check(error instanceof RangeError, said);
    } else round.check(error instanceof WorkerLostError, said);
    if (this.kind === "thread") return;
    const expected = { end: 0, throw: 1, exit: EXIT_CODE, kill: -9 };
    round.equal(
      exitcode,
      expected[fate as keyof typeof expected] ?? -15,
      `the exit code of ${this.name}`,
    );
  }
}
