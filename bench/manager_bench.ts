/**
 * A manager's dict and queue beside Python's: by one client and by 8, one call at
 * a time and 64; through a unix socket and TCP.
 */

import {
  type DictProxy,
  Manager,
  Process,
  type Queue,
} from "@multi/processing";
import { median, printRows, python } from "./support.ts";

/** How many calls; the first argument. */
const ROUNDS = Number(Deno.args[0] ?? 2000);
const TIMES = 5;
const OUTSTANDING = 64;
const CLIENTS = 8;

/** Microseconds that one takes. */
async function time(fn: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let t = 0; t < TIMES; t++) {
    const start = performance.now();
    for (let i = 0; i < ROUNDS; i++) await fn(i);
    times.push((performance.now() - start) / ROUNDS * 1000);
  }
  return median(times);
}

/** Microseconds for each, with many on their way at a time. */
async function pipelined(dict: DictProxy<number>): Promise<number> {
  const times: number[] = [];
  for (let t = 0; t < TIMES; t++) {
    const start = performance.now();
    await Promise.all(
      Array.from({ length: OUTSTANDING }, async () => {
        for (let i = 0; i < ROUNDS / 10; i++) await dict.set("count", i);
      }),
    );
    const calls = OUTSTANDING * ROUNDS / 10;
    times.push((performance.now() - start) / calls * 1000);
  }
  return median(times);
}

/** What one client does. */
export async function work(
  dict: DictProxy<number>,
  queue: Queue<number>,
): Promise<Record<string, number>> {
  return {
    get: await time(() => dict.get("count")),
    set: await time((i) => dict.set("count", i)),
    add: await time(() => dict.update("count", (n) => n! + 1)),
    outstanding: await pipelined(dict),
    put: await time((i) => queue.put(i)),
    take: await time(() => queue.get()),
  };
}

/** What each of several does; gives when it began and when it had ended (ms). */
export async function set(dict: DictProxy<number>): Promise<number[]> {
  await dict.get("count");
  const start = Date.now();
  for (let i = 0; i < ROUNDS; i++) await dict.set("count", i);
  return [start, Date.now()];
}

type Kind = "unix" | "tcp";

async function measure(kind: Kind): Promise<Record<string, number>> {
  const address = kind === "tcp" ? ["127.0.0.1", 0] as const : undefined;
  await using manager = new Manager({ address });
  const dict = await manager.dict({ count: 0 });
  const queue = await manager.queue<number>();
  const worker = new Process({
    target: work,
    args: [dict, queue],
  });
  worker.start();
  const results = await worker.result();
  await worker.join();
  const clients = Array.from(
    { length: CLIENTS },
    () => new Process({ target: set, args: [dict] }),
  );
  for (const client of clients) client.start();
  const spans = await Promise.all(clients.map((client) => client.result()));
  for (const client of clients) await client.join();
  const first = Math.min(...spans.map(([start]) => start!));
  const last = Math.max(...spans.map(([, end]) => end!));
  results.several = (last - first) / (ROUNDS * CLIENTS) * 1000;
  if (kind === "tcp") {
    const times: number[] = [];
    for (let t = 0; t < TIMES; t++) {
      const start = performance.now();
      await using client = new Manager({ address: manager.address });
      await client.connect();
      times.push(performance.now() - start);
    }
    results.connect = median(times);
  }
  return results;
}

const NAMES: Record<Kind, string> = {
  unix: "unix socket",
  tcp: "TCP",
};

/** Our budget, as a part of what Python needs; by what is measured. */
function budgetOf(kind: Kind, what: string): number | null {
  if (what === "outstanding") return 0.2;
  if (what === "connect") return null;
  if (what === "several" || what === "put" || what === "take") return null;
  return { unix: 1, tcp: null }[kind];
}

const WORKS: readonly [what: string, name: string, peer: string][] = [
  ["get", "get", "get"],
  ["set", "set", "set"],
  ["add", "+= 1, ours atomic", "add"],
  ["outstanding", `set, ${OUTSTANDING} at a time`, "set"],
  ["several", `set, by ${CLIENTS} clients`, "several"],
  ["put", "Queue.put", "put"],
  ["take", "Queue.get", "take"],
];

if (import.meta.main) {
  const theirs = await python("manager.py", `${ROUNDS}`) as Record<
    string,
    number
  >;
  const rows: Parameters<typeof printRows>[0][number][] = [];
  for (const kind of ["unix", "tcp"] as const) {
    const ours = await measure(kind);
    const peer = "Python Manager()";
    const other = kind === "tcp" ? "tcp" : "unix";
    for (const [what, name, peerName] of WORKS) {
      rows.push({
        work: `${NAMES[kind]}: ${name} (µs each)`,
        ours: ours[what]!,
        peer,
        theirs: theirs[`${other} ${peerName}`]!,
        budget: budgetOf(kind, what),
      });
    }
    if (kind !== "tcp") continue;
    rows.push({
      work: "TCP: connect (ms)",
      ours: ours.connect!,
      peer,
      theirs: theirs.connect!,
      budget: 5 / theirs.connect!,
    });
  }
  printRows(rows);
}
