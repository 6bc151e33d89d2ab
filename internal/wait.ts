/** How one waits: time-outs in milliseconds, abort signals, timers of any length. */

import { checkMilliseconds, checkOptions, checkSignal } from "./check.ts";
import { currentCoroutine } from "./context.ts";
import { Settlement } from "./settlement.ts";

/** How long to wait, and what ends the wait. */
export interface WaitOptions {
  /**
   * Milliseconds after which to stop waiting: 0 does not wait, `Infinity` (the
   * default) has no limit.
   */
  timeout?: number | undefined;
  /** Ends the wait when it aborts: the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** How long a call may block its thread. */
export interface SyncWaitOptions {
  /**
   * Milliseconds after which to stop waiting: 0 does not wait, `Infinity` (the
   * default) has no limit.
   */
  timeout?: number | undefined;
}

/** The longest time that `setTimeout` can be set to; longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The time to wait; a `RangeError` or `TypeError` where it is none. */
export function checkTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return Infinity;
  return checkMilliseconds(
    timeout,
    "wait",
    "timeout",
    "0: do not wait, Infinity: no limit",
  );
}

/** Checks how one wants to wait; gives the time to wait. First thing in a wait. */
export function timeoutOf(options: WaitOptions): number {
  if (typeof options !== "object" || options === null) refuseOptions(options);
  checkSignal(options.signal, "wait");
  return checkTimeout(options.timeout);
}

/** Says how what stands there as in Python is written here. */
function refuseOptions(options: unknown): void {
  const timeout = typeof options === "number"
    ? options
    : options === false
    ? 0
    : 1000;
  checkOptions(options, "wait", `{ timeout: ${timeout} }`);
}

/**
 * Calls back after `ms`, however long; returns what takes the call back. Unless
 * it `holds` the program, that may end before.
 */
export function after(
  ms: number,
  callback: () => void,
  holds = true,
): () => void {
  if (ms === Infinity) return () => {};
  let left = ms;
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const now = Math.min(left, LONGEST_TIMER);
    left -= now;
    timer = setTimeout(() => left > 0 ? arm() : callback(), now);
    if (!holds) unref(timer);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Lets the program end before that; those of a fake time are numbers, and hold nothing. */
export function unref(timer: { unref?(): unknown }): void {
  timer.unref?.();
}

const quiet = new WeakSet<AbortSignal>();

/** A wait that this signal ends does not keep the program alive. */
export function makeQuiet(signal: AbortSignal): void {
  quiet.add(signal);
}

/**
 * Whether a wait that this signal ends keeps the program alive. It does not where
 * it is somebody elsewhere who waits, whom this program serves.
 */
export function holdsProgram(signal: AbortSignal | undefined): boolean {
  return signal === undefined || !quiet.has(signal);
}

/** What {@linkcode waitFor} returns when time ran out. */
export const TIMED_OUT: unique symbol = Symbol("timed out");

/**
 * Waits for a promise, and leaves no timer, no listener and nothing with the
 * promise behind. The kill of the coroutine that waits ends the wait with its
 * `GreenletExit`.
 *
 * Cancel safety: giving up leaves the promise as it was.
 */
export async function waitFor<T>(
  promise: Promise<T>,
  options: WaitOptions = {},
): Promise<T | typeof TIMED_OUT> {
  const timeout = timeoutOf(options);
  const { signal } = options;
  const coroutine = currentCoroutine();
  coroutine?.throwIfKilled();
  signal?.throwIfAborted();
  if (timeout === Infinity && signal === undefined && coroutine === null) {
    return await promise;
  }
  const settlement = Settlement.of(promise);
  const { promise: ended, resolve, reject } = Promise.withResolvers<
    T | typeof TIMED_OUT
  >();
  const settled = () => {
    end();
    settlement.tell(resolve, reject);
  };
  const late = () => {
    end();
    resolve(TIMED_OUT);
  };
  const fail = (error: unknown) => {
    end();
    reject(error);
  };
  const abort = () => fail(signal!.reason);
  let cancel: (() => void) | undefined;
  let forget: (() => void) | undefined;
  // At once, not when the caller goes on: a kill in between would be lost.
  const end = () => {
    settlement.delete(settled);
    cancel?.();
    forget?.();
    signal?.removeEventListener("abort", abort);
  };
  settlement.add(settled);
  if (timeout === 0) {
    queueMicrotask(late); // what is settled already comes before it
  } else {
    cancel = after(timeout, late, holdsProgram(signal));
    forget = coroutine?.onKill(fail);
    signal?.addEventListener("abort", abort, { once: true });
  }
  return await ended;
}

/** What may keep the program going. */
export interface Holdable {
  /** The program goes on at least until `release()`. */
  hold(): void;
  /** Takes back one `hold()`. */
  release(): void;
}

/** Waits for something of a worker; meanwhile even a daemon keeps the program. */
export async function waitHolding<T>(
  worker: Holdable,
  promise: Promise<T>,
  options: WaitOptions,
): Promise<T | typeof TIMED_OUT> {
  worker.hold();
  try {
    return await waitFor(promise, options);
  } finally {
    worker.release();
  }
}
