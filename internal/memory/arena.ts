/**
 * The memory that a family of processes and threads shares.
 *
 * With ffi it is one sparse memory file, made by the first that needs it, and
 * mapped once by everyone who joins. It has no name anywhere: members open it
 * through the descriptor of a process that has it, and it is gone when the last
 * of them is. Without ffi it is a `SharedArrayBuffer` for the threads of one
 * process.
 */

import { ProcessError } from "../../errors.ts";
import {
  Header,
  LIFE_BYTES,
  LIVES,
  MAGIC,
  SLOT_BYTES,
  SLOT_PAGES,
  SLOTS,
  UNIT,
} from "./layout.ts";
import {
  cString,
  libc,
  type MemoryCalls,
  memoryCalls,
  SystemCall,
} from "./libc.ts";

/** How an arena is found by another process or thread: a value to be cloned. */
export interface ArenaGrant {
  /** Tells it from all others. */
  readonly id: string;
  readonly size: number;
  /** The process and the descriptor through which it is opened, … */
  readonly pid: number;
  readonly fd: number;
  /** … for a thread where its process has mapped it already, … */
  readonly base: number | null;
  /** … or the memory itself, between threads where there is no ffi. */
  readonly buffer: SharedArrayBuffer | null;
}

/**
 * The memory is looked at through windows of this size: one ArrayBuffer of all of
 * it would make the garbage collector believe that memory is running out.
 */
const WINDOW_BITS = 20;
const WINDOW = 2 ** WINDOW_BITS;

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const PROT_READ_WRITE = 3;
const MAP_SHARED_NORESERVE = 0x4001;
const MADV_REMOVE = 9;
const SEEK_END = 2;

/** Memory that several threads, and maybe processes, look at. */
export class Arena {
  readonly grant: ArenaGrant;
  /** Where it is mapped; `null` where it is a `SharedArrayBuffer`. */
  readonly base: number | null;
  readonly size: number;
  readonly header: Int32Array;
  /** The life words, 16 words apart. */
  readonly lives: Int32Array;
  /** What else is in slots, 1,024 words apart. */
  readonly slots: Int32Array;

  #windows: (Int32Array | undefined)[] = [];

  constructor(grant: ArenaGrant, base: number | null) {
    this.grant = grant;
    this.base = base;
    this.size = grant.size;
    this.header = this.ints(0, 4096);
    this.lives = this.ints(LIVES, SLOTS * LIFE_BYTES);
    this.slots = this.ints(SLOT_PAGES, SLOTS * SLOT_BYTES);
  }

  /** The memory from an offset on, in words; both are multiples of 4. */
  ints(offset: number, length: number): Int32Array {
    const { buffer, start } = this.#at(offset, length);
    return new Int32Array(buffer, start, length >>> 2);
  }

  /** The memory from an offset on, in bytes. */
  bytes(offset: number, length: number): Uint8Array {
    const { buffer, start } = this.#at(offset, length);
    return new Uint8Array(buffer, start, length);
  }

  /**
   * The memory from an offset on as a buffer of its own, which keeps nothing alive
   * but itself; `null`: all of this memory is one buffer.
   */
  ownBuffer(offset: number, length: number): ArrayBuffer | null {
    if (this.base === null) return null;
    const address = BigInt(this.base + offset);
    return Deno.UnsafePointerView.getArrayBuffer(
      Deno.UnsafePointer.create(address)!,
      length,
    );
  }

  /** The window in which an offset lies; the word is at {@linkcode wordIn}. */
  window(offset: number): Int32Array {
    const index = Math.floor(offset / WINDOW);
    return this.#windows[index] ??= this.ints(index * WINDOW, WINDOW);
  }

  /** Gives the memory of whole pages back to the system; they read as zeros. */
  discard(offset: number, length: number): void {
    if (this.base === null) return;
    const start = this.base + offset;
    const { MADVISE } = SystemCall;
    memoryCalls()!.call(MADVISE, start, length, MADV_REMOVE, 0, 0, 0);
  }

  #at(
    offset: number,
    length: number,
  ): { buffer: ArrayBufferLike; start: number } {
    if (!(offset >= 0 && offset + length <= this.size)) {
      throw new RangeError(
        `Cannot look at ${length} bytes at ${offset} as they lie outside of the shared memory`,
      );
    }
    if (this.base === null) {
      return { buffer: this.grant.buffer!, start: offset };
    }
    const start = offset % WINDOW;
    if (length < WINDOW && start + length <= WINDOW) {
      return { buffer: this.window(offset).buffer, start };
    }
    const address = BigInt(this.base + offset);
    const buffer = Deno.UnsafePointerView.getArrayBuffer(
      Deno.UnsafePointer.create(address)!,
      length,
    );
    return { buffer, start: 0 };
  }
}

/** The index in its window of the word at an offset. */
export function wordIn(offset: number): number {
  return (offset & (WINDOW - 1)) >>> 2;
}

/** The offset that a pointer means. */
export function offsetOf(pointer: number): number {
  return (pointer >>> 0) * UNIT;
}

/** The pointer to an offset. */
export function pointerTo(offset: number): number {
  return (offset / UNIT) | 0;
}

/** Joins an arena that another process or thread has made. */
export function openArena(grant: ArenaGrant): Arena {
  if (grant.buffer !== null) return new Arena(grant, null);
  if (grant.base !== null) {
    return new Arena({ ...grant, base: null }, grant.base);
  }
  const calls = memoryCalls();
  if (calls === null) {
    throw new Deno.errors.NotCapable(
      "Cannot look at memory that processes share without --allow-ffi",
    );
  }
  const base = openMapped(calls, grant);
  const arena = base === null ? null : new Arena(grant, base);
  if (
    arena === null || arena.header[Header.MAGIC] !== MAGIC ||
    textOf(arena.header.slice(Header.ID, Header.ID + 4)) !== grant.id
  ) {
    throw new ProcessError(
      `Cannot open the shared memory of process ${grant.pid}: it has ended, or belongs to another user`,
    );
  }
  return arena;
}

function openMapped(calls: MemoryCalls, grant: ArenaGrant): number | null {
  const own = grant.pid === Deno.pid;
  const fd = own ? grant.fd : libc()!.open(
    cString(`/proc/${grant.pid}/fd/${grant.fd}`),
    O_RDWR | O_CLOEXEC,
  );
  if (fd < 0) return null;
  try {
    // To look behind the end of a file would be a crash.
    const { LSEEK } = SystemCall;
    const size = calls.callLong(LSEEK, fd, 0, SEEK_END, 0, 0, 0);
    if (Number(size) !== grant.size) return null;
    return map(calls, fd, grant.size);
  } finally {
    if (!own) libc()!.close(fd);
  }
}

/** Maps a memory file; `null`: the system refuses. */
export function map(
  calls: MemoryCalls,
  fd: number,
  size: number,
): number | null {
  const address = calls.callLong(
    SystemCall.MMAP,
    0,
    size,
    PROT_READ_WRITE,
    MAP_SHARED_NORESERVE,
    fd,
    0,
  );
  // An error is a small negative number.
  return address > 2n ** 63n ? null : Number(address);
}

/** The id of an arena as a text. */
export function textOf(id: Int32Array): string {
  return [...id].map((word) => (word >>> 0).toString(16)).join("-");
}
