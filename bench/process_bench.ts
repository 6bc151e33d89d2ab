/**
 * Start and join of a process, by spawn and through a spare, beside Python's and
 * the bare runtime; and the memory of a child and of a spare that are idle.
 */

import {
  Process,
  type ProcessSettings,
  setStartMethod,
} from "@multi/processing";
import {
  limitRow,
  median,
  memoryOf,
  printRows,
  python,
  rounds,
  timesOf,
} from "./support.ts";

const ROUNDS = 5;
const PROCESSES = 9;
/** As long as it takes until the spares are there again and quiet. */
const SPARES_MS = 1000;

export function work(): void {}

/** What a child without ffi may do. */
const WITHOUT_FFI = { permissions: { run: true, read: true } } as const;

async function ours(settings: ProcessSettings = {}): Promise<number> {
  const start = performance.now();
  const process = new Process({ target: work, ...settings });
  process.start();
  await process.join();
  return performance.now() - start;
}

/** A `deno run` that does nothing: what no library can be faster than. */
async function bare(): Promise<number> {
  const start = performance.now();
  await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "data:application/javascript,Deno.exit()"],
    stdin: "null",
  }).output();
  return performance.now() - start;
}

/** (No import for it: a child loads what this module imports.) */
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function idle(): Promise<void> {
  await delay(60_000);
}

/** Starts through spares, as many as are ready: then no other is being made. */
async function throughSpares(): Promise<number> {
  const spares = 10;
  setStartMethod("forkserver", { spares });
  await delay(SPARES_MS);
  const time = await timesOf(() => ours(), spares / 2);
  setStartMethod("spawn");
  return time;
}

async function memory(settings: ProcessSettings = {}): Promise<number> {
  await using process = new Process({ target: idle, ...settings });
  process.start();
  await delay(SPARES_MS);
  return await memoryOf(process.pid!);
}

async function memoryOfSpare(): Promise<number> {
  setStartMethod("forkserver", { spares: 1 });
  await delay(SPARES_MS);
  const path = `/proc/self/task/${Deno.pid}/children`;
  const [pid] = (await Deno.readTextFile(path)).split(" ");
  const memory = await memoryOf(Number(pid));
  setStartMethod("spawn");
  await delay(SPARES_MS / 10);
  return memory;
}

const peer = async (method: string) =>
  median(await python("process_start.py", method, `${PROCESSES}`) as number[]);

if (import.meta.main) {
  const measures = {
    ours: () => timesOf(() => ours(), PROCESSES),
    withoutFfi: () => timesOf(() => ours(WITHOUT_FFI), PROCESSES),
    bare: () => timesOf(bare, PROCESSES),
    spawn: () => peer("spawn"),
    spare: throughSpares,
    forkserver: () => peer("forkserver"),
    fork: () => peer("fork"),
    memory: () => memory(),
    memoryWithoutFfi: () => memory(WITHOUT_FFI),
    memoryOfSpare,
  };
  const all = Object.fromEntries(
    Object.keys(measures).map((name) => [name, [] as number[]]),
  );
  for (const round of rounds(ROUNDS, 1)) {
    for (const [name, measure] of Object.entries(measures)) {
      const value = await measure();
      if (round >= 0) all[name]!.push(value); // the first one warms the caches
    }
  }
  const of = (name: keyof typeof measures) => median(all[name]!);
  const row = (
    work: string,
    ours: keyof typeof measures,
    peer: string,
    theirs: keyof typeof measures,
    budget: number | null = null,
  ) => ({ work, ours: of(ours), peer, theirs: of(theirs), budget });
  const spawn = "start+join by spawn (ms)";
  const spare = "start+join through a spare (ms)";
  printRows([
    row(spawn, "ours", "Python spawn", "spawn", 0.4),
    row(spawn, "ours", "a bare deno run", "bare"),
    row(`${spawn}, without ffi`, "withoutFfi", "Python spawn", "spawn", 1),
    row(spare, "spare", "Python fork", "fork", 1),
    row(spare, "spare", "Python forkserver", "forkserver"),
    limitRow("memory of an idle child (MB)", of("memory"), 35),
    limitRow(
      "memory of an idle child without ffi (MB)",
      of("memoryWithoutFfi"),
      45,
    ),
    limitRow("memory of a spare (MB)", of("memoryOfSpare"), 35),
  ]);
}
