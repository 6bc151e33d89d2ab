/** What ends a task before its time: a signal, and clocks. */

import { after } from "../wait.ts";
import type { PoolWorker } from "./pool_worker.ts";
import type { Task } from "./task.ts";

/** The items of a task are looked at so often in the time that each has. */
const LOOKS = 8;
/** Whether a worker has begun is looked at so often (ms). */
const LOOK_MS = 20;

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

/**
 * Calls back when the first task of a worker, or one of its items, has run for as
 * long as it may; gives what stops the clock. It starts when the worker has begun:
 * before that, it may have modules to load.
 */
export function startClock(
  { link: { words } }: PoolWorker,
  task: Task,
  late: () => void,
): () => void {
  const { taskTimeout } = task.limits;
  let stop: () => void;
  const whenBegun = () => {
    if (words.begun !== task.id) stop = after(LOOK_MS, whenBegun);
    else if (task.items > 0) watchItems(words.beats, performance.now());
    else stop = after(taskTimeout, late);
  };
  const whenOver = () => words.begun === task.id ? late() : whenBegun();
  /** An item is told from the next one by the count of beats. */
  const watchItems = (beats: number, since: number) => {
    stop = after(taskTimeout / LOOKS, () => {
      const now = performance.now();
      if (words.beats !== beats) watchItems(words.beats, now);
      else if (now - since < taskTimeout) watchItems(beats, since);
      else late();
    });
  };
  if (task.items > 0) whenBegun();
  else stop = after(taskTimeout, whenOver);
  return () => stop();
}
