/** Runs the collector. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { until } from "./until.ts";

setFlagsFromString("--expose-gc");

/** Collects what nobody refers to. */
export const collectGarbage: () => void = runInNewContext("gc");

/** Resolves when what nobody refers to by now is collected, and that was told. */
export async function collected(): Promise<void> {
  let isTold = false;
  const registry = new FinalizationRegistry(() => isTold = true);
  registry.register({}, undefined);
  await until(() => {
    collectGarbage();
    return isTold;
  });
}
