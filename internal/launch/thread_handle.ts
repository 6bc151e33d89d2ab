/** A thread, for who has started it, wherever its Worker was made. */

import type { Holdable } from "../wait.ts";
import { Outcome } from "./report.ts";
import type { LostThread, ThreadEnd, ThreadPlan } from "./thread_messages.ts";

/** A thread that was started. */
export abstract class ThreadHandle implements Holdable {
  readonly ident: number;
  readonly daemon: boolean;
  /** Resolved when it has ended. */
  readonly ended: Promise<void>;
  /** What came of its target; `null`: it runs, or is lost. */
  outcome: Outcome | null = null;
  /** How it has ended without a result, if it did. */
  lost: LostThread | null = null;
  #setEnded: () => void;

  constructor({ ident, daemon }: ThreadPlan) {
    this.ident = ident;
    this.daemon = daemon;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#setEnded = resolve;
  }

  /** Ends it, as far as the runtime can. */
  abstract terminate(): void;
  /** Lets it look at its gate. */
  abstract wake(): void;
  abstract hold(): void;
  abstract release(): void;

  /** It has ended. */
  protected setEnd(end: ThreadEnd): void {
    if ("report" in end) this.outcome = new Outcome(end.report);
    else this.lost = end;
    this.#setEnded();
  }

  /** Whether it has not ended. */
  get runs(): boolean {
    return this.outcome === null && this.lost === null;
  }
}
