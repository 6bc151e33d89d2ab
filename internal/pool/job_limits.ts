/** What ends a map before its time. */

import { TimeoutError } from "../../errors.ts";
import { after } from "../wait.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { NO_LIMITS, type Task, type TaskLimits } from "./task.ts";

/** The limits of a map: what is asked of all of it, and what of each chunk. */
export class JobLimits {
  /** What is asked of each chunk. */
  readonly ofChunks: TaskLimits;
  /** The first chunk; `null`: it could not be given, `undefined`: there is none. */
  #first: Task | null | undefined = undefined;
  /** It has begun, as something of it is done: that is not waited for any more. */
  readonly began: () => void;
  /** The map has ended. */
  readonly end: () => void;

  /**
   * @param stop Called when the signal aborts, or when the time is over in which the
   * first item was to begin.
   */
  constructor(
    dispatcher: Dispatcher,
    { taskTimeout, queueTimeout, signal }: TaskLimits,
    stop: (reason: unknown, isAbort: boolean) => void,
  ) {
    this.ofChunks = { ...NO_LIMITS, taskTimeout };
    const abort = () => stop(signal!.reason, true);
    signal?.addEventListener("abort", abort);
    const cancel = after(queueTimeout, () => {
      const first = this.#first;
      if (first === null || first?.wasBegun) return;
      if (first && !dispatcher.recall(first)) return;
      const message =
        `The map's first item was not begun within ${queueTimeout} ms`;
      stop(new TimeoutError(message), false);
    });
    this.began = cancel;
    this.end = () => {
      cancel();
      signal?.removeEventListener("abort", abort);
    };
  }

  /** A chunk was taken; it is given as that task, if it can be. */
  took(task: Task | null): void {
    if (this.#first === undefined) this.#first = task;
  }
}
