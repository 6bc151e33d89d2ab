/** How one waits for a lock. */

import { checkFunction } from "../check.ts";
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from "../wait.ts";

/** How to take a lock of any kind. */
export interface AcquireOptions extends WaitOptions {
  /**
   * Called with the lock taken, if who had it last has died with it, to mend what
   * it guards. If that fails, the lock is left to the next who comes, as it was.
   * Without, such an `acquire` fails with {@linkcode LockAbandonedError}.
   */
  repair?: (() => unknown) | undefined;
}

/** How to take a lock of any kind, blocking the thread. */
export interface SyncAcquireOptions extends SyncWaitOptions {
  /** As in {@linkcode AcquireOptions}; it must not be async. */
  repair?: (() => unknown) | undefined;
}

/** Checks how one wants to take a lock; gives what is to mend what it guards. */
export function repairOf(
  options: AcquireOptions,
): (() => unknown) | undefined {
  timeoutOf(options);
  const { repair } = options;
  if (repair !== undefined) checkFunction(repair, "take the lock", "repair");
  return repair;
}
