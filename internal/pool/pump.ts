/** Waits for what the workers of a pool answer, as long as there is something. */

import { runForThread } from "../context.ts";
import { ownHome } from "../memory/home.ts";
import { Line } from "../memory/waits.ts";
import { done } from "../pace.ts";
import type { Inbox } from "../structure/inbox.ts";

/** For so long it is worth to look again and again (ms): a sleep costs as much. */
const SPIN_MS = 0.06;
/** So many looks, which take a few microseconds, are between two at the clock. */
const LOOKS = 100;
/** After it was in vain so often, only every now and then it is tried again. */
const MISSES = 3;
const TRY_AGAIN = 16;
const CORES = navigator.hardwareConcurrency;

/** What it is for. */
export interface Pumped {
  /** Whether there is something to wait for. */
  readonly isWaiting: boolean;
  /** How many workers are at work. */
  readonly busy: number;
  /** Something has come. */
  collect(): void;
  /** There is nothing to wait for, any more. */
  rest(): void;
}

/** Runs as long as somebody waits for an answer; then it holds nothing. */
export class Pump {
  readonly #inbox: Inbox;
  readonly #pumped: Pumped;
  readonly #line: Line;
  #running = false;
  #misses = 0;

  constructor(inbox: Inbox, pumped: Pumped) {
    this.#inbox = inbox;
    this.#pumped = pumped;
    this.#line = new Line(ownHome().waits, inbox);
  }

  /** There is something to wait for from now on. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    // When the caller has said all that it wants; for all others, too.
    queueMicrotask(() => runForThread(() => this.#run()));
  }

  /** There may be nothing to wait for any more. */
  stop(): void {
    if (!this.#running) return;
    const { member } = this.#inbox.object;
    member.ring(member.slot);
  }

  async #run(): Promise<void> {
    while (this.#pumped.isWaiting) {
      if (!this.#inbox.ready() && !this.#spin()) {
        await this.#line.wait(this.#attempt);
      }
      this.#pumped.collect();
      await done();
    }
    this.#running = false;
    this.#pumped.rest();
  }

  readonly #attempt = (): true | undefined =>
    this.#inbox.ready() || !this.#pumped.isWaiting || undefined;

  /** Looks for a moment; not where that would take a core from a worker. */
  #spin(): boolean {
    if (this.#pumped.busy >= CORES) return false;
    if (this.#misses > MISSES && ++this.#misses % TRY_AGAIN !== 0) return false;
    const end = performance.now() + SPIN_MS;
    do {
      for (let i = 0; i < LOOKS; i++) {
        if (this.#inbox.ready()) {
          this.#misses = 0;
          return true;
        }
      }
    } while (performance.now() < end);
    this.#misses++;
    return false;
  }
}
