/**
 * Start and join of a process, by spawn and through a spare, beside Python's and
 * the bare runtime; and the memory of a child and of a spare that are idle.
 */

import { Process, setStartMethod } from "@multi/processing";
import { median, printRows, python } from "./support.ts";

const ROUNDS = 5;
const PROCESSES = 15;
/** As long as it takes until the spares are there again and quiet. */
const SPARES_MS = 1000;

export function work(): void {}

async function ours(): Promise<number> {
  const start = performance.now();
  const process = new Process({ target: work });
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

async function timesOf(
  run: () => Promise<number>,
  count: number,
): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await run());
  return median(times);
}

/** Starts through spares, as many as are ready: then no other is being made. */
async function throughSpares(): Promise<number> {
  const spares = 10;
  setStartMethod("forkserver", { spares });
  await delay(SPARES_MS);
  const time = await timesOf(ours, spares / 2);
  setStartMethod("spawn");
  return time;
}

/** The proportional set size of a process, in MB: its share of what is shared. */
async function memoryOf(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  return Number(text.match(/^Pss: +(\d+) kB$/m)![1]) / 1024;
}

async function memory(): Promise<number> {
  await using process = new Process({ target: idle });
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
    ours: () => timesOf(ours, PROCESSES),
    bare: () => timesOf(bare, PROCESSES),
    spawn: () => peer("spawn"),
    spare: throughSpares,
    forkserver: () => peer("forkserver"),
    fork: () => peer("fork"),
    memory,
    memoryOfSpare,
  };
  const all = Object.fromEntries(
    Object.keys(measures).map((name) => [name, [] as number[]]),
  );
  for (let round = -1; round < ROUNDS; round++) {
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
    row(spare, "spare", "Python fork", "fork", 1),
    row(spare, "spare", "Python forkserver", "forkserver"),
  ]);
  console.log(
    `memory: an idle child ${
      of("memory").toFixed(0)
    } MB (budget: 35), a spare ${of("memoryOfSpare").toFixed(0)} MB`,
  );
}
