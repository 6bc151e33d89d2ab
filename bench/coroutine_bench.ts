/**
 * 100,000 coroutines spawned and joined, and a switch, beside asyncio, gevent
 * (where Debian's python3-gevent is installed) and bare async functions; and the
 * memory of 100,000 that wait.
 */

import { joinall, killall, sleep, spawn } from "@multi/processing";
import {
  DEBIAN,
  hasGevent,
  median,
  printRows,
  pythonBy,
  rounds,
  type Row,
} from "./support.ts";

const ROUNDS = 3;
const MANY = 100_000;
/** What takes turns, and how often, for the time of a switch. */
const FEW = [100, 10_000] as const;

const plain = (turns: number) => turns;
function* byYield(turns: number) {
  for (let i = 0; i < turns; i++) yield;
}
async function bySleep(turns: number) {
  for (let i = 0; i < turns; i++) await sleep(0);
}
async function bare(turns: number) {
  for (let i = 0; i < turns; i++) await undefined;
}

/** Seconds in which so many run to their ends. */
async function time(
  fn: (turns: number) => unknown,
  coroutines: number,
  turns: number,
): Promise<number> {
  const start = performance.now();
  await joinall(Array.from({ length: coroutines }, () => spawn(fn, turns)));
  return (performance.now() - start) / 1000;
}

async function timeBare(coroutines: number, turns: number): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: coroutines }, () => bare(turns)));
  return (performance.now() - start) / 1000;
}

const peer = async (kind: string, ...counts: number[]) =>
  await pythonBy(
    kind === "gevent" ? DEBIAN : "python3",
    "coroutines.py",
    kind,
    ...counts.map(String),
  ) as number;

/** Bytes of each of those that wait: what the whole process grows by. */
async function bytesOf(fn: () => unknown): Promise<string> {
  const before = Deno.memoryUsage().rss;
  const greenlets = Array.from({ length: MANY }, () => spawn(fn));
  await sleep(1);
  const bytes = (Deno.memoryUsage().rss - before) / MANY;
  await killall(greenlets);
  return `${bytes.toFixed(0)} bytes`;
}

if (import.meta.main) {
  const generator = await bytesOf(function* () {
    for (;;) yield;
  });
  const sleeper = await bytesOf(() => sleep(60_000));
  const memory =
    `memory: ${generator} a generator, ${sleeper} an async function that sleeps`;
  const counts = { many: [MANY, 1], few: FEW } as const;
  const peers = ["asyncio", ...await hasGevent() ? ["gevent"] : []];
  const ours = { generators: byYield, "async functions": bySleep };
  const all = new Map<string, number[]>();
  const add = (name: string, value: number) =>
    all.set(name, [...all.get(name) ?? [], value]);
  for (const round of rounds(ROUNDS, 1)) {
    const times = new Map<string, number>();
    for (const [size, [coroutines, turns]] of Object.entries(counts)) {
      for (const [name, fn] of Object.entries(ours)) {
        times.set(`${name} ${size}`, await time(fn, coroutines, turns));
      }
      times.set(`functions ${size}`, await time(plain, coroutines, turns));
      times.set(`bare ${size}`, await timeBare(coroutines, turns));
      for (const name of peers) {
        times.set(`${name} ${size}`, await peer(name, coroutines, turns));
      }
    }
    // The first one warms up.
    if (round >= 0) { for (const [name, value] of times) add(name, value); }
  }
  const of = (name: string) => median(all.get(name)!);
  const rows: Row[] = [];
  const names = ["generators", "async functions", "functions"];
  for (const peer of [...peers, "bare"]) {
    const label = peer === "bare" ? "async functions alone" : peer;
    const budget = peer === "asyncio" ? 0.2 : null;
    for (const name of names) {
      rows.push({
        work: `100,000 ${name}, spawned and joined (ms)`,
        ours: of(`${name} many`) * 1000,
        peer: label,
        theirs: of(`${peer} many`) * 1000,
        budget,
      });
    }
    const switches = FEW[0] * FEW[1];
    for (const name of Object.keys(ours)) {
      rows.push({
        work: `a switch: ${name} (ns)`,
        ours: of(`${name} few`) / switches * 1e9,
        peer: label,
        theirs: of(`${peer} few`) / switches * 1e9,
        budget,
      });
    }
  }
  printRows(rows);
  console.log(memory);
}
