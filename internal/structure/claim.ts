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

import type { Member } from "../memory/member.ts";

/** So long (ms) others let one have its way. */
const CLAIM_MS = 100;
/** So often they look whether it lives (ms). */
const LOOK = 5;

/** The claim at some word of a structure. */
export class Claim {
  readonly #member: Member;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #offset: number;

  constructor(member: Member, words: Int32Array, at: number, offset: number) {
    this.#member = member;
    this.#words = words;
    this.#at = at;
    this.#offset = offset;
  }

  /** Claims it, if nobody else does. */
  make(): void {
    Atomics.compareExchange(this.#words, this.#at, 0, this.#member.id);
  }

  /** Takes one's own claim back. */
  end(): void {
    const { id, parking } = this.#member;
    if (this.#words[this.#at] !== id) return;
    if (Atomics.compareExchange(this.#words, this.#at, id, 0) === id) {
      parking.wake(this.#offset);
    }
  }

  /** Waits as long as another one's has to be respected. */
  wait(): void {
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
