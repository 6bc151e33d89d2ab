/** How one waits for a lock. */

import type { SyncWaitOptions, WaitOptions } from "../wait.ts";

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
