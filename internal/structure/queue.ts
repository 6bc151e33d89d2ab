/**
 * A queue in shared memory: a ring, those who wait for it, and how many of its
 * items are done with.
 *
 * ```text
 *   words 0 …    the ring
 *   words 80     DONES: how many items were done with, modulo 2^32
 *   words 96 …   wait sets: for something to get, for room, for all to be done
 * ```
 *
 * Who may write what
 *   DONES   who is done with an item, by compare-and-swap: it never passes the
 *           number of items that were put.
 *
 * Not promised: that the wait sets are served in order.
 */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Gate } from "../memory/waits.ts";
import { Ring } from "./ring.ts";
import { RING_BYTES, Seal } from "./ring_words.ts";

const DONES = RING_BYTES / 4;
const SETS = DONES + 16;
/** Each begins in a cache line of its own. */
const SET_WORDS = Math.ceil(WAIT_SET_BYTES / 64) * 16;
const QUEUE_BYTES = (SETS + 3 * SET_WORDS) * 4;

/** The type of queues. */
export const QUEUE: ObjectType = defineType({
  code: 20,
  ends: 1,
  sweep: (object, slot) => new QueueWords(object).sweep(slot),
  destroy: (object) => ringOf(object).destroy(),
});

/** A queue, for one thread. */
export class QueueWords {
  readonly object: SharedObject;
  readonly ring: Ring;
  readonly #dones: number;
  /** For those who wait for an item. */
  readonly filled: Gate;
  /** For those who wait for room. */
  readonly emptied: Gate;
  /** For those who wait until all items are done with. */
  readonly finished: Gate;

  constructor(object: SharedObject) {
    const { words, body } = object;
    const ring = ringOf(object);
    const set = (i: number) => new WaitSet(words, body + SETS + i * SET_WORDS);
    this.object = object;
    this.ring = ring;
    this.#dones = body + DONES;
    this.filled = {
      set: set(0),
      ready: () => !ring.isEmpty || ring.seal !== Seal.OPEN,
    };
    this.emptied = {
      set: set(1),
      ready: () => !ring.isFull || ring.seal !== Seal.OPEN,
    };
    this.finished = { set: set(2), ready: () => this.unfinished === 0 };
  }

  /** How many items are not done with. */
  get unfinished(): number {
    const dones = Atomics.load(this.object.words, this.#dones);
    return this.ring.count - dones | 0;
  }

  /** So many items are done with; `false`: there are not so many. */
  finish(count: number): boolean {
    const { words } = this.object;
    for (;;) {
      const dones = Atomics.load(words, this.#dones);
      const unfinished = this.ring.count - dones | 0;
      if (unfinished < count) return false;
      const after = dones + count | 0;
      if (
        Atomics.compareExchange(words, this.#dones, dones, after) !== dones
      ) continue;
      if (unfinished === count) this.finished.set.wakeAll(this.object.member);
      return true;
    }
  }

  /** So many items are done with, or all, where there are fewer. */
  finishUpTo(count: number): void {
    while (!this.finish(Math.min(count, Math.max(0, this.unfinished))));
  }

  /** After a thread's death. */
  sweep(slot: number): void {
    const { member } = this.object;
    this.ring.sweep();
    for (const { set } of [this.filled, this.emptied, this.finished]) {
      set.sweep(member, slot);
    }
  }
}

/** Makes a queue of so many items at most; 0: of any number. */
export function createQueue(space: Space, maxsize: number): SharedObject {
  const object = space.create(QUEUE, QUEUE_BYTES);
  ringOf(object).puts.begin(maxsize, 0);
  return object;
}

function ringOf(object: SharedObject): Ring {
  return new Ring(object.space, object.offsetOfWord(object.body));
}
