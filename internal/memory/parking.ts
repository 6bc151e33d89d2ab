/**
 * How a thread sleeps: at its own doorbell, and nowhere else.
 *
 * ```text
 *    31                               3      2       1       0
 *   +--------------------------------+------+-------+-------+
 *   |  rings (wraps)                 | STOP | ASYNC | SYNC  |
 *   +--------------------------------+------+-------+-------+
 *   SYNC, ASYNC  the thread may sleep here in a blocking, in a promised wait.
 *   STOP         the thread is being terminated: no wait may block it any more.
 * ```
 *
 * Who may write what
 *   anybody      adds 1 to rings, and wakes those who sleep here if SYNC or ASYNC is set.
 *   the thread   sets and clears SYNC and ASYNC; who ends it, STOP.
 *
 * Invariants
 *   I1  One reads the bell, *then* looks at what one waits for, *then* sleeps on
 *       the bell as it was read (with SYNC or ASYNC set). Who changes what is
 *       waited for rings *after* the change. So either the look sees the change,
 *       or the bell has changed before the sleep, which then returns at once.
 *   I2  A sleep ends when the bell is rung, when one of the lives dies that it
 *       watches, and after `HEARTBEAT` ms at the latest. It says nothing: who
 *       sleeps looks again. A ring too many costs a look, never more.
 *
 * The heartbeat is not needed for what is argued above. It is for what nobody
 * can argue away: a user's own Worker that was terminated while it slept leaves
 * its sleep behind as a thread, which may swallow the kernel's one wake-up for a
 * death; and a thread that was chosen to be woken may be busy with other code.
 */

import type { Arena } from "./arena.ts";

export const SYNC = 1;
export const ASYNC = 2;
export const STOP = 4;
/** What a ring adds. */
export const RING = 8;

/** A thread that nobody wakes looks around so often (ms). */
export const HEARTBEAT = 100;

/** How a system lets threads sleep. */
export interface Parking {
  /**
   * Blocks this thread as long as the word at an offset has that value, for `ms`
   * at most. With `watch`, also the death of another member ends it.
   */
  sleep(offset: number, value: number, ms: number, watch: boolean): void;
  /** The same, without blocking; `keeps`: the program goes on while it is pending. */
  sleepAsync(
    offset: number,
    value: number,
    ms: number,
    keeps: boolean,
  ): Promise<void>;
  /** Wakes all who sleep at that word. */
  wake(offset: number): void;
}

/** Parking where there is nothing better: looking every now and then. */
export class PollingParking implements Parking {
  #arena: Arena;
  #nap = new Int32Array(new SharedArrayBuffer(4));

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  sleep(offset: number, value: number, ms: number): void {
    const words = this.#arena.ints(offset, 4);
    const end = performance.now() + Math.min(ms, HEARTBEAT);
    while (Atomics.load(words, 0) === value && performance.now() < end) {
      Atomics.wait(this.#nap, 0, 0, 1);
    }
  }

  async sleepAsync(
    offset: number,
    value: number,
    ms: number,
    keeps: boolean,
  ): Promise<void> {
    const words = this.#arena.ints(offset, 4);
    const end = performance.now() + Math.min(ms, HEARTBEAT);
    while (Atomics.load(words, 0) === value && performance.now() < end) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1);
        if (!keeps) timer.unref();
      });
    }
  }

  wake(): void {}
}

/** Parking between the threads of one process, on a `SharedArrayBuffer`. */
export class AtomicsParking implements Parking {
  #words: Int32Array;

  constructor(arena: Arena) {
    this.#words = new Int32Array(arena.grant.buffer!);
  }

  sleep(offset: number, value: number, ms: number): void {
    Atomics.wait(this.#words, offset / 4, value, Math.min(ms, HEARTBEAT));
  }

  async sleepAsync(
    offset: number,
    value: number,
    ms: number,
    keeps: boolean,
  ): Promise<void> {
    const { async, value: ended } = Atomics.waitAsync(
      this.#words,
      offset / 4,
      value,
      Math.min(ms, HEARTBEAT),
    );
    if (!async) return;
    // Alone it neither keeps the program alive, nor does its time-out fire.
    if (!keeps) return void await ended;
    const timer = setInterval(() => {}, HEARTBEAT);
    await ended;
    clearInterval(timer);
  }

  wake(offset: number): void {
    Atomics.notify(this.#words, offset / 4);
  }
}
