/** Locks and their like beside Python's: alone, contended, and from hand to hand. */

import {
  Barrier,
  Lock,
  type Lockable,
  Process,
  RLock,
  Semaphore,
  SharedArray,
} from "@multi/processing";
import { median, printRows, python } from "./support.ts";

const RUNS = 5;
const TIMES = 300_000;
const CONTENDED = 200_000;
const ROUNDS = 5_000;

/** Nanoseconds to take and release it. */
function uncontended(lock: Lockable): number {
  const start = performance.now();
  for (let i = 0; i < TIMES; i++) {
    lock.acquireSync();
    lock.releaseSync();
  }
  return (performance.now() - start) / TIMES * 1e6;
}

async function uncontendedAsync(lock: Lockable): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < TIMES; i++) {
    await lock.acquire();
    await lock.release();
  }
  return (performance.now() - start) / TIMES * 1e6;
}

export async function increments(
  lock: Lock,
  counter: SharedArray<"i">,
  barrier: Barrier,
): Promise<void> {
  const { array } = counter;
  await barrier.wait();
  for (let i = 0; i < CONTENDED; i++) {
    lock.acquireSync();
    array[0]!++;
    lock.releaseSync();
  }
  await barrier.wait();
}

async function contended(): Promise<number> {
  const lock = new Lock();
  const counter = new SharedArray("i", 1);
  const barrier = new Barrier(3);
  const workers = [1, 2].map(() =>
    new Process({ target: increments, args: [lock, counter, barrier] })
  );
  for (const worker of workers) worker.start();
  await barrier.wait();
  const start = performance.now();
  await barrier.wait();
  const elapsed = performance.now() - start;
  for (const worker of workers) await worker.join();
  if (counter[0] !== 2 * CONTENDED) throw new Error("an increment was lost");
  return elapsed / (2 * CONTENDED) * 1e6;
}

export function echo(a: Semaphore, b: Semaphore): void {
  for (let i = 0; i < ROUNDS; i++) {
    a.acquireSync();
    b.releaseSync();
  }
}

async function pingPong(): Promise<number> {
  const [a, b] = [new Semaphore(0), new Semaphore(0)];
  const worker = new Process({ target: echo, args: [a, b] });
  worker.start();
  a.releaseSync();
  await b.acquire(); // it is there
  const start = performance.now();
  for (let i = 1; i < ROUNDS; i++) {
    a.releaseSync();
    b.acquireSync();
  }
  const elapsed = performance.now() - start;
  await worker.join();
  return elapsed / (ROUNDS - 1) * 1e3;
}

export function meets(barrier: Barrier): void {
  for (let i = 0; i < ROUNDS; i++) barrier.waitSync();
}

async function rounds(): Promise<number> {
  const barrier = new Barrier(2);
  const worker = new Process({ target: meets, args: [barrier] });
  worker.start();
  await barrier.wait();
  const start = performance.now();
  for (let i = 1; i < ROUNDS; i++) barrier.waitSync();
  const elapsed = performance.now() - start;
  await worker.join();
  return elapsed / (ROUNDS - 1) * 1e3;
}

if (import.meta.main) {
  type Figures = Record<string, number>;
  const all: { ours: Figures; theirs: Figures }[] = [];
  for (let run = 0; run < RUNS; run++) {
    all.push({
      ours: {
        lock: uncontended(new Lock()),
        rLock: uncontended(new RLock()),
        semaphore: uncontended(new Semaphore(1)),
        coroutine: await uncontendedAsync(new Lock()),
        contended: await contended(),
        pingPong: await pingPong(),
        barrier: await rounds(),
      },
      theirs: await python("locks.py") as Figures,
    });
  }
  const row = (
    work: string,
    name: string,
    budget: number | null = null,
    peer = "Python",
  ) => ({
    work,
    ours: median(all.map(({ ours }) => ours[name]!)),
    peer,
    theirs: median(all.map(({ theirs }) => theirs[name]!)),
    budget,
  });
  printRows([
    row("Lock: acquireSync+releaseSync (ns)", "lock", 0.7),
    row("RLock: the same (ns)", "rLock"),
    row("Semaphore: the same (ns)", "semaphore"),
    row("Lock: await acquire+release (ns)", "coroutine", null, "asyncio"),
    row("increment, contended by 2 processes (ns)", "contended", 0.33),
    row("Semaphore round trip between processes (µs)", "pingPong"),
    row("Barrier of 2 processes, a round (µs)", "barrier"),
  ]);
}
