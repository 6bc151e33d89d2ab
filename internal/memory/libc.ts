/** The C library: the one place where this package calls what Deno does not offer. */

const PROCESS_SYMBOLS = {
  prctl: {
    parameters: ["i32", "u64", "u64", "u64", "u64"],
    result: "i32",
  },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  _exit: { parameters: ["i32"], result: "void" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/**
 * Opened apart from the others, which every child needs at its start. Each symbol
 * takes 0.2 ms, so system calls go through one.
 */
const MEMORY_SYMBOLS = {
  call: {
    name: "syscall",
    parameters: ["i64", "u64", "u64", "u64", "u64", "u64", "u64"],
    result: "i32",
  },
  callLong: {
    name: "syscall",
    parameters: ["i64", "u64", "u64", "u64", "u64", "u64", "u64"],
    result: "u64",
  },
  callAsync: {
    name: "syscall",
    parameters: ["i64", "u64", "u64", "u64", "u64", "u64", "u64"],
    result: "i32",
    nonblocking: true,
  },
  pthread_mutex_trylock: { parameters: ["u64"], result: "i32" },
  pthread_mutex_consistent: { parameters: ["u64"], result: "i32" },
  pthread_mutex_unlock: { parameters: ["u64"], result: "i32" },
} as const;

/** What only the maker of an arena needs. */
const MUTEX_SYMBOLS = {
  pthread_mutexattr_init: { parameters: ["buffer"], result: "i32" },
  pthread_mutexattr_setpshared: {
    parameters: ["buffer", "i32"],
    result: "i32",
  },
  pthread_mutexattr_setrobust: {
    parameters: ["buffer", "i32"],
    result: "i32",
  },
  pthread_mutex_init: { parameters: ["buffer", "buffer"], result: "i32" },
} as const;

/** The numbers of the system calls that are made here. */
export const SystemCall = Deno.build.arch === "aarch64"
  ? {
    FUTEX: 98,
    FUTEX_WAITV: 449,
    MADVISE: 233,
    MEMFD_CREATE: 279,
    FTRUNCATE: 46,
    LSEEK: 62,
    MMAP: 222,
    CLOCK_GETTIME: 113,
    GETUID: 174,
    SOCKET: 198,
    BIND: 200,
    GETDENTS64: 61,
    READLINKAT: 78,
  }
  : {
    FUTEX: 202,
    FUTEX_WAITV: 449,
    MADVISE: 28,
    MEMFD_CREATE: 319,
    FTRUNCATE: 77,
    LSEEK: 8,
    MMAP: 9,
    CLOCK_GETTIME: 228,
    GETUID: 102,
    SOCKET: 41,
    BIND: 49,
    GETDENTS64: 217,
    READLINKAT: 267,
  };

/** The functions of the C library that processes need. */
export type Libc = Deno.DynamicLibrary<typeof PROCESS_SYMBOLS>["symbols"];
/** The functions of the C library that shared memory needs. */
export type MemoryCalls = WithNumbers<
  Deno.DynamicLibrary<typeof MEMORY_SYMBOLS>["symbols"]
>;

/** 64-bit parameters take numbers, too, which are faster where they are exact. */
type WithNumbers<S> = {
  [K in keyof S]: S[K] extends (...args: infer A) => infer R ? (
      ...args: { [I in keyof A]: A[I] extends bigint ? number | bigint : A[I] }
    ) => R
    : never;
};

/** The functions of the C library that make mutexes. */
export type MutexCalls = Deno.DynamicLibrary<typeof MUTEX_SYMBOLS>["symbols"];

let forProcesses: Libc | null | undefined;
let forMemory: MemoryCalls | null | undefined;

/** Functions for processes; `null` without ffi permission, and elsewhere than on Linux. */
export function libc(): Libc | null {
  if (forProcesses === undefined) forProcesses = open(PROCESS_SYMBOLS);
  return forProcesses;
}

/** Functions for shared memory; `null` as with {@linkcode libc}. */
export function memoryCalls(): MemoryCalls | null {
  if (forMemory === undefined) forMemory = open(MEMORY_SYMBOLS) as MemoryCalls;
  return forMemory;
}

/** Functions that make mutexes, where there is {@linkcode memoryCalls}. */
export function mutexCalls(): MutexCalls {
  return open(MUTEX_SYMBOLS)!;
}

function open<S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] | null {
  if (Deno.build.os !== "linux") return null;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return null;
  }
  try {
    return Deno.dlopen("libc.so.6", symbols).symbols;
  } catch {
    return null; // another C library than glibc
  }
}

/** Where a buffer lies now: for a system call that reads or writes it at once. */
export function addressOf(buffer: BufferSource): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}

/** A text as C has it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
