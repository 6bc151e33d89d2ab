/**
 * Connections over sockets, between two processes: round trips, a stream of
 * messages, 1 MiB there and back, and how long it takes to connect; beside
 * Python's `Listener` and `Client`.
 */

import {
  type Address,
  connect,
  type Connection,
  Listener,
  Process,
} from "@multi/processing";
import { median, printRows, python, rounds } from "./support.ts";

/** How often each side measures, and how often each time. */
const TURNS = 3;
const ROUNDS = 2;
const TRIPS = 3000;
const MESSAGES = 20_000;
const LARGE = 30;
const CONNECTS = 20;

const SMALL = { id: 1, name: "x", args: [1, 2, 3] };
const MIB = new Uint8Array(2 ** 20);

export async function echo(address: Address): Promise<void> {
  using connection = await connect(address);
  for await (const value of connection) await connection.send(value);
}

export async function drain(address: Address): Promise<void> {
  using connection = await connect(address);
  for await (const count of connection) {
    for (let i = 0; i < Number(count); i++) await connection.recv();
    await connection.send("all");
  }
}

export async function connectOften(address: Address): Promise<number[]> {
  const times: number[] = [];
  for (let i = -1; i < CONNECTS; i++) {
    const start = performance.now();
    using _connection = await connect(address);
    if (i >= 0) times.push(performance.now() - start);
  }
  return times;
}

async function roundTrips(
  connection: Connection,
  value: unknown,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    await connection.send(value);
    await connection.recv();
  }
}

async function stream(connection: Connection): Promise<void> {
  await connection.send(MESSAGES);
  for (let i = 0; i < MESSAGES; i++) await connection.send(SMALL);
  await connection.recv();
}

/** Seconds, as Python measures them. */
async function timed(work: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) times.push((performance.now() - start) / 1000);
  }
  return times;
}

async function meet(
  address: Address,
  target: (address: Address) => Promise<void>,
): Promise<[Connection, Process]> {
  using listener = new Listener({ address });
  const process = new Process({ target, args: [listener.address] });
  process.start();
  return [await listener.accept(), process as unknown as Process];
}

async function ours(): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  const folder = await Deno.makeTempDir();
  const ways: Record<string, Address> = {
    unix: `${folder}/socket`,
    tcp: ["127.0.0.1", 0],
  };
  for (const [name, address] of Object.entries(ways)) {
    const [there, echoing] = await meet(address, echo);
    results[`${name} trip`] = await timed(() =>
      roundTrips(there, SMALL, TRIPS)
    );
    results[`${name} large`] = await timed(() => roundTrips(there, MIB, LARGE));
    there.close();
    await echoing.join();
    const [away, draining] = await meet(address, drain);
    results[`${name} stream`] = await timed(() => stream(away));
    away.close();
    await draining.join();
  }
  await Deno.remove(folder, { recursive: true });
  using listener = new Listener({ address: ["127.0.0.1", 0] });
  const connecting = new Process({
    target: connectOften,
    args: [listener.address],
  });
  connecting.start();
  for (let i = -1; i < CONNECTS; i++) (await listener.accept()).close();
  results.connect = (await connecting.result()).map((ms) => ms / 1000);
  await connecting.join();
  return results;
}

async function theirs(): Promise<Record<string, number[]>> {
  const counts = [ROUNDS, TRIPS, MESSAGES, LARGE];
  return await python("sockets.py", ...counts.map(String)) as Record<
    string,
    number[]
  >;
}

if (import.meta.main) {
  const all: [Record<string, number[]>, Record<string, number[]>][] = [];
  for (const _ of rounds(TURNS)) {
    all.push([await ours(), await theirs()]);
  }
  const row = (work: string, name: string, factor: number) => {
    const [ours, theirs] = [0, 1].map((side) =>
      median(all.flatMap((results) => results[side]![name]!)) * factor
    );
    const peer = "Python Listener/Client";
    return { work, ours: ours!, peer, theirs: theirs!, budget: null };
  };
  printRows([
    row("round trip, unix socket (µs)", "unix trip", 1e6 / TRIPS),
    row("round trip, TCP (µs)", "tcp trip", 1e6 / TRIPS),
    row("a message of many, unix socket (µs)", "unix stream", 1e6 / MESSAGES),
    row("a message of many, TCP (µs)", "tcp stream", 1e6 / MESSAGES),
    row("1 MiB and back, unix socket (ms)", "unix large", 1e3 / LARGE),
    row("1 MiB and back, TCP (ms)", "tcp large", 1e3 / LARGE),
    row("connect over TCP (ms)", "connect", 1e3),
  ]);
}
