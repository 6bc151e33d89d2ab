/** One round of a scenario: what it does, what it waits for, and what it finds. */

import { deadline } from "@std/async";
import { Random } from "./random.ts";

/** How long anything may take that is waited for, and a round as a whole (ms). */
export const WATCHDOG_MS = 60_000;

/** A kind of load, with its faults, and what must hold nevertheless. */
export interface Scenario {
  readonly name: string;
  /** Does it once, and leaves nothing behind. */
  run(round: Round): Promise<void>;
}

/** Something that this package promises did not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** What has happened in all rounds of a scenario. */
export class Tally {
  rounds = 0;
  operations = 0;
  /** How long they took in all (ms). */
  elapsed = 0;
  /** How often each kind of fault was done to it. */
  readonly faults: Map<string, number> = new Map();
  /** What was lost that may be lost, by the reason why it may. */
  readonly lost: Map<string, number> = new Map();
}

/** One round: its own chance, its own watchdog. */
export class Round {
  readonly random: Random;
  readonly title: string;
  /** The numbers of a round, to be given to a {@linkcode Random} elsewhere. */
  readonly seed: number;

  #tally: Tally;
  #waits = new Map<number, string>();
  #nextWait = 0;

  constructor(scenario: Scenario, number: number, seed: number, tally: Tally) {
    this.title = `${scenario.name}, round ${number}`;
    this.random = new Random(`${seed} ${scenario.name} ${number}`);
    this.seed = this.random.next();
    this.#tally = tally;
  }

  /** Counts what was done. */
  did(operations = 1): void {
    this.#tally.operations += operations;
  }

  /** Counts a fault. */
  fault(kind: string): void {
    countUp(this.#tally.faults, kind, 1);
  }

  /** Counts what is gone and may be, as `why` says. */
  lost(count: number, why: string): void {
    if (count > 0) countUp(this.#tally.lost, why, count);
  }

  /** Fails where something does not hold that is promised. */
  check(holds: boolean, otherwise: string): asserts holds {
    if (!holds) throw new Violation(`${this.title}: ${otherwise}`);
  }

  /** The same, for what must be equal. */
  equal<T>(actual: T, expected: T, what: string): void {
    if (actual === expected) return;
    const [is, not] = [actual, expected].map((value) => Deno.inspect(value));
    throw new Violation(`${this.title}: ${what}: ${is} instead of ${not}`);
  }

  /** Waits for what must come; says what it was, if it never does. */
  async wait<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    const number = this.#nextWait++;
    this.#waits.set(number, what);
    try {
      return await promise;
    } finally {
      this.#waits.delete(number);
    }
  }

  /** Waits until something is so. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.wait(what, until(condition));
  }

  /** Runs it, with the watchdog behind it. */
  async run(scenario: Scenario): Promise<void> {
    const begin = performance.now();
    const done = scenario.run(this);
    const watched = deadline(done, WATCHDOG_MS).catch((error) => {
      if (!(error instanceof DOMException && error.name === "TimeoutError")) {
        throw error;
      }
      done.catch(() => {}); // What it says later is of no use any more.
      throw new Hang(
        `${this.title}: did not end within ${
          WATCHDOG_MS / 1000
        } s; it waits for ${
          [...this.#waits.values()].join(", ") || "nothing that has a name"
        }`,
      );
    });
    try {
      await watched;
    } finally {
      this.#tally.rounds++;
      this.#tally.elapsed += performance.now() - begin;
    }
  }
}

/** A violation after which one cannot go on: what hangs is still there. */
export class Hang extends Violation {}

/** Waits until something is so; who calls it sets the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 3));
}

function countUp(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
