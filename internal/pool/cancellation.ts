import { CancelledError } from "../../errors.ts";

/** Errors of tasks that were taken back; a task may throw one of the class, too. */
const ours = new WeakSet<object>();

/** Why a task has no result that was taken back before it had one. */
export function cancellation(message: string): CancelledError {
  const error = new CancelledError(message);
  ours.add(error);
  return error;
}

/** Whether this is why a task was taken back. */
export function isCancellation(error: unknown): boolean {
  return typeof error === "object" && error !== null && ours.has(error);
}
