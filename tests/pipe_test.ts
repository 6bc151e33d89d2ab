/** Pipes beyond what all connections hold: who holds an end, and until when. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  connect,
  type Connection,
  DataCloneError,
  EOFError,
  Listener,
  Lock,
  pipe,
  Process,
  Queue,
  ShutDownError,
  Thread,
  wait,
} from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { nameOfReceived } from "./fixtures/gets_anything.ts";
import * as work from "./fixtures/pipe_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";
import { whenRead } from "./support/when_read.ts";

/** How much of the memory is taken. */
function taken(): number {
  const { space } = ownHome();
  space.member.sweepDead();
  space.tidy();
  return space.allocator.taken();
}

/** Whether a promise is pending, when everything that is at hand has been done. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(() => pending = false, () => pending = false);
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return pending;
}

describe("an end of a pipe", () => {
  nothingLeft();

  it("is open as long as one of those holds it who were given it", async () => {
    using ready = new Queue<number>();
    using go = new Queue<number>();
    const [here, there] = pipe();
    using _here = here;
    const processes = [1, 2].map(() =>
      new Process({ target: work.hold, args: [there, ready, go] })
    );
    for (const process of processes) process.start();
    there.close();
    for (const _ of processes) await ready.get();
    const receiving = here.recv();
    receiving.catch(() => {});
    await go.put(1);
    await Promise.race(processes.map((process) => process.join()));
    assertEquals(await isPending(receiving), true);
    await here.send("for the other one");
    for (const process of processes) process.kill();
    await assertRejects(() => receiving, EOFError);
    await assertRejects(() => here.send(1), EOFError);
    for (const process of processes) await process.join();
  });

  it("is open while it is in a message", async () => {
    const [carrier, receiver] = pipe<Connection<number>>();
    using _carrier = carrier, _receiver = receiver;
    const [here, there] = pipe<number>();
    await carrier.send(there);
    there.close();
    const receiving = here.recv();
    receiving.catch(() => {});
    assertEquals(await isPending(receiving), true);
    const got = await receiver.recv();
    await got.send(5);
    assertEquals(await receiving, 5);
    await carrier.send(got);
    got.close();
    const end = here.recv();
    end.catch(() => {});
    assertEquals(await isPending(end), true);
    carrier.close();
    receiver.close(); // with the message in it
    await assertRejects(() => end, EOFError);
    here.close();
  });

  it("ends a sender's wait for room when it is closed, or its holder killed", async () => {
    for (const kills of [false, true]) {
      using ready = new Queue<number>();
      using go = new Queue<number>();
      const [here, there] = pipe<Uint8Array>();
      using _here = here;
      const process = new Process({
        target: work.hold,
        args: [there as Connection, ready, go],
      });
      process.start();
      there.close();
      await ready.get();
      const bytes = new Uint8Array(2 ** 20);
      const sent = [here.send(bytes), here.send(bytes), here.sendBytes(bytes)];
      for (const send of sent) send.catch(() => {});
      assertEquals(await isPending(sent[1]!), true);
      if (kills) process.kill();
      else await go.put(1);
      await sent[0];
      await assertRejects(() => sent[1]!, EOFError);
      await assertRejects(() => sent[2]!, EOFError);
      await process.join();
    }
  });

  it("is left by one that is killed while it blocks, at once", async () => {
    using ready = new Queue<number>();
    const [here, there] = pipe();
    using _here = here;
    const process = new Process({
      target: work.receiveForEver,
      args: [there, ready],
    });
    process.start();
    there.close();
    assertEquals(await ready.get(), process.pid);
    const receiving = here.recv();
    receiving.catch(() => {});
    assertEquals(await isPending(receiving), true);
    process.kill();
    await assertRejects(() => receiving, EOFError);
    await process.join();
  });

  it("ends who only sends when it dies, a process that has ended at once", async () => {
    for (const Worker of [Process, Thread]) {
      using ready = new Queue<number>();
      using go = new Queue<number>();
      const [here, there] = pipe();
      using _here = here;
      const worker = new Worker({
        target: work.hold,
        args: [there, ready, go],
      });
      worker.start();
      there.close();
      await ready.get();
      worker.terminate();
      await worker.join();
      let sent = 0;
      const sends = () => here.send(1).then(() => ++sent, () => 0);
      await until(async () => await sends() === 0);
      await assertRejects(() => here.send(1), EOFError);
      assertThrows(() => here.sendSync(1), EOFError);
      // Long before there is no room, and it would wait.
      assert(sent <= (Worker === Process ? 0 : 2000));
    }
  });

  it("is held by a result that nobody has asked for yet", async () => {
    for (const permissions of ["inherit", "none"] as const) {
      const [here, there] = pipe();
      using _here = here;
      const process = new Process({
        target: work.giveBack,
        args: [there],
        permissions,
      });
      process.start();
      there.close();
      await process.join();
      const back = await process.result();
      await back.send(5);
      assertEquals(await here.recv(), 5);
      back.close();
      await assertRejects(() => here.recv(), EOFError);
    }
  });

  it("is one end, however many connections of this thread are it", async () => {
    const [carrier, receiver] = pipe<Connection<number>>();
    using _carrier = carrier, _receiver = receiver;
    const [here, there] = pipe<number>();
    using _here = here;
    await carrier.send(there);
    const other = await receiver.recv();
    there.close();
    await assertRejects(() => there.recv());
    await here.send(1);
    assertEquals(await other.recv(), 1);
    const receiving = here.recv();
    receiving.catch(() => {});
    assertEquals(await isPending(receiving), true);
    other.close();
    await assertRejects(() => receiving, EOFError);
  });

  it("is not received from once options have closed it, nor waited for", async () => {
    const uses: ((end: Connection, close: () => 0) => unknown)[] = [
      (end, close) => end.recv(whenRead(close)),
      (end, close) => end.recvBytes(whenRead(close)),
      (end, close) => end.recvSync(whenRead(close)),
      (end, close) => end.poll(whenRead(close)),
      (end, close) => {
        const ready = wait([end], { timeout: 0 });
        close(); // when it was looked at, but not asked
        return ready;
      },
    ];
    const before = taken();
    for (const use of uses) {
      const [here, there] = pipe();
      const others: Connection[] = [];
      const close = () => {
        here.close();
        there.close();
        // One of them has its memory.
        while (others.length < 50) {
          const ends = pipe();
          for (const end of ends) end.sendSync("of another");
          others.push(...ends);
        }
        return 0 as const;
      };
      await assertRejects(async () => await use(here, close), ShutDownError);
      for (const other of others) {
        assertEquals(await other.recv(), "of another");
        other.close();
      }
    }
    assert(taken() <= before);
  });

  it("can be closed at the same moment as the other one", async () => {
    const before = taken();
    using firsts = new Queue<Connection>();
    using seconds = new Queue<Connection>();
    const processes = [firsts, seconds].map((ends) =>
      new Process({ target: work.closeAll, args: [ends] })
    );
    for (const process of processes) process.start();
    for (let i = 0; i < 500; i++) {
      const [first, second] = pipe();
      await first.send(i);
      await firsts.put(first);
      await seconds.put(second);
      first.close();
      second.close();
    }
    for (const ends of [firsts, seconds]) {
      await ends.shutdown();
    }
    for (const process of processes) await process.join();
    for (const ends of [firsts, seconds]) ends.close();
    await until(() => taken() <= before);
  });

  it("can be waited for beside the end of the process that has the other", async () => {
    using ready = new Queue<number>();
    using go = new Queue<number>();
    const [here, there] = pipe();
    using _here = here;
    const process = new Process({
      target: work.hold,
      args: [there, ready, go],
    });
    process.start();
    there.close();
    await ready.get();
    const { sentinel } = process;
    const objects: (Connection | Promise<number>)[] = [here, sentinel];
    assertEquals(await wait(objects, { timeout: 0 }), []);
    const waiting = wait(objects);
    process.kill();
    assert((await waiting).length >= 1);
    while ((await wait(objects)).length < 2);
    await process.join();
  });

  it("may carry an object whose module the receiver has not loaded", async () => {
    const [here, there] = pipe<object>();
    using _here = here;
    const process = new Process({ target: nameOfReceived, args: [there] });
    process.start();
    there.close();
    await here.send(new Lock());
    assertEquals(await process.result(), "Lock");
    await process.join();
  });

  it("is in threads what it is in processes", async () => {
    const [here, there] = pipe<number>();
    const thread = new Thread({
      target: work.echo,
      args: [there as Connection],
    });
    thread.start();
    there.close();
    for (let i = 0; i < 100; i++) {
      await here.send(i);
      assertEquals(await here.recv(), i);
    }
    here.close();
    await thread.join();
  });

  it("is left by a thread that has returned", async () => {
    const [receiver, sender] = pipe<number>({ duplex: false });
    const thread = new Thread({ target: work.sendThree, args: [sender] });
    thread.start();
    sender.close();
    assertEquals(await Array.fromAsync(receiver), [1, 2, 3]);
    receiver.close();
    await thread.join();
  });

  it("is bytes or values by turns, and by the calls that block", () => {
    const [a, b] = pipe();
    using _a = a, _b = b;
    for (const size of [0, 5, 16_384, 16_385, 300_000]) {
      a.sendSync(new Uint8Array(size).fill(size));
      assertEquals(b.recvSync(), new Uint8Array(size).fill(size));
    }
    a.close();
    assertThrows(() => b.recvSync(), EOFError);
    assertThrows(() => b.sendSync(1), EOFError);
  });
});

describe("a connection", () => {
  nothingLeft();

  it("can be sent only where it is an end of a pipe, and open", async () => {
    using listener = new Listener({ address: ["127.0.0.1", 0] });
    using client = await connect(listener.address);
    using server = await listener.accept();
    const [a, b] = pipe();
    using _a = a;
    b.close();
    for (const connection of [client, server, b]) {
      await assertRejects(() => a.send(connection), DataCloneError);
    }
  });
});
