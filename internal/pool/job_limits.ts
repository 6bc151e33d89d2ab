/** What ends a map before its time. */

import { TimeoutError } from "../../errors.ts";
import { after } from "../wait.ts";
import type { TaskLimits } from "./task.ts";

/**
 * Calls back when the signal aborts, or when the time is over in which the first
 * item was to begin. Gives what takes that back.
 */
export function watchJob(
  { signal, queueTimeout }: TaskLimits,
  hasBegun: () => boolean,
  stop: (reason: unknown, isAbort: boolean) => void,
): () => void {
  const abort = () => stop(signal!.reason, true);
  signal?.addEventListener("abort", abort);
  const cancel = after(queueTimeout, () => {
    if (hasBegun()) return;
    stop(
      new TimeoutError(
        `The map's first item was not begun within ${queueTimeout} ms`,
      ),
      false,
    );
  });
  return () => {
    cancel();
    signal?.removeEventListener("abort", abort);
  };
}
