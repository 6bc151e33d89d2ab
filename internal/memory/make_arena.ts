/** Makes an arena: see arena.ts. */

import { ProcessError } from "../../errors.ts";
import { Arena, map, textOf } from "./arena.ts";
import { canWaitForMany } from "./futex.ts";
import { Header, INFO_BYTES, MAGIC, PAGE, PAGE_TABLE } from "./layout.ts";
import {
  addressOf,
  cString,
  libc,
  type MemoryCalls,
  memoryCalls,
  SystemCall,
} from "./libc.ts";
import { initLife } from "./lives.ts";

/** The first that the system allows: address space may be limited. */
const MAPPED_SIZES = [2 ** 37, 2 ** 36, 2 ** 34, 2 ** 32, 2 ** 30];
const SHARED_SIZE = 2 ** 30;

const MFD_CLOEXEC = 1;

/** What tells an arena from all others. */
export function newId(): Int32Array<ArrayBuffer> {
  return crypto.getRandomValues(new Int32Array(4));
}

/** Makes an arena: in mapped memory, or for the threads of this process. */
export function createArena(
  kind: "mapped" | "shared" = memoryCalls() === null ? "shared" : "mapped",
  random: Int32Array = newId(),
): Arena {
  const id = textOf(random);
  const arena = kind === "mapped"
    ? createMapped(memoryCalls()!, id)
    : new Arena({
      id,
      size: SHARED_SIZE,
      pid: Deno.pid,
      fd: -1,
      base: null,
      buffer: new SharedArrayBuffer(SHARED_SIZE),
    }, null);
  const { header } = arena;
  const pages = arena.size / PAGE;
  header[Header.PAGES] = pages;
  header.set(random, Header.ID);
  const infos = PAGE_TABLE + pages * 4;
  header[Header.FIRST_PAGE] = Math.ceil((infos + pages * INFO_BYTES) / PAGE);
  header[Header.TOP] = header[Header.FIRST_PAGE]!;
  header[Header.NEXT_UID] = 1;
  initLife(arena.lives, kind);
  header[Header.POLLING] = Number(kind === "mapped" && !canWaitForMany(arena));
  Atomics.store(header, Header.MAGIC, MAGIC);
  return arena;
}

function createMapped(calls: MemoryCalls, id: string): Arena {
  const name = cString("processing");
  const { MEMFD_CREATE, FTRUNCATE } = SystemCall;
  const fd = calls.call(
    MEMFD_CREATE,
    addressOf(name),
    MFD_CLOEXEC,
    0,
    0,
    0,
    0,
  );
  if (fd < 0) {
    throw new ProcessError("Cannot make shared memory: memfd_create failed");
  }
  for (const size of MAPPED_SIZES) {
    if (calls.call(FTRUNCATE, fd, size, 0, 0, 0, 0) !== 0) continue;
    const base = map(calls, fd, size);
    if (base === null) continue;
    const pid = Deno.pid;
    return new Arena({ id, size, pid, fd, base: null, buffer: null }, base);
  }
  libc()!.close(fd);
  throw new ProcessError(
    "Cannot map shared memory as 1 GiB of address space is needed: raise the limit (ulimit -v, ulimit -f)",
  );
}
