/**
 * What CPython's own tests hold of queues, in other words, and what ours hold
 * beyond that; once for all flavours of queue, and of who else uses them.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertRejects,
} from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  EmptyError,
  FullError,
  type JoinableQueue,
  type Queue,
  ShutDownError,
  type SimpleQueue,
} from "@multi/processing";
import * as work from "../fixtures/queue_work.ts";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { LARGE } from "../support/times.ts";

/** Somebody who runs a function. */
export interface Runner<R> {
  /** Waits until it has ended; gives what the function gave. */
  end(): Promise<R>;
}

/** One kind of queue: of processes, threads, managers … */
export interface QueueFlavour {
  readonly name: string;
  /** Whether another kind is tested by the same steps, too. */
  readonly isAnother?: boolean;
  /** Makes queues. */
  queue<T>(maxsize?: number): Promise<Queue<T>>;
  joinable<T>(maxsize?: number): Promise<JoinableQueue<T>>;
  simple<T>(): Promise<SimpleQueue<T>>;
  /** Has a function of `fixtures/queue_work.ts` run elsewhere. */
  run<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ): Runner<R>;
  /** Ends what is still there of those. */
  end?(): Promise<void>;
  /** Whether calls may block the thread, as others run beside it. */
  readonly blocks: boolean;
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

/** Promises that may reject before somebody looks at them. */
function later<P extends Promise<unknown>[]>(...promises: P): P {
  for (const promise of promises) promise.catch(() => {});
  return promises;
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

/** Describes what every flavour does. */
export function queueConformance(flavour: QueueFlavour): void {
  const { queue: make, joinable, simple, run } = flavour;
  const it = chosen(undefined, flavour.isAnother);

  describe(`a queue of ${flavour.name}`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    it("takes as many as it may, says when it is full, and gives them in order", async () => {
      using queue = await make<number>(6);
      assertEquals([await queue.empty(), await queue.full()], [true, false]);
      await queue.put(1);
      await queue.put(2, {});
      await queue.put(3, { timeout: undefined });
      await queue.put(4, { timeout: 100 });
      await queue.put(5, { timeout: 0 });
      await queue.putNowait(6);
      assertEquals([await queue.empty(), await queue.full()], [false, true]);
      for (
        const put of [
          () => queue.putNowait(7),
          () => queue.put(7, { timeout: 0 }),
          () => queue.put(7, { timeout: 20 }),
        ]
      ) {
        const error = await assertRejects(put, FullError);
        assertEquals(error.item, 7);
      }
      assertEquals(await queue.get(), 1);
      assertEquals(await queue.get({}), 2);
      assertEquals(await queue.get({ timeout: undefined }), 3);
      assertEquals(await queue.get({ timeout: 100 }), 4);
      assertEquals(await queue.get({ timeout: 0 }), 5);
      assertEquals(await queue.getNowait(), 6);
      assertEquals([await queue.empty(), await queue.full()], [true, false]);
      for (
        const get of [
          () => queue.getNowait(),
          () => queue.get({ timeout: 0 }),
          () => queue.get({ timeout: 20 }),
        ]
      ) await assertRejects(get, EmptyError);
    });

    it("waits as long as it was told to", async () => {
      using queue = await make<number>(1);
      const timed = async (wait: () => Promise<unknown>) => {
        const start = performance.now();
        await assertRejects(wait);
        return performance.now() - start;
      };
      assert(await timed(() => queue.get({ timeout: 50 })) >= 49);
      assert(await timed(() => queue.getMany(5, { timeout: 50 })) >= 49);
      await queue.put(1);
      assert(await timed(() => queue.put(2, { timeout: 50 })) >= 49);
      assert(await timed(() => queue.putMany([2], { timeout: 50 })) >= 49);
      assertEquals(await queue.qsize(), 1);
    });

    it("refuses times that are none, also where it need not wait", async () => {
      using queue = await make<number>(2);
      await queue.put(1);
      for (const timeout of [-1, NaN]) {
        await assertRejects(() => queue.get({ timeout }), RangeError);
        await assertRejects(() => queue.getMany(1, { timeout }), RangeError);
        await assertRejects(() => queue.put(2, { timeout }), RangeError);
        await assertRejects(() => queue.putMany([2], { timeout }), RangeError);
      }
      assertEquals(await queue.qsize(), 1);
      assertEquals(await queue.get({ timeout: Infinity }), 1);
      for (const max of [0, -1, 1.5, NaN]) {
        await assertRejects(() => queue.getMany(max), RangeError);
      }
    });

    it("knows how many items it has", async () => {
      using queue = await make<number>();
      const sizes = [await queue.qsize()];
      for (const change of ["put", "put", "get", "get"] as const) {
        await (change === "put" ? queue.put(1) : queue.get());
        sizes.push(await queue.qsize());
      }
      assertEquals(sizes, [0, 1, 2, 1, 0]);
      assertEquals(await queue.full(), false);
    });

    it("copies items at the call", async () => {
      using queue = await make<unknown>();
      const values = [
        { id: 1, name: "x", args: [1, 2, 3] },
        undefined,
        null,
        "",
        -0,
        10n ** 40n,
        new Map([[new Date(5), new Set([1])]]),
        new Float64Array([1, 2]),
        new RangeError("no"),
        "x".repeat(100_000),
        new Uint8Array(3_000_000).fill(7),
      ];
      for (const value of values) {
        await queue.put(value);
        const copy = await queue.get();
        assertEquals(copy, value);
        if (typeof value === "object" && value) {
          assertNotStrictEquals(copy, value);
        }
      }
      const list = [1];
      const put = queue.put(list);
      list.push(2);
      await put;
      assertEquals(await queue.get(), [1]);
    });

    it(`carries an item of ${LARGE} MB`, async () => {
      using queue = await make<Uint8Array>();
      const bytes = new Uint8Array(LARGE * 1e6);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length; at += 4096) view.setUint32(at, at);
      const put = queue.put(bytes);
      const copy = await queue.get();
      await put;
      assertEquals(copy.length, bytes.length);
      const copied = new DataView(copy.buffer, copy.byteOffset);
      for (let at = 0; at < bytes.length; at += 4096) {
        if (copied.getUint32(at) !== at) throw new Error(`wrong at ${at}`);
      }
    });

    it("refuses what cannot be sent, and goes on", async () => {
      using queue = await make<unknown>();
      const error = await assertRejects(
        () => queue.put({ onDone() {} }),
        DataCloneError,
        "a function cannot be sent",
      );
      assert(error.path!.endsWith(".onDone"), error.path);
      const many = await assertRejects(
        () => queue.putMany([1, { onDone() {} }, 2]),
        DataCloneError,
      );
      assert(many.path!.endsWith("[1].onDone"), many.path);
      assertEquals(await queue.qsize(), 0);
      await queue.put(1);
      assertEquals(await queue.get(), 1);
    });

    it("serves those who get in the order of asking", async () => {
      using queue = await make<number>();
      const got: number[][] = [];
      const gets = range(20).map(async (i) => {
        got.push([i, await queue.get()]);
      });
      await Promise.all(range(20).map((i) => queue.put(i)));
      await Promise.all(gets);
      assertEquals(got, range(20).map((i) => [i, i]));
    });

    it("keeps the order of those who put, awaited or not", async () => {
      using queue = await make<number>(3);
      const puts = range(20).map((i) => queue.put(i));
      assertEquals(await queue.qsize(), 3);
      const got: number[] = [];
      for (const _ of puts) got.push(await queue.get());
      await Promise.all(puts);
      assertEquals(got, range(20));
      await queue.put(1);
      const many = [queue.putMany([2, 3, 4, 5]), queue.put(6)];
      got.length = 0;
      for (const _ of range(6)) got.push(await queue.get());
      await Promise.all(many);
      assertEquals(got, [1, 2, 3, 4, 5, 6]);
    });

    it("gives an item or leaves it when time runs out as it comes", async () => {
      using queue = await make<number>();
      const COUNT = 200;
      const putting = (async () => {
        for (const i of range(COUNT)) {
          await new Promise((resolve) => setTimeout(resolve, i % 3));
          await queue.put(i);
        }
      })();
      const got: number[] = [];
      for (let late = 0; got.length < COUNT;) {
        try {
          const timeout = late % 3;
          if (late % 2 === 0) got.push(await queue.get({ timeout }));
          else got.push(...await queue.getMany(3, { timeout }));
        } catch (error) {
          assertInstanceOf(error, EmptyError);
          late++;
        }
      }
      await putting;
      assertEquals(got, range(COUNT));
    });

    it("puts an item or says that it has not when time runs out", async () => {
      using queue = await make<number>(1);
      const COUNT = 200;
      const getting = (async () => {
        const got: number[] = [];
        while (got.length < COUNT) {
          await new Promise((resolve) => setTimeout(resolve, got.length % 3));
          got.push(await queue.get());
        }
        return got;
      })();
      for (let i = 0, late = 0; i < COUNT;) {
        try {
          await queue.put(i, { timeout: late % 3 });
          i++;
        } catch (error) {
          assertInstanceOf(error, FullError);
          late++;
        }
      }
      assertEquals(await getting, range(COUNT));
    });

    it("gives up when the signal aborts, and nothing is taken or put", async () => {
      using queue = await make<number>(1);
      const reason = new Error("enough");
      const aborted = { signal: AbortSignal.abort(reason) };
      const controller = new AbortController();
      const { signal } = controller;
      const gets = later(queue.get({ signal }), queue.getMany(2, { signal }));
      const last = queue.get();
      await isPending(last);
      controller.abort(reason);
      for (const get of gets) await assertRejects(() => get, Error, "enough");
      await queue.put(1);
      assertEquals(await last, 1);
      await queue.put(2);
      const again = new AbortController();
      const puts = later(
        queue.put(3, { signal: again.signal }),
        queue.putMany([3, 4], { signal: again.signal }),
      );
      assertEquals(await isPending(puts[1]!), true);
      again.abort(reason);
      for (const put of puts) await assertRejects(() => put, Error, "enough");
      await assertRejects(() => queue.get(aborted), Error, "enough");
      assertEquals(await queue.getMany(5), [2]);
      await assertRejects(() => queue.put(5, aborted), Error, "enough");
      await assertRejects(() => queue.putMany([5], aborted), Error, "enough");
      assertEquals(await queue.qsize(), 0);
    });

    it("puts and gets many at a time", async () => {
      using queue = await make<number>();
      await queue.putMany([]);
      assertEquals(await queue.qsize(), 0);
      await queue.putMany(range(1000).values());
      assertEquals(await queue.getMany(3), [0, 1, 2]);
      const got = [0, 1, 2];
      while (got.length < 1000) {
        const some = await queue.getMany(100);
        assert(some.length >= 1 && some.length <= 100);
        got.push(...some);
      }
      assertEquals(got, range(1000));
      const waiting = queue.getMany(10);
      assertEquals(await isPending(waiting), true);
      await queue.put(5);
      assertEquals(await waiting, [5]);
      await assertRejects(() => queue.getMany(1, { timeout: 0 }), EmptyError);
    });

    it("puts many items of all sizes", async () => {
      using queue = await make<Uint8Array>();
      const sizes = [0, 5, 20_000, 3, 100_000, 1, 2, 16_384, 16_383, 1_000_000];
      await queue.putMany(sizes.map((size) => new Uint8Array(size).fill(size)));
      const got: Uint8Array[] = [];
      while (got.length < sizes.length) got.push(...await queue.getMany(4));
      assertEquals(got.map(({ length }) => length), sizes);
      for (const item of got) {
        assert(item.every((byte) => byte === (item.length & 255)));
      }
    });

    it("puts many as there is room, and gives back what it has not put", async () => {
      using queue = await make<number>(3);
      const error = await assertRejects(
        () => queue.putMany(range(5), { timeout: 10 }),
        FullError,
      );
      assertEquals(error.items, [3, 4]);
      assertEquals("item" in error, false);
      const putting = queue.putMany(error.items as number[]);
      const got: number[] = [];
      while (got.length < 5) got.push(...await queue.getMany(2));
      await putting;
      assertEquals(got, range(5));
    });

    it("cannot be used when it was closed here", async () => {
      const queue = await make<number>(1);
      await queue.put(1);
      const puts = later(queue.put(2), queue.putMany([3]));
      assertEquals(await isPending(puts[1]!), true);
      queue.close();
      queue.close();
      queue[Symbol.dispose]();
      for (const put of puts) await assertRejects(() => put, ShutDownError);
      for (
        const use of [
          () => queue.put(1),
          () => queue.putNowait(1),
          () => queue.putMany([1]),
          () => queue.get(),
          () => queue.getNowait(),
          () => queue.getMany(1),
          () => queue.qsize(),
          () => queue.empty(),
          () => queue.full(),
          () => queue.shutdown(),
        ]
      ) await assertRejects(use as () => Promise<unknown>, ShutDownError);
      const other = await make<number>();
      const gets = later(other.get(), other.getMany(2));
      other.close();
      for (const get of gets) await assertRejects(() => get, ShutDownError);
    });
  });

  describe(`a queue of ${flavour.name} that is shut down`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    it("refuses puts, and gives what it has before it ends", async () => {
      using queue = await make<number>();
      await queue.putMany([1, 2, 3]);
      await queue.shutdown();
      await queue.shutdown();
      await assertRejects(() => queue.put(4), ShutDownError, "shut down");
      await assertRejects(() => queue.putNowait(4), ShutDownError);
      await assertRejects(() => queue.putMany([4]), ShutDownError);
      assertEquals(await queue.qsize(), 3);
      assertEquals(await queue.get(), 1);
      assertEquals(await queue.getMany(5), [2, 3]);
      await assertRejects(() => queue.get(), ShutDownError, "shut down");
      await assertRejects(() => queue.getNowait(), ShutDownError);
      await assertRejects(() => queue.getMany(1), ShutDownError);
      await assertRejects(() => queue.get({ timeout: 5 }), ShutDownError);
    });

    it("drops what it has where that is told", async () => {
      using queue = await make<unknown>();
      await queue.putMany([1, 2, "x".repeat(100_000)]);
      await queue.shutdown({ immediate: true });
      assertEquals([await queue.qsize(), await queue.empty()], [0, true]);
      await assertRejects(() => queue.get(), ShutDownError);
      await assertRejects(() => queue.put(3), ShutDownError);
      using other = await make<number>();
      await other.put(1);
      await other.shutdown();
      await other.shutdown({ immediate: true });
      await assertRejects(() => other.get(), ShutDownError);
      await other.shutdown(); // goes not back
      await assertRejects(() => other.get(), ShutDownError);
    });

    for (const immediate of [false, true]) {
      const how = immediate ? "at once" : "";
      it(`ends the waits of those who get, ${how}`, async () => {
        using queue = await make<number>();
        const gets = later(
          queue.get() as Promise<unknown>,
          queue.getMany(3),
          queue.get(),
          queue.get(),
        );
        assertEquals(await isPending(gets[0]!), true);
        await queue.put(1);
        assertEquals(await gets[0], 1);
        await queue.shutdown({ immediate });
        for (const get of gets.slice(1)) {
          await assertRejects(() => get, ShutDownError);
        }
      });

      it(`ends the waits of those who put, ${how}`, async () => {
        using queue = await make<number>(1);
        await queue.put(1);
        const puts = later(queue.put(2), queue.putMany([3, 4]));
        assertEquals(await isPending(puts[0]!), true);
        await queue.shutdown({ immediate });
        for (const put of puts) await assertRejects(() => put, ShutDownError);
        if (immediate) await assertRejects(() => queue.get(), ShutDownError);
        else assertEquals(await queue.get(), 1);
        await assertRejects(() => queue.get(), ShutDownError);
      });
    }

    it("ends loops over it", async () => {
      using queue = await make<number>(2);
      const got = Array.fromAsync(queue);
      for (const i of range(10)) await queue.put(i);
      await queue.shutdown();
      assertEquals(await got, range(10));
      assertEquals(await Array.fromAsync(queue), []);
    });

    it("loses nothing by a loop that is left", async () => {
      using queue = await make<number>();
      await queue.putMany(range(5));
      for await (const item of queue) if (item === 2) break;
      assertEquals(await queue.get(), 3);
    });
  });

  describe(`a joinable queue of ${flavour.name}`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    it("counts what is done with", async () => {
      using queue = await joinable<number>();
      assertEquals(await queue.unfinished(), 0);
      assertEquals(await queue.join(), true);
      await assertRejects(() => queue.taskDone(), RangeError, "taskDone()");
      await queue.putMany([1, 2]);
      assertEquals(await queue.unfinished(), 2);
      await queue.get();
      assertEquals(await queue.unfinished(), 2);
      await queue.taskDone();
      assertEquals(await queue.unfinished(), 1);
      assertEquals(await queue.join({ timeout: 0 }), false);
      assertEquals(await queue.join({ timeout: 20 }), false);
      await assertRejects(() => queue.join({ timeout: -1 }), RangeError);
      const joins = [queue.join(), queue.join()];
      assertEquals(await isPending(joins[0]!), true);
      await queue.taskDone(); // of one that was not got: as in Python
      assertEquals(await Promise.all(joins), [true, true]);
      await assertRejects(() => queue.taskDone(), RangeError);
      await queue.put(3);
      assertEquals(await queue.unfinished(), 1);
    });

    it("gives up joining when the signal aborts", async () => {
      using queue = await joinable<number>();
      await queue.put(1);
      const controller = new AbortController();
      const [join] = later(queue.join({ signal: controller.signal }));
      controller.abort(new Error("enough"));
      await assertRejects(() => join, Error, "enough");
    });

    it("counts as done what is dropped by shutting down", async () => {
      using queue = await joinable<number>();
      await queue.putMany([1, 2, 3]);
      await queue.get();
      const join = queue.join();
      await queue.shutdown({ immediate: true });
      assertEquals(await queue.unfinished(), 1);
      assertEquals(await isPending(join), true);
      await queue.taskDone();
      assertEquals(await join, true);

      using other = await joinable<number>();
      await other.put(1);
      const otherJoin = other.join();
      await other.shutdown({ immediate: true });
      assertEquals(await otherJoin, true);
    });

    it("can be joined after it was shut down", async () => {
      using queue = await joinable<number>();
      await queue.put(1);
      await queue.shutdown();
      const join = queue.join();
      await queue.get();
      assertEquals(await isPending(join), true);
      await queue.taskDone();
      assertEquals(await join, true);
    });

    it("is joined when others are done with everything", async () => {
      using queue = await joinable<number | null>();
      const consumers = range(3).map(() => run(work.consume, queue));
      await queue.putMany(range(50));
      assertEquals(await queue.join(), true);
      assertEquals(await queue.qsize(), 0);
      await queue.putMany([null, null, null]);
      const got = await Promise.all(consumers.map((one) => one.end()));
      assertEquals(got.flat().toSorted((a, b) => a - b), range(50));
      assertEquals(await queue.unfinished(), 0);
    });
  });

  describe(`a simple queue of ${flavour.name}`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    it("puts and gets", async () => {
      const queue = await simple<number>();
      assertEquals(await queue.empty(), true);
      await queue.put(1);
      assertEquals(await queue.empty(), false);
      assertEquals(await queue.get(), 1);
      assertEquals(await queue.empty(), true);
      await assertRejects(() => queue.get({ timeout: 5 }), EmptyError);
      const [get] = later(queue.get());
      queue.close();
      queue.close();
      await assertRejects(() => get, ShutDownError);
      await assertRejects(() => queue.put(1), ShutDownError);
      await assertRejects(() => queue.get(), ShutDownError);
      await assertRejects(() => queue.empty(), ShutDownError);
    });
  });

  usedByOthers(flavour);
}

/** Describes what holds where several use a queue. */
export function usedByOthers(flavour: QueueFlavour): void {
  const { queue: make, run } = flavour;

  describe(`a queue of ${flavour.name} that others use too`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    it("wakes who waits for an item, or for room", async () => {
      using queue = await make<number>(1);
      const getter = run(work.getOne<number>, queue);
      await queue.put(1);
      assertEquals(await getter.end(), 1);
      await queue.put(2);
      const putter = run(work.putOne<number>, queue, 3);
      assertEquals(await queue.get(), 2);
      assertEquals(await queue.get(), 3);
      await putter.end();
      const other = run(work.putOne<number>, queue, 4);
      assertEquals(await queue.get(), 4);
      await other.end();
    });

    it("has what was put by one who has ended, awaited or not", async () => {
      using queue = await make<number>();
      await run(work.putAndLeave, queue, 1000).end();
      assertEquals(await queue.qsize(), 1000);
      const got: number[] = [];
      while (got.length < 1000) got.push(...await queue.getMany(1000));
      assertEquals(got, range(1000));
    });

    for (
      const [maxsize, many, max] of [[0, 1, 1], [10, 1, 1], [0, 7, 5], [
        10,
        25,
        5,
      ]] as const
    ) {
      it(
        `gives each item to one, of each writer in order: ${
          maxsize ? `up to ${maxsize}, ` : ""
        }${many} and ${max} at a time`,
        async () => {
          using queue = await make<work.Numbered>(maxsize);
          const COUNT = 500;
          const writers = range(2).map((writer) =>
            run(
              work.write,
              queue as Queue<work.Numbered | null>,
              writer,
              COUNT,
              many,
            )
          );
          const readers = range(2).map(() => run(work.readAll, queue, max));
          const own = work.readAll(queue, max);
          await work.write(
            queue as Queue<work.Numbered | null>,
            2,
            COUNT,
            many,
          );
          for (const writer of writers) await writer.end();
          await queue.shutdown();
          const lists = [
            await own,
            ...await Promise.all(readers.map((reader) => reader.end())),
          ];
          for (const list of lists) {
            const last = new Map<number, number>();
            for (const { writer, n } of list) {
              assert(n > (last.get(writer) ?? -1), "not in order");
              last.set(writer, n);
            }
          }
          const all = lists.flat().map(({ writer, n }) => writer * COUNT + n);
          assertEquals(all.toSorted((a, b) => a - b), range(3 * COUNT));
        },
      );
    }

    for (const immediate of [false, true]) {
      it(`can be shut down by another${immediate ? ", at once" : ""}`, async () => {
        using queue = await make<number>();
        const [get] = later(queue.get());
        await run(work.end, queue as Queue<unknown>, immediate).end();
        await assertRejects(() => get, ShutDownError);
        await assertRejects(() => queue.put(1), ShutDownError);
        using other = await make<work.Numbered>();
        const reader = run(work.readAll, other);
        await other.put({ writer: 0, n: 0 });
        while (await other.qsize() > 0) await isPending(Promise.resolve());
        await other.shutdown({ immediate });
        assertEquals(await reader.end(), [{ writer: 0, n: 0 }]);
      });
    }

    it("carries queues", async () => {
      using questions = await make<{ n: number; to: Queue<number> }>();
      const other = run(work.answer, questions);
      for (const n of [2, 3]) {
        using to = await make<number>();
        await questions.put({ n, to });
        assertEquals(await to.get(), n * n);
      }
      await questions.shutdown();
      await other.end();
    });

    if (flavour.blocks) {
      it("has blocking twins", async () => {
        using numbers = await make<number>(2);
        using sums = await make<number>(2);
        const adder = run(work.sumSync, numbers, sums);
        await sums.get(); // to start it, this thread must not be blocked
        for (const i of range(20)) {
          numbers.putSync(i);
          assertEquals(sums.getSync(), i * (i + 1) / 2);
        }
        numbers.putSync(-1);
        await adder.end();
      });
    }
  });
}
