/**
 * How one that changes a value wins in the end.
 *
 * Who changes a value reads it, computes, and puts the new one if the old one is
 * still there; else again. Who has failed at that a few times claims the structure:
 * the others then wait a little before they change or delete something that is
 * there. It is a courtesy, no lock: who has waited for long takes it away, so that
 * one who computes for ever, or is stopped, holds nobody up more than once.
 *
 * The word of a claim is the claimant's name as an owner; 0: nobody claims.
 *
 * Who may write what
 *   claim    0 -> one's own name.
 *   unclaim  one's own name -> 0, and wakes who sleeps there.
 *   await    another's name -> 0, when it is dead or has had its time.
 */

import { ProcessError } from "../../errors.ts";
import type { Member } from "../memory/member.ts";

/** So long (ms) others let one have its way. */
const CLAIM_MS = 100;
/** So often they look whether it lives (ms). */
const LOOK = 5;

/** So often a change is tried before one claims the structure. */
const TRIES = 3;
/** So often in a row it may be overtaken while its own thread has changed something. */
const MOST_OWN = 1000;

/** What an attempt gives where somebody else has changed the value meanwhile. */
export const OVERTAKEN: unique symbol = Symbol("overtaken");

/** The claim at some word of a structure. */
export class Claim {
  readonly #member: Member;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #offset: number;
  /** How often this thread has begun to change what is there. */
  #changes = 0;

  constructor(member: Member, words: Int32Array, at: number, offset: number) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.#offset = offset;
  }

  /** Attempts a change until nobody overtakes it. */
  insist<T>(attempt: () => T | typeof OVERTAKEN): T {
    let own = 0;
    try {
      for (let tries = 1;; tries++) {
        this.wait();
        const before = this.#changes;
        const made = attempt();
        if (made !== OVERTAKEN) return made;
        own = this.#changes === before ? 0 : own + 1;
        if (own === MOST_OWN) throw overtakenByItself();
        if (tries === TRIES) this.#make();
      }
    } finally {
      this.#end();
    }
  }

  /** Claims it, if nobody else does. */
  #make(): void {
    Atomics.compareExchange(this.#words, this.#at, 0, this.#member.id);
  }

  /** Takes one's own claim back. */
  #end(): void {
    const { id, parking } = this.#member;
    if (this.#words[this.#at] !== id) return;
    if (Atomics.compareExchange(this.#words, this.#at, id, 0) === id) {
      parking.wake(this.#offset);
    }
  }

  /**
   * Waits as long as another one's has to be respected: to be called before what is
   * there is changed.
   */
  wait(): void {
    this.#changes++;
    const claimant = this.#words[this.#at]!;
    if (claimant !== 0 && claimant !== this.#member.id) this.#sleep(claimant);
  }

  #sleep(claimant: number): void {
    const { parking } = this.#member;
    const end = performance.now() + CLAIM_MS;
    for (let left = CLAIM_MS; left > 0; left = end - performance.now()) {
      if (!this.#member.isAlive(claimant)) break;
      parking.sleep(this.#offset, claimant, Math.min(left, LOOK), false);
      if (Atomics.load(this.#words, this.#at) !== claimant) return;
    }
    Atomics.compareExchange(this.#words, this.#at, claimant, 0);
  }
}

function overtakenByItself(): ProcessError {
  return new ProcessError(
    `Cannot update this value as "fn" itself has changed it in each of ${MOST_OWN} calls, after which it has to be called again: "fn" may change others, but return what this one is to be`,
  );
}
