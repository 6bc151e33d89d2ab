/** How little memory a thread or a process may be given. */

import { checkInteger } from "../check.ts";

/**
 * What it takes to load this package and a module (MB). With 10 that went well;
 * with less it ended while it was loaded, and a thread with 4 ended the program.
 */
const LEAST_MB = 16;
/** More is none (1 TB). */
const MOST_MB = 2 ** 20;

/** A `RangeError` or `TypeError` where nothing can be run within that limit. */
export function checkHeapLimit(maxHeapMb: number | undefined): void {
  if (maxHeapMb === undefined) return;
  checkInteger(maxHeapMb, "limit memory", "maxHeapMb", LEAST_MB, MOST_MB);
}
