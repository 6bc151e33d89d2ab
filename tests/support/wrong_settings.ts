/** Settings with which no pool can be made, whatever its workers are. */

import type { PoolOptions } from "@multi/processing";

/** Each with a part of what is said of it. */
export const WRONG_SETTINGS = [
  [{ permissions: "some" }, '"permissions" as it must be'],
  [{ permissions: { walk: true } }, 'no permission "walk"'],
  [{ env: { A: 1 } }, '"env.A" must be a string'],
  [{ cwd: 5 }, '"cwd" must be a path'],
  [{ stdout: "pipe" }, '"stdout" must be "inherit" or "null"'],
  [{ stdout: null }, '"stdout" must be "inherit" or "null"'],
  [{ stderr: 1 }, '"stderr" must be "inherit" or "null"'],
  [{ v8Flags: "--expose-gc" }, '"v8Flags" must be an array'],
  [{ v8Flags: [5] }, '"v8Flags[0]" must be a string'],
  [{ module: null }, '"module" as it must be a specifier'],
] as unknown as [PoolOptions, string][];
