/** What a task will have given. */

import {
  callAll,
  type Callbacks,
  withCallback,
  withoutCallback,
} from "../callbacks.ts";
import { currentCoroutine } from "../context.ts";
import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "../wait.ts";

/** What came of a task. */
export interface Outcome {
  readonly ok: boolean;
  readonly value: unknown;
}

/**
 * A result, once it is there. In contrast to a promise it may fail without anybody
 * listening, and costs nothing but itself as long as nobody does.
 */
export class Eventual {
  #outcome: Outcome | null = null;
  #waiting: Callbacks<[]> = null;
  #promise: Promise<void> | null = null;
  #value: Promise<unknown> | null = null;

  /** What came of it; `null`: it is not there yet. */
  get outcome(): Outcome | null {
    return this.#outcome;
  }

  /** It is there; called once. */
  settle(ok: boolean, value: unknown): void {
    this.#outcome = { ok, value };
    const waiting = this.#waiting;
    this.#waiting = null;
    callAll(waiting);
  }

  /** Calls back when it is there; at once, if it is. */
  whenSettled(call: () => void): void {
    if (this.#outcome !== null) call();
    else this.#waiting = withCallback(this.#waiting, call);
  }

  /** Takes back {@linkcode whenSettled}. */
  forget(call: () => void): void {
    this.#waiting = withoutCallback(this.#waiting, call);
  }

  /**
   * Waits until it is there; `false`: time ran out.
   *
   * Cancel safety: giving up changes nothing.
   */
  async wait(options: WaitOptions = {}): Promise<boolean> {
    timeoutOf(options);
    if (this.#outcome === null || options.signal) {
      this.#promise ??= new Promise((resolve) => this.whenSettled(resolve));
      const ended = await waitFor(this.#promise, options);
      if (ended === TIMED_OUT) return this.#outcome !== null;
    }
    return true;
  }

  /** What it will be; the kill of the coroutine that waits ends the wait. */
  value(): Promise<unknown> {
    if (currentCoroutine() !== null) return this.wait().then(() => this.take());
    return this.#value ??= new Promise((resolve, reject) =>
      this.whenSettled(() => {
        const { ok, value } = this.#outcome!;
        if (ok) resolve(value);
        else reject(value);
      })
    );
  }

  /** What it is; throws, where it is an error. Only when it is there. */
  take(): unknown {
    const { ok, value } = this.#outcome!;
    if (!ok) throw value;
    return value;
  }
}
