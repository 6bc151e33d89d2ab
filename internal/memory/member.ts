/**
 * A thread that has joined an arena: its slot there.
 *
 * ```text
 *   word 0   state    0 free, 1 lives, 2 is swept up after; above it (from bit 2
 *                     on) how often the slot was taken
 *   word 1   bell     see parking.ts
 *   word 2   pid
 *   word 3   hand     a block that its thread has taken, and that is part of
 *                     nothing yet, or no more (objects.ts)
 *   word 4   look     since when its thread looks at objects that it does not
 *                     hold (objects.ts)
 * ```
 *
 * Who owns something is written as slot and generation, 28 bits: `slot | generation << 10`.
 *
 * Who may write what
 *   state   who has locked the life word of the slot: its thread, or its sweeper.
 *
 * Invariants
 *   I1  A slot's state is `lives` only while its life word is locked by its thread,
 *       or was when it died. So an owner lives if the state says so, with its
 *       generation, and the life word does not say that it died.
 *   I2  A slot is free again only after its sweep: no word names an owner whose
 *       slot another one has.
 */

import type { Arena } from "./arena.ts";
import { FutexParking } from "./futex.ts";
import { Header, LIVES, SLOT_BYTES, SLOT_PAGES, SLOTS } from "./layout.ts";
import {
  DIED,
  lifeIndex,
  type Lives,
  mappedLives,
  SharedLives,
} from "./lives.ts";
import {
  ASYNC,
  AtomicsParking,
  type Parking,
  PollingParking,
  RING,
  STOP,
  SYNC,
} from "./parking.ts";

const WORDS = SLOT_BYTES / 4;
const STATE = 0;
const BELL = 1;
const PID = 2;
const HAND = 3;

const FREE = 0;
const ALIVE = 1;
const SWEPT = 2;
/** At so many slots one looks who does not look at all. */
const SOME = 8;
const SLOT_MASK = SLOTS - 1;
const GENERATIONS = 2 ** 18;
/** The bits of an owner in a word. */
export const OWNER = 2 ** 28 - 1;

/** Sweeps up after a thread that has died; done twice, it does nothing new. */
export type Sweep = (slot: number, owner: number) => void;

/** This thread, as the others in an arena know it. */
export class Member {
  readonly arena: Arena;
  readonly slot: number;
  /** Its name as an owner. */
  readonly id: number;
  readonly parking: Parking;
  /** Its process. */
  readonly pid: number = Deno.pid;
  readonly #lives: Lives;
  /** Dead ones whose life word was locked on the way to a slot of one's own. */
  readonly #found: number[];
  #sweep: Sweep | null = null;
  #tidy: () => void = () => {};
  #bell: number;
  /** The slot at which it has looked last, where it looks at a few. */
  #lookedAt = 0;

  private constructor(
    arena: Arena,
    slot: number,
    id: number,
    lives: Lives,
    found: number[],
  ) {
    this.arena = arena;
    this.slot = slot;
    this.id = id;
    this.#lives = lives;
    this.#found = found;
    this.#bell = slot * WORDS + BELL;
    this.parking = arena.base === null
      ? new AtomicsParking(arena)
      : arena.header[Header.POLLING] === 1
      ? new PollingParking(arena)
      : new FutexParking(arena, slot);
  }

  /** Takes a slot of the arena; {@linkcode sweepBy} is to be called next. */
  static join(arena: Arena): Member {
    const lives = arena.base === null
      ? new SharedLives(arena.lives)
      : mappedLives(arena.base + LIVES, arena.lives);
    const found: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const claimed = lives.claim(slot);
      if (claimed === "dead") found.push(slot);
      if (claimed === "free") return Member.#enter(arena, slot, lives, found);
    }
    throw new RangeError(
      `Cannot share memory with more than ${SLOTS} threads of all processes together`,
    );
  }

  static #enter(arena: Arena, slot: number, lives: Lives, found: number[]) {
    const { slots, header } = arena;
    const before = Atomics.load(slots, slot * WORDS + STATE) >>> 2;
    const generation = (before + 1) % GENERATIONS || 1;
    Atomics.store(slots, slot * WORDS + BELL, 0);
    slots[slot * WORDS + PID] = Deno.pid;
    Atomics.store(slots, slot * WORDS + STATE, generation << 2 | ALIVE);
    for (;;) {
      const top = Atomics.load(header, Header.SLOTS_TOP);
      if (top > slot) break;
      Atomics.compareExchange(header, Header.SLOTS_TOP, top, slot + 1);
    }
    Atomics.add(header, Header.MEMBERSHIP, 1);
    return new Member(arena, slot, slot | generation << 10, lives, found);
  }

  /** From now on this thread sweeps up after those who have died, in that way. */
  sweepBy(sweep: Sweep): void {
    this.#sweep = sweep;
    for (const slot of this.#found.splice(0)) this.#sweepUp(slot);
    this.sweepDead();
  }

  /** What this thread left for later it does after each sleep from now on. */
  tidyBy(tidy: () => void): void {
    this.#tidy = tidy;
  }

  /** The bell, to be read before one looks at what one waits for. */
  readBell(): number {
    return Atomics.load(this.arena.slots, this.#bell);
  }

  /** Blocks until the bell differs from what was read; see {@linkcode Parking}. */
  sleep(bell: number, ms: number): void {
    const { slots } = this.arena;
    const asleep = bell | SYNC;
    if (Atomics.compareExchange(slots, this.#bell, bell, asleep) === bell) {
      this.parking.sleep(this.#offset, asleep, ms, true);
      Atomics.and(slots, this.#bell, ~SYNC);
    }
    this.sweepDead();
    this.#tidy();
  }

  /** The same, without blocking this thread; `keeps`: the program goes on meanwhile. */
  async sleepAsync(bell: number, ms: number, keeps = true): Promise<void> {
    const { slots } = this.arena;
    const asleep = bell | ASYNC;
    if (Atomics.compareExchange(slots, this.#bell, bell, asleep) === bell) {
      await this.parking.sleepAsync(this.#offset, asleep, ms, keeps);
      Atomics.and(slots, this.#bell, ~ASYNC);
    }
    this.sweepDead();
    this.#tidy();
  }

  /** Wakes a thread: what it may wait for has changed before. */
  ring(slot: number): void {
    const before = Atomics.add(this.arena.slots, slot * WORDS + BELL, RING);
    if (before & (SYNC | ASYNC)) {
      this.parking.wake(SLOT_PAGES + slot * SLOT_BYTES + BELL * 4);
    }
  }

  /** Whether a thread may sleep, so that it would come at once. */
  sleeps(slot: number): boolean {
    const bell = Atomics.load(this.arena.slots, slot * WORDS + BELL);
    return (bell & (SYNC | ASYNC)) !== 0;
  }

  /** Makes all waits of a thread end, which is about to be terminated. */
  stop(slot: number): void {
    Atomics.or(this.arena.slots, slot * WORDS + BELL, STOP);
    this.ring(slot);
  }

  /** The same, if that thread is there yet. */
  interrupt(owner: number): void {
    if (this.isAlive(owner)) this.stop(owner & SLOT_MASK);
  }

  /** Whether this thread is being terminated. */
  get stopped(): boolean {
    return (this.readBell() & STOP) !== 0;
  }

  /** The offset of the word that owns what a thread has in its hand. */
  handOf(slot: number): number {
    return SLOT_PAGES + slot * SLOT_BYTES + HAND * 4;
  }

  /** Whether a thread lives that owns something. */
  isAlive(owner: number): boolean {
    const slot = owner & SLOT_MASK;
    const state = Atomics.load(this.arena.slots, slot * WORDS + STATE);
    return state === ((owner >>> 10) << 2 | ALIVE) &&
      (Atomics.load(this.arena.lives, lifeIndex(slot)) & DIED) === 0;
  }

  /** The name as an owner of the thread that has a slot; 0: nobody. */
  ownerOf(slot: number): number {
    const state = Atomics.load(this.arena.slots, slot * WORDS + STATE);
    return (state & 3) === ALIVE ? slot | (state >>> 2) << 10 : 0;
  }

  /** The end of the slots that were ever used. */
  get slotsTop(): number {
    return Atomics.load(this.arena.header, Header.SLOTS_TOP);
  }

  /** The slots of all who live. */
  *living(): Iterable<number> {
    const top = Atomics.load(this.arena.header, Header.SLOTS_TOP);
    for (let slot = 0; slot < top; slot++) {
      const owner = this.ownerOf(slot);
      if (owner !== 0 && this.isAlive(owner)) yield slot;
    }
  }

  /** Sweeps up after all who have died, as far as nobody else does. */
  sweepDead(): void {
    if (this.#sweep === null) return;
    const { lives, header } = this.arena;
    const top = Atomics.load(header, Header.SLOTS_TOP);
    for (let slot = 0; slot < top; slot++) {
      if (!(Atomics.load(lives, lifeIndex(slot)) & DIED)) continue;
      if (this.#lives.claimDead(slot)) this.#sweepUp(slot);
    }
  }

  /**
   * The same for who may never sleep, and does this often: it looks at a few slots
   * only, and at the next ones the next time. A plain read will do, and takes a
   * fraction of an atomic one's time: what it misses it sees the next time.
   */
  sweepSome(): void {
    const { lives } = this.arena;
    const top = this.slotsTop;
    for (let i = Math.min(SOME, top); i > 0; i--) {
      if (++this.#lookedAt >= top) this.#lookedAt = 0;
      if (lives[lifeIndex(this.#lookedAt)]! & DIED) return this.sweepDead();
    }
  }

  /**
   * Declares a thread of this process dead, which was ended, or which says
   * goodbye. Where the kernel does that by itself, it does nothing.
   */
  declareDead(owner: number): void {
    if (this.arena.base !== null || !this.isAlive(owner)) return;
    Atomics.or(this.arena.lives, lifeIndex(owner & SLOT_MASK), DIED);
    this.sweepDead();
  }

  /** Sweeps up after the last one in a slot whose life word is locked here. */
  #sweepUp(slot: number): void {
    const { slots, header } = this.arena;
    const state = Atomics.load(slots, slot * WORDS + STATE);
    const owner = slot | (state >>> 2) << 10;
    if ((state & 3) !== FREE) {
      Atomics.store(slots, slot * WORDS + STATE, state & ~3 | SWEPT);
      this.#sweep!(slot, owner);
      Atomics.store(slots, slot * WORDS + STATE, state & ~3 | FREE);
    }
    this.#lives.release(slot);
    Atomics.add(header, Header.MEMBERSHIP, 1);
  }

  get #offset(): number {
    return SLOT_PAGES + this.slot * SLOT_BYTES + BELL * 4;
  }
}
