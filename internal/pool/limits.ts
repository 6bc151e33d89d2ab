/** What ends a task before its time: a signal, and the time that it may wait. */

import { after } from "../wait.ts";
import type { Task } from "./task.ts";

/** Calls back when the task's signal aborts, as long as the task is not over. */
export function watchSignal(task: Task, aborted: (reason: unknown) => void) {
  const { signal } = task.limits;
  const abort = () => aborted(signal!.reason);
  signal!.addEventListener("abort", abort);
  onRelease(task, () => signal!.removeEventListener("abort", abort));
}

/** Calls back after that time, as long as the task is not over. */
export function watchTime(task: Task, ms: number, late: () => void): void {
  onRelease(task, after(ms, late));
}

function onRelease(task: Task, release: () => void): void {
  const before = task.release;
  task.release = before === null ? release : () => {
    before();
    release();
  };
}
