import { libc } from "../memory/libc.ts";

/** Whether a child that is run with these flags can look at this process's memory. */
export function canShareMemory(flags: readonly string[]): boolean {
  return libc() !== null &&
    flags.some((flag) => flag === "-A" || flag === "--allow-ffi");
}
