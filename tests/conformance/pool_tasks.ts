/** What tasks are given and give, one by one and in maps. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe } from "@std/testing/bdd";
import {
  DataCloneError,
  type PoolProgress,
  ProcessError,
  TimeoutError,
} from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { numbers, squares } from "../support/counting.ts";
import { tempFile } from "../support/temp_file.ts";
import { until, untilFile } from "../support/until.ts";
import type { PoolSubject } from "./pools.ts";

export function poolTasks({ it, Pool, common }: PoolSubject): void {
  describe("applies", () => {
    it("a function to arguments, and gives what it returns", async () => {
      const pool = common();
      assertEquals(await pool.apply(work.square, [5]), 25);
      assertEquals(await pool.apply(work.multiply, [5, 3]), 15);
      assertEquals(await pool.apply(work.multiply, [5]), 5);
      assertEquals(await pool.apply(work.nothing), undefined);
      const self = function (this: unknown) {
        return this === undefined;
      };
      assertEquals(await pool.apply(self), true);
      assertEquals(
        await pool.apply(work.greet, [{ name: "Alice" }]),
        "Hello, Alice",
      );
      assertEquals(await pool.apply(work.later<string>, ["later"]), "later");
      assertEquals(await pool.apply(work.counting, [4]) as unknown, 10);
      const value = new Map([[{ a: 1n }, [undefined, -0]]]);
      assertEquals(await pool.apply(work.echo<unknown>, [value]), value);
    });

    it("functions that are not exported, and such as are made anew each time", async () => {
      const pool = common();
      for (let i = 0; i < 20; i++) {
        assertEquals(await pool.apply((n: number) => n + 1, [i]), i + 1);
      }
    });

    it("a function that throws, and gives the error as it was", async () => {
      const pool = common();
      const error = await assertRejects(
        () => pool.apply(work.failAt, [3]),
        RangeError,
        "3 cannot be done",
      );
      assertStringIncludes(error.stack!, "failAt");
      assertStringIncludes(error.stack!, "pool_work.ts");
      await assertRejects(() => pool.apply(work.failLater, [3]), RangeError);
      assertEquals(await pool.apply(work.failAt, [4]), 4);
    });

    it("a function asynchronously, and lets one ask for the result", async () => {
      const pool = common();
      const result = pool.applyAsync(work.later<number>, [7, 50]);
      assertEquals(result.ready(), false);
      assertThrows(() => result.successful(), ProcessError, "has not ended");
      assertEquals(await result.wait({ timeout: 0 }), false);
      assertEquals(await result.get(), 7);
      assertEquals(await result.get({ timeout: 0 }), 7);
      assertEquals([result.ready(), result.successful()], [true, true]);
      assertEquals(await result, 7);
      const failed = pool.applyAsync(work.failAt, [3]);
      assertEquals(await failed.wait(), true);
      assertEquals([failed.ready(), failed.successful()], [true, false]);
      await assertRejects(() => failed.get(), RangeError);
      await assertRejects(async () => await failed, RangeError);
    });

    it("a function, and gives up waiting in time, while it goes on", async () => {
      const pool = common();
      const result = pool.applyAsync(work.later<number>, [7, 150]);
      const start = performance.now();
      await assertRejects(
        () => result.get({ timeout: 30 }),
        TimeoutError,
        "within 30 ms",
      );
      assert(performance.now() - start >= 29);
      const abort = new AbortController();
      const waiting = result.get({ signal: abort.signal });
      abort.abort(new EvalError("enough"));
      await assertRejects(() => waiting, EvalError, "enough");
      assertEquals(await result.get(), 7);
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("a function, and calls back once with what came of it", async () => {
      const pool = common();
      const calls: unknown[] = [];
      const options = {
        callback: (value: unknown) => calls.push(value),
        errorCallback: (error: unknown) => calls.push(error),
      };
      await pool.applyAsync(work.square, [5], options);
      assertEquals(calls, [25]);
      await pool.applyAsync(work.failAt, [3], options).wait();
      assertEquals(calls.length, 2);
      assertInstanceOf(calls[1], RangeError);
      await pool.mapAsync(work.square, [1, 2], options);
      assertEquals(calls[2], [1, 4]);
      await pool.mapAsync(work.failAt, [1, 2, 3, 6], options).wait();
      assertEquals(calls.length, 4);
      assertInstanceOf(calls[3], RangeError);
    });
  });

  describe("maps", () => {
    it("lists, in their order, in chunks of any size", async () => {
      const pool = common();
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
      assertEquals(await pool.map(work.square, numbers(100)), squares(100));
      for (const chunksize of [1, 7, 20, 1000]) {
        assertEquals(
          await pool.map(work.square, numbers(100), { chunksize }),
          squares(100),
        );
      }
      assertEquals(
        await pool.mapAsync(work.square, numbers(10)),
        squares(10),
      );
      assertEquals(
        await pool.map(work.later<number>, numbers(10), { chunksize: 4 }),
        numbers(10),
      );
    });

    it("lists of arguments", async () => {
      const pool = common();
      const pairs = numbers(20).map((n) => [n, n + 1] as [number, number]);
      const products = pairs.map(([a, b]) => a * b);
      assertEquals(await pool.starmap(work.multiply, pairs), products);
      assertEquals(
        await pool.starmap(work.multiply, pairs, { chunksize: 3 }),
        products,
      );
      assertEquals(await pool.starmapAsync(work.multiply, pairs), products);
    });

    it("whatever is iterable", async () => {
      const pool = common();
      function* generate(count: number) {
        for (let i = 0; i < count; i++) yield i;
      }
      async function* generateLater(count: number) {
        for (let i = 0; i < count; i++) yield await i;
      }
      assertEquals(await pool.map(work.square, generate(50)), squares(50));
      assertEquals(
        await pool.map(work.square, generateLater(50)),
        squares(50),
      );
      assertEquals(await pool.map(work.square, new Set([2, 3])), [4, 9]);
      assertEquals(
        await pool.map(work.square, new Float64Array([0.5, 3])),
        [0.25, 9],
      );
      assertEquals(await pool.map(work.echo<string>, "añ😀"), [..."añ😀"]);
      assertEquals(
        await pool.starmap(work.multiply, new Map([[2, 3], [4, 5]])),
        [6, 20],
      );
      await assertRejects(
        () => pool.map(work.square, 5 as unknown as number[]),
        TypeError,
        "must be iterable",
      );
    });

    it("lists as they were when they were given, with gaps and ways of their own", async () => {
      const pool = common();
      for (const length of [0, 1, 4097]) {
        for (const options of [{ chunksize: 3 }, {}, { chunksize: 2000 }]) {
          const list = numbers(length);
          const map = pool.map(work.square, list, options);
          const imap = pool.imap(work.square, list, options);
          list.fill(-1);
          assertEquals(await map, squares(length));
          assertEquals(await Array.fromAsync(imap), squares(length));
        }
      }
      // deno-lint-ignore no-sparse-arrays
      const sparse = [1, , 3];
      assertEquals(await pool.map(work.echo, sparse), [1, undefined, 3]);
      class Twice extends Array<number> {
        override [Symbol.iterator](): ArrayIterator<number> {
          return Array.from(this.keys(), (i) => 2 * this[i]!).values();
        }
      }
      assertEquals(await pool.map(work.square, Twice.of(1, 2, 3)), [4, 16, 36]);
      class OneTwo extends Array<number> {
        override [Symbol.iterator](): ArrayIterator<number> {
          return [1, 2].values();
        }
      }
      for (const length of [0, 1, 2, 100]) { // whatever it says itself
        const list = OneTwo.from({ length }, () => 0);
        assertEquals(await pool.map(work.square, list), [1, 4]);
        const imap = pool.imap(work.square, list);
        assertEquals(await Array.fromAsync(imap), [1, 4]);
      }
    });

    it("nothing, whatever the form", async () => {
      const pool = common();
      assertEquals(await pool.map(work.square, []), []);
      assertEquals(await pool.map(work.square, [], { chunksize: 1 }), []);
      assertEquals(await pool.map(work.square, new Set<number>()), []);
      assertEquals(await pool.starmap(work.multiply, []), []);
      assertEquals(await pool.mapAsync(work.square, []), []);
      assertEquals(await pool.starmapAsync(work.multiply, []), []);
      assertEquals(await Array.fromAsync(pool.imap(work.square, [])), []);
      assertEquals(
        await Array.fromAsync(
          pool.imapUnordered(work.square, new Set<number>()),
        ),
        [],
      );
    });

    it("nothing, or an error, for which no worker has to be free", async () => {
      await using pool = new Pool(1);
      await using file = await tempFile();
      const busy = pool.apply(work.meet, [[file.path, 2]]);
      await untilFile(file.path);
      const nothing = [function* () {}, async function* () {}];
      for (const none of nothing) {
        assertEquals(await pool.map(work.square, none()), []);
        const results = pool.imap(work.square, none());
        assertEquals(await Array.fromAsync(results), []);
      }
      const broken = () => {
        throw new EvalError("broken");
      };
      const failing = [
        () => Iterator.from({ next: broken }),
        () => ({ [Symbol.asyncIterator]: () => ({ next: broken }) }),
      ];
      for (const fails of failing as (() => Iterable<number>)[]) {
        await assertRejects(() => pool.map(work.square, fails()), EvalError);
        const results = pool.imap(work.square, fails());
        await assertRejects(() => results.next(), EvalError);
        assertEquals((await results.next()).done, true);
      }
      await work.meet([file.path, 2]);
      await busy;
    });

    it("one by one, in their order or as they come", async () => {
      const pool = common();
      for (const chunksize of [1, 3, 100]) {
        const options = { chunksize };
        const ordered = pool.imap(work.square, numbers(30), options);
        assertEquals(await Array.fromAsync(ordered), squares(30));
        const unordered = pool.imapUnordered(
          work.square,
          numbers(30),
          options,
        );
        assertEquals(
          (await Array.fromAsync(unordered)).sort((a, b) => a - b),
          squares(30),
        );
      }
      const iterator = pool.imap(work.square, [1, 2]);
      assertEquals(await iterator.next(), { done: false, value: 1 });
      assertEquals(await iterator.next(), { done: false, value: 4 });
      assertEquals(await iterator.next(), { done: true, value: undefined });
      assertEquals(await iterator.next(), { done: true, value: undefined });
    });

    it("the first that is done comes first, where the order does not matter", async () => {
      const pool = common();
      await using file = await tempFile();
      await pool.map(work.meet, Array(2).fill([file.path, 2]));
      const results = pool.imapUnordered(
        ([ms, name]: [number, string]) =>
          new Promise<string>((resolve) => setTimeout(() => resolve(name), ms)),
        [[300, "slow"], [1, "fast"]],
      );
      assertEquals(await Array.fromAsync(results), ["fast", "slow"]);
    });

    it("until one fails, and then begins no more", async () => {
      const pool = common();
      await assertRejects(() => pool.map(work.failAt, [1, 2, 3]), RangeError);
      await using file = await tempFile();
      const list = numbers(200).map((n) => [file.path, n] as [string, number]);
      await assertRejects(
        () =>
          pool.starmap(
            (file: string, n: number) => {
              Deno.writeTextFileSync(file, `${n}\n`, { append: true });
              if (n === 0) throw new RangeError("at once");
              const end = performance.now() + 5;
              while (performance.now() < end);
            },
            list,
            { chunksize: 1 },
          ),
        RangeError,
        "at once",
      );
      assertEquals(await pool.map(work.square, [2, 3, 4]), [4, 9, 16]);
      const begun = (await Deno.readTextFile(file.path)).split("\n").length;
      assert(begun < 50, `${begun} were begun`);
    });

    it("over an iterable that aborts it and throws, which says why", async () => {
      const pool = common();
      const abort = new AbortController();
      const { signal } = abort;
      const items = Iterator.from({
        next(): IteratorResult<number> {
          abort.abort(new URIError("enough"));
          throw new EvalError("broken");
        },
      });
      const results = pool.imap(work.square, items, { signal });
      await assertRejects(() => results.next(), URIError, "enough");
      assertEquals((await results.next()).done, true);
    });

    it("over an iterable that throws midway, and goes on to work", async () => {
      const pool = common();
      function* broken(good: number) {
        for (let i = 0; i < good; i++) yield i;
        throw new EvalError("the iterable is broken");
      }
      async function* brokenLater(good: number) {
        yield* broken(await good);
      }
      for (const good of [0, 1, 20]) {
        await assertRejects(
          () => pool.map(work.square, broken(good)),
          EvalError,
        );
        await assertRejects(
          () => pool.map(work.square, brokenLater(good)),
          EvalError,
        );
        for (const items of [broken, brokenLater]) {
          const results: number[] = [];
          await assertRejects(
            async () => {
              for await (const n of pool.imap(work.square, items(good))) {
                results.push(n);
              }
            },
            EvalError,
            "the iterable is broken",
          );
          assertEquals(results, squares(good));
          const unordered = pool.imapUnordered(work.square, items(good), {
            chunksize: 3,
          });
          for (let i = 0; i < good; i++) {
            assertEquals((await unordered.next()).done, false);
          }
          await assertRejects(() => unordered.next(), EvalError);
          assertEquals((await unordered.next()).done, true);
        }
      }
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("one by one, gives an error in its place, and goes on", async () => {
      const pool = common();
      for (const chunksize of [1, 4, 10]) {
        const iterator = pool.imap(work.failAt, [1, 2, 3, 4, 5, 6, 7], {
          chunksize,
        });
        for (let n = 1; n <= 7; n++) {
          if (n % 3 === 0) {
            await assertRejects(
              () => iterator.next(),
              RangeError,
              `${n} cannot be done`,
            );
          } else assertEquals((await iterator.next()).value, n);
        }
        assertEquals((await iterator.next()).done, true);
      }
    });

    it("infinite input, as fast as somebody wants the results", async () => {
      const pool = common();
      let pulled = 0;
      let closed = false;
      function* all() {
        try {
          for (;;) yield pulled++;
        } finally {
          closed = true;
        }
      }
      const results: number[] = [];
      for await (const n of pool.imap((n: number) => n + 1, all())) {
        results.push(n);
        if (results.length === 10) break;
      }
      assertEquals(results, numbers(11).slice(1));
      assertEquals(closed, true);
      async function* allLater() {
        for (let i = 0;; i++) yield await i;
      }
      const iterator = pool.imapUnordered(work.square, allLater());
      for (let i = 0; i < 20; i++) await iterator.next();
      await iterator.return!();
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("no further ahead than a little, if nobody wants the results", async () => {
      const pool = common();
      let pulled = 0;
      function* all() {
        for (;;) yield pulled++;
      }
      const iterator = pool.imap(work.later<number>, all());
      assertEquals((await iterator.next()).value, 0);
      // What is there may be taken in; but the rest waits for somebody.
      for (let i = 0; i < 30; i++) {
        await pool.apply(work.later<number>, [1, 5]);
      }
      assert(pulled < 200, `${pulled} were pulled`);
      await iterator.return!();
    });

    it("few ahead, where the workers are fast and the results few", async () => {
      const pool = common();
      const chunksize = 3;
      const atFirst = 2 * (2 + 1) * chunksize;
      await pool.map(work.square, numbers(5000)); // now it is known how fast
      let pulled = 0;
      function* all() {
        for (;;) yield pulled++;
      }
      const iterator = pool.imap(work.square, all(), { chunksize });
      for (let i = 0; i < 5; i++) await iterator.next();
      await pool.map(work.square, numbers(1000));
      const most = atFirst + 5 + chunksize;
      assert(pulled <= most, `${pulled} were pulled`);
      await iterator.return!();
    });
  });

  describe("in a task", () => {
    it("tells of it", async () => {
      const pool = common();
      const ids = await pool.map(work.taskId, numbers(5), { chunksize: 1 });
      assertEquals(new Set(ids).size, 5);
      const told: unknown[] = [];
      const result = pool.applyAsync(work.tellProgress, [3], {
        onProgress: (value) => told.push(value),
      });
      assertEquals(await result, 3);
      assertEquals(told.map((value) => (value as { at: number }).at), [
        1,
        2,
        3,
      ]);
    });

    it("another pool works", async () => {
      const pool = common();
      assertEquals(
        await pool.map(work.mapInTask, [[1, 2], [3, 4]], { chunksize: 1 }),
        [[1, 4], [9, 16]],
      );
    });

    it("arguments are copies", async () => {
      const pool = common();
      const list = [0, 0, 0];
      assertEquals(
        await Promise.all(
          numbers(3).map((at) => pool.apply(work.setOne, [list, at])),
        ),
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
      );
      assertEquals(list, [0, 0, 0]);
      const result = pool.applyAsync(work.echo<number[]>, [list]);
      list[0] = 5;
      assertEquals(await result, [0, 0, 0]);
    });

    it("buffers that are given away are empty afterwards", async () => {
      const pool = common();
      const bytes = new Uint8Array([1, 2, 3]);
      const { buffer } = bytes;
      const result = pool.applyAsync(work.echo<Uint8Array>, [bytes], {
        transfer: [buffer, buffer],
      });
      assertEquals([buffer.detached, bytes.length], [true, 0]);
      assertEquals(await result, new Uint8Array([1, 2, 3]));
      await assertRejects(
        () => pool.apply(work.echo<number>, [1], { transfer: [buffer] }),
        DataCloneError,
        "transfer[0]",
      );
      const kept = new Uint8Array(8);
      await assertRejects(
        () =>
          pool.apply(work.echo<unknown>, [[kept, () => 1]], {
            transfer: [kept.buffer],
          }),
        DataCloneError,
      );
      assertEquals(kept.length, 8);
    });

    it("large values travel both ways", async () => {
      const pool = common();
      const large = crypto.getRandomValues(new Uint8Array(60_000));
      const lists = numbers(20).map((n) => [n, ...Array(8).fill(large)]);
      assertEquals(
        await pool.map(work.echo<unknown>, lists, { chunksize: 1 }),
        lists,
      );
      const huge = new Float64Array(2 ** 21).fill(Math.PI);
      assertEquals(await pool.apply(work.echo<Float64Array>, [huge]), huge);
    });
  });

  it("tells of its progress", async () => {
    const told: { done: number; total: number | null; failed: number }[] = [];
    await using pool = new Pool({
      processes: 2,
      onProgress: (progress) => told.push(progress),
    });
    await pool.map(work.square, numbers(100), { chunksize: 10 });
    assertEquals(told.at(-1), { done: 100, total: 100, failed: 0 });
    assertNotEquals(told[0]!.done, 100);
    await pool.apply(work.failAt, [3]).catch(() => {});
    assertEquals(told.at(-1), { done: 101, total: 101, failed: 1 });
    function* generate() {
      for (let i = 1; i <= 100; i++) yield i;
    }
    for await (const _ of pool.imap(work.square, generate()));
    assertEquals(told.at(-1), { done: 201, total: 201, failed: 1 });
    assert(told.some(({ total }) => total === null));
  });

  it("tells of its progress without what was taken back", async () => {
    let told: PoolProgress | undefined;
    await using pool = new Pool({
      processes: 1,
      onProgress: (progress) => told = progress,
    });
    /** What is told when all is done, which may be after a map was settled. */
    const done = () => until(() => told?.done === told?.total);
    const options = { chunksize: 1 };
    const map = pool.map(work.failAt, [1, 2, 3, ...numbers(100)], options);
    await assertRejects(() => map, RangeError);
    await done();
    assertEquals(told, { done: 3, total: 3, failed: 1 });
    function* all() {
      for (;;) yield 1;
    }
    for (const items of [numbers(1000), all()]) {
      for await (const _ of pool.imap(work.square, items)) break;
      await done();
    }
    const before = told!.done;
    const abort = new AbortController();
    const { signal } = abort;
    const aborted = pool.map(work.sleepForever as () => void, [1, 2], {
      ...options,
      signal,
    });
    abort.abort(new EvalError("enough"));
    await assertRejects(() => aborted, EvalError);
    await pool.map(work.square, numbers(5));
    await done();
    assertEquals(told, { done: before + 5, total: before + 5, failed: 1 });
  });
}
