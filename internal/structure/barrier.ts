/**
 * A barrier in shared memory: who has arrived in this round.
 *
 * ```text
 *   word 0       lock      a brief lock; everything below changes under it
 *   word 1       parties   how many must arrive
 *   word 2       round     how many rounds have ended (wraps)
 *   word 3       state     FILLING, TRIPPING: all are there and the action runs,
 *                          BROKEN
 *   word 4       count     how many have arrived in this round
 *   word 5       runner    who is to run the action, or does
 *   word 7       gaps      1: some that had arrived have gone away again
 *   word 8       breaks    how many rounds have ended by being broken
 *   word 9       action    a block that tells how others find the action; 0: none
 *   word 10      maker     who has the action itself; 0: there is none
 *   words 12, 13 time-out  of those who name none, a double
 *   words 16 …   a wait set
 *   32 words     arrived   a bit for each slot of which somebody has arrived
 *   32 words     broken    the last rounds that were broken
 *   then         taken     a bit for each index that was given out
 * ```
 *
 * Who may write what
 *   Whoever has the lock, anything.
 *
 * Invariants
 *   I1  Who arrives remembers the round, and passes when that has ended, unless it
 *       is among the broken ones. So a new round may fill before all have left the
 *       last one, and nobody who comes late confuses the two.
 *   I2  A round ends with one store to `round`; what belongs to it is cleared
 *       afterwards. Who finds the lock with a dead owner breaks the barrier, which
 *       clears everything, however far that one had come.
 *   I3  So a party that dies while it waits, or runs the action, or changes
 *       anything here, breaks the barrier: the others would wait for it in vain.
 *   I4  The action runs in one thread: the one that has made the barrier, where that
 *       waits too, else the last to arrive.
 */

import type { Arena } from "../memory/arena.ts";
import { BriefLock } from "../memory/brief_lock.ts";
import { SET_WORDS } from "../memory/layout.ts";
import type { Member } from "../memory/member.ts";
import {
  defineType,
  type ObjectType,
  type SharedObject,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";

const PARTIES = 1;
const ROUND = 2;
const STATE = 3;
const COUNT = 4;
const RUNNER = 5;
const GAPS = 7;
const BREAKS = 8;
const ACTION = 9;
const MAKER = 10;
const TIMEOUT = 12;
const SET = 16;
const ARRIVED = SET + WAIT_SET_BYTES / 4;
const BROKEN_ROUNDS = ARRIVED + SET_WORDS;
/** How many broken rounds are remembered; who comes later is told the worst. */
const MOST_BROKEN = 32;
const TAKEN = BROKEN_ROUNDS + MOST_BROKEN;

const FILLING = 0;
const TRIPPING = 1;
const BROKEN = 2;

/** The bytes of a barrier for so many parties. */
export function barrierBytes(parties: number): number {
  return (TAKEN + Math.ceil(parties / 32)) * 4;
}

/** What one who has arrived remembers. */
export interface Arrival {
  readonly round: number;
  readonly index: number;
}

/** How it stands with one who has arrived. */
export type Standing = "waits" | "runs" | "passed" | "broken";

/** A barrier at some words. */
export class BarrierWords {
  readonly set: WaitSet;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #member: Member;
  readonly #lock: BriefLock;

  constructor(
    member: Member,
    words: Int32Array,
    at: number,
    arena: Arena,
    offset: number,
  ) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.#lock = new BriefLock(arena, offset);
    this.set = new WaitSet(words, at + SET);
  }

  /** To be called once, by who has made it. */
  init(parties: number, hasAction: boolean, timeout: number): void {
    this.#words[this.#at + PARTIES] = parties;
    this.#words[this.#at + MAKER] = hasAction ? this.#member.id : 0;
    const words = new Int32Array(new Float64Array([timeout]).buffer);
    this.#words.set(words, this.#at + TIMEOUT);
  }

  /** How long those wait who do not say. */
  get timeout(): number {
    const words = this.#words.slice(this.#at + TIMEOUT, this.#at + TIMEOUT + 2);
    return new Float64Array(words.buffer)[0]!;
  }

  /** The index of the word that owns what tells of the action. */
  get actionAt(): number {
    return this.#at + ACTION;
  }

  get parties(): number {
    return this.#words[this.#at + PARTIES]!;
  }

  get hasAction(): boolean {
    return this.#words[this.#at + MAKER] !== 0;
  }

  /** How many wait; 0 while nobody can join them. */
  get waiting(): number {
    return this.#get(STATE) === FILLING ? this.#get(COUNT) : 0;
  }

  get isBroken(): boolean {
    return this.#get(STATE) === BROKEN;
  }

  /** Whether something has happened since that round began to be waited for. */
  hasChanged(round: number): boolean {
    return this.#get(ROUND) !== round || this.isRunner;
  }

  /** Whether this thread is to run the action, or does. */
  get isRunner(): boolean {
    return this.#get(STATE) === TRIPPING &&
      this.#get(RUNNER) === this.#member.id;
  }

  /** How many rounds have ended (wraps). */
  get round(): number {
    return this.#get(ROUND);
  }

  /** One arrives; `undefined`: the round is full, and the next has not begun. */
  arrive(): Arrival | "broken" | undefined {
    if (this.#get(STATE) === TRIPPING) return undefined;
    this.#enter();
    const state = this.#get(STATE);
    if (state !== FILLING) {
      this.#leave();
      return state === BROKEN ? "broken" : undefined;
    }
    const round = this.#get(ROUND);
    // First what makes its death be noticed.
    this.#setBit(ARRIVED, this.#member.slot, true);
    const index = this.#freeIndex();
    this.#setBit(TAKEN, index, true);
    const count = this.#get(COUNT) + 1;
    this.#put(COUNT, count);
    let runner = 0;
    if (count === this.parties) {
      if (this.hasAction) {
        runner = this.#chooseRunner();
        this.#put(RUNNER, runner);
        this.#put(STATE, TRIPPING);
      } else this.#end();
    }
    this.#leave();
    if (runner !== 0 && runner !== this.#member.id) {
      this.#member.ring(runner & 1023);
    }
    return { round, index };
  }

  /** How it stands with one of this thread who has arrived. */
  standing({ round }: Arrival): Standing {
    if (this.#get(ROUND) !== round) {
      return this.#wasBroken(round) ? "broken" : "passed";
    }
    return this.isRunner ? "runs" : "waits";
  }

  /** The action was run by this thread; `false`: the round was broken meanwhile. */
  finish({ round }: Arrival, succeeded: boolean): boolean {
    this.#enter();
    const isOn = this.#get(ROUND) === round && this.#get(STATE) === TRIPPING;
    if (isOn) {
      if (succeeded) this.#end();
      else this.#break();
    }
    this.#leave();
    return isOn && succeeded;
  }

  /**
   * One who has arrived goes away again; `isLast`: no other one of this thread
   * waits in that round. What it leaves is a round that lacks one more.
   */
  withdraw({ round, index }: Arrival, isLast: boolean): void {
    this.#enter();
    if (this.#get(ROUND) === round) {
      if (this.#get(STATE) === FILLING) {
        this.#put(GAPS, 1);
        this.#put(COUNT, this.#get(COUNT) - 1);
        this.#setBit(TAKEN, index, false);
        if (isLast) this.#setBit(ARRIVED, this.#member.slot, false);
      } else if (isLast && this.#get(RUNNER) === this.#member.id) this.#break();
    }
    this.#leave();
  }

  /** Breaks the barrier; with an arrival, only if its round goes on. */
  breakIt(arrival?: Arrival): void {
    this.#enter();
    if (
      this.#get(STATE) !== BROKEN &&
      (arrival === undefined || this.#get(ROUND) === arrival.round)
    ) this.#break();
    this.#leave();
  }

  /** Makes it as new; who waits finds its round broken. */
  reset(): void {
    this.#enter();
    const state = this.#get(STATE);
    if (state === TRIPPING || state === FILLING && this.#get(COUNT) > 0) {
      this.#break();
    }
    this.#put(STATE, FILLING);
    this.#leave();
  }

  /** Wakes all who wait: called after what may have ended a round. */
  wakeAll(): void {
    this.set.wakeAll(this.#member);
  }

  /** After a thread's death. */
  sweep(slot: number, owner: number): void {
    this.#enter();
    const state = this.#get(STATE);
    if (
      state === FILLING && this.#hasBit(ARRIVED, slot) ||
      state === TRIPPING && this.#get(RUNNER) === owner
    ) this.#break();
    this.#leave();
    this.set.sweep(this.#member, slot);
    this.wakeAll();
  }

  // All that follows happens under the lock.

  #enter(): void {
    if (this.#lock.take(this.#member)) this.#break();
  }

  #leave(): void {
    this.#lock.release(this.#member);
  }

  #end(): void {
    this.#put(ROUND, this.#get(ROUND) + 1 | 0);
    this.#clear();
    this.#put(STATE, FILLING);
  }

  #break(): void {
    const round = this.#get(ROUND);
    const breaks = this.#get(BREAKS);
    this.#put(BROKEN_ROUNDS + breaks % MOST_BROKEN, round);
    this.#put(BREAKS, breaks + 1);
    this.#put(ROUND, round + 1 | 0);
    this.#put(STATE, BROKEN);
    this.#clear();
  }

  #clear(): void {
    this.#put(COUNT, 0);
    this.#put(RUNNER, 0);
    this.#put(GAPS, 0);
    const words = this.#words;
    const arrived = this.#at + ARRIVED;
    words.fill(0, arrived, arrived + SET_WORDS);
    const taken = this.#at + TAKEN;
    words.fill(0, taken, taken + Math.ceil(this.parties / 32));
  }

  #chooseRunner(): number {
    const maker = this.#get(MAKER);
    return this.#hasBit(ARRIVED, maker & 1023) &&
        this.#member.ownerOf(maker & 1023) === maker
      ? maker
      : this.#member.id;
  }

  #freeIndex(): number {
    if (this.#get(GAPS) === 0) return this.#get(COUNT);
    let index = 0;
    while (this.#hasBit(TAKEN, index)) index++;
    return index;
  }

  #wasBroken(round: number): boolean {
    const breaks = this.#get(BREAKS);
    if (breaks === 0) return false;
    const known = Math.min(breaks, MOST_BROKEN);
    let oldest = 0;
    for (let i = 0; i < known; i++) {
      const age = this.#get(ROUND) - this.#get(BROKEN_ROUNDS + i) | 0;
      if (age === (this.#get(ROUND) - round | 0)) return true;
      oldest = Math.max(oldest, age);
    }
    return breaks > MOST_BROKEN && (this.#get(ROUND) - round | 0) > oldest;
  }

  #hasBit(at: number, bit: number): boolean {
    return (this.#get(at + (bit >>> 5)) & 1 << (bit & 31)) !== 0;
  }

  #setBit(at: number, bit: number, on: boolean): void {
    const index = at + (bit >>> 5);
    const mask = 1 << (bit & 31);
    const word = this.#get(index);
    this.#put(index, on ? word | mask : word & ~mask);
  }

  #get(index: number): number {
    return Atomics.load(this.#words, this.#at + index);
  }

  #put(index: number, value: number): void {
    Atomics.store(this.#words, this.#at + index, value);
  }
}

/** The type of barriers. */
export const BARRIER: ObjectType = defineType({
  code: 5,
  ends: 1,
  sweep: (object, slot, owner) => barrierOf(object).sweep(slot, owner),
  destroy(object) {
    const { allocator } = object.space;
    allocator.free(object.offsetOfWord(barrierOf(object).actionAt));
  },
});

/** The barrier that an object is. */
export function barrierOf(object: SharedObject): BarrierWords {
  return new BarrierWords(
    object.member,
    object.words,
    object.body,
    object.space.arena,
    object.offsetOfWord(object.body),
  );
}
