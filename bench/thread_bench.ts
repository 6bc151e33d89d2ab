/**
 * Start and join of a thread, the first one and those after it, beside Python's
 * and a bare Worker; and the memory of a thread that waits.
 */

import { Thread, Timer } from "@multi/processing";
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
const THREADS = 200;
const WORKERS = 10;
const WAITING = 8;

export function work(): void {}

/** What leaves a listener behind: its Worker is not used again. */
export function workOnce(): void {
  addEventListener("online", () => {});
}

async function ours(): Promise<number> {
  const start = performance.now();
  const thread = new Thread({ target: work });
  thread.start();
  await thread.join();
  return performance.now() - start;
}

/** A thread for which a Worker must be made, as for the first one. */
async function fresh(): Promise<number> {
  const start = performance.now();
  const thread = new Thread({ target: workOnce });
  thread.start();
  await thread.join();
  return performance.now() - start;
}

/** A Worker that does nothing but say so: what no library can be faster than. */
async function bare(): Promise<number> {
  const start = performance.now();
  const worker = new Worker("data:application/javascript,postMessage(0)", {
    type: "module",
  });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  return performance.now() - start;
}

/** To a Worker that is up and back: what a start through an idle one is. */
async function roundTrip(): Promise<number> {
  const worker = new Worker(
    "data:application/javascript,onmessage=()=>postMessage(0)",
    { type: "module" },
  );
  const times: number[] = [];
  for (let i = 0; i < THREADS; i++) {
    const start = performance.now();
    worker.postMessage(0);
    await new Promise((resolve) => worker.onmessage = resolve);
    times.push(performance.now() - start);
  }
  worker.terminate();
  return median(times.slice(1));
}

const peer = async () =>
  median(await python("thread_start.py", `${THREADS}`) as number[]);

/** What a thread that waits takes of the machine, in MB. */
async function memory(): Promise<number> {
  const start = () => {
    const timer = new Timer(1_000_000, work);
    timer.start();
    return timer;
  };
  const timers = [start()];
  await fresh();
  const before = await memoryOf("self");
  for (let i = 0; i < WAITING; i++) timers.push(start());
  await fresh(); // those before it are up then, or nearly so
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = await memoryOf("self");
  for (const timer of timers) timer.cancel();
  for (const timer of timers) await timer.join();
  return (after - before) / WAITING;
}

if (import.meta.main) {
  const waiting = await memory();
  const measures = {
    fresh: () => timesOf(fresh, WORKERS),
    bare: () => timesOf(bare, WORKERS),
    ours: () => timesOf(ours, THREADS),
    roundTrip,
    python: peer,
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
  const first = "start+join, a new Worker (ms)";
  const next = "start+join, a Worker again (ms)";
  printRows([
    row(first, "fresh", "a bare Worker", "bare"),
    row(next, "ours", "Python threading", "python"),
    row(next, "ours", "postMessage and back", "roundTrip"),
    limitRow("memory of a thread that waits (MB)", waiting, 10),
  ]);
}
