/** What clients can do to a manager that have the key, and mean no good. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Address, BaseManager, type Typeid } from "@multi/processing";
import { dial } from "../internal/pipe/dial.ts";
import { HEADER, writeHeader } from "../internal/pipe/framing.ts";
import type { Socket } from "../internal/pipe/stream_channel.ts";
import { Kind } from "../internal/travel/protocol.ts";
import { encode } from "../internal/wire/encode.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { times } from "./support/times.ts";
import { until } from "./support/until.ts";
import { writeCall } from "./support/write_call.ts";

nothingLeft();

const KEY = "secret";
const CONVERSATIONS = times(10_000);
const IDLE = times(2000);
const CALLS = 300;

class Counter {
  count = 0;
  add(n: number): number {
    return this.count += n;
  }
}

class CounterManager extends BaseManager {
  declare counter: Typeid<Counter>;
}
const counter = new Counter();
CounterManager.register("counter", { callable: () => counter });

/** A socket to the manager, where the key was proven. */
function intrude(address: Address): Promise<Socket> {
  return dial(address, {
    authkey: new TextEncoder().encode(KEY),
    tls: undefined,
    maxLength: 2 ** 20,
  }, (socket) => socket);
}

/** A generator of numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

const head = { call: 1, object: 0, owner: 1 };
const valid = [
  writeCall(Kind.CALL, { ...head, method: "create" }, encode(["counter", []])),
  writeCall(Kind.CALL, { ...head, method: "claim" }, encode(["nothing"])),
  writeCall(Kind.CALL, { ...head, method: "keep" }, encode(["ticket", {}])),
  writeCall(Kind.GIVE_BACK, { ...head, method: "create" }, encode(1)),
];

/** Something that is nearly a message, or is none at all. */
function garbage(random: (below: number) => number): Uint8Array {
  let message = valid[random(valid.length)]!.slice();
  if (random(3) === 0) message = message.slice(0, random(message.length));
  for (let i = random(4); i > 0 && message.length > 0; i--) {
    message[random(message.length)] = random(256);
  }
  const bytes = new Uint8Array(HEADER + message.length);
  bytes.set(message, HEADER);
  const kinds = [2, 2, 2, 2, 1, random(256)];
  const lengths = [message.length, message.length, random(2 ** 32)];
  writeHeader(
    bytes,
    0,
    kinds[random(kinds.length)]!,
    lengths[random(lengths.length)]!,
  );
  return random(5) === 0 ? bytes.slice(0, random(bytes.length)) : bytes;
}

async function converse(
  address: Address,
  random: (below: number) => number,
): Promise<void> {
  const socket = await intrude(address);
  try {
    for (let i = random(4); i >= 0; i--) await socket.write(garbage(random));
  } catch {
    // The manager has had enough.
  }
  socket.close();
}

describe("a manager among clients that mean no good", () => {
  it("serves the others, who lose nothing", async () => {
    await using manager = new CounterManager({
      address: ["127.0.0.1", 0],
      authkey: KEY,
    });
    await manager.serve();
    const { address } = manager;
    const idle: Socket[] = [];
    for (let i = 0; i < IDLE; i++) idle.push(await intrude(address));
    let isOver = false;
    const good = [1, 2, 3, 4].map(async () => {
      await using client = new CounterManager({ address, authkey: KEY });
      await client.connect();
      const proxy = await client.counter();
      let calls = 0;
      while (!isOver || calls < CALLS) {
        await proxy.add(1);
        calls++;
      }
      return calls;
    });
    const random = numbers(4711);
    for (let i = 0; i < CONVERSATIONS; i += 20) {
      await Promise.all(
        Array.from({ length: 20 }, () => converse(address, random)),
      );
    }
    isOver = true;
    const calls = (await Promise.all(good)).reduce((a, b) => a + b);
    assertEquals(counter.count, calls);
    for (const socket of idle) socket.close();
  });

  it("takes no memory for what is only announced", async () => {
    await using manager = new CounterManager({
      address: ["127.0.0.1", 0],
      authkey: KEY,
    });
    await manager.serve();
    const before = Deno.memoryUsage().rss;
    const sockets: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = await intrude(manager.address);
      const header = new Uint8Array(HEADER);
      writeHeader(header, 0, 2, 2 ** 30);
      await socket.write(header);
      sockets.push(socket);
    }
    await until(async () => await (await manager.counter()).add(0) >= 0);
    assert(Deno.memoryUsage().rss - before < 100 * 2 ** 20);
    for (const socket of sockets) socket.close();
  });
});
