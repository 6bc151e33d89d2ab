/** Parking in mapped memory on Linux: `futex_waitv`. */

import type { Arena } from "./arena.ts";
import { Header, LIFE_BYTES, LIVES, SLOT_BYTES, SLOT_PAGES } from "./layout.ts";
import {
  addressOf,
  type MemoryCalls,
  memoryCalls,
  SystemCall,
} from "./libc.ts";
import { canLetEnd, letEnd } from "./let_end.ts";
import { DIED, lifeIndex, WATCH } from "./lives.ts";
import { HEARTBEAT, type Parking, PollingParking } from "./parking.ts";

const FUTEX_WAKE = 1;
const FUTEX2_SIZE_U32 = 2;
const CLOCK_MONOTONIC = 1;
const ALL = 0x7fffffff;

/**
 * Where the kernel reads what to wait for: in the thread's slot, because a
 * JavaScript buffer may have moved by the time a call on another thread begins.
 * A blocking and a pending wait have an area each.
 */
const AREAS = { sync: 512, async: 2048 };
const TIMES = { sync: 256, async: 272 };
/** How many words can be waited for at once; more lives than that are polled. */
const MOST = 60;
/** So often the lives are looked at that are too many to be watched (ms). */
const POLL = 50;
/** A wait that is over sooner than this (ms) does without the lives. */
const SHORT = 2;

/** What a thread waits for: its area of its slot. */
class Area {
  /** The address of the array and of the time, for the kernel. */
  readonly address: number;
  readonly timeAddress: number;
  /** How many lives stand in the array. */
  watched = 0;
  /** Whether there are lives that do not. */
  overflow = false;

  #arena: Arena;
  #own: number;
  #entries: BigUint64Array;
  #time: BigInt64Array;
  #membership = -1;

  constructor(arena: Arena, slot: number, kind: "sync" | "async") {
    const page = SLOT_PAGES + slot * SLOT_BYTES;
    const words = arena.slots;
    const start = words.byteOffset + slot * SLOT_BYTES;
    this.#arena = arena;
    this.#own = slot;
    this.address = arena.base! + page + AREAS[kind];
    this.timeAddress = arena.base! + page + TIMES[kind];
    this.#entries = new BigUint64Array(
      words.buffer,
      start + AREAS[kind],
      MOST * 3,
    );
    this.#time = new BigInt64Array(words.buffer, start + TIMES[kind], 2);
    for (let i = 0; i < MOST; i++) {
      this.#entries[i * 3 + 2] = BigInt(FUTEX2_SIZE_U32);
    }
  }

  /** Sets the word that is slept on. */
  setWord(offset: number, value: number): void {
    this.#entries[0] = BigInt(value >>> 0);
    this.#entries[1] = BigInt(this.#arena.base! + offset);
  }

  /** Sets the end of the wait. */
  setEnd(monotonicMs: number): void {
    const ns = Math.ceil(monotonicMs * 1e6);
    this.#time[0] = BigInt(Math.floor(ns / 1e9));
    this.#time[1] = BigInt(ns % 1e9);
  }

  /** Sets the lives of all other members; `false`: one of them is dead. */
  setLives(): boolean {
    const { header, lives } = this.#arena;
    // Who joins or leaves changes this after the life word.
    const membership = Atomics.load(header, Header.MEMBERSHIP);
    const isNew = membership !== this.#membership;
    if (isNew) this.watched = 0;
    const top = Atomics.load(header, Header.SLOTS_TOP);
    for (let slot = 0; slot < top; slot++) {
      if (slot === this.#own) continue;
      const word = Atomics.load(lives, lifeIndex(slot));
      if (word & DIED) return false;
      if (isNew && word !== 0) this.#watch(slot, word);
    }
    this.#membership = membership;
    return true;
  }

  #watch(slot: number, word: number): void {
    this.overflow = this.watched + 1 === MOST;
    if (this.overflow) return;
    const watched = word | WATCH;
    Atomics.compareExchange(this.#arena.lives, lifeIndex(slot), word, watched);
    const at = ++this.watched * 3;
    this.#entries[at] = BigInt(watched >>> 0);
    this.#entries[at + 1] = BigInt(
      this.#arena.base! + LIVES + slot * LIFE_BYTES,
    );
  }
}

/** Whether the system knows `futex_waitv` (Linux 5.16), and allows it. */
export function canWaitForMany(arena: Arena): boolean {
  const area = new Area(arena, 0, "sync");
  const calls = memoryCalls()!;
  const began = performance.now();
  area.setWord(SLOT_PAGES, 0);
  area.setEnd(began + aheadBy(calls) + 0.2);
  calls.call(
    SystemCall.FUTEX_WAITV,
    area.address,
    1,
    0,
    area.timeAddress,
    CLOCK_MONOTONIC,
    0,
  );
  return performance.now() - began > 0.1; // else it did not wait
}

/** What the kernel's clock is ahead of `performance.now()` (ms). */
function aheadBy(calls: MemoryCalls): number {
  const time = new BigInt64Array(2);
  const { CLOCK_GETTIME } = SystemCall;
  calls.call(CLOCK_GETTIME, CLOCK_MONOTONIC, addressOf(time), 0, 0, 0, 0);
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6 - performance.now();
}

/** Parking of one thread in mapped memory. */
export class FutexParking implements Parking {
  #calls: MemoryCalls = memoryCalls()!;
  #base: number;
  #sync: Area;
  #async: Area;
  #ahead: number;
  #polling: PollingParking;

  constructor(arena: Arena, slot: number) {
    this.#polling = new PollingParking(arena);
    this.#base = arena.base!;
    this.#sync = new Area(arena, slot, "sync");
    this.#async = new Area(arena, slot, "async");
    this.#ahead = aheadBy(this.#calls);
  }

  sleep(offset: number, value: number, ms: number, watch: boolean): void {
    const area = this.#sync;
    area.setWord(offset, value);
    const short = Math.min(ms, watch ? SHORT : HEARTBEAT);
    const began = performance.now();
    area.setEnd(began + short + this.#ahead);
    const woken = this.#calls.call(
      SystemCall.FUTEX_WAITV,
      area.address,
      1,
      0,
      area.timeAddress,
      CLOCK_MONOTONIC,
      0,
    );
    if (!watch || woken >= 0 || ms <= SHORT) return;
    if (performance.now() - began < short) return; // the word had changed
    if (!area.setLives()) return;
    const rest = Math.min(ms - short, area.overflow ? POLL : HEARTBEAT);
    area.setEnd(performance.now() + rest + this.#ahead);
    this.#calls.call(
      SystemCall.FUTEX_WAITV,
      area.address,
      1 + area.watched,
      0,
      area.timeAddress,
      CLOCK_MONOTONIC,
      0,
    );
  }

  async sleepAsync(
    offset: number,
    value: number,
    ms: number,
    keeps: boolean,
  ): Promise<void> {
    if (!keeps && !canLetEnd()) {
      return await this.#polling.sleepAsync(offset, value, ms, false);
    }
    const area = this.#async;
    area.setWord(offset, value);
    if (!area.setLives()) return;
    const most = Math.min(ms, area.overflow ? POLL : HEARTBEAT);
    area.setEnd(performance.now() + most + this.#ahead);
    const woken = this.#calls.callAsync(
      SystemCall.FUTEX_WAITV,
      area.address,
      1 + area.watched,
      0,
      area.timeAddress,
      CLOCK_MONOTONIC,
      0,
    );
    if (!keeps) letEnd(woken);
    await woken;
  }

  wake(offset: number): void {
    this.#calls.call(
      SystemCall.FUTEX,
      this.#base + offset,
      FUTEX_WAKE,
      ALL,
      0,
      0,
      0,
    );
  }
}
