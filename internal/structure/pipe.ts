/**
 * A pipe in shared memory: two ends, and a ring for each direction.
 *
 * ```text
 *   words 0      IS_DUPLEX: whether there is a second ring
 *   words 16 …   for each ring: the ring, and the wait sets of those who wait for
 *                something to receive, and for room
 *
 *              ┌──── ring 0 ◄────┐
 *   end 0 ◄────┘                 └──── end 1
 *         └────► ring 1 (duplex) ─────►
 * ```
 *
 * Both rings are sealed when one of the ends is closed: what was sent can still be
 * received, and nothing can be sent any more. So an end at which one receives finds
 * out by its ring that there is nobody at the other one, or that all was sent.
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

const IS_DUPLEX = 0;
const RINGS = 16;
const SET_WORDS = Math.ceil(WAIT_SET_BYTES / 64) * 16;
const DIRECTION_WORDS = RING_BYTES / 4 + 2 * SET_WORDS;
/** What is sent and was not received weighs no more than that, and one message. */
const MOST_UNITS = 2 ** 20 / 4;

/** The type of pipes. */
export const PIPE: ObjectType = defineType({
  code: 21,
  ends: 2,
  sweep(object, slot) {
    for (const direction of directionsOf(object)) direction.sweep(slot);
  },
  endClosed(object) {
    for (const direction of directionsOf(object)) direction.end();
  },
  destroy(object) {
    for (const direction of directionsOf(object)) direction.ring.destroy();
  },
});

/** One direction of a pipe, for one thread. */
export class Direction {
  readonly object: SharedObject;
  readonly ring: Ring;
  /** For those who wait for something to receive. */
  readonly filled: Gate;
  /** For those who wait for room. */
  readonly emptied: Gate;

  constructor(object: SharedObject, index: number) {
    const { space, words, body } = object;
    const at = body + RINGS + index * DIRECTION_WORDS;
    const sets = at + RING_BYTES / 4;
    const ring = new Ring(space, object.offsetOfWord(at));
    this.object = object;
    this.ring = ring;
    this.filled = {
      set: new WaitSet(words, sets),
      ready: () => !ring.isEmpty || ring.seal !== Seal.OPEN,
    };
    this.emptied = {
      set: new WaitSet(words, sets + SET_WORDS),
      ready: () => !ring.isFull || ring.seal !== Seal.OPEN,
    };
  }

  /** Nothing is sent any more. */
  end(): void {
    const { member } = this.object;
    this.ring.puts.seal(Seal.PUT);
    this.filled.set.wakeAll(member);
    this.emptied.set.wakeAll(member);
  }

  /** After a thread's death. */
  sweep(slot: number): void {
    this.ring.sweep();
    this.filled.set.sweep(this.object.member, slot);
    this.emptied.set.sweep(this.object.member, slot);
  }
}

/** Makes a pipe; both its ends are held by this thread. */
export function createPipe(space: Space, isDuplex: boolean): SharedObject {
  const bytes = (RINGS + (isDuplex ? 2 : 1) * DIRECTION_WORDS) * 4;
  const object = space.create(PIPE, bytes);
  object.words[object.body + IS_DUPLEX] = Number(isDuplex);
  for (const { ring } of directionsOf(object)) ring.puts.begin(0, MOST_UNITS);
  return object;
}

/** The directions of a pipe: to end 0, and, if it is duplex, to end 1. */
export function directionsOf(object: SharedObject): Direction[] {
  const first = new Direction(object, 0);
  return isDuplex(object) ? [first, new Direction(object, 1)] : [first];
}

function isDuplex(object: SharedObject): boolean {
  return object.words[object.body + IS_DUPLEX] === 1;
}
