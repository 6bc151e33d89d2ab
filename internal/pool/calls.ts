/** Single calls: one task each. */

import { mustBe } from "../check.ts";
import { runForThread } from "../context.ts";
import { textOf } from "../launch/run_call.ts";
import { writeAll } from "../launch/write_all.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Eventual } from "./eventual.ts";
import { infoOf, Order } from "./messages.ts";
import { Task, type TaskLimits, type TaskOwner } from "./task.ts";
import { GIVE, type TaskOptions } from "./task_options.ts";
import { checkTransfer, giveAway } from "./transfer.ts";

/** How a call is done. */
export interface CallPlan {
  readonly fn: unknown;
  readonly args: readonly unknown[];
  readonly limits: TaskLimits;
  readonly retries: number;
  readonly transfer: readonly ArrayBuffer[] | undefined;
  /** What is not to be forgotten before it is done. */
  readonly keeper: object;
}

/** Gives a call to the pool; throws where that cannot be done. */
export function call(
  dispatcher: Dispatcher,
  { fn, args, limits, retries, transfer, keeper }: CallPlan,
  owner: TaskOwner,
): Task {
  dispatcher.checkOpen();
  limits.signal?.throwIfAborted();
  if (!Array.isArray(args)) {
    throw mustBe(GIVE, "args", "an array", args);
  }
  const buffers = checkTransfer(transfer);
  const known = dispatcher.functions.of(fn);
  const id = dispatcher.nextId();
  const info = infoOf(Order.CALL, known.number);
  const draft = dispatcher.drafts.make(id, info, args, "args");
  giveAway(buffers);
  const task = new Task(id, known, draft, owner, limits, 0, retries);
  dispatcher.progress.add(1);
  dispatcher.submit(task, keeper);
  return task;
}

/** A promise is told. */
export class PromiseOwner implements TaskOwner {
  constructor(
    readonly dispatcher: Dispatcher,
    readonly resolve: (value: unknown) => void,
    readonly reject: (reason: unknown) => void,
    readonly told: ((value: unknown) => void) | undefined,
  ) {}

  ended(_task: Task, ok: boolean, value: unknown): void {
    this.dispatcher.progress.did(1, ok ? 0 : 1);
    if (ok) this.resolve(value);
    else this.reject(value);
  }
}

/** What a call will have given. */
export class EventualOfCall extends Eventual implements TaskOwner {
  constructor(
    readonly dispatcher: Dispatcher,
    readonly told: ((value: unknown) => void) | undefined,
  ) {
    super();
  }

  ended(_task: Task, ok: boolean, value: unknown): void {
    this.dispatcher.progress.did(1, ok ? 0 : 1);
    this.settle(ok, value);
  }
}

/** What tells a user's `onProgress` of a task's. */
export function tellerOf(
  { onProgress }: TaskOptions,
): ((value: unknown) => void) | undefined {
  return onProgress &&
    ((value) => callBack(onProgress, value, '"onProgress"'));
}

/**
 * Calls what a user has given; what it throws, or rejects with, is printed, and
 * stops nothing.
 */
export function callBack<T>(
  callback: ((value: T) => unknown) | undefined,
  value: T,
  what: string,
): void {
  if (callback === undefined) return;
  const failed = (error: unknown) => {
    const text = `Exception in ${what}:\n${textOf(error)}\n`;
    writeAll(Deno.stderr, new TextEncoder().encode(text));
  };
  queueMicrotask(() => {
    try {
      const ending = runForThread(() => callback(value));
      if (ending instanceof Promise) ending.catch(failed);
    } catch (error) {
      failed(error);
    }
  });
}
