/**
 * Waiting for a promise so that one can stop waiting. What was given to `then`
 * cannot be taken back: the promise keeps it, and all that it holds, for as long
 * as itself. So a promise is asked once, for all who wait, and who gives up takes
 * his callback back from here.
 */

import {
  callAll,
  type Callbacks,
  withCallback,
  withoutCallback,
} from "./callbacks.ts";
import { runForThread } from "./context.ts";

/**
 * Those of promises that are not settled, as far as has been heard; and those of
 * others' thenables, whose `then` is called once.
 */
const settlements = new WeakMap<object, Settlement<unknown>>();

/** What becomes of a promise. */
export class Settlement<T> {
  #state: "pending" | "fulfilled" | "rejected" = "pending";
  #value: unknown;
  #callbacks: Callbacks<[]> = null;

  /** The one of this promise: the same for all that ask before it is settled. */
  static of<T>(promise: PromiseLike<T>): Settlement<T> {
    const known = settlements.get(promise);
    if (known !== undefined) return known as Settlement<T>;
    const settlement = new Settlement<T>();
    const settle = (state: "fulfilled" | "rejected", value: unknown) => {
      if (promise instanceof Promise) settlements.delete(promise);
      settlement.#settle(state, value);
    };
    // In no coroutine, or the one that comes first would be kept for all.
    runForThread(() =>
      Promise.resolve(promise).then(
        (value) => settle("fulfilled", value),
        (reason) => settle("rejected", reason),
      )
    );
    // Not before: where it cannot be asked, it has to be asked again.
    settlements.set(promise, settlement);
    return settlement;
  }

  /** Whether it is, as far as has been heard: a turn later at the earliest. */
  get isSettled(): boolean {
    return this.#state !== "pending";
  }

  /** Gives its value to the one, or its error to the other, once it is settled. */
  tell(resolve: (value: T) => void, reject: (reason: unknown) => void): void {
    if (this.#state === "rejected") reject(this.#value);
    else resolve(this.#value as T);
  }

  /** Calls back when it is settled; not if it has been. */
  add(callback: () => void): void {
    this.#callbacks = withCallback(this.#callbacks, callback);
  }

  /** Takes back {@linkcode add}. */
  delete(callback: () => void): void {
    this.#callbacks = withoutCallback(this.#callbacks, callback);
  }

  #settle(state: "fulfilled" | "rejected", value: unknown): void {
    this.#state = state;
    this.#value = value;
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    callAll(callbacks);
  }
}
