/**
 * Letting the program end although a call of a foreign function is pending: the
 * one place that knows how. The runtime has no public way; what it has itself is
 * looked for, and where that is missing, one has to do without such calls.
 */

import { runtimeCore } from "../runtime_core.ts";

interface Runtime {
  unrefOpPromise(promise: Promise<unknown>): void;
}

const unref = runtimeCore<Runtime>()?.unrefOpPromise;

/** Whether that is possible here. */
export function canLetEnd(): boolean {
  return typeof unref === "function";
}

/** The program may end although that call is pending. */
export function letEnd(call: Promise<unknown>): void {
  if (canLetEnd()) unref!(call);
}
