/**
 * Messages through a pipe: round trips, hot and after a silence, a stream, and 1 MiB
 * there and back; between processes beside Python's `Pipe`, and between threads
 * beside `postMessage`.
 */

import {
  type Connection,
  EOFError,
  pipe,
  Process,
  Thread,
} from "@multi/processing";
import { median, printRows, python, rounds } from "./support.ts";

const ROUNDS = 5;
const TRIPS = 10_000;
const SILENCES = 40;
const SILENCE_MS = 10;
const MESSAGES = 50_000;
const LARGE = 50;

const SMALL = { id: 1, name: "x", args: [1, 2, 3] };
const MIB = new Uint8Array(2 ** 20);

export async function echo(connection: Connection): Promise<void> {
  for await (const value of connection) await connection.send(value);
}

export async function drain(connection: Connection): Promise<void> {
  for await (const count of connection) {
    for (let i = 0; i < Number(count); i++) await connection.recv();
    await connection.send("all");
  }
}

/** As a worker would that has nothing else to do. */
export function echoSync(connection: Connection): void {
  try {
    for (;;) connection.sendSync(connection.recvSync());
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
  }
}

async function trips(
  connection: Connection,
  value: unknown,
  count: number,
): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    await connection.send(value);
    await connection.recv();
  }
  return (performance.now() - start) / 1000 / count;
}

async function cold(connection: Connection): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SILENCES; i++) {
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    times.push(await trips(connection, SMALL, 1));
  }
  return median(times);
}

async function stream(connection: Connection): Promise<number> {
  await connection.send(MESSAGES);
  const start = performance.now();
  for (let i = 0; i < MESSAGES; i++) await connection.send(SMALL);
  await connection.recv();
  return (performance.now() - start) / 1000 / MESSAGES;
}

type Worker = typeof Process;

/** Measures with a worker at the other end that runs that function. */
async function beside<R>(
  Worker: typeof Process | typeof Thread,
  target: (connection: Connection) => Promise<void> | void,
  measure: (connection: Connection) => Promise<R>,
): Promise<R> {
  const [here, there] = pipe();
  const worker = new (Worker as Worker)({
    target: target as (connection: Connection) => Promise<void>,
    args: [there],
    daemon: true,
  });
  worker.start();
  there.close();
  if (target !== drain) await trips(here, SMALL, TRIPS / 10);
  const result = await measure(here);
  here.close();
  await worker.join();
  return result;
}

async function posted(): Promise<number> {
  const code = "onmessage = ({ data }) => postMessage(data);";
  const worker = new Worker(
    `data:application/javascript,${encodeURIComponent(code)}`,
    { type: "module" },
  );
  const trip = () =>
    new Promise<void>((resolve) => {
      worker.onmessage = () => resolve();
      worker.postMessage(SMALL);
    });
  for (let i = 0; i < TRIPS / 10; i++) await trip();
  const start = performance.now();
  for (let i = 0; i < TRIPS; i++) await trip();
  const seconds = (performance.now() - start) / 1000 / TRIPS;
  worker.terminate();
  return seconds;
}

if (import.meta.main) {
  const all = new Map<string, number[]>();
  const add = (name: string, value: number) =>
    all.set(name, [...all.get(name) ?? [], value]);
  for (const _ of rounds(ROUNDS)) {
    const theirs = await python(
      "pipes.py",
      ...[TRIPS, SILENCES, MESSAGES, LARGE].map(String),
    ) as Record<string, number>;
    for (const [name, value] of Object.entries(theirs)) {
      add(`Python ${name}`, value);
    }
    await beside(Process, echo, async (connection) => {
      add("hot", await trips(connection, SMALL, TRIPS));
      add("cold", await cold(connection));
      add("large", await trips(connection, MIB, LARGE));
    });
    await beside(Process, echoSync, async (connection) => {
      add("blocking cold", await cold(connection));
    });
    add("stream", await beside(Process, drain, stream));
    const thread = (connection: Connection) => trips(connection, SMALL, TRIPS);
    add("threads", await beside(Thread, echo, thread));
    add("posted", await posted());
  }
  const row = (
    work: string,
    ours: string,
    theirs: string,
    budget: number | null,
    peer = "Python Pipe",
  ) => {
    const of = (name: string) => median(all.get(name)!) * 1e6;
    return { work, ours: of(ours), peer, theirs: of(theirs), budget };
  };
  printRows([
    row("round trip, both awake (µs)", "hot", "Python hot", 0.2),
    row("round trip after 10 ms of silence", "cold", "Python cold", 1.5),
    row("the same with a blocked echo", "blocking cold", "Python cold", null),
    row("1 MiB there and back", "large", "Python large", null),
    row("stream, a message", "stream", "Python stream", null),
    row(
      "round trip, thread to thread",
      "threads",
      "posted",
      0.1,
      "Worker postMessage",
    ),
  ]);
}
