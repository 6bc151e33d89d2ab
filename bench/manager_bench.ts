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
import {
  limitRow,
  median,
  printRows,
  python,
  rounds,
  type Row,
} from "./support.ts";

/** How many calls; the first argument. */
const ROUNDS = Number(Deno.args[0] ?? 2000);
/** How often, in turns with the peer. */
const TURNS = 5;
const OUTSTANDING = 64;
const CLIENTS = 8;

/** Microseconds that one takes. */
async function time(fn: (i: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) await fn(i);
  return (performance.now() - start) / ROUNDS * 1000;
}

/** Microseconds for each, with many on their way at a time. */
async function pipelined(dict: DictProxy<number>): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: OUTSTANDING }, async () => {
      for (let i = 0; i < ROUNDS / 10; i++) await dict.set("count", i);
    }),
  );
  return (performance.now() - start) / (OUTSTANDING * ROUNDS / 10) * 1000;
}

/** What one client does, when all of it is compiled, there and here. */
export async function work(
  dict: DictProxy<number>,
  queue: Queue<number>,
): Promise<Record<string, number>> {
  await time(() => dict.get("count"));
  await time((i) => queue.put(i));
  await time(() => queue.get());
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
    const start = performance.now();
    await using client = new Manager({ address: manager.address });
    await client.connect();
    results.connect = performance.now() - start;
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
  type Figures = Record<string, number>;
  const all: Record<Kind | "python", Figures>[] = [];
  for (const _ of rounds(TURNS)) {
    all.push({
      python: await python("manager.py", `${ROUNDS}`) as Figures,
      unix: await measure("unix"),
      tcp: await measure("tcp"),
    });
  }
  const of = (who: Kind | "python", what: string) =>
    median(all.map((figures) => figures[who][what]!));
  const peer = "Python Manager()";
  const rows = (["unix", "tcp"] as const).flatMap((kind) =>
    WORKS.map(([what, name, peerName]): Row => ({
      work: `${NAMES[kind]}: ${name} (µs each)`,
      ours: of(kind, what),
      peer,
      theirs: of("python", `${kind} ${peerName}`),
      budget: budgetOf(kind, what),
    }))
  );
  const connect = of("tcp", "connect");
  rows.push({
    work: "TCP: connect (ms)",
    ours: connect,
    peer,
    theirs: of("python", "connect"),
    budget: null,
  }, limitRow("TCP: connect (ms)", connect, 5));
  printRows(rows);
}
