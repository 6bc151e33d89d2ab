/** What files the processes of this user have open, as `/proc` tells it. */

import {
  addressOf,
  cString,
  libc,
  type MemoryCalls,
  SystemCall,
} from "./libc.ts";

const O_DIRECTORY_CLOEXEC = Deno.build.arch === "aarch64"
  ? 0o2040000
  : 0o2200000;
const ENTRIES_BYTES = 2 ** 15;

/** A directory as the kernel gives it. */
class Directory {
  readonly #calls: MemoryCalls;
  readonly #buffer = new Uint8Array(ENTRIES_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #address = addressOf(this.#buffer);

  constructor(calls: MemoryCalls) {
    this.#calls = calls;
  }

  /**
   * Visits the entries whose names are numbers, until `visit` gives `true`. It
   * gets the number, and the address of the name.
   */
  visit(
    fd: number,
    visit: (entry: number, name: bigint) => boolean,
  ): boolean {
    const { GETDENTS64 } = SystemCall;
    for (;;) {
      const end = this.#calls.call(
        GETDENTS64,
        fd,
        this.#address,
        ENTRIES_BYTES,
        0,
        0,
        0,
      );
      if (end <= 0) return false;
      for (let at = 0; at < end; at += this.#view.getUint16(at + 16, true)) {
        const entry = this.#number(at + 19);
        if (entry >= 0 && visit(entry, this.#address + BigInt(at + 19))) {
          return true;
        }
      }
    }
  }

  #number(at: number): number {
    let number = -1;
    for (; this.#buffer[at] !== 0; at++) {
      const digit = this.#buffer[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      number = Math.max(number, 0) * 10 + digit;
    }
    return number;
  }
}

/**
 * Looks for an open file by what its link in `/proc` says, until `visit` gives
 * `true` to the path by which it can be opened.
 */
export function findOpenFile(
  calls: MemoryCalls,
  link: string,
  visit: (path: string) => boolean,
): boolean {
  const c = libc()!;
  const processes = c.open(cString("/proc"), O_DIRECTORY_CLOEXEC);
  if (processes < 0) return false;
  const wanted = new TextEncoder().encode(link);
  // Room for more, to tell a longer link; and a small array might be moved.
  const found = new Uint8Array(Math.max(wanted.length + 1, 256));
  const address = addressOf(found);
  const files = new Directory(calls);
  const isFound = new Directory(calls).visit(processes, (pid) => {
    const path = `/proc/${pid}/fd`;
    const directory = c.open(cString(path), O_DIRECTORY_CLOEXEC);
    if (directory < 0) return false; // it has ended, or is another user's
    const isHere = files.visit(directory, (fd, name) => {
      const { READLINKAT } = SystemCall;
      const length = calls.call(
        READLINKAT,
        directory,
        name,
        address,
        found.length,
        0,
        0,
      );
      return length === wanted.length &&
        wanted.every((byte, i) => byte === found[i]) &&
        visit(`${path}/${fd}`);
    });
    c.close(directory);
    return isHere;
  });
  c.close(processes);
  return isFound;
}
