/** Coroutines as they end. */

import { checkInteger } from "../check.ts";
import { type Core, FAILED } from "./core.ts";
import { SETTLED } from "./turns.ts";

/** The coroutines of a list, each once, in the order in which they end. */
export class Arrivals implements Disposable {
  /** Those that have ended. */
  readonly arrived: Core[] = [];
  /** How many there are to be. */
  readonly count: number;

  #all: Core[] = [];
  #waitingFor: number;
  #next: PromiseWithResolvers<void> | null = null;

  /** Holds back the reports of their errors until it is disposed of. */
  constructor(cores: Iterable<Core>, count = Infinity) {
    if (count !== Infinity) {
      checkInteger(count, "wait for coroutines", "count", 0);
    }
    const done = new Set<Core>();
    try {
      for (const core of cores) {
        core.refuseItself();
        const isNew = core.isDone
          ? !done.has(core) && done.add(core)
          : core.link(this.#arrive);
        if (!isNew) continue;
        core.hold();
        this.#all.push(core);
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    for (const core of done) this.arrived.push(core);
    this.count = this.#waitingFor = Math.min(count, this.#all.length);
  }

  #arrive = (core: Core) => {
    this.arrived.push(core);
    if (this.arrived.length < this.#waitingFor && core.state !== FAILED) return;
    this.#next?.resolve();
    this.#next = null;
  };

  /** Resolves when so many have arrived, or perhaps earlier if one has failed. */
  whenArrived(count: number): Promise<void> {
    if (this.arrived.length >= count) return SETTLED;
    // Of several who wait, the one who waits for the fewest is woken first.
    const fewest = this.#next === null ? count : this.#waitingFor;
    this.#waitingFor = Math.min(fewest, count);
    return (this.#next ??= Promise.withResolvers()).promise;
  }

  [Symbol.dispose](): void {
    for (const core of this.#all) {
      if (!core.isDone) core.unlink(this.#arrive);
      core.release();
    }
    this.#all = [];
  }
}
