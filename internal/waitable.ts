/** Waiting for whichever of several things is ready first. */

import { checkIterable } from "./check.ts";
import { throwIfKilled } from "./context.ts";
import { Settlement } from "./settlement.ts";
import { breathe, turn } from "./turn.ts";
import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "./wait.ts";

/** The method by which an object says when it is ready. */
export const WAITABLE: unique symbol = Symbol("waitable");

/** How an object says that it is ready. To be asked takes nothing from it. */
export interface WaitSource {
  /** Whether it is, as far as this thread has seen. */
  ready(): boolean;
  /**
   * Resolves when it is; at once, if it is now. When the signal aborts, nobody
   * waits any more, and nothing may be left behind.
   */
  whenReady(signal: AbortSignal): Promise<unknown>;
}

/** An object that says itself when it is ready. */
export interface WaitableObject {
  /** Its source; an error, if it cannot be waited for any more. */
  [WAITABLE](): WaitSource;
}

/**
 * Waits until one of the objects is ready, at least: objects with `WAITABLE`,
 * and promises that are settled. Gives all that are, in their order; none, when
 * the time runs out.
 *
 * Cancel safety: nothing is taken from any object, whatever the end.
 */
export async function waitForAny<T>(
  objects: Iterable<T>,
  options: WaitOptions = {},
): Promise<T[]> {
  const timeout = timeoutOf(options);
  checkIterable(objects, "wait", "objects");
  throwIfKilled();
  options.signal?.throwIfAborted();
  const entries = [...objects].map((object) => ({
    object,
    source: sourceOf(object),
  }));
  const ready = () =>
    entries.filter(({ source }) => source.ready()).map(({ object }) => object);
  await breathe(); // a promise that is settled says so when it is asked
  options.signal?.throwIfAborted();
  const found = ready();
  if (found.length > 0 || entries.length === 0) return found;
  if (timeout === 0) {
    await turn(() => entries.some(({ source }) => source.ready()));
    options.signal?.throwIfAborted();
    return ready();
  }
  const end = performance.now() + timeout;
  while (true) {
    const stop = new AbortController();
    try {
      const first = Promise.race(
        entries.map(({ source }) => source.whenReady(stop.signal)),
      );
      const left = Math.max(end - performance.now(), 0);
      const reason = await waitFor(first, { ...options, timeout: left });
      const found = ready();
      // What was ready may have been taken by somebody else meanwhile.
      if (found.length > 0 || reason === TIMED_OUT) return found;
    } finally {
      stop.abort();
    }
  }
}

function sourceOf(object: unknown): WaitSource {
  if (
    (typeof object === "object" || typeof object === "function") &&
    object !== null
  ) {
    if (WAITABLE in object) return (object as WaitableObject)[WAITABLE]();
    if ("then" in object && typeof object.then === "function") {
      return new PromiseSource(object as PromiseLike<unknown>);
    }
  }
  throw new TypeError(
    `Cannot wait for ${
      Deno.inspect(object, { depth: 0 })
    }: wait for connections, listeners, futures and promises`,
  );
}

class PromiseSource implements WaitSource {
  #settlement: Settlement<unknown>;

  constructor(promise: PromiseLike<unknown>) {
    this.#settlement = Settlement.of(promise);
  }

  ready(): boolean {
    return this.#settlement.isSettled;
  }

  whenReady(signal: AbortSignal): Promise<void> {
    const settlement = this.#settlement;
    if (settlement.isSettled) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const settled = () => resolve();
    settlement.add(settled);
    signal.addEventListener("abort", () => settlement.delete(settled));
    return promise;
  }
}
