/** Those who wait for one thing: first come, first served. */

import { currentCoroutine } from "./context.ts";
import { turn } from "./turn.ts";
import { after, checkTimeout, TIMED_OUT, type WaitOptions } from "./wait.ts";

/** One who waits. */
export interface Waiting<T, W> {
  /** What exactly is waited for. */
  readonly wish: W;
  /** Ends the wait with this. */
  resolve(value: T): void;
  /** Ends the wait with an error. */
  reject(reason: unknown): void;
}

/**
 * A queue of those who wait. Whoever serves the first one, serves it in one go:
 * so a wait that is given up either was served, or has taken nothing.
 *
 * @typeParam T What they get.
 * @typeParam W What each of them can wish.
 */
export class WaitQueue<T, W = undefined> {
  #waiting = new Set<Waiting<T, W>>();
  #changed: () => void;

  /** Makes a queue; `changed` is called whenever somebody came or went. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Who is served next. */
  get first(): Waiting<T, W> | undefined {
    for (const waiting of this.#waiting) return waiting;
    return undefined;
  }

  /**
   * Waits until somebody serves it. With a time of 0 it waits for what has
   * happened by now and was not seen yet. When the time runs out, `late` says
   * how it ends; the kill of the coroutine that waits ends it, too.
   */
  wait(
    wish: W,
    { timeout, signal }: WaitOptions = {},
    late: (waiting: Waiting<T | typeof TIMED_OUT, W>) => void = resolveLate,
  ): Promise<T | typeof TIMED_OUT> {
    const limit = checkTimeout(timeout);
    const coroutine = currentCoroutine();
    coroutine?.throwIfKilled();
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      let cancel: (() => void) | undefined;
      let abort: (() => void) | undefined;
      const leave = () => {
        if (!this.#waiting.delete(waiting)) return false;
        cancel?.();
        forget?.();
        if (abort) signal!.removeEventListener("abort", abort);
        this.#changed();
        return true;
      };
      const waiting: Waiting<T | typeof TIMED_OUT, W> = {
        wish,
        resolve: (value) => void (leave() && resolve(value)),
        reject: (reason) => void (leave() && reject(reason)),
      };
      const forget = coroutine?.onKill(waiting.reject);
      this.#waiting.add(waiting);
      if (limit === 0) {
        turn(() => !this.#waiting.has(waiting)).then(() => late(waiting));
      } else if (limit !== Infinity) cancel = after(limit, () => late(waiting));
      if (signal) {
        abort = () => waiting.reject(signal.reason);
        signal.addEventListener("abort", abort);
      }
      this.#changed();
    });
  }

  /** Ends all waits with this. */
  resolveAll(value: T): void {
    for (const waiting of [...this.#waiting]) waiting.resolve(value);
  }

  /** Ends all waits with errors, each its own. */
  rejectAll(reason: () => unknown): void {
    for (const waiting of [...this.#waiting]) waiting.reject(reason());
  }
}

function resolveLate(waiting: Waiting<typeof TIMED_OUT, unknown>): void {
  waiting.resolve(TIMED_OUT);
}
