/** A task of a pool, from its call until nobody waits for it any more. */

import type { Draft } from "./drafts.ts";
import type { PoolFunction } from "./functions.ts";

/** Who wants to know what comes of a task. Called once, unless it says otherwise. */
export interface TaskOwner {
  /** It has returned that, or thrown: a list, where it has many items. */
  ended(task: Task, ok: boolean, value: unknown): void;
  /** An item of many has; any number of times. */
  itemEnded?(task: Task, item: number, ok: boolean, value: unknown): void;
  /** It tells of its progress; any number of times. */
  readonly told?: ((value: unknown) => void) | undefined;
}

/** What one may ask of a task. */
export interface TaskLimits {
  /** How long it may run, or each of its items (ms). */
  readonly taskTimeout: number;
  /** How long it may wait for a worker (ms). */
  readonly queueTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Where a task is. */
export const State = {
  /** It waits for a worker. */
  PENDING: 0,
  /** A worker has it, or will. */
  GIVEN: 1,
  /** Its owner knows what came of it; a worker may have it still. */
  OVER: 2,
} as const;
/** One of these. */
export type State = typeof State[keyof typeof State];

/** A task. */
export class Task {
  state: State = State.PENDING;
  /** The `PoolWorker` that has it, while it is given. */
  worker: object | null = null;
  /** Takes back what listens and what is timed for its sake. */
  release: (() => void) | null = null;
  /** How many answers of its items have come. */
  answered = 0;
  /** How often a worker died before it had seen it. */
  vain = 0;
  /** Whether a worker had begun it that has died. */
  wasBegun = false;
  /** Where it stands in a map. */
  at = 0;
  /** What is pinned for its sake, as long as it may be given to a worker. */
  pins: readonly number[] | null = null;

  constructor(
    readonly id: number,
    readonly fn: PoolFunction,
    /** The message for its worker. */
    readonly draft: Draft,
    readonly owner: TaskOwner,
    readonly limits: TaskLimits,
    /** How many items it has; 0: it is one call. */
    readonly items: number,
    /** How often it may be run again when its worker dies. */
    public retries: number,
  ) {}
}

/** What is asked of a task of which nothing is asked. */
export const NO_LIMITS: TaskLimits = {
  taskTimeout: Infinity,
  queueTimeout: Infinity,
  signal: undefined,
};
