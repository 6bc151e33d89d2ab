/** What the processes and threads of `work` run: functions of a given module. */

import { ProcessError, WorkerLostError } from "../../errors.ts";
import { isClass } from "../launch/function_reference.ts";
import { ownLoader } from "../launch/loader.ts";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...args: any[]) => unknown;

/** Calls a function of a module by its name. */
export async function runTask(
  module: string,
  name: string,
  args: readonly unknown[],
): Promise<unknown> {
  const functions = await functionsOf(module);
  const fn = functions.get(name);
  if (fn !== undefined) return await call(fn, args);
  throw new TypeError(
    `Cannot call "${name}" as ${module} exports no function of that name: it has ${
      [...functions.keys()].join(", ") || "none"
    }`,
  );
}

/** A worker that a task has lost is not the one that does it. */
async function call(
  fn: AnyFunction,
  args: readonly unknown[],
): Promise<unknown> {
  try {
    return await fn(...args);
  } catch (error) {
    if (!(error instanceof WorkerLostError)) throw error;
    throw new ProcessError(error.message, { cause: error });
  }
}

/** The names of the functions of a module. */
export async function listFunctions(module: string): Promise<string[]> {
  return [...(await functionsOf(module)).keys()];
}

/** Ctrl-C on a terminal is for the parent, who lets tasks finish. */
export function ignoreInterrupts(): void {
  Deno.addSignalListener("SIGINT", () => {});
}

async function functionsOf(
  module: string,
): Promise<ReadonlyMap<string, AnyFunction>> {
  const exports = Object.entries(await ownLoader().module(module));
  return new Map(
    exports.filter((entry): entry is [string, AnyFunction] =>
      typeof entry[1] === "function" && !isClass(entry[1])
    ),
  );
}
