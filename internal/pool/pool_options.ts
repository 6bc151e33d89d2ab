/** How pools and executors are made. */

import {
  checkNames,
  checkOptions,
  mustBe,
  type OptionNames,
} from "../check.ts";
import { callSite, isUserModule } from "../launch/call_site.ts";
import {
  checkProcessSettings,
  SETTING_NAMES,
} from "../launch/check_settings.ts";
import { referTo, resolveModules } from "../launch/function_reference.ts";
import { checkHeapLimit } from "../launch/heap_limit.ts";
import { self } from "../launch/identity.ts";
import { encode } from "../wire/encode.ts";
import type { Carriers } from "./carriers.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Functions } from "./functions.ts";
import type { PoolProgress } from "./progress.ts";

/** What cannot be done where options are wrong. */
export const CREATE = "create pool";

/** How workers are run. What a process has of its own, threads ignore. */
export interface PoolSettings {
  /**
   * Called in each worker when it starts. If it throws, no task can be done: all
   * fail with that error.
   */
  initializer?: (...args: never[]) => unknown;
  /** What it is called with. */
  initargs?: readonly unknown[];
  /** The module that exports the functions, where they are not found without. */
  module?: string | URL | ImportMeta;
  /** The permissions of workers: by default those of this process or thread. */
  permissions?: "inherit" | "none" | Deno.PermissionOptionsObject;
  /** Environment variables that are added to those of this process. */
  env?: Record<string, string>;
  /** The working directory of workers; by default this process's. */
  cwd?: string | URL;
  /** Where their standard output goes; by default where this process's does. */
  stdout?: "inherit" | "null";
  /** Where their standard error goes; by default where this process's does. */
  stderr?: "inherit" | "null";
  /** Flags for V8 in worker processes, such as `--expose-gc`. */
  v8Flags?: string[];
  /**
   * How many megabytes the objects of a worker may take, 16 at least: one that needs
   * more ends, and its task with it. Typed arrays and other `ArrayBuffer`s do not
   * count. A process ends soon. A thread ends late, when it may have taken many
   * times as much, and in a loop that never yields maybe not at all: what may take
   * any memory belongs in processes.
   */
  maxHeapMb?: number;
}

/** The names of these. */
export const POOL_SETTING_NAMES: OptionNames<PoolSettings> = {
  ...SETTING_NAMES,
  initializer: true,
  initargs: true,
  maxHeapMb: true,
};

/** How a pool is made. */
export interface PoolOptions extends PoolSettings {
  /** How many workers it has; by default as many as this process may use cores. */
  processes?: number;
  /**
   * After so many tasks a worker ends, and another takes its place, which loads its
   * modules anew: what tasks have left behind is gone.
   */
  maxtasksperchild?: number;
  /** How long a task may run (ms), where it does not say itself; by default, ever. */
  taskTimeout?: number;
  /**
   * How often a task is run again whose worker has died; by default 0. In a `map`
   * all of its chunk is: so it must do no harm to run twice.
   */
  retries?: number;
  /**
   * Called when something is done, with counts of items since the pool was made;
   * for all that happens at once, once. What a task tells of itself by
   * `currentTask().progress()` is for the `onProgress` of its own call.
   */
  onProgress?(progress: PoolProgress): void;
}

/** The names of these. */
export const POOL_NAMES: OptionNames<PoolOptions> = {
  ...POOL_SETTING_NAMES,
  processes: true,
  maxtasksperchild: true,
  taskTimeout: true,
  retries: true,
  onProgress: true,
};

/** The options of a pool, where a number says how many workers there are. */
export function poolOptions<O extends object>(
  options: number | O,
  count: keyof O & string,
  names: OptionNames<O>,
): O {
  if (typeof options === "number") return { [count]: options } as unknown as O;
  checkOptions(options, CREATE, `{ ${count}: 2 }`);
  const other = count === "processes" ? "maxWorkers" : "processes";
  const counts = options as Record<string, unknown>;
  if (counts[other] !== undefined && counts[count] === undefined) {
    throw new TypeError(
      `Cannot ${CREATE} as "${other}" is no option of it: say by "${count}" how many workers it has`,
    );
  }
  checkNames(options, names, CREATE);
  return options;
}

/** What decides how a dispatcher works, beside what the user says. */
export interface DispatcherKind {
  readonly carriers: Carriers;
  readonly size: number;
  readonly maxtasksperchild: number;
  readonly isLazy: boolean;
  readonly explainFailure?: (error: unknown) => unknown;
  readonly onProgress?: ((progress: PoolProgress) => void) | undefined;
}

/** Makes the dispatcher of a pool, and starts its workers. */
export function makeDispatcher(
  name: string,
  settings: PoolSettings,
  kind: DispatcherKind,
): Dispatcher {
  const { initializer, initargs = [], module, ...rest } = settings;
  const { carriers, ...options } = kind;
  checkHeapLimit(rest.maxHeapMb);
  checkProcessSettings(rest, CREATE);
  carriers.check(rest);
  if (!Array.isArray(initargs)) {
    throw mustBe(CREATE, "initargs", "an array", initargs);
  }
  const reference = initializer === undefined
    ? null
    : referTo(initializer, "initializer", module);
  encode(initargs, "initargs"); // so that the error is here, if there is one
  const modules = startModules(module, reference?.modules ?? []);
  const dispatcher = new Dispatcher(name, new Functions(module), {
    ...options,
    start: carriers.start,
    isServed: carriers.areServed(rest),
    settings: rest,
    setup: { initializer: reference, initargs },
    modules,
  });
  dispatcher.open();
  return dispatcher;
}

/** The modules that tasks may need, as far as can be known at the start. */
function startModules(
  module: string | URL | ImportMeta | undefined,
  others: readonly string[],
): string[] {
  const { mainModule } = self();
  const modules = new Set([...callSite(), ...others]);
  if (module !== undefined) {
    for (const url of resolveModules([module])) modules.add(url);
  }
  if (isUserModule(mainModule)) modules.add(mainModule);
  return [...modules];
}
