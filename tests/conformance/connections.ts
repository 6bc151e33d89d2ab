/**
 * What CPython's own tests hold of connections, in other words, and what ours
 * hold beyond that; once for all flavours of connection.
 */

import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  BufferTooShortError,
  type Connection,
  DataCloneError,
  EOFError,
  type Process,
  ShutDownError,
  TimeoutError,
  wait,
} from "@multi/processing";
import type { Role } from "../fixtures/connection_roles.ts";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { LARGE } from "../support/times.ts";

/** One end here, and the process that has the other one. */
export interface Played {
  readonly connection: Connection;
  readonly process: Process;
}

/** One kind of connection: sockets, pipes … */
export interface ConnectionFlavour {
  readonly name: string;
  /** Whether another kind is tested by the same steps, too. */
  readonly isAnother?: boolean;
  /** Whether it may block the thread. */
  readonly blocks: boolean;
  /** Both ends of a connection. */
  pair(): Promise<[Connection, Connection]>;
  /** The receiver and the sender, where there are such. */
  oneWay?(): Promise<[Connection, Connection]>;
  /** Starts a process that has the other end, and plays that role with it. */
  play(role: Role): Promise<Played>;
}

/** Longer than any test may take, and shorter than the tests' own limit. */
const soon = { timeout: 20_000 };

/** Around what is read in one go. */
const SIZES = [0, 1, 1000, 65_530, 65_531, 65_532, 65_536, 65_541, 200_000];

/** Bytes that are not all the same. */
function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 31 >> 3);
}

/** Describes what every flavour does. */
export function connectionConformance(flavour: ConnectionFlavour): void {
  const { pair, play } = flavour;
  const it = chosen(undefined, flavour.isAnother);

  describe(`a connection by ${flavour.name}`, () => {
    nothingLeft();

    it("carries values both ways", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const values = [
        { id: 1, name: "x", args: [1, 2, 3] },
        undefined,
        null,
        "",
        "text \u{1F600}",
        -0,
        10n ** 40n,
        new Map([[new Date(5), new Set([1])]]),
        [],
        new Float64Array([1, 2]),
        new RangeError("no"),
      ];
      for (const value of values) {
        await a.send(value);
        assertEquals(await b.recv(), value);
        await b.send(value);
        assertEquals(await a.recv(), value);
      }
    });

    it("carries bytes both ways, of any length, none too", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      for (const size of SIZES) {
        const bytes = pattern(size);
        const sent = a.sendBytes(bytes);
        assertEquals(await b.recvBytes(), bytes);
        await sent;
        const back = b.send(bytes);
        assertEquals(await a.recv(), bytes);
        await back;
      }
    });

    it("keeps messages apart, also when they are sent all at once", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const sizes = [...SIZES, ...SIZES.toReversed(), ...Array(500).keys()];
      const sent = sizes.map((size, i) =>
        i % 2 ? a.sendBytes(pattern(size)) : a.send(pattern(size))
      );
      for (const [i, size] of sizes.entries()) {
        const received = await (i % 2 ? b.recvBytes() : b.recv());
        assertEquals(received, pattern(size));
      }
      await Promise.all(sent);
      assertFalse(await b.poll());
    });

    it(`carries a message of ${LARGE} MB`, async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const bytes = new Uint8Array(LARGE * 1e6);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length; at += 4096) view.setUint32(at, at);
      const sent = a.sendBytes(bytes);
      const received = await b.recvBytes();
      await sent;
      assertEquals(received.length, bytes.length);
      const copy = new DataView(received.buffer);
      for (let at = 0; at < bytes.length; at += 4096) {
        if (copy.getUint32(at) !== at) assertEquals(copy.getUint32(at), at);
      }
    });

    it("sends a value as it is at the call", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const list = [1];
      const sent = a.send(list);
      list.push(2);
      await sent;
      assertEquals(await b.recv(), [1]);
    });

    it("sends a part of a buffer, and receives bytes of its own", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      await a.sendBytes(pattern(100).subarray(10, 20));
      await a.sendBytes(new Uint8Array([1, 2]));
      const first = await b.recvBytes();
      assertEquals(first, pattern(100).subarray(10, 20));
      assertEquals(first.buffer.byteLength, 10);
      assertEquals(await b.recvBytes(), new Uint8Array([1, 2]));
      assertEquals(first, pattern(100).subarray(10, 20));
    });

    it("refuses what cannot be sent, before anything is sent", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const error = await assertRejects(
        () => a.send({ onDone() {} }),
        DataCloneError,
        "a function cannot be sent",
      );
      assertEquals(error.path, "value.onDone");
      await assertRejects(
        () => a.sendBytes("text" as never),
        TypeError,
        "send() takes any value",
      );
      await a.send("after");
      assertEquals(await b.recv(), "after");
    });

    it("says so when a message is of the other kind, and leaves it", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      await a.sendBytes(new Uint8Array([1]));
      await a.send("value");
      await b.poll(soon);
      await assertRejects(() => b.recv(), TypeError, "use recvBytes()");
      const both = [b.recv(), b.recvBytes()];
      await assertRejects(() => both[0]!, TypeError, "use recvBytes()");
      assertEquals(await both[1], new Uint8Array([1]));
      await assertRejects(() => b.recvBytes(), TypeError, "use recv()");
      assertEquals(await b.recv(), "value");
    });

    it("keeps in the error a message that is too long", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      await a.sendBytes(pattern(10));
      await a.sendBytes(pattern(5));
      const error = await assertRejects(
        () => b.recvBytes({ maxlength: 9 }),
        BufferTooShortError,
        "10 bytes",
      );
      assertEquals(error.bytes, pattern(10));
      assertEquals(await b.recvBytes({ maxlength: 5 }), pattern(5));
      for (const maxlength of [-1, NaN, 1.5]) {
        await assertRejects(() => b.recvBytes({ maxlength }), RangeError);
      }
      const text = { maxlength: "5" as unknown as number };
      await assertRejects(() => b.recvBytes(text), TypeError, '"maxlength"');
    });

    it("polls: nothing, a message, an empty one, the end", async () => {
      const [a, b] = await pair();
      using _b = b;
      assertEquals(await b.poll(), false);
      assertEquals(await b.poll({ timeout: 0 }), false);
      assertEquals(await b.poll({ timeout: 10 }), false);
      await assertRejects(() => b.poll({ timeout: -1 }), RangeError);
      const waiting = b.poll(soon);
      await a.sendBytes(new Uint8Array());
      assertEquals(await waiting, true);
      assertEquals(await b.poll(), true);
      assertEquals(await b.poll(), true); // it takes nothing
      assertEquals(await b.recvBytes(), new Uint8Array());
      assertEquals(await b.poll(), false);
      a.close();
      assertEquals(await b.poll(soon), true);
      assertEquals(await b.poll(), true);
    });

    it("sees by poll() what was sent before, without waiting", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      for (let i = 0; i < 1000; i++) {
        await a.send(i);
        if (!await b.poll()) throw new Error(`not seen: ${i}`);
        assertEquals(await b.recv({ timeout: 0 }), i);
      }
      await assertRejects(() => b.recv({ timeout: 0 }), TimeoutError);
    });

    it("serves those who receive in the order of asking", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const received: unknown[] = [];
      const waits = Array.from({ length: 20 }, async (_, i) => {
        received.push([i, await b.recv()]);
      });
      const expected = [...waits.keys()].map((i) => [i, i]);
      await Promise.all(waits.map((_, i) => a.send(i)));
      await Promise.all(waits);
      assertEquals(received, expected);
    });

    it("gives up when the time runs out, and nothing is lost", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const start = performance.now();
      await assertRejects(
        () => b.recv({ timeout: 30 }),
        TimeoutError,
        "within 30 ms",
      );
      assert(performance.now() - start >= 29);
      await assertRejects(() => b.recv({ timeout: -1 }), RangeError);
      await a.send("late");
      assertEquals(await b.recv(), "late");
    });

    it("has a message or leaves it when time runs out as it comes", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const COUNT = 300;
      const sending = (async () => {
        for (let i = 0; i < COUNT; i++) {
          await new Promise((resolve) => setTimeout(resolve, i % 3));
          await a.send(i);
        }
      })();
      const received: unknown[] = [];
      let late = 0;
      while (received.length < COUNT) {
        try {
          received.push(await b.recv({ timeout: late % 3 }));
        } catch (error) {
          assertInstanceOf(error, TimeoutError);
          late++;
        }
      }
      await sending;
      assertEquals(received, [...Array(COUNT).keys()]);
      assertEquals(await b.poll(), false);
    });

    it("gives up when the signal aborts, and nothing is lost", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const reason = new Error("enough");
      const aborted = { signal: AbortSignal.abort(reason) };
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [b.recv({ signal }), b.recvBytes({ signal })];
      const last = b.recv();
      const polling = b.poll({ signal, timeout: Infinity });
      controller.abort(reason);
      for (const waiting of [...waits, polling]) {
        await assertRejects(() => waiting, Error, "enough");
      }
      await a.send("for the last one");
      assertEquals(await last, "for the last one");
      await a.send("kept");
      await b.poll(soon);
      await assertRejects(() => b.recv(aborted), Error, "enough");
      await assertRejects(() => b.poll(aborted), Error, "enough");
      assertEquals(await b.recv(), "kept");
    });

    it("lets a sender wait for a receiver that has fallen behind", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const bytes = new Uint8Array(2 ** 20);
      let taken = 0;
      const sent = Array.from({ length: 64 }, async () => {
        await a.sendBytes(bytes);
        taken++;
      });
      await b.poll(soon);
      assert(taken < sent.length);
      for (const _ of sent) await b.recvBytes();
      await Promise.all(sent);
      assertEquals(taken, sent.length);
    });

    it("ends with EOFError, when all was received, if the other end closes", async () => {
      const [a, b] = await pair();
      using _b = b;
      const waits = [b.recv(), b.recv(), b.recv()];
      // It may take a moment until they are asked for.
      for (const wait of waits) wait.catch(() => {});
      await a.send(1);
      await a.sendBytes(new Uint8Array(0));
      await a.send(2);
      await a.send(undefined);
      a.close();
      assertEquals(await waits[0], 1);
      await assertRejects(() => waits[1]!, TypeError);
      await assertRejects(() => waits[2]!, TypeError);
      assertEquals(await b.recvBytes(), new Uint8Array());
      assertEquals(await b.recv(), 2);
      assertEquals(await b.recv(), undefined);
      await assertRejects(() => b.recv(), EOFError, "closed the connection");
      await assertRejects(() => b.recvBytes(), EOFError);
      await assertRejects(() => b.recv({ timeout: 0 }), EOFError);
      await assertRejects(() => b.send(3), EOFError);
      await assertRejects(() => b.sendBytes(new Uint8Array(1)), EOFError);
      assertEquals(b.closed, false);
    });

    it("tells those who wait that the other end has closed", async () => {
      const [a, b] = await pair();
      using _b = b;
      const waits = [b.recv(), b.recvBytes(), b.recv(soon)];
      const polling = b.poll(soon);
      a.close();
      for (const waiting of waits) await assertRejects(() => waiting, EOFError);
      assertEquals(await polling, true);
    });

    it("delivers what was sent before close(), awaited or not", async () => {
      const [a, b] = await pair();
      using _b = b;
      const bytes = pattern(3e6);
      const sent = [a.send("first"), a.sendBytes(bytes), a.send("last")];
      a.close();
      assertEquals(await b.recv(), "first");
      assertEquals(await b.recvBytes(), bytes);
      assertEquals(await b.recv(), "last");
      await assertRejects(() => b.recv(), EOFError);
      await Promise.all(sent);
    });

    it("delivers what was sent although the sender has not received all", async () => {
      const [a, b] = await pair();
      using _b = b;
      await b.send("never received");
      await a.send("last words");
      a.close();
      assertEquals(await b.recv(), "last words");
      await assertRejects(() => b.recv(), EOFError);
    });

    it("cannot be used when it was closed here", async () => {
      const [a, b] = await pair();
      using _b = b;
      assertEquals([a.closed, a.readable, a.writable], [false, true, true]);
      const waits = [a.recv(), a.recvBytes(), a.recv(soon)];
      a.close();
      a.close();
      a[Symbol.dispose]();
      assertEquals(a.closed, true);
      for (const waiting of waits) {
        await assertRejects(() => waiting, ShutDownError);
      }
      await assertRejects(() => a.send(1), ShutDownError, "was closed");
      await assertRejects(() => a.sendBytes(pattern(1)), ShutDownError);
      await assertRejects(() => a.recv(), ShutDownError, "was closed");
      await assertRejects(() => a.recvBytes(), ShutDownError);
      await assertRejects(() => a.poll(), ShutDownError);
      await assertRejects(() => wait([a]), ShutDownError);
    });

    it("is closed by leaving its block", async () => {
      const [a, b] = await pair();
      using _b = b;
      {
        using inner = a;
        await inner.send("x");
      }
      assertEquals(a.closed, true);
      assertEquals(await b.recv(), "x");
      await assertRejects(() => b.recv(), EOFError);
    });

    it("can be iterated up to its end", async () => {
      const [a, b] = await pair();
      using _b = b;
      for (let i = 0; i < 5; i++) await a.send(i);
      a.close();
      assertEquals(await Array.fromAsync(b), [0, 1, 2, 3, 4]);
      assertEquals(await Array.fromAsync(b), []);
    });

    it("may send within the sending of another value", async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      const sent: Promise<void>[] = [];
      const value = {
        get inner() {
          sent.push(a.send("inner"), a.sendBytes(pattern(3)));
          return "outer";
        },
      };
      sent.push(a.send("before"), a.send(value), a.send("after"));
      await Promise.all(sent);
      a.close();
      const received: unknown[] = [];
      for (let i = 0; i < sent.length; i++) {
        await b.poll(soon);
        try {
          received.push(await b.recv());
        } catch {
          received.push(await b.recvBytes());
        }
      }
      assertEquals(received[0], "before");
      assertEquals(received.at(-1), "after");
      const inner = received.filter((value) => value === "inner");
      assert(inner.length >= 1);
      assertEquals(
        received.filter((value) => value instanceof Uint8Array),
        inner.map(() => pattern(3)),
      );
      assertEquals(
        received.filter((value) => (value as { inner?: string }).inner),
        [{ inner: "outer" }],
      );
    });

    it(`${flavour.blocks ? "has" : "has no"} blocking twins`, async () => {
      const [a, b] = await pair();
      using _a = a, _b = b;
      if (flavour.blocks) {
        a.sendSync("x");
        assertEquals(b.recvSync(), "x");
        assertThrows(() => b.recvSync({ timeout: 0 }), TimeoutError);
      } else {
        assertThrows(() => a.sendSync("x"), TypeError, "use await send()");
        assertThrows(() => b.recvSync(), TypeError, "use await recv()");
      }
    });

    if (flavour.oneWay) {
      const { oneWay } = flavour;
      it("can be one way only", async () => {
        const [receiver, sender] = await oneWay();
        using _receiver = receiver, _sender = sender;
        assertEquals([receiver.readable, receiver.writable], [true, false]);
        assertEquals([sender.readable, sender.writable], [false, true]);
        await sender.send(1);
        assertEquals(await receiver.recv(), 1);
        await assertRejects(() => receiver.send(1), TypeError);
        await assertRejects(() => sender.recv(), TypeError);
        await assertRejects(() => sender.poll(), TypeError);
      });
    }

    it("waits for several: those with a message or at their end", async () => {
      const pairs = await Promise.all([pair(), pair(), pair()]);
      const [first, second, third] = pairs;
      const ends = pairs.map(([, end]) => end);
      assertEquals(await wait(ends, { timeout: 0 }), []);
      assertEquals(await wait(ends, { timeout: 20 }), []);
      await second![0].send("x");
      assertEquals(await wait(ends), [ends[1]]);
      first![0].close();
      third![0].close();
      const found = new Set<Connection>();
      while (found.size < 3) for (const end of await wait(ends)) found.add(end);
      assertEquals(await wait(ends, { timeout: 0 }), ends);
      assertEquals(await second![1].recv(), "x"); // nothing was taken
      assertEquals(await wait(ends), [ends[0], ends[2]]);
      for (const end of [second![0], ...ends]) end.close();
    });

    betweenProcesses(play);
  });
}

/** Describes what a process does that has the other end. */
export function betweenProcesses(play: ConnectionFlavour["play"]): void {
  it("reaches into another process", async () => {
    const { connection, process } = await play("echo");
    for (const value of [1, "two", { three: [3] }]) {
      await connection.send(value);
      assertEquals(await connection.recv(soon), value);
    }
    connection.close();
    await process.join();
    assertEquals(process.exitcode, 0);
  });

  it("delivers to a process what was sent before this end closed", async () => {
    const { connection, process } = await play("sum");
    for (let i = 1; i <= 9; i++) connection.send(i);
    connection.close();
    await process.join();
    assertEquals(process.exitcode, 45);
  });

  it("ends when the process at the other end does, by itself or killed", async () => {
    const { connection, process } = await play("sayThree");
    await connection.send("go");
    assertEquals(await Array.fromAsync(connection), [1, 2, 3]);
    connection.close();
    await process.join();

    const killed = await play("sayPid");
    assertEquals(await killed.connection.recv(soon), killed.process.pid);
    const waiting = killed.connection.recv();
    killed.process.kill();
    await assertRejects(() => waiting, EOFError);
    await assertRejects(() => killed.connection.send(1), EOFError);
    killed.connection.close();
    await killed.process.join();
  });

  it("waits for processes that end at different times, and slow writers", async () => {
    const players = [
      await play("sayPid"),
      await play("sayThree"),
      await play("sayMuch"),
    ];
    const [pid, three, much] = players.map(({ connection }) => connection);
    await three!.send("go");
    await much!.send("go");
    const got = new Map<Connection, unknown[]>();
    const open = new Set(players.map(({ connection }) => connection));
    const sentinels = players.map(({ process }) => process.sentinel);
    while (open.size > 0) {
      for (const ready of await wait([...open], soon)) {
        try {
          const value = ready === much
            ? (await ready.recvBytes({ timeout: 0 })).length
            : await ready.recv({ timeout: 0 });
          got.set(ready, [...got.get(ready) ?? [], value]);
          if (ready === much) await much.send("end");
          if (ready === pid) await pid.send("end");
        } catch (error) {
          assertInstanceOf(error, EOFError);
          open.delete(ready);
        }
      }
    }
    assertEquals(got.get(pid!), [players[0]!.process.pid]);
    assertEquals(got.get(three!), [1, 2, 3]);
    assertEquals(got.get(much!), [2 ** 22]);
    for (const [end, sentinel] of sentinels.entries()) {
      assertEquals(await wait([sentinel], soon), [sentinel]);
      players[end]!.connection.close();
      await players[end]!.process.join();
    }
  });
}
