/** Runs the call that a child or a thread was started for. */

import { UnknownClassError } from "../wire/classes.ts";
import { decode } from "../wire/decode.ts";
import { takeOut } from "../wire/parcels.ts";
import type { Call } from "./boot.ts";
import { drive } from "./drive.ts";
import { findFunction, type FoundFunction } from "./find_function.ts";
import type { LazyLink } from "../travel/lazy_link.ts";
import type { Findings } from "../travel/route.ts";
import { whileLoading } from "./identity.ts";
import { loadClassOf } from "./loader.ts";
import { encodeReport, Report } from "./report.ts";

/** The report of what the target returned, or the error there was instead. */
export type CallResult =
  | { readonly report: Uint8Array<ArrayBuffer> }
  | { readonly error: unknown };

/**
 * Runs it to its end; `begins` is called just before the target is. By the `link`
 * the objects in its arguments are reached, where that is not by memory.
 */
export async function runCall(
  job: Call,
  begins: () => void,
  link: LazyLink | null = null,
): Promise<CallResult> {
  let found: FoundFunction | undefined;
  try {
    const { call, args } = await whileLoading(async () => {
      found = await findFunction(job.target);
      return { call: found.call, args: await decodeArgs(job, link) };
    });
    begins();
    const value = await drive(call(...args));
    return { report: encodeReport(Report.VALUE, value) };
  } catch (thrown) {
    return { error: found ? found.explain(thrown) : thrown };
  }
}

/**
 * The arguments may need a class that only the main module registers, or one of
 * ours that no module here has asked for.
 */
async function decodeArgs(
  { args, kwargs, pins }: Call,
  link: LazyLink | null,
): Promise<unknown[]> {
  // What is read twice has come once.
  const inArgs: Findings = { objects: null };
  const inKwargs: Findings = { objects: null };
  const read = (bytes: Uint8Array, found: Findings) =>
    link === null ? decode(bytes) : link.decode(bytes, found);
  const decodeAll = () => {
    const all = [
      ...read(args, inArgs) as unknown[],
      ...(kwargs === null ? [] : [read(kwargs, inKwargs)]),
    ];
    takeOut(pins);
    return all;
  };
  for (let loaded = 0;; loaded++) {
    try {
      return decodeAll();
    } catch (error) {
      if (!(error instanceof UnknownClassError) || loaded === 2) throw error;
      await loadClassOf(error);
    }
  }
}

/** A text of the error, also where it has a way of its own to make one. */
export function textOf(error: unknown): string {
  try {
    return Deno.inspect(error);
  } catch {
    // Neither can be read, perhaps.
    try {
      return `${(error as Partial<Error>).stack ?? typeof error}`;
    } catch {
      return "an error that cannot be read";
    }
  }
}
