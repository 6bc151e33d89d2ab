/**
 * What a thread's Worker and the thread that made it tell each other.
 *
 * ```text
 *   maker                                 Worker
 *   1. boot, run                    ->    2. ready; runs the target
 *                                   <-    3. done: idle, if it may be used again
 *   4. run, for another thread      ->    …
 *
 *   stop: the thread is terminated  ->    stopped, as soon as it yields
 *                                   <-    left: it ends by itself, for a reason
 *                                   <-    ask: only the main thread can do this
 *   answer, any number of them      ->
 * ```
 *
 * A Worker that ends says so itself, because no event tells. The messages share
 * the Worker's channel with the user's own, from which they are told by a key.
 *
 * Whether a Worker has begun to run threads stands in a word that both look at,
 * `START`: the Worker swaps `LOADS` for `BEGUN` before its first one; its maker puts
 * `REFUSED` there, for good, in order to end it. What stood there before tells the
 * maker whether to wait for that end. (That `ready` has not come says nothing: the
 * maker may be busy, and the thread may block.) A Worker that finds `REFUSED` begins
 * no thread, and tells nothing more of the one that it runs, which may fail only
 * because its maker has let go of its arguments. Its `stop` comes, too.
 */

import type { MemoryGrant } from "../memory/grant.ts";
import type { Call } from "./boot.ts";
import type { LogSettings } from "./log.ts";
import type { StartSettings } from "./start_method.ts";
import type { ThreadIdentity } from "./this_thread.ts";

/** How a thread ended without a report. */
export interface LostThread {
  /** What has happened to it, for a sentence that begins with its name. */
  readonly how: string;
  /** What it gave to `Deno.exit()`, if it did. */
  readonly exitcode: number | null;
}

/** What came of a thread. */
export type ThreadEnd = { readonly report: Uint8Array } | LostThread;

/** The end of one that has used up its memory. */
export function outOfMemory({ maxHeapMb }: ThreadPlan): ThreadEnd {
  return { how: `needed more memory than its ${maxHeapMb} MB`, exitcode: null };
}

/** What lets a thread wait before it begins, unless it is cancelled meanwhile. */
export interface Gate {
  readonly ms: number;
  /** One word: `GATE.WAITS`, until one side has swapped it for the other. */
  readonly word: SharedArrayBuffer;
}

/** The states of a gate. */
export const GATE = { WAITS: 0, BEGUN: 1, CANCELLED: 2 } as const;

/** The states of a Worker; it may get from the first to the last at once. */
export const START = { LOADS: 0, BEGUN: 1, REFUSED: 2 } as const;

/** A thread that is to be started. */
export interface ThreadPlan extends ThreadIdentity {
  /** Its slot in the roster. */
  readonly slot: number;
  readonly job: Call;
  readonly permissions: "inherit" | "none" | Deno.PermissionOptionsObject;
  readonly maxHeapMb: number | null;
  /** Whether its Worker is its own: no thread before or after it runs there. */
  readonly fresh: boolean;
  /** Whether its maker says what the user hears of its errors. */
  readonly quiet: boolean;
  readonly gate: Gate | null;
}

/** To a Worker. */
export type ToWorker =
  | {
    readonly is: "boot";
    /** The process's `Identity`, encoded. */
    readonly identity: Uint8Array;
    readonly counts: SharedArrayBuffer;
    readonly roster: SharedArrayBuffer;
    readonly memory: MemoryGrant | null;
    /** Whether it asks its maker to start others, or does that itself. */
    readonly asks: boolean;
    /** Whether it watches the size of its heap. */
    readonly limited: boolean;
    /** One word: a state of `START`. */
    readonly start: SharedArrayBuffer;
  }
  | {
    readonly is: "run";
    readonly plan: ThreadPlan;
    readonly log: LogSettings;
    readonly starts: StartSettings;
  }
  | { readonly is: "wake" }
  | { readonly is: "stop" }
  | { readonly is: "answer"; readonly to: number; readonly answer: Answer };

/**
 * From a Worker. `owns`: it has a lock or a permit, and dies with it; its end is told
 * to nobody before that is known.
 */
export type FromWorker =
  | { readonly is: "ready" }
  /** It has joined the memory of its family, where it has that name. */
  | { readonly is: "joined"; readonly owner: number }
  | {
    readonly is: "done";
    readonly report: Uint8Array;
    /** Whether the thread has left nothing behind that would act later. */
    readonly reusable: boolean;
    readonly owns: boolean;
  }
  | {
    readonly is: "left";
    /** The thread that it has begun last. */
    readonly ident: number;
    readonly end: ThreadEnd;
    readonly owns: boolean;
  }
  | { readonly is: "stopped"; readonly owns: boolean }
  | { readonly is: "ask"; readonly id: number; readonly ask: Ask };

/** What only the main thread can do. */
export type Ask =
  | {
    readonly to: "start process";
    /** A `ChildPlan`, encoded. */
    readonly plan: Uint8Array;
    /** Where the thread waits for the first answer. */
    readonly reply: SharedArrayBuffer;
  }
  | {
    readonly to: "kill process";
    readonly started: number;
    readonly signal: Deno.Signal;
  }
  | { readonly to: "start thread"; readonly plan: ThreadPlan }
  | { readonly to: "terminate thread"; readonly started: number }
  | { readonly to: "wake thread"; readonly started: number }
  | { readonly to: "start by"; readonly settings: StartSettings };

/** What it answers. */
export type Answer =
  | { readonly is: "started"; readonly pid: number }
  | { readonly is: "failed"; readonly report: Uint8Array }
  | { readonly is: "reported"; readonly report: Uint8Array | null }
  | {
    readonly is: "exited";
    readonly report: Uint8Array | null;
    readonly exitcode: number;
    readonly lastWords: string;
  }
  | { readonly is: "ended"; readonly end: ThreadEnd };

const KEY = "@multi/processing";

/** As it is posted. */
export function wrap(message: ToWorker | FromWorker): unknown {
  return { [KEY]: message };
}

/** A message of ours; `null`: it is one of the user's. */
export function unwrap<M>(data: unknown): M | null {
  if (typeof data !== "object" || data === null) return null;
  return (data as Record<string, M>)[KEY] ?? null;
}
