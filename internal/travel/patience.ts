/** What ends the wait for an answer by itself: signal, kill of the coroutine, time. */

import type { Coroutine } from "../context.ts";
import { after } from "../wait.ts";

/**
 * So long an answer may take after a call was taken back, or its time has run out,
 * and longer where a message is long. It is waited for in two steps: where this
 * program was busy, what has come meanwhile is read between them.
 */
export const GRACE_MS = 1000;

/** So much longer for a message of so many bytes, which both ends have to copy. */
const BYTES_PER_MS = 10_000;

/** A call, as far as its wait goes. */
export interface PatienceOptions {
  readonly signal: AbortSignal | undefined;
  readonly coroutine: Coroutine | null;
  /**
   * After so long, or when the signal has aborted, it is given up if the other end
   * does not answer; without one it is waited for.
   */
  readonly limit: number | undefined;
  /** {@linkcode Transport.moved} */
  moved(): number;
  /** How long its messages are, or may be. */
  bytes(): number;
  /** The signal has aborted. */
  cancel(reason: unknown): void;
  /** The coroutine was killed. */
  abandon(reason: unknown): void;
  /** There is no answer. */
  giveUp(): void;
}

/** The patience of one who waits for an answer. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #forget: (() => void) | undefined;
  /** Whether its time is over, and it is waited for all the same. */
  #isLate = false;
  #hasEnded = false;
  #stop = () => {};

  constructor(options: PatienceOptions) {
    const { signal, coroutine } = options;
    this.#options = options;
    signal?.addEventListener("abort", this.#abort);
    this.#forget = coroutine?.onKill((exit) => options.abandon(exit));
    this.restart();
  }

  /** The other end can have the call only now: there its time begins. */
  restart(): void {
    if (this.#hasEnded) return;
    this.#stop();
    if (this.#isLate) return this.#beLate();
    const { limit = Infinity } = this.#options;
    this.#stop = after(limit, () => this.#beLate(), false);
  }

  /** Nobody waits any more. Twice does nothing new. */
  end(): void {
    this.#hasEnded = true;
    this.#stop();
    this.#forget?.();
    this.#options.signal?.removeEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => {
    const { signal, limit, cancel } = this.#options;
    cancel(signal!.reason);
    if (limit === undefined || this.#hasEnded) return;
    this.#stop();
    this.#beLate();
  };

  #beLate(): void {
    this.#isLate = true;
    const { moved, bytes, giveUp } = this.#options;
    const seen = moved();
    const ms = (GRACE_MS + bytes() / BYTES_PER_MS) / 2;
    const look = () => moved() === seen ? giveUp() : this.#beLate();
    const second = () => void (this.#stop = after(ms, look, false));
    this.#stop = after(ms, second, false);
  }
}
