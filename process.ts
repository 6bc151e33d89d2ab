/**
 * Functions that run in processes of their own: Python's `multiprocessing.Process`.
 *
 * A process has its own memory, its own event loop and its own core. What goes
 * in (`args`) and comes out ({@linkcode Process.result}) is copied. The function
 * travels by name: it is one that a module exports, and the child imports that
 * module; so what only the main program does belongs under
 * `if (import.meta.main)`.
 *
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({
 *   target: (a: number, b: number) => a * b,
 *   args: [6, 7],
 * });
 * process.start();
 * assertEquals(await process.result(), 42);
 * ```
 *
 * Permissions: `--allow-run`. A child gets the permissions that its parent has
 * whole, and at most those that `permissions` names.
 *
 * Python: `multiprocessing.Process`.
 *
 * @module
 */

import {
  ProcessError,
  ShutDownError,
  TimeoutError,
  WorkerLostError,
} from "./errors.ts";
import {
  checkNames,
  checkOptions,
  isIterable,
  mustBe,
  type OptionNames,
} from "./internal/check.ts";
import { isFrozenChild } from "./internal/frozen.ts";
import {
  checkProcessSettings,
  SETTING_NAMES,
} from "./internal/launch/check_settings.ts";
import type { ChildHandle } from "./internal/launch/child.ts";
import { forkProcess } from "./internal/launch/fork.ts";
import { importFrozen } from "./internal/launch/import_frozen.ts";
import { resolveModules } from "./internal/launch/function_reference.ts";
import {
  childIdentity,
  hasBegun,
  isLoading,
  nextPath,
  self,
} from "./internal/launch/identity.ts";
import {
  encodeJob,
  type Job,
  JOB_NAMES,
  type JobOptions,
  makeJob,
  settingsOf,
} from "./internal/launch/job.ts";
import { howEnded, withWords } from "./internal/launch/last_words.ts";
import { startBy, startChild } from "./internal/launch/start_child.ts";
import {
  type StartMethod,
  startSettings,
} from "./internal/launch/start_method.ts";
import type { Target } from "./internal/launch/target.ts";
import { TIMED_OUT, waitHolding, type WaitOptions } from "./internal/wait.ts";

export { registerClass } from "./internal/wire/classes.ts";
export type { RegisterClassOptions } from "./internal/wire/classes.ts";
export type { StartMethod } from "./internal/launch/start_method.ts";
export type { Target } from "./internal/launch/target.ts";
export type { WaitOptions } from "./internal/wait.ts";

/**
 * What a {@linkcode Target} is called with. With `kwargs`, its last argument, no other
 * can be left out: one that is optional may be `undefined`.
 */
export type Arguments<A extends unknown[]> =
  | ([] extends A ? { args?: Readonly<A>; kwargs?: undefined }
    : { args: Readonly<A>; kwargs?: undefined })
  | (A extends [...infer P, (infer K extends object | undefined)?]
    ? P extends [] ? { args?: Readonly<P>; kwargs: Exclude<K, undefined> }
    : Required<P> extends infer All ? {
        args: { readonly [I in keyof All]: I extends keyof P ? P[I] : never };
        kwargs: Exclude<K, undefined>;
      }
    : never
    : never);

/** How a process is run. */
export interface ProcessSettings {
  /** Its name; by default `Process-1`, `Process-2` … */
  name?: string;
  /**
   * Whether it ends with this process instead of being waited for; by default
   * as this process is.
   */
  daemon?: boolean;
  /** The module that exports the target, where it is not found without. */
  module?: string | URL | ImportMeta;
  /**
   * Its permissions, as for a Worker: by default `"inherit"`, which is every
   * permission that this process has whole; what it has for some paths or hosts
   * only must be listed, but for the hosts of `--allow-import` (on Linux). A path
   * that is listed counts from this process's folder, not from `cwd`.
   */
  permissions?: "inherit" | "none" | Deno.PermissionOptions;
  /** Environment variables that are added to those of this process. */
  env?: Record<string, string>;
  /** Its working directory; by default this process's. */
  cwd?: string | URL;
  /** Where its standard output goes; by default where this process's does. */
  stdout?: "inherit" | "null";
  /** Where its standard error goes; by default where this process's does. */
  stderr?: "inherit" | "null";
  /** Flags for V8, such as `--max-old-space-size=512`. */
  v8Flags?: string[];
  /** Terminates it when it aborts. */
  signal?: AbortSignal;
}

/** What a {@linkcode Process} is made from. */
export type ProcessOptions<A extends unknown[], R> =
  & ProcessSettings
  & { /** The function that it runs. */ target: Target<A, R> }
  & NoInfer<Arguments<A>>;

const PROCESS_NAMES: OptionNames<ProcessSettings & JobOptions> = {
  ...SETTING_NAMES,
  ...JOB_NAMES,
};

/** What is known of this process, or of its parent. */
export interface ProcessInfo {
  /** `MainProcess`, `Process-1` … */
  readonly name: string;
  /** The process's id. */
  readonly pid: number;
  /** Whether it ends with its parent without being waited for. */
  readonly daemon: boolean;
  /** The key that listeners and managers use by default; children have the same. */
  readonly authkey: Uint8Array;
  /** Whether it runs. */
  isAlive(): boolean;
}

/**
 * A function that runs in a process of its own.
 *
 * @example A process, its result and its end
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * await using process = new Process({
 *   target: (name: string) => `Hello, ${name}`,
 *   args: ["Alice"],
 * });
 * process.start();
 * assertEquals(await process.result(), "Hello, Alice");
 * await process.join();
 * assertEquals(process.exitcode, 0);
 * ```
 *
 * It ends when the target has returned, and so have the processes and threads
 * that this has started and that are no daemons. Whatever else the target has
 * begun and not waited for (a timer, a coroutine, a request) is dropped.
 *
 * Python: `multiprocessing.Process`. A target is a function: there is no `run`
 * to override.
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of what it returns.
 */
export class Process<A extends unknown[] = unknown[], R = unknown>
  implements AsyncDisposable {
  #name: string;
  #settings: ProcessSettings;
  #path: readonly number[];
  #job: Job | null;
  #daemon: boolean;
  #child: ChildHandle | null = null;
  #closed = false;

  /**
   * Makes a process, which does not run yet.
   *
   * @throws {TypeError} If the target is no function, or one that no other
   * process can find: a bound or native function, or a class; or if an option is
   * not what it must be.
   */
  constructor(options: ProcessOptions<A, R>) {
    this.#job = makeJob("process", options as JobOptions, PROCESS_NAMES);
    const settings = settingsOf<ProcessSettings>(options as JobOptions);
    checkProcessSettings(settings, "create process");
    this.#settings = settings;
    this.#path = nextPath();
    this.#name = settings.name ?? `Process-${this.#path.join(":")}`;
    this.#daemon = settings.daemon ?? self().daemon;
  }

  /** Its name. */
  get name(): string {
    return this.#name;
  }

  /** Whether it ends with this process; to be set before `start()`. */
  get daemon(): boolean {
    return this.#daemon;
  }
  set daemon(daemon: boolean) {
    if (this.#child !== null) {
      throw new ProcessError(
        `Cannot make ${this.name} a daemon or none as it has been started: set "daemon" before start()`,
      );
    }
    if (typeof daemon !== "boolean") {
      throw mustBe(`change ${this.name}`, "daemon", "a boolean", daemon);
    }
    this.#daemon = daemon;
  }

  /** The process's id; `null` before it is started. */
  get pid(): number | null {
    this.#checkOpen("pid");
    return this.#child?.pid ?? null;
  }

  /**
   * How it ended: 0, or its `Deno.exitCode`, if the target returned, 1 if it
   * threw or waits for what cannot happen any more, what it gave to `Deno.exit`,
   * or -9 if signal 9 ended it. `null`: it has not.
   */
  get exitcode(): number | null {
    this.#checkOpen("exitcode");
    return this.#child?.exitcode ?? null;
  }

  /** Resolves to its exit code when it ends; for `wait` and `Promise.race`. */
  get sentinel(): Promise<number> {
    return this.#started("sentinel").ended;
  }

  /**
   * Starts it; once. It runs at once, even if this thread goes on computing or
   * blocks, on Linux, with all permissions, and arguments below 30 KB; else it is
   * told what to do when this thread yields.
   *
   * @throws {DataCloneError} If an argument cannot be sent; nothing was started.
   * @throws {ProcessError} If it was started before, or the system has no files,
   * processes or memory left for it.
   * @throws {BootstrapError} If this is a child that still loads its modules.
   * @throws {Deno.errors.NotCapable} If a permission is missing.
   */
  start(): void {
    this.#checkOpen("start()");
    if (this.#job === null) {
      throw new ProcessError(
        `Cannot start ${this.name} as it was started before: make a new Process`,
      );
    }
    const { signal, ...settings } = this.#settings;
    signal?.throwIfAborted();
    const child = startChild({
      ...settings,
      identity: childIdentity(this.name, this.#path, this.#daemon),
      job: encodeJob(this.#job),
    });
    this.#child = child;
    this.#job = null;
    active.add(this as unknown as Process);
    const abort = () => child.kill("SIGTERM");
    signal?.addEventListener("abort", abort);
    child.ended.then(() => {
      child.outcome?.open();
      active.delete(this as unknown as Process);
      signal?.removeEventListener("abort", abort);
    });
  }

  /**
   * Waits until it has ended, however; `false`: time ran out first.
   *
   * Cancel safety: giving up changes nothing.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    const child = this.#started("join()");
    const ended = await waitHolding(child, child.ended, options);
    return ended !== TIMED_OUT || child.exitcode !== null;
  }

  /**
   * What the target returned. That comes before the process's end, so `exitcode` may
   * still be `null` then: `await join()` for it.
   *
   * @throws What the target threw, with its stack.
   * @throws {WorkerLostError} If it ended without a result.
   * @throws {TimeoutError} If time ran out; it goes on, and one may ask again.
   */
  async result(options: WaitOptions = {}): Promise<R> {
    const child = this.#started("result()");
    const reported = await waitHolding(child, child.reported, options);
    const { outcome } = child;
    if (reported === TIMED_OUT) {
      throw new TimeoutError(
        `${this.name} gave no result within ${options.timeout} ms; it goes on`,
      );
    }
    if (outcome === null) throw this.#lost(child);
    return outcome.take() as R;
  }

  /** Whether it was started and has not ended. */
  isAlive(): boolean {
    this.#checkOpen("isAlive()");
    return this.#child !== null && this.#child.exitcode === null;
  }

  /** Ends it with SIGTERM, which it may listen for. */
  terminate(): void {
    this.#started("terminate()").kill("SIGTERM");
  }

  /** Ends it with SIGKILL, at once. */
  kill(): void {
    this.#started("kill()").kill("SIGKILL");
  }

  /**
   * Lets go of it. It must have ended, and nothing can be asked of it
   * afterwards. Twice does nothing new.
   */
  close(): void {
    if (!this.#closed && this.isAlive()) {
      throw new ProcessError(
        `Cannot close ${this.name} as it is running: terminate() and join() it first`,
      );
    }
    this.#closed = true;
  }

  /** Terminates it, if it runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed || this.#child === null) return;
    this.terminate();
    await this.join();
  }

  /** Its class, name and state: `<Process(Process-1, started daemon 1234)>`. */
  toString(): string {
    return `<${this.constructor.name}(${this.name}, ${this.#state()})>`;
  }

  /** The same, where it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  #state(): string {
    const daemon = this.#daemon ? " daemon" : "";
    if (this.#closed) return `closed${daemon}`;
    if (this.#child === null) return `initial${daemon}`;
    const { pid, exitcode } = this.#child;
    const id = pid === null ? "" : ` ${pid}`;
    return exitcode === null
      ? `started${daemon}${id}`
      : `stopped${daemon}${id}, exitcode ${exitcode}`;
  }

  #checkOpen(use: string): void {
    if (this.#closed) {
      throw new ShutDownError(
        `Cannot use ${use} of ${this.name} as it was closed`,
      );
    }
  }

  #started(use: string): ChildHandle {
    this.#checkOpen(use);
    if (this.#child === null) {
      throw new ProcessError(
        `Cannot use ${use} of ${this.name} as it was not started: call start() first`,
      );
    }
    return this.#child;
  }

  #lost(child: ChildHandle): WorkerLostError {
    const { pid, exitcode, lastWords } = child;
    const { signal } = this.#settings;
    const aborted = signal?.aborted && exitcode === -15
      ? ', as its "signal" was aborted,'
      : "";
    return new WorkerLostError(
      `${this.name} (pid ${pid}) ${
        howEnded(exitcode!, lastWords)
      }${aborted} before its target returned${withWords(lastWords)}`,
      { pid, exitcode, ...(signal?.aborted && { cause: signal.reason }) },
    );
  }
}

/** The processes that were started here and have not ended. */
const active = new Set<Process>();

/**
 * The process that runs this code.
 *
 * @example Which process this is
 * ```ts
 * import { currentProcess } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { name, pid } = currentProcess();
 * assertEquals([name, pid], ["MainProcess", Deno.pid]);
 * ```
 *
 * Python: `multiprocessing.current_process`.
 */
export function currentProcess(): ProcessInfo {
  const { name, daemon, authkey } = self();
  return { name, pid: Deno.pid, daemon, authkey, isAlive: () => true };
}

/**
 * The process that started this one; `null` in the main process.
 *
 * @example In the main process, and in a child
 * ```ts
 * import { parentProcess } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const parent = parentProcess();
 * assertEquals(parent?.name ?? "I am the main process", "I am the main process");
 * ```
 *
 * Python: `multiprocessing.parent_process`.
 */
export function parentProcess(): ProcessInfo | null {
  const { parent, authkey } = self();
  if (parent === null) return null;
  const { name, pid, daemon } = parent;
  return { name, pid, daemon, authkey, isAlive: () => Deno.ppid === pid };
}

/**
 * Goes on in two processes: returns 0 in the child, and the child's pid in the
 * parent.
 *
 * It is emulated. A real fork copies the process; here the child runs the main
 * module again, from its beginning, up to the same call, and what it prints up
 * to there is not shown. So what the main module does before `fork()` is done
 * twice (files are written, requests are made), variables may have other values
 * if they depend on time, chance or what has changed, and what is open in the
 * parent is not open in the child. It can be called by the main module only, in
 * the main process or in a child that it has made, before any other process is
 * started. For anything but a script of a few lines use a {@linkcode Process}.
 *
 * @example Two processes from one
 * ```ts ignore
 * import { fork } from "@multi/processing/process";
 *
 * const pid = await fork();
 * console.log(pid === 0 ? "the child" : "the parent of " + pid);
 * ```
 *
 * @throws {BootstrapError} If the main module does not come to the call again.
 *
 * Python: `os.fork`.
 */
export function fork(): Promise<number> {
  return forkProcess();
}

/**
 * Makes children of a program that was built by `deno compile`: it must be the
 * first that the main module does, under `if (import.meta.main)`. In any other
 * program it does nothing.
 *
 * A compiled program starts children by running itself again, with the same
 * arguments. Their permissions are those given to `deno compile`, which must
 * include `--allow-run`. What modules do at their top level, they do in each child
 * as well: a queue that is made there is each one's own.
 *
 * @example A program that may be compiled
 * ```ts
 * import { freezeSupport, Process } from "@multi/processing/process";
 *
 * export function work() {
 *   console.log("in a child");
 * }
 *
 * if (import.meta.main) {
 *   await freezeSupport();
 *   const process = new Process({ target: work });
 *   process.start();
 *   await process.join();
 * }
 * ```
 *
 * Python: `multiprocessing.freeze_support`.
 */
export async function freezeSupport(): Promise<void> {
  if (!isFrozenChild() || hasBegun()) return;
  const { boot } = await import("./internal/entry/process.ts");
  await boot({
    module: importFrozen,
    text: () => Promise.reject(new Error("compiled modules have no text")),
  }, []);
}

/** What {@linkcode setStartMethod} takes beyond the method. */
export interface StartMethodOptions {
  /** How many spare processes wait; by default 2, and 64 at most. */
  spares?: number;
  /**
   * Modules that a spare loads in advance, besides the main module. One that cannot
   * be loaded is a warning in the log (see `logToStderr`) of the process that the
   * spare becomes.
   */
  preload?: (string | URL)[];
}

const START_NAMES: OptionNames<StartMethodOptions> = {
  spares: true,
  preload: true,
};
/** Each takes the memory of an idle process. */
const MOST_SPARES = 64;
const START_METHODS: readonly StartMethod[] = ["spawn", "forkserver"];

/**
 * Says how processes are started from now on.
 *
 * `"spawn"`, the default, runs a new Deno for each. `"forkserver"` keeps spare
 * processes that are up and have loaded this package and the main module, so
 * that a start is no more than a message to one; each spare takes the memory of
 * an idle process (both are measured in `docs/benchmarks.md`). A start for which
 * no spare is ready or fits goes by spawn: where `permissions`, `cwd`, `v8Flags`
 * or `stdout` are given, or environment variables that a program reads at its
 * start (`DENO_*`, `LD_*`, proxies). There are no locks or threads in a spare
 * that a fork would leave in pieces.
 *
 * @example Starting a process in milliseconds
 * ```ts
 * import { getStartMethod, Process, setStartMethod } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * setStartMethod("forkserver", { spares: 1 });
 * const process = new Process({ target: (n: number) => n + 1, args: [1] });
 * process.start();
 * assertEquals(await process.result(), 2);
 * await process.join();
 * setStartMethod("spawn"); // lets the spares go
 * assertEquals(getStartMethod(), "spawn");
 * ```
 *
 * Python: `multiprocessing.set_start_method`, which can be called once only.
 */
export function setStartMethod(
  method: StartMethod,
  options: StartMethodOptions = {},
): void {
  if (!START_METHODS.includes(method)) {
    throw new RangeError(
      `Cannot start processes by ${Deno.inspect(method)}: there are ${
        START_METHODS.join(", ")
      }`,
    );
  }
  checkOptions(options, "keep spare processes", "{ spares: 2 }");
  checkNames(options, START_NAMES, "keep spare processes");
  const { spares = 2, preload = [] } = options;
  if (!(Number.isInteger(spares) && spares >= 0 && spares <= MOST_SPARES)) {
    throw new RangeError(
      `Cannot keep spare processes as "spares" must be a whole number from 0 to ${MOST_SPARES}: current value is ${
        Deno.inspect(spares)
      }`,
    );
  }
  if (typeof preload === "string" || !isIterable(preload)) {
    throw mustBe(
      "keep spare processes",
      "preload",
      "an array of modules",
      preload,
    );
  }
  const settings = {
    method,
    spares: method === "forkserver" ? spares : 0,
    preload: resolveModules([...preload]),
  };
  if (isLoading()) return; // a child's own main module is not asked
  startBy(settings);
}

/**
 * How processes are started; in a child as in its parent, until it sets another
 * method. One that inherits `"forkserver"` keeps spares from its own first start on.
 *
 * @example How it is by default
 * ```ts
 * import { getStartMethod } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getStartMethod(), "spawn");
 * ```
 *
 * Python: `multiprocessing.get_start_method`.
 */
export function getStartMethod(): StartMethod {
  return startSettings().method;
}

/**
 * All ways in which processes can be started here.
 *
 * @example What there is
 * ```ts
 * import { getAllStartMethods } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getAllStartMethods(), ["spawn", "forkserver"]);
 * ```
 *
 * Python: `multiprocessing.get_all_start_methods`.
 */
export function getAllStartMethods(): StartMethod[] {
  return [...START_METHODS];
}

/**
 * The number of processors that this process may use, which can be fewer than
 * the machine has: affinity and the quota of a cgroup count.
 *
 * @example A part for each processor
 * ```ts
 * import { cpuCount } from "@multi/processing/process";
 * import { assert } from "@std/assert";
 *
 * const size = Math.ceil(1000 / cpuCount());
 * assert(size * cpuCount() >= 1000);
 * ```
 *
 * Python: `os.process_cpu_count`.
 */
export function cpuCount(): number {
  return navigator.hardwareConcurrency;
}

/**
 * The processes that this thread has started and that have not ended.
 *
 * @example Ending all that still run
 * ```ts
 * import { activeChildren, Process } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({
 *   target: () => new Promise<void>((resolve) => setTimeout(resolve, 60_000)),
 * });
 * process.start();
 * assertEquals(activeChildren(), [process]);
 * for (const child of activeChildren()) child.kill();
 * await process.join();
 * ```
 *
 * Python: `multiprocessing.active_children`.
 */
export function activeChildren(): Process[] {
  return [...active];
}
