/**
 * The exercise: 2 processes × 3 threads × 5 coroutines fetch 10,000 URLs (or so
 * many as are asked for) that are in one queue, beside the same in Python, from one
 * server, which is a process of its own. It answers after 10 ms, as if it were far
 * away: 30 at a time cannot take less than 3.33 s; and then at once, where it is the
 * processor that counts. The Python programs keep a connection for each coroutine;
 * the one for asyncio speaks HTTP by itself, as cheaply as can be.
 */

import { Process, SimpleQueue } from "@multi/processing";
import { delay } from "@std/async";
import {
  DEBIAN,
  hasGevent,
  importMap,
  median,
  printRows,
  pythonBy,
  rounds,
  type Row,
} from "./support.ts";

const ROUNDS = 3;
const COROUTINES = 2 * 3 * 5;

/** How long the server takes for an answer (ms), and what it is to show. */
const DELAYS = [[10, 1], [0, null]] as const;

/** The server: tells its address, and goes on until it is ended. */
export async function serve(address: SimpleQueue<string>): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async ({ url }) => {
      const ms = Number(new URL(url).pathname.slice(1));
      if (ms > 0) await delay(ms);
      return new Response("hello");
    },
  );
  await address.put(`http://127.0.0.1:${server.addr.port}/`);
  await server.finished;
}

/** Seconds that the example says it has taken. */
async function ours(count: number, url: string): Promise<number> {
  const example = new URL("../examples/requests_2x3x5.ts", import.meta.url);
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...importMap(), example.href, `${count}`, url],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("the example failed");
  const text = new TextDecoder().decode(stdout);
  return Number(text.match(/took ([\d.]+) s/)![1]);
}

/** As many loops in this thread alone, without a queue. */
async function bare(count: number, url: string): Promise<number> {
  const start = performance.now();
  let next = 0;
  const drain = async () => {
    while (next < count) await (await fetch(`${url}?${next++}`)).text();
  };
  await Promise.all(Array.from({ length: COROUTINES }, drain));
  return (performance.now() - start) / 1000;
}

/** The rows of the table for a server that takes so long for an answer. */
async function rowsOf(
  count: number,
  url: string,
  ms: number,
  budget: number | null,
  warmUps: number,
): Promise<Row[]> {
  const peer = (interpreter: string, kind: string) => async () =>
    await pythonBy(interpreter, "requests.py", kind, `${count}`, url) as number;
  const measures = new Map<string, () => Promise<number>>([
    ["Python, asyncio", peer("python3", "asyncio")],
    ["fetch in one thread", () => bare(count, url)],
  ]);
  if (await hasGevent()) {
    measures.set("Python, gevent", peer(DEBIAN, "gevent"));
  }
  const times: number[] = [];
  const theirs = new Map<string, number[]>();
  for (const round of rounds(ROUNDS, warmUps)) {
    const own = await ours(count, url);
    if (round >= 0) times.push(own);
    for (const [name, measure] of measures) {
      const seconds = await measure();
      if (round >= 0) theirs.set(name, [...theirs.get(name) ?? [], seconds]);
    }
  }
  return Array.from(theirs, ([peer, seconds]) => ({
    work: `${count} requests by 2 × 3 × 5, answered after ${ms} ms (s)`,
    ours: median(times),
    peer,
    theirs: median(seconds),
    budget: peer.startsWith("Python") ? budget : null,
  }));
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 10_000);
  const address = new SimpleQueue<string>();
  await using server = new Process({ target: serve, args: [address] });
  server.start();
  const url = await address.get();
  const rows: Row[] = [];
  for (const [i, [ms, budget]] of DELAYS.entries()) {
    const warmUps = i === 0 ? 1 : 0; // the server's, above all
    rows.push(...await rowsOf(count, `${url}${ms}`, ms, budget, warmUps));
  }
  printRows(rows);
}
