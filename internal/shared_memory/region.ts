/**
 * Where the memory of a {@linkcode SharedMemory} comes from: from the system, by
 * name, or where there is no ffi, from what the threads of this process share.
 */

import { countClosed } from "../memory/garbage.ts";
import { ownHome } from "../memory/home.ts";
import { type MemoryCalls, memoryCalls } from "../memory/libc.ts";
import {
  createNamed,
  isUnlinked,
  makeNamed,
  type NamedMemory,
  openNamed,
  openNamedOf,
  release,
  unlinkNamed,
} from "../memory/named_memory.ts";
import type { SharedObject } from "../memory/objects.ts";
import {
  createSegment,
  holdSegment,
  isSegmentUnlinked,
  nameOf,
  sizeOf,
  unlinkSegment,
  viewMemory,
} from "../structure/segment.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Handle } from "../travel/service.ts";
import { adopt, enter, leave } from "./core.ts";

/** Some memory with a name. */
export interface Region {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  /** From now on nobody finds it; `false`: that was so already. */
  unlink(): boolean;
  /** This one does not use it any more. */
  close(): void;
  /** What to send of it, within the family. */
  handle(): Handle;
}

/** Makes memory of a name; `null`: there is some. */
export function createRegion(name: string | null, size: number): Region | null {
  const calls = memoryCalls();
  return calls === null
    ? createInProcess(name ?? newName(), size)
    : createInSystem(calls, name, size);
}

/** Opens memory by its name; `null`: there is none. */
export function openRegion(name: string): Region | null {
  const calls = memoryCalls();
  if (calls === null) return openInProcess(name);
  const memory = openNamed(calls, name);
  return memory && new InSystem(memory, false);
}

/** Opens what was sent; `null`: it is no more. */
export function receiveRegion(handle: Handle): Region | null {
  if (typeof handle[0] === "number") {
    return new InProcess(
      readHandle(handle, (object) => new SegmentCore(object)),
    );
  }
  const [name, pid, fd, id] = handle as unknown as NamedHandle;
  const calls = memoryCalls()!;
  const memory = openNamedOf(calls, name, pid, fd, id) ??
    openNamed(calls, name, id);
  return memory && new InSystem(memory, false);
}

/** Whether other processes can find it. */
export function isForProcesses(): boolean {
  return memoryCalls() !== null;
}

function newName(): string {
  return `shm-${crypto.randomUUID()}`;
}

// In the system

type NamedHandle = readonly [
  name: string,
  pid: number,
  fd: number,
  id: readonly [number, number],
];

/**
 * What this process has made and closed: it stays open, so that others find it
 * until it is unlinked, or this process ends.
 */
const closed = new Set<NamedMemory>();

function createInSystem(
  calls: MemoryCalls,
  name: string | null,
  size: number,
): Region | null {
  forgetUnlinked();
  const memory = name === null
    ? makeNamed(calls, newName(), size)
    : createNamed(calls, name, size);
  return memory && new InSystem(memory, true);
}

function forgetUnlinked(): void {
  for (const memory of closed) {
    if (!isUnlinked(memory)) continue;
    closed.delete(memory);
    release(memory);
  }
}

/** Closes the files of those that were forgotten without having been closed. */
const forgotten = new FinalizationRegistry<number>((fd) =>
  release({ fd } as NamedMemory)
);

class InSystem implements Region {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly #memory: NamedMemory;
  readonly #isMaker: boolean;

  constructor(memory: NamedMemory, isMaker: boolean) {
    this.name = memory.name;
    this.size = memory.size;
    this.bytes = new Uint8Array(memory.buffer);
    this.#memory = memory;
    this.#isMaker = isMaker;
    // The maker's stays until the end of the process.
    if (!isMaker) forgotten.register(memory.buffer, memory.fd, memory);
  }

  unlink(): boolean {
    const isDone = unlinkNamed(this.#memory);
    forgetUnlinked();
    return isDone;
  }

  close(): void {
    if (!this.#isMaker) {
      forgotten.unregister(this.#memory);
      release(this.#memory);
    } else if (isUnlinked(this.#memory)) release(this.#memory);
    else closed.add(this.#memory);
  }

  handle(): Handle {
    const { name, fd, id } = this.#memory;
    const handle: NamedHandle = [name, Deno.pid, fd, id];
    return handle as unknown as Handle;
  }
}

// In this process

/** What all of this thread share that have opened one segment. */
class SegmentCore {
  readonly object: SharedObject;
  #bytes: Uint8Array | null = null;

  constructor(object: SharedObject) {
    this.object = object;
  }

  get bytes(): Uint8Array {
    return this.#bytes ??= viewMemory(this.object, this);
  }

  /** Somebody may look at it still, or find it. */
  get isKept(): boolean {
    return this.#bytes !== null || made.has(this);
  }

  /** One who has used it, or has made it, does so no more. */
  left(): void {
    if (this.#bytes !== null) countClosed(this, this.#bytes.length);
  }
}

/** What this thread has made: it stays until it is unlinked, or the thread ends. */
const made = new Set<SegmentCore>();

function createInProcess(name: string, size: number): Region | null {
  for (const core of made) {
    if (isSegmentUnlinked(core.object) && made.delete(core)) core.left();
  }
  const object = createSegment(ownHome().space, name, size);
  if (object === null) return null;
  const core = adopt(new SegmentCore(object));
  made.add(core);
  return new InProcess(core);
}

function openInProcess(name: string): Region | null {
  const object = holdSegment(ownHome().space, name);
  if (object === null) return null;
  const handle = [object.index, object.uid, 0, 0] as const;
  return new InProcess(readHandle(handle, (object) => new SegmentCore(object)));
}

class InProcess implements Region {
  readonly name: string;
  readonly size: number;
  readonly #core: SegmentCore;

  constructor(core: SegmentCore) {
    this.#core = enter(core);
    this.name = nameOf(core.object);
    this.size = sizeOf(core.object);
  }

  get bytes(): Uint8Array {
    return this.#core.bytes;
  }

  unlink(): boolean {
    made.delete(this.#core);
    return unlinkSegment(this.#core.object);
  }

  close(): void {
    leave(this.#core);
    this.#core.left(); // if it is looked at, it is free when that is collected
  }

  handle(): Handle {
    return writeHandle(this.#core.object, 0);
  }
}
