/** What a process or a thread is to do, from its constructor to its start. */

import {
  checkBoolean,
  checkNames,
  checkOptions,
  checkSignal,
  isLeftAway,
  mustBe,
  type OptionNames,
} from "../check.ts";
import { grantedMemory } from "../memory/grant.ts";
import { pack } from "../wire/parcels.ts";
import type { Call } from "./boot.ts";
import { type FunctionReference, referTo } from "./function_reference.ts";
import { hubLink } from "./hub_link.ts";

/** What the user gives, of which nothing is known yet. */
export interface JobOptions {
  readonly target?: unknown;
  readonly args?: unknown;
  readonly kwargs?: unknown;
  readonly name?: unknown;
  readonly daemon?: unknown;
  readonly signal?: unknown;
  readonly module?: string | URL | ImportMeta;
}

/** The names of these. */
export const JOB_NAMES: OptionNames<JobOptions> = {
  target: true,
  args: true,
  kwargs: true,
  name: true,
  daemon: true,
  signal: true,
  module: true,
};

/** A function with its arguments, which are encoded when it starts. */
export interface Job {
  readonly target: FunctionReference;
  readonly args: readonly unknown[];
  readonly kwargs: object | null;
}

/** Checks what the user gives, by its names, too; `what` is to be created. */
export function makeJob(
  what: string,
  options: JobOptions,
  names: OptionNames<JobOptions>,
): Job {
  const cannot = `create ${what}`;
  checkOptions(options, cannot, "{ target: work }");
  checkNames(options, names, cannot);
  const { args = [], kwargs, name, daemon, signal, target, module } = options;
  if (!Array.isArray(args)) throw mustBe(cannot, "args", "an array", args);
  if (kwargs !== undefined && (typeof kwargs !== "object" || kwargs === null)) {
    throw mustBe(cannot, "kwargs", "an object", kwargs);
  }
  if (!isLeftAway(name) && !(typeof name === "string" && isLine(name))) {
    throw mustBe(cannot, "name", "a string of one line", name);
  }
  checkSignal(signal, cannot);
  checkBoolean(daemon, cannot, "daemon");
  return {
    target: referTo(target, "target", module),
    args: [...args],
    kwargs: kwargs ?? null,
  };
}

/** Whether it can stand in a line of the log. */
function isLine(text: string): boolean {
  return !/[\0\r\n]/.test(text);
}

/** The rest of what the user gives: the arguments are not to be held by it. */
export function settingsOf<S extends object>(options: JobOptions): S {
  const { target: _, args: __, kwargs: ___, ...settings } = options;
  return settings as S;
}

/**
 * The job as it is sent, with what is pinned for its sake; a `DataCloneError`
 * that names the place where an argument cannot be.
 */
export function encodeJob(job: Job): Call {
  // The main thread starts it, and may live longer than this one.
  const by = hubLink() === null
    ? undefined
    : { owner: grantedMemory()!.parent };
  const args = pack(job.args, "args", by);
  const kwargs = job.kwargs && pack(job.kwargs, "kwargs", by);
  return {
    target: job.target,
    args: args.bytes,
    kwargs: kwargs?.bytes ?? null,
    pins: [...args.pins ?? [], ...kwargs?.pins ?? []],
    hasObjects: args.pins !== null || (kwargs?.pins ?? null) !== null,
  };
}
