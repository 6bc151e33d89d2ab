/**
 * Functions that run in threads of their own: Python's `threading`.
 *
 * A thread is a Web Worker: it runs on a core of its own, in this process. It
 * does not share variables: its modules are its own, what goes in (`args`) and
 * comes out ({@linkcode Thread.result}) is copied.
 * The function travels by name, as a process's target does: it is one that a
 * module exports.
 *
 * ```ts
 * import { currentThread, Thread } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const thread = new Thread({
 *   target: (a: number, b: number) => a * b,
 *   args: [6, 7],
 * });
 * thread.start();
 * assertEquals(await thread.result(), 42);
 * assertEquals(currentThread().name, "MainThread");
 * ```
 *
 * Permissions: `--allow-read` for the modules that a thread loads from files, as
 * the runtime asks it for Workers; those from servers must be importable.
 *
 * Python: `threading`.
 *
 * @module
 */

import { ProcessError, TimeoutError, WorkerLostError } from "./errors.ts";
import {
  checkFunction,
  checkMilliseconds,
  mustBe,
  type OptionNames,
} from "./internal/check.ts";
import {
  checkProcessSettings,
  SETTING_NAMES,
} from "./internal/launch/check_settings.ts";
import { checkHeapLimit } from "./internal/launch/heap_limit.ts";
import { Count, countOf, countUp } from "./internal/launch/counts.ts";
import {
  encodeJob,
  type Job,
  JOB_NAMES,
  type JobOptions,
  makeJob,
  settingsOf,
} from "./internal/launch/job.ts";
import { localObject } from "./internal/launch/local_object.ts";
import type { Outcome } from "./internal/launch/report.ts";
import { enrolled } from "./internal/launch/roster.ts";
import { startThread } from "./internal/launch/start_thread.ts";
import {
  MAIN_THREAD,
  thisThread,
  type ThreadIdentity,
} from "./internal/launch/this_thread.ts";
import type { ThreadHandle } from "./internal/launch/thread_handle.ts";
import { GATE, type Gate } from "./internal/launch/thread_messages.ts";
import { forThread } from "./internal/travel/route.ts";
import {
  after,
  TIMED_OUT,
  waitFor,
  waitHolding,
  type WaitOptions,
} from "./internal/wait.ts";
import type { Arguments, ProcessSettings, Target } from "./process.ts";

export type { Arguments, ProcessSettings, Target } from "./process.ts";
export type { WaitOptions } from "./internal/wait.ts";

/**
 * How a thread is run: the options of a Process, and `maxHeapMb`. What a process has
 * of its own all its threads share, so that `env`, `cwd`, `stdout`, `stderr` and
 * `v8Flags` have no effect.
 */
export interface ThreadSettings extends ProcessSettings {
  /** Its name; by default `Thread-1`, `Thread-2` … */
  name?: string;
  /**
   * Whether the program ends without waiting for it; by default as the thread
   * is that creates it.
   */
  daemon?: boolean;
  /** The module that exports the target, where it is not found without. */
  module?: string | URL | ImportMeta;
  /**
   * Its permissions: by default those of this thread. Others need the flag
   * `--unstable-worker-options`. What such a thread starts, threads and
   * processes, ends with it.
   */
  permissions?: "inherit" | "none" | Deno.PermissionOptions;
  /**
   * How many megabytes its objects may take, 16 at least: one that needs more ends,
   * with a {@linkcode WorkerLostError}. Without this, a thread that uses up its memory
   * ends the program. It starts slower, as only another kind of Worker can be
   * limited. Typed arrays and other `ArrayBuffer`s do not count. The end comes late,
   * when the thread may have taken many times as much; and the runtime does not
   * always succeed in stopping a loop that never yields, which then takes more and
   * more, as in any Worker with `resourceLimits`: what nobody can vouch for belongs
   * in a `Process`.
   */
  maxHeapMb?: number;
  /** Terminates it when it aborts. */
  signal?: AbortSignal;
}

/** What a {@linkcode Thread} is made from. */
export type ThreadOptions<A extends unknown[], R> =
  & ThreadSettings
  & { /** The function that it runs. */ target: Target<A, R> }
  & NoInfer<Arguments<A>>;

const THREAD_NAMES: OptionNames<ThreadSettings & JobOptions> = {
  ...SETTING_NAMES,
  ...JOB_NAMES,
  maxHeapMb: true,
};

/** What any thread of this process can know of another. */
export interface ThreadInfo {
  /** `MainThread`, `Thread-1` … */
  readonly name: string;
  /** Its number, which no other thread of this process ever has. */
  readonly ident: number | null;
  /** Whether the program ends without waiting for it. */
  readonly daemon: boolean;
  /** Whether it runs. */
  isAlive(): boolean;
  /** Waits until it has ended; `false`: time ran out first. */
  join(options?: WaitOptions): Promise<boolean>;
}

/** Under which a timer tells its thread to wait. */
const GATE_OPTION = Symbol("gate");
/** The longest time between two looks at a thread that another one has started. */
const LOOK_MS = 10;

/**
 * A function that runs in a thread of its own.
 *
 * The second thread starts in a fraction of the first one's time: a Worker that
 * has nothing to do any more is kept for the next thread. Its modules stay
 * loaded, so variables of modules keep their values from one thread to the next
 * that the same Worker runs. One that has left something behind is not kept, as
 * far as this package knows of it: timers and listeners of the global scope, a wait
 * of this package, a lock. But another promise that a target has begun, and does not
 * wait for (a `fetch`), goes on in the next thread; if it rejects, and nobody
 * handles that, it ends that thread. So wait for what you begin.
 *
 * A lock that a thread has when it ends, however, is abandoned, as with a process:
 * who comes next gets a `LockAbandonedError`, once.
 *
 * `Deno.exit()` in a thread ends that thread only, after its `unload`
 * listeners; what is thrown and not caught ends it, too, and is printed. A
 * thread that a thread starts is as any other: it may outlive it.
 *
 * @example A thread, its result and its end
 * ```ts
 * import { Thread } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * await using thread = new Thread({
 *   target: (name: string) => `Hello, ${name}`,
 *   args: ["Alice"],
 * });
 * thread.start();
 * assertEquals(await thread.result(), "Hello, Alice");
 * await thread.join();
 * assertEquals(thread.isAlive(), false);
 * ```
 *
 * Python: `threading.Thread`. A target is a function: there is no `run` to
 * override. Variables are not shared.
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of what it returns.
 */
export class Thread<A extends unknown[] = unknown[], R = unknown>
  implements ThreadInfo, AsyncDisposable {
  #name: string;
  #settings: ThreadSettings;
  #gate: Gate | null;
  #job: Job | null;
  #daemon: boolean;
  #handle: ThreadHandle | null = null;

  /**
   * Makes a thread, which does not run yet.
   *
   * @throws {TypeError} If the target is no function, or one that no other
   * thread can find: a bound or native function, or a class; or if an option is
   * not what it must be.
   * @throws {RangeError} If `maxHeapMb` is less than what any thread needs.
   */
  constructor(options: ThreadOptions<A, R>) {
    this.#job = makeJob("thread", options as JobOptions, THREAD_NAMES);
    const settings = settingsOf<ThreadSettings>(options as JobOptions);
    checkProcessSettings(settings, "create thread");
    checkHeapLimit(settings.maxHeapMb);
    this.#settings = settings;
    this.#gate = (options as { [GATE_OPTION]?: Gate })[GATE_OPTION] ?? null;
    this.#name = settings.name ?? `Thread-${countUp(Count.THREAD_NAMES)}`;
    this.#daemon = settings.daemon ?? thisThread().daemon;
  }

  /** Its name. */
  get name(): string {
    return this.#name;
  }

  /** How many megabytes its objects may take; `null`: no limit of its own. */
  get maxHeapMb(): number | null {
    return this.#settings.maxHeapMb ?? null;
  }

  /** Whether the program ends without it; to be set before `start()`. */
  get daemon(): boolean {
    return this.#daemon;
  }
  set daemon(daemon: boolean) {
    if (this.#handle !== null) {
      throw new ProcessError(
        `Cannot make ${this.name} a daemon or none as it has been started: set "daemon" before start()`,
      );
    }
    if (typeof daemon !== "boolean") {
      throw mustBe(`change ${this.name}`, "daemon", "a boolean", daemon);
    }
    this.#daemon = daemon;
  }

  /**
   * Its number, which no other thread of this process ever has; `null` before
   * it is started.
   */
  get ident(): number | null {
    return this.#handle?.ident ?? null;
  }

  /**
   * Starts it; once.
   *
   * @throws {DataCloneError} If an argument cannot be sent; nothing was started.
   * @throws {ProcessError} If it was started before.
   * @throws {BootstrapError} If this is a thread or a process that still loads
   * its modules.
   * @throws {Deno.errors.NotCapable} If it was to have more permissions than
   * this thread has.
   * @throws {Deno.errors.NotSupported} If this program was run without the flag
   * that `permissions` need.
   */
  start(): void {
    const job = this.#job;
    if (job === null) {
      throw new ProcessError(
        `Cannot start ${this.name} as it was started before: make a new one`,
      );
    }
    const { signal, permissions } = this.#settings;
    signal?.throwIfAborted();
    const hook = excepthook;
    const handle = startThread({
      name: this.name,
      daemon: this.#daemon,
      job: forThread(() => encodeJob(job)),
      permissions: permissions ?? "inherit",
      maxHeapMb: this.maxHeapMb,
      fresh: false,
      quiet: hook !== null,
      gate: this.#gate,
    });
    this.#handle = handle;
    this.#job = null;
    handles.set(this as unknown as Thread, handle);
    started.set(handle.ident, this as unknown as Thread);
    const abort = () => handle.terminate();
    signal?.addEventListener("abort", abort);
    handle.ended.then(() => {
      started.delete(handle.ident);
      signal?.removeEventListener("abort", abort);
      handle.outcome?.open();
      if (hook !== null && handle.outcome) this.#tell(hook, handle.outcome);
    });
  }

  /**
   * Waits until it has ended, however; `false`: time ran out first.
   *
   * Cancel safety: giving up changes nothing.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const handle = this.#started("join()");
    const ended = await waitHolding(handle, handle.ended, options);
    return ended !== TIMED_OUT || !handle.runs;
  }

  /**
   * What the target returned.
   *
   * @throws What the target threw, with its stack.
   * @throws {WorkerLostError} If it ended without a result.
   * @throws {TimeoutError} If time ran out; it goes on, and one may ask again.
   */
  async result(options: WaitOptions = {}): Promise<R> {
    const handle = this.#started("result()");
    const ended = await waitHolding(handle, handle.ended, options);
    if (ended === TIMED_OUT && handle.runs) {
      throw new TimeoutError(
        `${this.name} gave no result within ${options.timeout} ms; it goes on`,
      );
    }
    const { outcome, lost } = handle;
    if (lost !== null) {
      const { signal } = this.#settings;
      throw new WorkerLostError(
        `${this.name} ${lost.how} before its target returned`,
        {
          pid: Deno.pid,
          exitcode: lost.exitcode,
          ...(signal?.aborted && { cause: signal.reason }),
        },
      );
    }
    return outcome!.take() as R;
  }

  /** Whether it was started and has not ended. */
  isAlive(): boolean {
    return this.#handle !== null && this.#handle.runs;
  }

  /**
   * Ends it at its next `await`, or in a `…Sync` call of this package where it
   * waits; `finally` blocks do not run.
   *
   * One that does neither cannot be stopped by the runtime: after a second it is
   * given up. It then counts as ended, which is reported on stderr, by name. It
   * may run on, and holds what it holds, but the program ends without it. Work
   * that may never end belongs in a `Process`.
   *
   * Python has none.
   */
  terminate(): void {
    this.#started("terminate()").terminate();
  }

  /** Terminates it, if it runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handle === null) return;
    this.terminate();
    await this.join();
  }

  /** Its class, name and state: `<Thread(Thread-1, started daemon 2)>`. */
  toString(): string {
    const state = this.#handle === null
      ? "initial"
      : this.#handle.runs
      ? "started"
      : "stopped";
    const daemon = this.#daemon ? " daemon" : "";
    const ident = this.ident === null ? "" : ` ${this.ident}`;
    return `<${this.constructor.name}(${this.name}, ${state}${daemon}${ident})>`;
  }

  /** The same, where it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  #started(use: string): ThreadHandle {
    if (this.#handle === null) {
      throw new ProcessError(
        `Cannot use ${use} of ${this.name} as it was not started: call start() first`,
      );
    }
    return this.#handle;
  }

  /** Lets the hook say what has gone wrong. */
  #tell(hook: Excepthook, outcome: Outcome): void {
    const isCancelled = this.#gate !== null &&
      new Int32Array(this.#gate.word)[0] === GATE.CANCELLED;
    if (outcome.ok || isCancelled) return;
    let thrown: unknown;
    try {
      outcome.take();
    } catch (error) {
      thrown = error;
    }
    const failed = (error: unknown) => {
      console.error("Exception in excepthook:", error);
      console.error(`Exception in thread ${this.name}:`, thrown);
    };
    try {
      const told: unknown = hook({
        error: thrown,
        thread: this as unknown as Thread,
      });
      if (told instanceof Promise) told.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/**
 * What a thread's Worker runs. It is never called: it makes that module part of
 * a program that is built by `deno compile`.
 */
const _entry = () => import("./internal/entry/thread.ts");

/** The threads that were started by this one and have not ended. */
const started = new Map<number, Thread>();
/** What stands behind a thread, for a timer. */
const handles = new WeakMap<Thread, ThreadHandle>();

/**
 * A function that runs in a thread of its own, after some time.
 *
 * The thread itself waits, so it begins in time also while this one is busy.
 *
 * @example A timer, and one that is cancelled
 * ```ts
 * import { Timer } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const timer = new Timer(10, (n: number) => n + 1, [1]);
 * timer.start();
 * assertEquals(await timer.result(), 2);
 *
 * const never = new Timer(3_600_000, () => console.log("an hour is over"));
 * never.start();
 * never.cancel();
 * assertEquals(await never.join(), true);
 * ```
 *
 * Python: `threading.Timer`.
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of what it returns.
 */
export class Timer<A extends unknown[] = unknown[], R = unknown>
  extends Thread<A, R> {
  #word: Int32Array;

  /**
   * Makes a timer, which does not run yet.
   *
   * @param ms After how many milliseconds from `start()` on the target is called.
   * @param target The function that is called.
   * @param rest Its arguments, and how its thread is run.
   */
  constructor(
    ms: number,
    target: Target<A, R>,
    ...rest: [] extends A ? [args?: Readonly<A>, settings?: ThreadSettings]
      : [args: Readonly<A>, settings?: ThreadSettings]
  ) {
    const [args = [], settings] = rest;
    const word = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const gate: Gate = {
      ms: checkMilliseconds(ms, "make timer", "ms", "Infinity: never"),
      word,
    };
    super(
      {
        ...settings,
        target,
        args,
        [GATE_OPTION]: gate,
      } as unknown as ThreadOptions<A, R>,
    );
    this.#word = new Int32Array(word);
  }

  /**
   * Ends it if its target has not been called yet; `result()` is then a
   * {@linkcode CancelledError}. Afterwards it does nothing.
   */
  cancel(): void {
    const { WAITS, CANCELLED } = GATE;
    Atomics.compareExchange(this.#word, 0, WAITS, CANCELLED);
    handles.get(this as unknown as Thread)?.wake();
  }
}

/**
 * The thread that runs this code.
 *
 * @example Which thread this is
 * ```ts
 * import { currentThread } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(currentThread().name, "MainThread");
 * ```
 *
 * Python: `threading.current_thread`.
 */
export function currentThread(): ThreadInfo {
  return infoOf(thisThread());
}

/**
 * How many threads of this process are alive, the main thread included.
 *
 * @example The main thread alone
 * ```ts
 * import { activeCount } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(activeCount(), 1);
 * ```
 *
 * Python: `threading.active_count`.
 */
export function activeCount(): number {
  return 1 + enrolled().length;
}

/**
 * The threads of this process that are alive, the main thread first. Those that
 * this thread has started are the {@linkcode Thread}s themselves.
 *
 * @example Waiting for all others
 * ```ts
 * import { activeThreads, currentThread, Thread } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const thread = new Thread({ name: "worker", target: () => {} });
 * thread.start();
 * const [main, ...others] = activeThreads();
 * assertEquals(main!.name, "MainThread");
 * for (const other of others) await other.join();
 * ```
 *
 * Python: `threading.enumerate`.
 */
export function activeThreads(): ThreadInfo[] {
  return [MAIN_THREAD, ...enrolled()].map((thread) =>
    started.get(thread.ident) ?? infoOf(thread)
  );
}

/**
 * How many threads were given up because they did not yield when they were
 * terminated, and may still run.
 *
 * @example Whether any runs for ever
 * ```ts
 * import { givenUpCount } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(givenUpCount(), 0);
 * ```
 */
export function givenUpCount(): number {
  return countOf(Count.GIVEN_UP);
}

function infoOf({ name, ident, daemon }: ThreadIdentity): ThreadInfo {
  const isAlive = () =>
    ident === MAIN_THREAD.ident ||
    enrolled().some((thread) => thread.ident === ident);
  return {
    name,
    ident,
    daemon,
    isAlive,
    async join(options = {}) {
      if (ident === thisThread().ident) {
        throw new ProcessError(
          `Cannot join ${name} as that is the thread which would wait: it would do so for ever`,
        );
      }
      const known = started.get(ident);
      if (known !== undefined) return await known.join(options);
      const ended = Promise.withResolvers<void>();
      let cancel = () => {};
      const look = () => {
        if (isAlive()) cancel = after(LOOK_MS, look);
        else ended.resolve();
      };
      look();
      try {
        return await waitFor(ended.promise, options) !== TIMED_OUT;
      } finally {
        cancel();
      }
    },
  };
}

/** What an {@linkcode Excepthook} is told. */
export interface ExcepthookArgs {
  /** What was thrown. */
  readonly error: unknown;
  /** The thread that it has ended. */
  readonly thread: Thread;
}

/** Called for an error that ends a thread, instead of printing it. */
export type Excepthook = (args: ExcepthookArgs) => void;

let excepthook: Excepthook | null = null;

/**
 * Says what is done about errors that end the threads which this thread starts
 * from now on; `null`: they are printed on stderr, by the threads themselves.
 * `result()` gives them either way. A hook that throws, or rejects, is reported,
 * with what it was told.
 *
 * @example Collecting errors
 * ```ts
 * import { setExcepthook, Thread } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * setExcepthook(({ error, thread }) => seen.push(`${thread.name}: ${error}`));
 * const thread = new Thread({
 *   name: "worker",
 *   target: () => {
 *     throw new RangeError("too far");
 *   },
 * });
 * thread.start();
 * await thread.join();
 * assertEquals(seen, ["worker: RangeError: too far"]);
 * setExcepthook(null);
 * ```
 *
 * Python: `threading.excepthook`.
 */
export function setExcepthook(hook: Excepthook | null): void {
  if (hook !== null) checkFunction(hook, "set excepthook", "hook");
  excepthook = hook;
}

/**
 * An object of its own in each thread and each coroutine, under one name.
 *
 * It is made by `init` for whoever uses it first there, and goes with the thread
 * or coroutine.
 *
 * @example A name that is each thread's own
 * ```ts
 * import { local } from "@multi/processing/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const session = local(() => ({ user: "nobody" }));
 * session.user = "Alice"; // for this thread only
 * assertEquals(session.user, "Alice");
 * ```
 *
 * Python: `threading.local`.
 */
export function local<T extends object>(init: () => T): T;
/** An object that is empty at first, in each thread and each coroutine. */
export function local<T extends object>(): Partial<T>;
export function local<T extends object>(init?: () => T): T {
  if (init !== undefined) checkFunction(init, "make local object", "init");
  return localObject(init ?? (() => ({}) as T));
}
