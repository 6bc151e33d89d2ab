/**
 * Items through queues, from one writer to one reader, and from two to two: one at
 * a time, and many; between processes beside Python's queues, and between threads
 * beside `postMessage`.
 */

import {
  JoinableQueue,
  Process,
  Queue,
  SimpleQueue,
  Thread,
} from "@multi/processing";
import { median, printRows, python, rounds } from "./support.ts";

const ROUNDS = 5;
/** How many items are put at a time where it is many. */
const MANY = 100;

const ITEMS: Record<string, unknown> = {
  "small": { id: 1, name: "x", args: [1, 2, 3] },
  "10 KB": new Uint8Array(10_000),
  "1 MiB": new Uint8Array(2 ** 20),
};

/** How many items of each kind: Python's, and ours. */
const COUNTS: Record<string, [theirs: number, ours: number]> = {
  "Queue small": [20_000, 200_000],
  "SimpleQueue small": [20_000, 200_000],
  "JoinableQueue small": [20_000, 200_000],
  "Queue 10 KB": [10_000, 50_000],
  "Queue 1 MiB": [200, 500],
  "Queue 2 to 2": [20_000, 200_000],
};

type AnyQueue = Queue<unknown> | SimpleQueue<unknown>;

export async function write(
  queue: AnyQueue,
  go: Queue<number>,
  name: string,
  count: number,
): Promise<void> {
  const item = ITEMS[name];
  await go.get();
  for (let i = 0; i < count; i++) await queue.put(item);
}

export async function writeMany(
  queue: Queue<unknown>,
  go: Queue<number>,
  name: string,
  count: number,
): Promise<void> {
  const items = Array<unknown>(MANY).fill(ITEMS[name]);
  await go.get();
  for (let i = 0; i < count; i += MANY) await queue.putMany(items);
}

export async function read(
  queue: Queue<unknown>,
  ready: Queue<number>,
  count: number,
): Promise<void> {
  await ready.put(1);
  for (let i = 0; i < count; i++) await queue.get();
  await ready.put(2);
}

type Worker = typeof Process;

/** Seconds from the first item to the last, as the reader sees it. */
async function oneToOne(
  queue: AnyQueue,
  name: string,
  count: number,
  Worker: typeof Process | typeof Thread = Process,
): Promise<number> {
  using go = new Queue<number>();
  const worker = new (Worker as Worker)({
    target: write,
    args: [queue, go, name, count + 1],
  });
  worker.start();
  await go.put(1);
  await queue.get();
  const start = performance.now();
  if (queue instanceof JoinableQueue) {
    for (let i = 0; i < count; i++) {
      await queue.get();
      await queue.taskDone();
    }
  } else for (let i = 0; i < count; i++) await queue.get();
  const seconds = (performance.now() - start) / 1000;
  await worker.join();
  queue.close();
  return seconds;
}

async function manyAtATime(count: number): Promise<number> {
  using queue = new Queue<unknown>();
  using go = new Queue<number>();
  const worker = new Process({
    target: writeMany,
    args: [queue, go, "small", count + MANY],
  });
  worker.start();
  await go.put(1);
  for (let i = 0; i < MANY;) i += (await queue.getMany(MANY - i)).length;
  const start = performance.now();
  for (let i = 0; i < count;) i += (await queue.getMany(MANY)).length;
  const seconds = (performance.now() - start) / 1000;
  await worker.join();
  return seconds;
}

async function twoToTwo(count: number): Promise<number> {
  using queue = new Queue<unknown>(1000);
  using go = new Queue<number>();
  using ready = new Queue<number>();
  const workers: { start(): void; join(): Promise<boolean> }[] = [];
  for (let i = 0; i < 2; i++) {
    workers.push(
      new Process({ target: read, args: [queue, ready, count / 2] }),
      new Process({ target: write, args: [queue, go, "small", count / 2] }),
    );
  }
  for (const worker of workers) worker.start();
  for (let i = 0; i < 2; i++) await ready.get();
  const start = performance.now();
  await go.putMany([1, 1]);
  for (let i = 0; i < 2; i++) await ready.get();
  const seconds = (performance.now() - start) / 1000;
  for (const worker of workers) await worker.join();
  return seconds;
}

/** The same through a Worker's `postMessage`, several in flight. */
async function posted(count: number): Promise<number> {
  const code = `onmessage = ({ data: { item, count } }) => {
    for (let i = 0; i < count; i++) postMessage(item);
  };`;
  const worker = new Worker(
    `data:application/javascript,${encodeURIComponent(code)}`,
    { type: "module" },
  );
  let start = 0;
  let left = count + 1;
  const done = Promise.withResolvers<number>();
  worker.onmessage = () => {
    if (start === 0) start = performance.now();
    if (--left === 0) done.resolve((performance.now() - start) / 1000);
  };
  worker.postMessage({ item: ITEMS.small, count: count + 1 });
  const seconds = await done.promise;
  worker.terminate();
  return seconds;
}

async function ours(work: string, count: number): Promise<number> {
  if (work === "Queue 2 to 2") return await twoToTwo(count);
  const [kind, ...name] = work.split(" ");
  const classes = { Queue, SimpleQueue, JoinableQueue };
  const queue = new classes[kind as keyof typeof classes]();
  return await oneToOne(queue, name.join(" "), count);
}

if (import.meta.main) {
  const all = new Map<string, [number[], number[]]>();
  const add = (work: string, ours: number, theirs: number) => {
    if (!all.has(work)) all.set(work, [[], []]);
    all.get(work)![0].push(ours);
    all.get(work)![1].push(theirs);
  };
  const theirCounts = Object.fromEntries(
    Object.entries(COUNTS).map(([work, [theirs]]) => [work, theirs]),
  );
  for (const _ of rounds(ROUNDS)) {
    const theirs = await python(
      "queues.py",
      JSON.stringify(theirCounts),
    ) as Record<string, number>;
    for (const [work, [theirCount, ourCount]] of Object.entries(COUNTS)) {
      const time = await ours(work, ourCount);
      add(work, time / ourCount, theirs[work]! / theirCount);
    }
    const perItem = theirs["Queue small"]! / theirCounts["Queue small"]!;
    add("many", await manyAtATime(400_000) / 400_000, perItem);
    const threads = await oneToOne(
      new Queue<unknown>(),
      "small",
      200_000,
      Thread,
    );
    add("threads", threads / 200_000, await posted(50_000) / 50_000);
  }
  const row = (
    work: string,
    name: string,
    peer: string,
    budget: number | null,
  ) => {
    const [ours, theirs] = all.get(name)!.map((times) => median(times) * 1e6);
    return { work, ours: ours!, peer, theirs: theirs!, budget };
  };
  printRows([
    row("small, 1 to 1 (µs an item)", "Queue small", "Python Queue", 1 / 5),
    row("small, 1 to 1, 100 at a time", "many", "Python Queue", 1 / 15),
    row("small, 1 to 1", "SimpleQueue small", "Python SimpleQueue", null),
    row("small, 1 to 1", "JoinableQueue small", "Python JoinableQueue", null),
    row("small, 2 to 2, maxsize 1000", "Queue 2 to 2", "Python Queue", null),
    row("10 KB, 1 to 1", "Queue 10 KB", "Python Queue", null),
    row("1 MiB, 1 to 1", "Queue 1 MiB", "Python Queue", null),
    row("small, thread to thread", "threads", "Worker postMessage", null),
  ]);
}
