/** A word in shared memory for tests and benchmarks. */

import type { Lock } from "@multi/processing";
import type { LockCore } from "../../internal/sync/lock_core.ts";
import { sideOf } from "../../internal/sync/lockable.ts";

/** A word beside a lock that nobody uses; all who have the lock see the same. */
export function scratchOf(lock: Lock): { words: Int32Array; at: number } {
  const { words, at } = (sideOf(lock) as LockCore).word;
  return { words, at: at + 8 };
}
