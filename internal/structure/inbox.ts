/**
 * Where an owner of workers waits for whatever comes from any of them.
 *
 * ```text
 *   word 0     COUNT   how often something came, modulo 2^32
 *   words 16 … the wait set
 * ```
 *
 * Who may write what
 *   COUNT   each worker adds 1, *after* it has put a message into its own ring.
 *
 * Invariants
 *   I1  The owner reads COUNT, *then* looks into the rings. So what it does not
 *       find there will change COUNT after it was read.
 *
 * What a worker put that died before it could count it is found by the owner when
 * it learns of the death.
 */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Gate } from "../memory/waits.ts";

const COUNT = 0;
const SET = 16;
const INBOX_BYTES = SET * 4 + WAIT_SET_BYTES;

/** The type of inboxes. */
export const INBOX: ObjectType = defineType({
  code: 30,
  ends: 1,
  sweep: (object, slot) => new Inbox(object).set.sweep(object.member, slot),
});

/** Makes an inbox. */
export function createInbox(space: Space): SharedObject {
  return space.create(INBOX, INBOX_BYTES);
}

/** An inbox, for one thread. */
export class Inbox implements Gate {
  readonly object: SharedObject;
  readonly set: WaitSet;
  readonly #words: Int32Array;
  readonly #count: number;
  /** What the owner has seen of it. */
  #seen = 0;

  constructor(object: SharedObject) {
    this.object = object;
    this.#words = object.words;
    this.#count = object.body + COUNT;
    this.set = new WaitSet(object.words, object.body + SET);
  }

  /** A worker has put something for the owner. */
  ring(): void {
    Atomics.add(this.#words, this.#count, 1);
    if (this.set.wantsWake) this.set.wakeOne(this.object.member);
  }

  /** Whether something has come since the owner looked. */
  ready(): boolean {
    return Atomics.load(this.#words, this.#count) !== this.#seen;
  }

  /** The owner looks now. */
  look(): void {
    this.#seen = Atomics.load(this.#words, this.#count);
  }
}
