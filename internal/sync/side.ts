/** What stands behind a public lock: one of this family's memory, or one elsewhere. */

import { call } from "./callback.ts";
import type { AcquireOptions, SyncAcquireOptions } from "./options.ts";

/** A lock of any kind, as its public class uses it. */
export interface LockSide {
  acquire(options?: AcquireOptions): Promise<boolean>;
  acquireSync(options?: SyncAcquireOptions): boolean;
  release(): Promise<void>;
  releaseSync(): void;
  locked(): Promise<boolean>;
  lockedSync(): boolean;
  /**
   * Whom a callback is to run as, for whose time the lock is taken; `null`: as
   * who calls, because it has the lock already, or because it does not matter.
   */
  newOwner(): object | null;
  /** What is shown of it; `null`: nothing, as it is elsewhere. */
  readonly state: string | null;
}

/** What the console shows of a lock, or one of its like. */
export function show(
  object: object,
  { state }: { readonly state: string | null },
): string {
  const { name } = object.constructor;
  return state === null ? name : `${name} (${state})`;
}

/** What came of an attempt: `"abandoned"` is to be mended by who has it now. */
export type Taken = "taken" | "abandoned";

/** Promises that many share. */
export const TRUE: Promise<true> = Promise.resolve(true);
export const DONE: Promise<void> = Promise.resolve();

/** The error of who leaves what it has not. */
export function notHeld(what: string): RangeError {
  return new RangeError(
    `Cannot release this ${what} as it is not held here: is an "await" missing before acquire()?`,
  );
}

/** A promise of what `fn` does now; it rejects where that throws. */
export function promised<R>(fn: () => R): Promise<R> {
  try {
    return Promise.resolve(fn());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Mends what an abandoned lock guards; where that fails, it is abandoned again. */
export async function mend(
  repair: () => unknown,
  abandon: () => unknown,
): Promise<void> {
  try {
    await call(repair);
  } catch (error) {
    await abandon();
    throw error;
  }
}
