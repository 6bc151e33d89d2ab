/** Results of which nobody knows yet whether they have arrived. */

import { after } from "../wait.ts";

/**
 * So long they are kept, and at most twice as long: the message that a call was
 * abandoned may have been here before its result was sent, but is read after it.
 */
const KEPT_MS = 1000;

/** By their calls, what gives them back. */
type ByCall = Map<number, () => void>;

/** Those that one connection has taken. */
export class GivenResults {
  #sent: ByCall = new Map();
  /** Those that were sent a while ago. */
  #before: ByCall = new Map();
  /** Nobody wants them: if the caller does not send them back, it is dead. */
  #unwanted: ByCall = new Map();
  #stop: (() => void) | null = null;

  /** One was sent. */
  add(call: number, giveBack: () => void): void {
    this.#sent.set(call, giveBack);
    this.#stop ??= after(KEPT_MS, this.#age, false);
  }

  /** What the call has given has arrived, or has come back. */
  settle(call: number): void {
    this.#sent.delete(call);
    this.#before.delete(call);
    this.#unwanted.delete(call);
  }

  /** The caller wants it no more, which has crossed the result. */
  abandon(call: number): void {
    const giveBack = this.#sent.get(call) ?? this.#before.get(call);
    if (giveBack === undefined) return;
    this.settle(call);
    this.#unwanted.set(call, giveBack);
  }

  /** The caller is gone: gives back what it did not want. */
  end(): void {
    this.#stop?.();
    for (const giveBack of this.#unwanted.values()) giveBack();
    for (const map of [this.#sent, this.#before, this.#unwanted]) map.clear();
  }

  readonly #age = (): void => {
    this.#before = this.#sent;
    this.#sent = new Map();
    this.#stop = this.#before.size > 0
      ? after(KEPT_MS, this.#age, false)
      : null;
  };
}
