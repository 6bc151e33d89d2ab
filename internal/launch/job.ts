/** What a process or a thread is to do, from its constructor to its start. */

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
  readonly module?: string | URL | ImportMeta;
}

/** A function with its arguments, which are encoded when it starts. */
export interface Job {
  readonly target: FunctionReference;
  readonly args: readonly unknown[];
  readonly kwargs: object | null;
}

/** Checks what the user gives; `what` is to be created. */
export function makeJob(what: string, options: JobOptions): Job {
  const { args = [], kwargs, name, daemon, target, module } = options;
  const refuse = (option: string, kind: string, value: string) =>
    new TypeError(
      `Cannot create ${what} as "${option}" must be ${kind}: current value is ${value}`,
    );
  if (!Array.isArray(args)) {
    throw refuse("args", "an array", Deno.inspect(args, { depth: 0 }));
  }
  if (kwargs !== undefined && (typeof kwargs !== "object" || kwargs === null)) {
    throw refuse("kwargs", "an object", Deno.inspect(kwargs));
  }
  if (name !== undefined && name !== null && typeof name !== "string") {
    throw refuse("name", "a string", Deno.inspect(name));
  }
  if (
    daemon !== undefined && daemon !== null && typeof daemon !== "boolean"
  ) {
    throw refuse("daemon", "a boolean", Deno.inspect(daemon));
  }
  return {
    target: referTo(target, "target", module),
    args: [...args],
    kwargs: kwargs ?? null,
  };
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
