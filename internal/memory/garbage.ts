/**
 * Has garbage collected. Where all memory is one buffer, the collector does not
 * know how much of it a small view keeps: so it would never be in a hurry.
 */

import { breathe } from "../turn.ts";

/** After so many bytes that may be free again, it is looked which are. */
const MUCH = 2 ** 26;

/** How many may be since garbage was collected last, and how often it was. */
let bytes = 0;
let round = 0;
/** In which round one was counted whose memory has views. */
const counted = new WeakMap<object, number>();
let collect: (() => void) | null = null;

/** The memory of `core` has a view now; it may be free again once that is forgotten. */
export function countView(core: object, length: number): void {
  if (bytes >= MUCH) void collectSoon(); // not for this one, which is in use
  count(core, length);
}

/** The memory of `core`, which has views, is not used any more. */
export function countClosed(core: object, length: number): void {
  // Once for each time that garbage is collected: it may have been in vain.
  if (counted.get(core) !== round) count(core, length);
  if (bytes >= MUCH) void collectSoon();
}

function count(core: object, length: number): void {
  counted.set(core, round);
  bytes += length;
}

async function collectSoon(): Promise<void> {
  bytes = 0;
  round++;
  try {
    collect ??= await findCollector();
    await breathe(); // what was made in this turn of the loop is kept to its end
    collect();
  } catch {
    // It comes in its own time, and is tried to be had at the next occasion.
  }
}

/** Fails where another thread looks for it at the same time. */
async function findCollector(): Promise<() => void> {
  const { gc } = globalThis as { gc?: () => void };
  if (typeof gc === "function") return gc;
  const { setFlagsFromString } = await import("node:v8");
  const { default: vm } = await import("node:vm");
  // A context has it if it is made while that flag of the process is set.
  setFlagsFromString("--expose-gc");
  try {
    return vm.runInNewContext("gc");
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
