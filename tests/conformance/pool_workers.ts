/** The workers of a pool, from the first to the end. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe } from "@std/testing/bdd";
import {
  CancelledError,
  DataCloneError,
  type Pool as AnyPool,
  ProcessError,
  ShutDownError,
  TimeoutError,
} from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { numbers, squares } from "../support/counting.ts";
import { tempFile } from "../support/temp_file.ts";
import { until } from "../support/until.ts";
import { times } from "../support/times.ts";
import type { PoolSubject } from "./pools.ts";

export function poolWorkers({ it, Pool }: PoolSubject): void {
  describe("has workers", () => {
    it("as many as it was asked for, which share the work", async () => {
      await using pool = new Pool(3);
      assertEquals(pool.workers.length, 3);
      await using file = await tempFile();
      const names = await pool.map(
        work.meet,
        Array(3).fill([file.path, 3]),
        { chunksize: 1 },
      );
      assertEquals(new Set(names).size, 3);
      const { workers } = pool;
      assertEquals(new Set(workers.map(({ ident }) => ident)).size, 3);
      assertEquals(workers.map(({ busy }) => busy), [false, false, false]);
      assertEquals(workers.map(({ tasks }) => tasks), [1, 1, 1]);
    });

    it("of which no one waits behind a long task", async () => {
      await using pool = new Pool(2);
      await pool.map(work.square, numbers(1000), { chunksize: 1 });
      await using file = await tempFile();
      const long = pool.applyAsync(work.sleepForever, [file.path]);
      const short = numbers(100).map((n) =>
        pool.applyAsync(work.later<number>, [n])
      );
      assertEquals(await Promise.all(short), numbers(100));
      assertEquals(long.ready(), false);
    });

    it("that are initialized once each", async () => {
      for (
        const initializer of [work.initialize, work.initializeLater]
      ) {
        await using pool = new Pool({
          processes: 2,
          initializer,
          initargs: ["a", new Map([[1, 2]])],
        });
        const results = await Promise.all(
          numbers(20).map(() => pool.apply(work.whatIsInitialized)),
        );
        for (const { args } of results) {
          assertEquals(args, ["a", new Map([[1, 2]])]);
        }
      }
    });

    it("and fails with the error of an initializer that throws", async () => {
      await using pool = new Pool({
        processes: 2,
        initializer: work.failToInitialize,
      });
      await assertRejects(
        () => pool.apply(work.square, [3]),
        URIError,
        "not initialized",
      );
      await assertRejects(() => pool.map(work.square, [3]), URIError);
      assertEquals(await pool.join(), true);
      await using file = await tempFile();
      const closed = new Pool({
        processes: 1,
        initializer: work.failToInitialize,
        initargs: [file.path],
      });
      const result = closed.applyAsync(work.square, [3]);
      closed.close();
      await Deno.writeTextFile(file.path, "go");
      await assertRejects(() => result.get(), URIError);
      // Why it takes no more tasks stays what it was.
      await assertRejects(
        () => closed.apply(work.square, [3]),
        ShutDownError,
      );
      assertEquals(await closed.join(), true);
    });

    it("that end after so many tasks, and are replaced", async () => {
      await using pool = new Pool({ processes: 2, maxtasksperchild: 10 });
      const first = new Set(pool.workers.map(({ ident }) => ident));
      const seen = await pool.map(
        work.whoAmI as (n: number) => string,
        Array(100).fill(1),
        {
          chunksize: 1,
        },
      );
      const counts = Map.groupBy(seen, (name) => name);
      for (const tasks of counts.values()) assert(tasks.length <= 10);
      assert(counts.size >= 10);
      await until(() => pool.workers.every(({ ident }) => !first.has(ident)));
      assertEquals(pool.workers.length, 2);
      const results = numbers(30).map((n) => pool.applyAsync(work.square, [n]));
      pool.close();
      assertEquals(await pool.join(), true);
      assertEquals(await Promise.all(results), squares(30));
    });

    it("whose modules are new after so many tasks", async () => {
      {
        await using pool = new Pool(1);
        await pool.apply(work.whatIsInitialized);
        pool.close();
        await pool.join();
      }
      await using pool = new Pool({ processes: 1, maxtasksperchild: 2 });
      const counts: number[] = [];
      for (let i = 0; i < 6; i++) {
        counts.push((await pool.apply(work.whatIsInitialized)).count);
      }
      assertEquals(counts, [1, 2, 1, 2, 1, 2]);
    });

    it("many more than there are cores", async () => {
      await using pool = new Pool(Math.max(8, times(25)));
      assertEquals(await pool.map(work.square, numbers(200)), squares(200));
      pool.close();
      assertEquals(await pool.join(), true);
    });
  });

  describe("ends", () => {
    it("when all is done, after close()", async () => {
      const pool = new Pool(2);
      const results = numbers(10).map((n) =>
        pool.applyAsync(work.later<number>, [n, 10])
      );
      await assertRejects(
        () => pool.join(),
        ProcessError,
        "still takes tasks",
      );
      pool.close();
      pool.close();
      await assertRejects(
        () => pool.apply(work.square, [1]),
        ShutDownError,
        "was closed",
      );
      const refused = pool.applyAsync(work.square, [1]);
      assertEquals([refused.ready(), refused.successful()], [true, false]);
      await assertRejects(() => pool.map(work.square, [1]), ShutDownError);
      assertThrows(() => pool.imap(work.square, [1]), ShutDownError);
      assertEquals(await pool.join({ timeout: 0 }), false);
      assertEquals(await pool.join(), true);
      assertEquals(await pool.join(), true);
      assertEquals(results.every((result) => result.successful()), true);
      assertEquals(await Promise.all(results), numbers(10));
      assertEquals(pool.workers, []);
      await pool.terminate();
      pool.close();
    });

    it("at once, by terminate(), with thousands of tasks left", async () => {
      const pool = new Pool(2);
      const results = numbers(5000).map(() =>
        pool.applyAsync(work.later<number>, [1, 100])
      );
      const map = pool.mapAsync(work.later<number>, numbers(5000));
      const iterator = pool.imap(work.later<number>, numbers(5000));
      await iterator.next();
      await assertRejects(
        () =>
          results[0]!.get({ timeout: 50 }).then(() =>
            results[4999]!.get({ timeout: 0 })
          ),
        TimeoutError,
      );
      await pool.terminate();
      await assertRejects(
        () => results[4999]!.get(),
        CancelledError,
        "terminated",
      );
      await assertRejects(() => map.get(), CancelledError);
      await assertRejects(() => iterator.next(), CancelledError);
      assertEquals((await iterator.next()).done, true);
      await pool.terminate();
      pool.close();
      assertEquals(await pool.join(), true);
      await assertRejects(
        () => pool.apply(work.square, [1]),
        ShutDownError,
        "was terminated",
      );
    });

    it("with its block", async () => {
      let outside: AnyPool;
      {
        await using pool = new Pool(2);
        outside = pool;
        assertEquals(await pool.map(work.square, [1, 2]), [1, 4]);
      }
      await assertRejects(() => outside.map(work.square, [1]), ShutDownError);
      await outside[Symbol.asyncDispose]();
    });

    it("before it was up, in any way", async () => {
      const closed = new Pool(2);
      closed.close();
      assertEquals(await closed.join(), true);
      const terminated = new Pool(2);
      await terminated.terminate();
      assertEquals(await terminated.join(), true);
      const used = new Pool(2);
      const result = used.applyAsync(work.square, [3]);
      used.close();
      assertEquals(await result, 9);
      assertEquals(await used.join(), true);
      for (const items of [[3], new Set([3]), [3].values()]) {
        const mapping = new Pool(2);
        const results = mapping.mapAsync(work.square, items);
        mapping.close();
        assertEquals(await mapping.join(), true);
        assertEquals(results.ready() && await results, [9]);
      }
      const iterating = new Pool(2);
      const results = iterating.imap(work.square, [3]);
      iterating.close();
      assertEquals(await iterating.join(), true);
      assertEquals(await Array.fromAsync(results), [9]);
      const both = new Pool(2);
      both.close();
      await Promise.all([both.terminate(), both.join(), both.terminate()]);
    });

    it("from a callback of a task", async () => {
      const pool = new Pool(2);
      const waiting = pool.applyAsync(work.sleepForever);
      const { promise, resolve } = Promise.withResolvers<void>();
      await pool.applyAsync(work.square, [3], {
        callback: () => void pool.terminate().then(resolve),
      });
      await promise;
      await assertRejects(() => waiting.get(), CancelledError);
      const closing = new Pool(2);
      await closing.applyAsync(work.square, [3], {
        callback: () => closing.close(),
      });
      assertEquals(await closing.join(), true);
    });

    it("at once, also where an iterable terminates it", async () => {
      type Give = (
        pool: AnyPool,
        items: Iterable<number>,
      ) => Promise<unknown>;
      const ways: Give[] = [
        (pool, items) => pool.map(work.square, items),
        (pool, items) => pool.imap(work.square, items).next(),
      ];
      for (const give of ways) {
        const pool = new Pool(1);
        assertEquals(await pool.apply(work.square, [3]), 9);
        const ending = function* () {
          pool.terminate();
          yield* numbers(3);
        };
        await assertRejects(() => give(pool, ending()), CancelledError);
        assertEquals(await pool.join({ timeout: 30_000 }), true);
      }
    });

    it("after close(), also where an iterable has thrown", async () => {
      function* broken(good: number) {
        yield* numbers(good);
        throw new EvalError("the iterable is broken");
      }
      async function* brokenLater(good: number) {
        yield* broken(await good);
      }
      for (const items of [broken, brokenLater]) {
        for (const good of [0, 2, 10]) {
          const pool = new Pool(1);
          const options = { chunksize: 10 };
          const map = pool.map(work.square, items(good), options);
          const imap = pool.imap(work.square, items(good), options);
          await assertRejects(() => map, EvalError);
          await assertRejects(() => Array.fromAsync(imap), EvalError);
          pool.close();
          assertEquals(await pool.join({ timeout: 30_000 }), true);
        }
      }
    });

    it("and gives what imap() has left", async () => {
      const pool = new Pool(2);
      const iterator = pool.imap(work.square, numbers(500));
      pool.close();
      assertEquals(await pool.join(), true);
      assertEquals(await Array.fromAsync(iterator), squares(500));
    });

    it("and gives what imap() has left behind what cannot be sent", async () => {
      const pool = new Pool(1);
      assertEquals(await pool.apply(work.square, [3]), 9);
      const items = [...numbers(20).map(() => () => 1), 3];
      const iterator = pool.imap(work.echo<unknown>, items);
      pool.close();
      assertEquals(await pool.join({ timeout: 30_000 }), true);
      for (const n of numbers(20)) {
        await assertRejects(
          () => iterator.next(),
          DataCloneError,
          `items[${n}]`,
        );
      }
      assertEquals((await iterator.next()).value, 3);
    });
  });
}
