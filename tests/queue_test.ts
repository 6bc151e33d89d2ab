/** Queues beyond what all flavours hold: memory, objects in items, other work. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  EmptyError,
  type Greenlet,
  GreenletExit,
  Lock,
  pipe,
  Process,
  Queue,
  registerClass,
  ShutDownError,
  spawn,
} from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { nameOf } from "./fixtures/gets_anything.ts";
import * as work from "./fixtures/queue_work.ts";
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

describe("the memory of a queue", () => {
  nothingLeft();

  it("grows with a backlog of 200 MB, and is given back as it is read", async () => {
    const before = taken();
    const queue = new Queue<Uint8Array>();
    const item = new Uint8Array(10_000).fill(7);
    const COUNT = 20_000;
    for (let i = 0; i < COUNT; i++) await queue.put(item);
    assertEquals(await queue.qsize(), COUNT);
    assert(taken() - before >= COUNT * item.length);
    for (let i = 0; i < COUNT / 2; i++) await queue.get();
    assert(taken() - before < COUNT * item.length * 0.51 + 2 ** 20);
    for (let i = 0; i < COUNT / 2; i++) await queue.get();
    assert(taken() - before < 2 ** 20);
    await queue.put(item);
    assertEquals(await queue.get(), item);
    queue.close();
    assertEquals(taken(), before);
  });

  it("goes with the last who has it, and with what is in it", async () => {
    const before = taken();
    const queue = new Queue<unknown>();
    for (let i = 0; i < 500; i++) {
      await queue.put("x".repeat(i % 7 === 0 ? 50_000 : i));
    }
    const process = new Process({
      target: work.getOne<unknown>,
      args: [queue],
    });
    process.start();
    assertEquals(await process.result(), "x".repeat(50_000));
    queue.close();
    await process.join();
    await until(() => taken() === before);
  });

  it("goes although somebody waits whom nobody knows any more", async () => {
    const before = taken();
    using queue = new Queue<number>();
    const controller = new AbortController();
    const wait = queue.get({ signal: controller.signal });
    controller.abort();
    await assertRejects(() => wait);
    queue.close();
    assertEquals(taken(), before);
  });
});

describe("an item of a queue", () => {
  nothingLeft();

  it("keeps what is in it, though its sender has let go of that", async () => {
    using queue = new Queue<Queue<number>>();
    const inner = new Queue<number>();
    await inner.put(42);
    await queue.put(inner);
    inner.close();
    using got = await queue.get();
    assertEquals(await got.get(), 42);
  });

  it("keeps what is in it while it waits for room", async () => {
    using queue = new Queue<Queue<number>>(1);
    using first = new Queue<number>();
    await queue.put(first);
    const second = new Queue<number>();
    await second.put(2);
    const third = new Queue<number>();
    await third.put(3);
    const puts = [queue.put(second), queue.putMany([third])];
    second.close();
    third.close();
    (await queue.get()).close();
    for (const n of [2, 3]) {
      using got = await queue.get();
      assertEquals(await got.get(), n);
    }
    await Promise.all(puts);
  });

  it("lets go of what is in it where nobody gets it", async () => {
    const before = taken();
    for (const end of ["close", "shutdown", "time-out"]) {
      const queue = new Queue<unknown>(end === "time-out" ? 1 : 0);
      const inner = new Queue<number>();
      await inner.put(1);
      if (end === "time-out") {
        await queue.put(0);
        await assertRejects(() => queue.put({ inner }, { timeout: 1 }));
        await assertRejects(() => queue.putMany([inner], { timeout: 1 }));
      } else await queue.putMany([1, { inner }, new Uint8Array(50_000)]);
      inner.close();
      if (end === "shutdown") {
        const some = taken();
        await queue.shutdown({ immediate: true });
        assert(taken() < some);
      }
      queue.close();
      assertEquals(taken(), before, end);
    }
  });

  it("may have an object whose module the reader has not loaded", async () => {
    using queue = new Queue<object>();
    const lock = new Lock();
    for (const item of [lock, queue as object]) {
      const process = new Process({ target: nameOf, args: [queue] });
      process.start();
      await queue.put(item);
      assertEquals(await process.result(), item.constructor.name);
      await process.join();
    }
  });

  it("is an error of its own where it cannot be read", async () => {
    class Unknown {
      constructor(readonly n: number) {}
    }
    registerClass(Unknown, {
      name: "Unknown",
      encode: ({ n }) => n,
      decode: () => {
        throw new DataCloneError("this is not for reading");
      },
    });
    using queue = new Queue<unknown>();
    await queue.putMany([1, new Unknown(2), 3, new Unknown(4), 5]);
    assertEquals(await queue.getMany(5), [1]);
    assertEquals(await queue.qsize(), 4);
    await assertRejects(() => queue.getMany(5), DataCloneError, "not for");
    assertEquals(await queue.get(), 3);
    await assertRejects(() => queue.get(), DataCloneError, "not for");
    assertEquals(await queue.getMany(5), [5]);
    await queue.put(new Unknown(6));
    await queue.put(7);
    assertThrows(() => queue.getSync(), DataCloneError);
    assertEquals(queue.getSync(), 7);
  });

  it("may be put and got while another one is encoded or decoded", async () => {
    class Busy {
      constructor(readonly n: number) {}
    }
    using queue = new Queue<unknown>();
    using other = new Queue<unknown>();
    registerClass(Busy, {
      name: "Busy",
      encode: ({ n }) => {
        other.putSync(["within", n, "x".repeat(n)]);
        return n;
      },
      decode: (n) => {
        other.getSync();
        return new Busy(n as number);
      },
    });
    for (const n of [1, 50_000]) {
      await queue.put([new Busy(n), "y".repeat(n)]);
      while (await other.qsize() > 1) await other.get();
      assertEquals(await queue.get(), [new Busy(n), "y".repeat(n)]);
      assertEquals(await other.empty(), true);
    }
  });

  it("comes to who waits for it, whatever happens while it is decoded", async () => {
    class Eventful {
      constructor(readonly n: number) {}
    }
    let happens = () => {};
    registerClass(Eventful, {
      name: "Eventful",
      encode: ({ n }) => n,
      decode: (n) => {
        happens();
        return new Eventful(n as number);
      },
    });
    using idle = new Queue<never>();
    let controller: AbortController;
    let first: Greenlet<number>;
    const events: [string, (queue: Queue<Eventful>) => void][] = [
      ["block", () => assertThrows(() => idle.getSync({ timeout: 1 }))],
      ["abort", () => controller.abort()],
      ["kill", () => void first.kill()],
      ["close", (queue) => queue.close()],
    ];
    for (const [name, event] of events) {
      controller = new AbortController();
      const { signal } = controller;
      const queue = new Queue<Eventful>();
      let after: unknown = null;
      first = spawn(async () => {
        const { n } = await queue.get({ signal });
        await idle.get({ timeout: 0 }).catch((error) => after = error);
        return n;
      });
      await spawn(() => {}).join();
      const second = queue.get().then(({ n }) => n, ({ name }) => name);
      happens = () => {
        happens = () => {};
        event(queue);
      };
      await queue.putMany([new Eventful(1), new Eventful(2)]);
      assertEquals(await first.get(), 1, name);
      assertInstanceOf(after, name === "kill" ? GreenletExit : EmptyError);
      assertEquals(await second, name === "close" ? "ShutDownError" : 2, name);
      queue.close();
    }
  });

  it("may be closed while an item is encoded or decoded", async () => {
    const before = taken();
    const [sender, receiver] = pipe<unknown>();
    const queue = new Queue<unknown>();
    for (
      const [open, use] of [
        [queue, (item: unknown) => queue.putSync(item)],
        [sender, (item: unknown) => sender.sendSync(item)],
      ] as const
    ) {
      const others: Queue<unknown>[] = [];
      const item = {
        get name() {
          open.close();
          // Who takes its place must not find the item.
          for (let i = 0; i < 50; i++) others.push(new Queue());
          return "x".repeat(1000);
        },
      };
      assertThrows(() => use(item), ShutDownError);
      for (const other of others) {
        assertEquals(await other.qsize(), 0);
        other.close();
      }
    }
    receiver.close();
    assertEquals(taken(), before);
  });

  it("is neither put nor got where an iterable or options have closed it", async () => {
    const uses: ((queue: Queue<string>, close: () => 0) => unknown)[] = [
      (queue, close) => queue.put("stray", whenRead(close)),
      (queue, close) => queue.putSync("stray", whenRead(close)),
      (queue, close) => queue.putMany(["stray"], whenRead(close)),
      (queue, close) =>
        queue.putMany(function* () {
          close();
          yield "stray";
        }()),
      (queue, close) => queue.get(whenRead(close)),
      (queue, close) => queue.getSync(whenRead(close)),
      (queue, close) => queue.getMany(5, whenRead(close)),
    ];
    const before = taken();
    for (const use of uses) {
      const queue = new Queue<string>();
      const others: Queue<string>[] = [];
      const close = () => {
        queue.close();
        // One of them has its memory.
        while (others.length < 50) {
          const other = new Queue<string>();
          other.putSync("of another");
          others.push(other);
        }
        return 0 as const;
      };
      await assertRejects(async () => await use(queue, close), ShutDownError);
      for (const other of others) {
        assertEquals(await other.getMany(5), ["of another"]);
        other.close();
      }
    }
    assert(taken() <= before);
  });

  it("does not wait for a queue that it has closed itself", async () => {
    const queue = new Queue<unknown>(1);
    await queue.put(1);
    const item = {
      get name() {
        queue.close();
        return "name";
      },
    };
    await assertRejects(
      () => queue.put(item, { timeout: 5000 }),
      ShutDownError,
    );
  });

  it("cannot be a queue that was closed", async () => {
    using queue = new Queue<unknown>();
    const closed = new Queue<number>();
    closed.close();
    await assertRejects(
      () => queue.put({ closed }),
      DataCloneError,
      "item.closed: a Queue that was closed cannot be sent",
    );
  });
});

describe("who uses a queue", () => {
  nothingLeft();

  it("is told that a bound is none", () => {
    for (const maxsize of [-1, 1.5, NaN, 2 ** 31, "5" as never]) {
      assertThrows(() => new Queue(maxsize), RangeError, '"maxsize"');
    }
    for (const maxsize of [0, 1, Infinity]) new Queue(maxsize).close();
  });

  it("does not keep timers waiting by a loop that never waits", async () => {
    using queue = new Queue<number>();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const start = performance.now();
    while (ticks < 5) {
      assert(performance.now() - start < 10_000, "no timer has fired");
      for (let i = 0; i < 100; i++) {
        await queue.put(i);
        await queue.get();
      }
    }
    clearInterval(timer);
  });

  it("takes and puts nothing when its coroutine is killed", async () => {
    using queue = new Queue<number>(1);
    const getting = spawn(async () => await queue.get());
    const putting = spawn(async () => {
      await queue.put(1);
      await queue.put(2);
    });
    assertEquals(await getting.get(), 1);
    await putting.join();
    const late = spawn(async () => await queue.put(3));
    const other = spawn(async () => await queue.get());
    assertEquals(await other.get(), 2);
    await late.join();
    assertEquals(await queue.get(), 3);

    const waiting = spawn(async () => await queue.get());
    await spawn(() => {}).join();
    await waiting.kill();
    await queue.put(4);
    const full = spawn(async () => await queue.put(5));
    await spawn(() => {}).join();
    await full.kill();
    assertEquals(await queue.get(), 4);
    await assertRejects(() => queue.getNowait(), EmptyError);
  });

  it("has one queue, however often it was sent to it", async () => {
    using queue = new Queue<Queue<number>>();
    const inner = new Queue<number>();
    await queue.put(inner);
    await queue.put(inner);
    const [first, second] = await queue.getMany(2);
    first!.close();
    await assertRejects(() => first!.qsize());
    await inner.put(5);
    inner.close();
    assertEquals(await second!.get(), 5);
    second!.close();
  });
});
