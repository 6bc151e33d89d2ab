/**
 * Memory that has a name among the threads of one process: where there is no ffi,
 * in the place of internal/memory/named_memory.ts.
 *
 * ```text
 *   word 0       state  LIVE, then UNLINKED: nobody finds it any more
 *   words 2, 3   size   in bytes, a 64-bit float
 *   word 4       how many bytes the name has
 *   words 5 …    the name
 *   byte 512 …   the memory
 * ```
 *
 * Whoever finds it by its name does not have it from somebody who holds it, as is
 * usual (objects.ts): so a lock sees to it that it is not freed in between.
 */

import { BriefLock } from "../memory/brief_lock.ts";
import { keptBuffer } from "../memory/kept_buffer.ts";
import { Header } from "../memory/layout.ts";
import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";

const STATE = 0;
const SIZE = 2;
const NAME_BYTES = 4;
const NAME = 5;
const MEMORY = 512;

const LIVE = 1;
const UNLINKED = 2;

export const SEGMENT: ObjectType = defineType({
  code: 11,
  ends: 1,
  wordBytes: MEMORY,
  // From here on nobody finds it; then it may be freed.
  destroy(object) {
    underLock(object.space, () => unlinkSegment(object));
  },
});

/** Makes memory of that name, which this thread holds; `null`: there is some. */
export function createSegment(
  space: Space,
  name: string,
  size: number,
): SharedObject | null {
  return underLock(space, () => {
    if (find(space, name) !== null) return null;
    const object = space.create(SEGMENT, MEMORY + size);
    const { words, body } = object;
    const bytes = new TextEncoder().encode(name);
    words[body + NAME_BYTES] = bytes.length;
    bytesOf(object, NAME * 4, bytes.length).set(bytes);
    sizes(object)[0] = size;
    Atomics.store(words, body + STATE, LIVE);
    return object;
  });
}

/** Finds memory of that name, and holds it; `null`: there is none. */
export function holdSegment(space: Space, name: string): SharedObject | null {
  return underLock(space, () => {
    const object = find(space, name);
    object?.hold(0);
    return object !== null && object.isLive ? object : null;
  });
}

function underLock<R>(space: Space, fn: () => R): R {
  const lock = new BriefLock(space.arena, Header.NAMES * 4);
  lock.take(space.member);
  space.beginLook(); // what is found may be about to end
  try {
    return fn();
  } finally {
    lock.release(space.member);
    space.endLook();
  }
}

function find(space: Space, name: string): SharedObject | null {
  for (const object of space.objectsOf(SEGMENT)) {
    const { words, body } = object;
    const isLive = Atomics.load(words, body + STATE) === LIVE;
    if (isLive && nameOf(object) === name) return object;
  }
  return null;
}

/** The name of some memory. */
export function nameOf(object: SharedObject): string {
  const length = object.words[object.body + NAME_BYTES]!;
  return new TextDecoder().decode(bytesOf(object, NAME * 4, length).slice());
}

/** How many bytes it has. */
export function sizeOf(object: SharedObject): number {
  return sizes(object)[0]!;
}

/** From now on nobody finds it; `false`: that was so already. */
export function unlinkSegment({ words, body }: SharedObject): boolean {
  return Atomics.compareExchange(words, body + STATE, LIVE, UNLINKED) === LIVE;
}

/** Whether nobody finds it any more. */
export function isSegmentUnlinked({ words, body }: SharedObject): boolean {
  return Atomics.load(words, body + STATE) !== LIVE;
}

/** The memory; as long as this or a part of it is looked at, so is `core` there. */
export function viewMemory(object: SharedObject, core: object): Uint8Array {
  const { space, offset, body } = object;
  const size = sizeOf(object);
  const { buffer, start, keep } = keptBuffer(
    space.arena,
    offset + body * 4 + MEMORY,
    size,
    core,
  );
  return keep(new Uint8Array(buffer, start, size));
}

function sizes({ words, body }: SharedObject): Float64Array {
  return new Float64Array(
    words.buffer,
    words.byteOffset + (body + SIZE) * 4,
    1,
  );
}

function bytesOf(
  { space, offset, body }: SharedObject,
  start: number,
  length: number,
): Uint8Array {
  return space.arena.bytes(offset + body * 4 + start, length);
}
