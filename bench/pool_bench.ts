/**
 * Tasks through pools of two workers, beside Python's pools and executors, and those
 * of npm on Node, which this installs into a folder of its own.
 */

import { Pool, ProcessPoolExecutor, ThreadPool } from "@multi/processing";
import {
  importMap,
  limitRow,
  median,
  memoryOf,
  printRows,
  python,
  rounds,
  type Row,
} from "./support.ts";

const ROUNDS = 3;
const WORKERS = 2;
const APPLIES = 5_000;
const OUTSTANDING = 20_000;
/** So often what is short is done again, for the median. */
const RUNS = 3;
const NUMBERS = 100_000;
const MEGABYTES = 50;
const TASKS = 8;
/** What a task of CPU-bound work does: for about 100 ms. */
const STEPS = 20_000_000;
/** As long as it takes until a worker is up, and idle. */
const IDLE_MS = 1000;
/** The argument with which this measures memory only. */
const MEMORY = "memory";
/** So many threads are idle when their memory is measured. */
const THREADS = 8;

/** A pool of npm for Deno. */
const WEB = "poolifier-web-worker";

type Times = Record<string, number>;

export function square(n: number): number {
  return n * n;
}

export function echo<T>(value: T): T {
  return value;
}

export function compute(steps: number): number {
  let total = 0;
  for (let i = 0; i < steps; i++) total += i * i % 7;
  return total;
}

/** Microseconds an operation. */
async function timed(run: () => Promise<unknown>, count = 1): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) * 1000 / count;
}

/** The median of several runs. */
async function again(
  run: () => Promise<unknown>,
  count: number,
): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await timed(run, count));
  return median(times);
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function ours(Kind: typeof Pool | typeof ThreadPool): Promise<Times> {
  const start = performance.now();
  await using pool = new Kind(WORKERS);
  await pool.map(square, [1, 2], { chunksize: 1 });
  const up = (performance.now() - start) * 1000;
  await pool.map(square, numbers(NUMBERS), { chunksize: 1 });
  const all = numbers(NUMBERS);
  const mb = new Uint8Array(2 ** 20);
  const outstanding = () =>
    Promise.all(numbers(OUTSTANDING).map((n) => pool.applyAsync(square, [n])));
  return {
    up,
    apply: await timed(async () => {
      for (let i = 0; i < APPLIES; i++) await pool.apply(square, [i]);
    }, APPLIES),
    outstanding: await again(outstanding, OUTSTANDING),
    map: await again(() => pool.map(square, all), NUMBERS),
    "map 1": await timed(
      () => pool.map(square, all, { chunksize: 1 }),
      NUMBERS,
    ),
    imap: await timed(
      () => Array.fromAsync(pool.imapUnordered(square, all)),
      NUMBERS,
    ),
    "1 MiB": await timed(async () => {
      for (let i = 0; i < MEGABYTES; i++) await pool.apply(echo, [mb]);
    }, MEGABYTES),
  };
}

async function executor(): Promise<Times> {
  await using executor = new ProcessPoolExecutor(WORKERS);
  for await (const _ of executor.map(square, numbers(10_000)));
  const outstanding = () =>
    Promise.all(numbers(OUTSTANDING).map((n) => executor.submit(square, n)));
  return {
    submit: await timed(async () => {
      for (let i = 0; i < APPLIES; i++) await executor.submit(square, i);
    }, APPLIES),
    "submit outstanding": await timed(outstanding, OUTSTANDING),
  };
}

/** Milliseconds that CPU-bound work takes by one worker, and by two. */
async function computing(
  Kind: typeof Pool | typeof ThreadPool,
): Promise<Times> {
  const work = Array<number>(TASKS).fill(STEPS);
  const times: Times = {};
  for (const workers of [1, WORKERS]) {
    await using pool = new Kind(workers);
    const warm = Array<number>(2 * workers).fill(STEPS / 10);
    await pool.map(compute, warm, { chunksize: 1 });
    const run = () => pool.map(compute, work, { chunksize: 1 });
    times[`by ${workers}`] = await timed(run) / 1000;
  }
  return times;
}

/** Microseconds of a round trip to processes without ffi. */
async function withoutFfi(): Promise<Times> {
  await using pool = new Pool({
    processes: WORKERS,
    permissions: { read: true },
  });
  const calls = APPLIES / 10;
  const run = async () => {
    for (let i = 0; i < calls; i++) await pool.apply(square, [i]);
  };
  await run();
  return { "apply without ffi": await timed(run, calls) };
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** MB for each worker that is idle. */
type Memory = Record<"process" | "thread" | "bare", number>;

/** Those of a program that does nothing else: Workers are used again. */
async function memoryOfNew(): Promise<Memory> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-A",
      ...importMap(),
      import.meta.url,
      MEMORY,
    ],
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function memory(): Promise<Memory> {
  const bare = await bareWorkers();
  await using pool = new Pool(WORKERS);
  await pool.map(square, numbers(100), { chunksize: 1 });
  await delay(IDLE_MS);
  const each = await Promise.all(
    pool.workers.map(({ ident }) => memoryOf(ident)),
  );
  const before = await memoryOf("self");
  await using threads = new ThreadPool(THREADS);
  await threads.map(square, numbers(100), { chunksize: 1 });
  await delay(IDLE_MS);
  const thread = (await memoryOf("self") - before) / THREADS;
  return { process: median(each), thread, bare };
}

/** MB for each Worker that does nothing. */
async function bareWorkers(): Promise<number> {
  const before = await memoryOf("self");
  const code = "data:application/javascript,postMessage(1)";
  const workers: Worker[] = [];
  for (let i = 0; i < THREADS; i++) {
    const worker = new Worker(code, { type: "module" });
    await new Promise((resolve) => worker.onmessage = resolve);
    workers.push(worker);
  }
  await delay(IDLE_MS);
  const after = await memoryOf("self");
  for (const worker of workers) worker.terminate();
  await delay(IDLE_MS);
  return (after - before) / THREADS;
}

const PEERS = decodeURIComponent(
  new URL("./peers/pools/", import.meta.url).pathname,
);
/** On Deno: only how long it takes until they are up, or those made for it. */
const ON_DENO = [
  ["--node-modules-dir=manual", "bench.mjs", "up"],
  ["--node-modules-dir=none", "web_worker.ts"],
];

/** Installs npm's pools once; `null`: that cannot be done here. */
async function npm(): Promise<(() => Promise<Record<string, Times>>) | null> {
  const command = async (name: string, ...args: string[]) => {
    const { stdout, success } = await new Deno.Command(name, {
      args,
      cwd: PEERS,
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`${name} ${args[0]} failed`);
    return new TextDecoder().decode(stdout);
  };
  const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  try {
    await command("npm", "install", ...flags);
  } catch {
    return null;
  }
  return async () => {
    const all = JSON.parse(await command("node", "bench.mjs"));
    for (const args of ON_DENO) {
      const text = await command(Deno.execPath(), "run", "-q", "-A", ...args);
      for (const [name, times] of Object.entries(JSON.parse(text))) {
        all[`${name} on Deno`] = times;
      }
    }
    return all;
  };
}

if (import.meta.main && Deno.args[0] === MEMORY) {
  console.log(JSON.stringify(await memory()));
} else if (import.meta.main) {
  const { process, thread, bare } = await memoryOfNew();
  const node = await npm();
  if (node === null) console.log("npm's pools cannot be installed here");
  const all = new Map<string, number[]>();
  const add = (who: string, times: Times) => {
    for (const [work, time] of Object.entries(times)) {
      const key = `${who} ${work}`;
      if (!all.has(key)) all.set(key, []);
      all.get(key)!.push(time);
    }
  };
  for (const _ of rounds(ROUNDS)) {
    add("python", await python("pools.py") as Times);
    for (const [name, times] of Object.entries(await node?.() ?? {})) {
      add(name, times);
    }
    add("pool", await ours(Pool));
    add("threads", await ours(ThreadPool));
    add("executor", await executor());
    add("pool", await computing(Pool));
    add("threads", await computing(ThreadPool));
    add("pool", await withoutFfi());
  }
  const of = (key: string) => median(all.get(key) ?? [NaN]);
  const rows: [
    work: string,
    ours: string,
    peer: string,
    theirs: string,
    budget: number | null,
  ][] = [
    ["up", "pool up", "Python spawn", "python up spawn", 0.7],
    ["up, threads", "threads up", "piscina", "piscina up", null],
    [
      "up, threads",
      "threads up",
      "piscina on Deno",
      "piscina on Deno up",
      0.5,
    ],
    ["apply", "pool apply", "Python Pool", "python apply", 0.1],
    ["apply", "pool apply", "poolifier", "poolifier apply", 0.7],
    ["apply", "pool apply", "workerpool", "workerpool apply", null],
    [
      "apply, without ffi",
      "pool apply without ffi",
      "Python Pool",
      "python apply",
      null,
    ],
    ["apply, threads", "threads apply", "piscina", "piscina apply", null],
    [
      "apply, threads",
      "threads apply",
      WEB,
      `${WEB} on Deno apply`,
      null,
    ],
    ["submit", "executor submit", "Python", "python submit", null],
    [
      "20,000 at a time",
      "pool outstanding",
      "Python Pool",
      "python outstanding",
      1 / 8,
    ],
    [
      "20,000 at a time",
      "pool outstanding",
      "poolifier",
      "poolifier outstanding",
      1 / 3,
    ],
    [
      "20,000 at a time, threads",
      "threads outstanding",
      "Python ThreadPool",
      "python threads outstanding",
      null,
    ],
    [
      "20,000 at a time, threads",
      "threads outstanding",
      WEB,
      `${WEB} on Deno outstanding`,
      null,
    ],
    [
      "20,000 submitted",
      "executor submit outstanding",
      "Python executor",
      "python submit outstanding",
      null,
    ],
    ["map, an item", "pool map", "Python Pool", "python map", 1 / 2],
    ["chunksize 1", "pool map 1", "Python Pool", "python map 1", 1 / 5],
    ["imapUnordered", "pool imap", "Python Pool", "python imap", null],
    ["1 MiB and back", "pool 1 MiB", "Python Pool", "python 1 MiB", 0.4],
    ["1 MiB, threads", "threads 1 MiB", "piscina", "piscina 1 MiB", null],
  ];
  printRows([
    ...rows.map(([work, ours, peer, theirs, budget]): Row => ({
      work: `${work} (µs)`,
      ours: of(ours),
      peer,
      theirs: of(theirs),
      budget,
    })),
    ...["pool", "threads"].map((kind): Row => ({
      work: `CPU-bound work by 2 workers, ${kind} (ms)`,
      ours: of(`${kind} by 2`),
      peer: "by 1",
      theirs: of(`${kind} by 1`),
      budget: 1 / 1.9,
    })),
    limitRow("memory of an idle worker, a process (MB)", process, 35),
    limitRow("memory of an idle worker, a thread (MB)", thread, 10),
    {
      work: "memory of an idle worker, a thread (MB)",
      ours: thread,
      peer: "a bare Worker",
      theirs: bare,
      budget: null,
    },
  ]);
}
