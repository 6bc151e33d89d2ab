/**
 * Memory that has a name, by which any process of the same user finds it.
 *
 * It is a memory file without a place in the file system. Whoever has it open can
 * be asked for it: `/proc/<pid>/fd` shows it under its name. So it is there as long
 * as somebody has it open, and nothing of it is left when they all have been
 * killed.
 *
 * ```text
 *   word 0      magic, written last
 *   word 1      state   LIVE, then UNLINKED: nobody finds it any more
 *   word 2      the user
 *   words 4 …   an id that tells it from others
 *   words 8 …   how many bytes it has, a 64-bit float
 *   byte 4096 … the memory
 * ```
 */

import { ProcessError } from "../../errors.ts";
import { map } from "./arena.ts";
import {
  addressOf,
  cString,
  libc,
  type MemoryCalls,
  SystemCall,
} from "./libc.ts";
import { findOpenFile } from "./open_files.ts";

const MAGIC = 0x4D50_0002;
const Head = { MAGIC: 0, STATE: 1, USER: 2, ID: 4, SIZE: 8 } as const;
const HEAD_BYTES = 4096;
const LIVE = 1;
const UNLINKED = 2;

const MFD_CLOEXEC = 1;
const O_RDWR_CLOEXEC = 0o2000002;
const SEEK_END = 2;
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
/** A name is claimed for some milliseconds, in which others wait; at most (ms). */
const MOST_WAIT = 10_000;

/** An open file with memory in it, which is mapped. */
export interface NamedMemory {
  readonly name: string;
  readonly size: number;
  readonly fd: number;
  /** Tells it from others. */
  readonly id: readonly [number, number];
  readonly head: Int32Array;
  readonly buffer: ArrayBuffer;
}

/** Makes memory of that name; `null`: there is some. */
export function createNamed(
  calls: MemoryCalls,
  name: string,
  size: number,
): NamedMemory | null {
  const claimed = claimName(calls, name);
  try {
    const isTaken = findNamed(calls, name, (path) => openAt(calls, name, path));
    if (isTaken !== null) {
      release(isTaken);
      return null;
    }
    return makeNamed(calls, name, size);
  } finally {
    if (claimed >= 0) libc()!.close(claimed);
  }
}

/** Makes memory of a name that nobody else can have thought of. */
export function makeNamed(
  calls: MemoryCalls,
  name: string,
  size: number,
): NamedMemory {
  const { MEMFD_CREATE, FTRUNCATE, GETUID } = SystemCall;
  const label = cString(`processing:${name}`);
  const fd = calls.call(
    MEMFD_CREATE,
    addressOf(label),
    MFD_CLOEXEC,
    0,
    0,
    0,
    0,
  );
  if (fd < 0) {
    throw new ProcessError(
      `Cannot make shared memory ${quote(name)}: memfd_create failed`,
    );
  }
  const all = HEAD_BYTES + size;
  const isLong = calls.call(FTRUNCATE, fd, all, 0, 0, 0, 0) === 0;
  const mapped = isLong ? mapNamed(calls, fd, all) : null;
  if (mapped === null) {
    libc()!.close(fd);
    throw new RangeError(
      `Cannot make shared memory ${
        quote(name)
      } as ${size} bytes are more than the system gives`,
    );
  }
  const { head, buffer } = mapped;
  const id = crypto.getRandomValues(new Int32Array(2));
  head[Head.USER] = calls.call(GETUID, 0, 0, 0, 0, 0, 0);
  head.set(id, Head.ID);
  new Float64Array(head.buffer)[Head.SIZE / 2] = size;
  head[Head.STATE] = LIVE;
  Atomics.store(head, Head.MAGIC, MAGIC);
  return { name, size, fd, id: [id[0]!, id[1]!], head, buffer };
}

/** Opens the memory of that name; `null`: there is none. */
export function openNamed(
  calls: MemoryCalls,
  name: string,
  id?: readonly [number, number],
): NamedMemory | null {
  const open = (path: string) => openAt(calls, name, path, id);
  // Who had it may have given it to one that was looked at before: once more.
  return findNamed(calls, name, open) ?? findNamed(calls, name, open);
}

/** Opens what a process has open, if it is meant; also what is unlinked. */
export function openNamedOf(
  calls: MemoryCalls,
  name: string,
  pid: number,
  fd: number,
  id: readonly [number, number],
): NamedMemory | null {
  return openAt(calls, name, `/proc/${pid}/fd/${fd}`, id, true);
}

/** From now on nobody finds it; `false`: that was so already. */
export function unlinkNamed({ head }: NamedMemory): boolean {
  return Atomics.compareExchange(head, Head.STATE, LIVE, UNLINKED) === LIVE;
}

/** Whether nobody finds it any more. */
export function isUnlinked({ head }: NamedMemory): boolean {
  return Atomics.load(head, Head.STATE) !== LIVE;
}

/** Closes the file; the memory stays as long as it is looked at. */
export function release({ fd }: NamedMemory): void {
  libc()!.close(fd);
}

function findNamed(
  calls: MemoryCalls,
  name: string,
  open: (path: string) => NamedMemory | null,
): NamedMemory | null {
  let found: NamedMemory | null = null;
  const link = `/memfd:processing:${name} (deleted)`;
  findOpenFile(calls, link, (path) => (found = open(path)) !== null);
  return found;
}

function openAt(
  calls: MemoryCalls,
  name: string,
  path: string,
  id?: readonly [number, number],
  mayBeUnlinked = false,
): NamedMemory | null {
  const fd = libc()!.open(cString(path), O_RDWR_CLOEXEC);
  if (fd < 0) return null;
  const { LSEEK, GETUID } = SystemCall;
  // To look behind the end of a file would be a crash.
  const all = Number(calls.callLong(LSEEK, fd, 0, SEEK_END, 0, 0, 0));
  const isMemory = all > HEAD_BYTES && all < Number.MAX_SAFE_INTEGER;
  const mapped = isMemory ? mapNamed(calls, fd, all) : null;
  if (mapped !== null) {
    const { head, buffer } = mapped;
    const size = new Float64Array(head.buffer)[Head.SIZE / 2]!;
    const memory: NamedMemory = {
      name,
      size,
      fd,
      id: [head[Head.ID]!, head[Head.ID + 1]!],
      head,
      buffer,
    };
    if (
      Atomics.load(head, Head.MAGIC) === MAGIC && HEAD_BYTES + size === all &&
      head[Head.USER] === calls.call(GETUID, 0, 0, 0, 0, 0, 0) &&
      (mayBeUnlinked || !isUnlinked(memory)) &&
      (id === undefined || id.every((word, i) => word === memory.id[i]))
    ) return memory;
  }
  libc()!.close(fd);
  return null;
}

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_FIXED_NORESERVE = 0x4032;

/**
 * Gives mappings back that nobody looks at any more. A buffer may have been
 * transferred, so that somebody looks at it by another: therefore the addresses
 * stay valid, with nothing behind them, and only the memory goes.
 */
const mappings = new FinalizationRegistry<{ base: number; size: number }>(
  ({ base, size }) => {
    forMappings!.callLong(
      SystemCall.MMAP,
      base,
      size,
      PROT_READ_WRITE,
      MAP_PRIVATE_ANONYMOUS_FIXED_NORESERVE,
      0, // no file
      0,
    );
  },
);
let forMappings: MemoryCalls | null = null;

function mapNamed(calls: MemoryCalls, fd: number, size: number) {
  forMappings = calls;
  // Apart from each other, as one may be needed longer than the other.
  const heads = map(calls, fd, HEAD_BYTES);
  const base = map(calls, fd, size);
  if (heads === null || base === null) return null;
  const head = new Int32Array(bufferAt(heads, HEAD_BYTES));
  const buffer = bufferAt(base + HEAD_BYTES, size - HEAD_BYTES);
  mappings.register(head.buffer, { base: heads, size: HEAD_BYTES });
  mappings.register(buffer, { base, size });
  return { head, buffer };
}

function bufferAt(address: number, length: number): ArrayBuffer {
  const pointer = Deno.UnsafePointer.create(BigInt(address))!;
  return Deno.UnsafePointerView.getArrayBuffer(pointer, length);
}

/**
 * Claims a name while it is looked for and made, so that not two make it: by a
 * socket of that name without a place in the file system, which the kernel closes
 * if its process dies. -1: sockets are not allowed here.
 */
function claimName(calls: MemoryCalls, name: string): number {
  const { SOCKET, BIND, GETUID } = SystemCall;
  const socket = calls.call(SOCKET, AF_UNIX, SOCK_DGRAM_CLOEXEC, 0, 0, 0, 0);
  if (socket < 0) return -1;
  const user = calls.call(GETUID, 0, 0, 0, 0, 0, 0);
  const label = new TextEncoder().encode(
    `..\0processing:${user}:${hashOf(name)}`,
  );
  label[0] = AF_UNIX;
  label[1] = 0;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + MOST_WAIT;
  while (
    calls.call(BIND, socket, addressOf(label), label.length, 0, 0, 0) !== 0
  ) {
    if (performance.now() > end) {
      libc()!.close(socket);
      throw new ProcessError(
        `Cannot make shared memory ${
          quote(name)
        } as another process has been about to for ${MOST_WAIT} ms`,
      );
    }
    Atomics.wait(nap, 0, 0, 1);
  }
  return socket;
}

/** A short text for a name of any length; it may be another one's, too. */
function hashOf(name: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16);
}

function quote(name: string): string {
  return JSON.stringify(name);
}
