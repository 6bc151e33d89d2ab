/** The coroutines of a group: at most so many of them run at a time. */

import type { Core } from "./core.ts";
import { schedule } from "./schedule.ts";
import { SETTLED } from "./turns.ts";

/** The coroutines that a group has and that have not ended. */
export class Members {
  readonly cores = new Set<Core>();
  /** How many may run at a time. */
  limit = Infinity;
  /** Those that wait for a place, in order: each runs when another has ended. */
  #queue = new Set<Core>();
  #empty: PromiseWithResolvers<void> | null = null;
  #left: PromiseWithResolvers<void> | null = null;

  /** Whether one more would have to wait for a place. */
  get isFull(): boolean {
    return this.cores.size >= this.limit;
  }

  /** Takes in one that somebody else starts. */
  add(core: Core): void {
    if (core.isDone || this.cores.has(core)) return;
    this.cores.add(core);
    core.link(this.#leave);
  }

  /** Takes in one that is new, and starts it as soon as there is a place. */
  start(core: Core): void {
    const full = this.isFull;
    this.add(core);
    if (full) this.#queue.add(core);
    else schedule(core);
  }

  /** Lets one go, which goes on. */
  discard(core: Core): void {
    core.unlink(this.#leave);
    if (!this.cores.has(core)) return;
    if (this.#queue.has(core)) schedule(core);
    this.#leave(core);
  }

  /** Resolves when there is none, at some time from now on. */
  whenEmpty(): Promise<void> {
    if (this.cores.size === 0) return SETTLED;
    return (this.#empty ??= Promise.withResolvers()).promise;
  }

  /** Resolves when one has left. */
  whenLeft(): Promise<void> {
    return (this.#left ??= Promise.withResolvers()).promise;
  }

  #leave = (core: Core) => {
    this.cores.delete(core);
    // One that waited for a place had none to leave.
    if (!this.#queue.delete(core)) this.#fill();
    this.#left?.resolve();
    this.#left = null;
    if (this.cores.size > 0) return;
    this.#empty?.resolve();
    this.#empty = null;
  };

  #fill(): void {
    const [next] = this.#queue;
    const running = this.cores.size - this.#queue.size;
    if (next === undefined || running >= this.limit) return;
    this.#queue.delete(next);
    schedule(next);
  }
}
