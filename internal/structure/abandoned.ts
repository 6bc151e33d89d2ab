import { LockAbandonedError } from "../../errors.ts";

/** What is thrown to the first who comes after a holder that died. */
export function abandoned(what: string): LockAbandonedError {
  return new LockAbandonedError(
    `Cannot acquire this ${what} as who held it has died with it, so what it guards may be half done: check that and acquire it again (it is free now), or pass "repair" to acquire()`,
  );
}
