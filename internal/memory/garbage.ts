/**
 * Has garbage collected. Where all memory is one buffer, the collector does not
 * know how much of it a small view keeps: so it would never be in a hurry.
 */

import { breathe } from "../turn.ts";

/** After so many bytes that may be free again, it is looked which are. */
const MUCH = 2 ** 26;

let bytes = 0;
let gc: Promise<() => void> | null = null;

/** So many bytes may be free again, when their views are collected. */
export function mayBeFree(more: number): void {
  bytes += more;
  if (bytes < MUCH) return;
  bytes = 0;
  gc ??= findCollector();
  // Not now: what was made in this turn of the loop is kept to its end.
  void gc.then(async (collect) => {
    await breathe();
    collect();
  });
}

async function findCollector(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  // A context has it if it is made while that flag is set.
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("gc");
  } catch {
    return () => {}; // then it comes in its own time
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
