/** Tasks that are given up: by their time, or by who wants them no more. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe } from "@std/testing/bdd";
import { TimeoutError } from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { numbers, squares } from "../support/counting.ts";
import { tempFile } from "../support/temp_file.ts";
import { untilFile } from "../support/until.ts";
import type { PoolSubject } from "./pools.ts";

export function poolLimits({ it, Pool, seesAbort }: PoolSubject): void {
  describe("lets go of a task", () => {
    it("that has run for too long, and of its worker", async () => {
      await using pool = new Pool(2);
      const before = new Set(pool.workers.map(({ ident }) => ident));
      await assertRejects(
        () => pool.apply(work.sleepForever, [], { taskTimeout: 50 }),
        TimeoutError,
        "sleepForever) did not end within 50 ms",
      );
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
      assertEquals(pool.workers.length, 2);
      const now = pool.workers.filter(({ ident }) => !before.has(ident));
      assertEquals(now.length, 1);
    });

    it("in a map, each item of which has its time", async () => {
      await using pool = new Pool(2);
      assertEquals(
        await pool.map(work.later<number>, numbers(12), {
          taskTimeout: 2000,
          chunksize: 6,
        }),
        numbers(12),
      );
      const slow = (n: number) =>
        new Promise<number>((resolve) => setTimeout(() => resolve(n), n));
      await assertRejects(
        () =>
          pool.map(slow, [1, 1, 60_000, 1], {
            taskTimeout: 400,
            chunksize: 4,
          }),
        TimeoutError,
      );
      const iterator = pool.imap(slow, [1, 2, 60_000, 3, 4], {
        taskTimeout: 400,
        chunksize: 5,
      });
      assertEquals((await iterator.next()).value, 1);
      assertEquals((await iterator.next()).value, 2);
      await assertRejects(() => iterator.next(), TimeoutError);
      assertEquals((await iterator.next()).value, 3);
      assertEquals((await iterator.next()).value, 4);
      assertEquals((await iterator.next()).done, true);
    });

    it("in a map that has failed, in its time", async () => {
      const pool = new Pool(2);
      await using file = await tempFile();
      const pair = (fails: boolean): [string, boolean] => [file.path, fails];
      await assertRejects(
        () =>
          pool.starmap(work.failWhenOther, [pair(true), pair(false)], {
            taskTimeout: 3000, // both must have begun by then
            chunksize: 1,
          }),
        EvalError,
      );
      pool.close();
      assertEquals(await pool.join({ timeout: 30_000 }), true);
    });

    it("that has waited for too long for a worker", async () => {
      await using pool = new Pool(1);
      await using file = await tempFile();
      await using marks = await tempFile();
      const abort = new AbortController();
      const long = pool.applyAsync(work.sleepForever, [file.path], {
        signal: abort.signal,
      });
      await untilFile(file.path);
      await assertRejects(
        () => pool.apply(work.mark, [marks.path, 1], { queueTimeout: 30 }),
        TimeoutError,
        "was not begun within 30 ms",
      );
      await assertRejects(
        () => pool.starmap(work.mark, [[marks.path, 2]], { queueTimeout: 30 }),
        TimeoutError,
      );
      const results = pool.imap(work.square, [1, 2], { queueTimeout: 30 });
      await assertRejects(
        () => results.next(),
        TimeoutError,
        "first item was not begun within 30 ms",
      );
      assertEquals((await results.next()).done, true);
      abort.abort();
      await assertRejects(() => long.get(), DOMException);
      assertEquals(
        await pool.apply(work.square, [3], { queueTimeout: 60_000 }),
        9,
      );
      assertEquals(await Deno.readTextFile(marks.path), "");
    });

    it("in a map not, whose other items wait while the first ones run", async () => {
      await using pool = new Pool(1);
      const slow = (n: number) =>
        new Promise((resolve) => setTimeout(() => resolve(n), 600));
      assertEquals(await pool.map(slow, [0]), [0]);
      const options = { queueTimeout: 500, chunksize: 1 };
      assertEquals(await pool.map(slow, [1, 2], options), [1, 2]);
      const results = pool.imap(slow, [1, 2], options);
      assertEquals(await Array.fromAsync(results), [1, 2]);
    });

    it("that is aborted, whether it has begun or not", async () => {
      await using pool = new Pool(1);
      await using file = await tempFile();
      await using marks = await tempFile();
      const first = new AbortController();
      const second = new AbortController();
      const long = pool.applyAsync(work.sleepForever, [file.path], {
        signal: first.signal,
      });
      await untilFile(file.path);
      const waiting = pool.applyAsync(work.mark, [marks.path, 1], {
        signal: second.signal,
      });
      const other = pool.applyAsync(work.square, [4]);
      second.abort(new EvalError("second"));
      await assertRejects(() => waiting.get(), EvalError, "second");
      first.abort(new EvalError("first"));
      await assertRejects(() => long.get(), EvalError, "first");
      assertEquals(await other, 16);
      assertEquals(await Deno.readTextFile(marks.path), "");
      const map = new AbortController();
      const mapping = pool.map(work.later<number>, numbers(1000), {
        signal: map.signal,
        chunksize: 1,
      });
      map.abort(new EvalError("map"));
      await assertRejects(() => mapping, EvalError, "map");
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("that listens to its signal, and keeps its worker", async () => {
      await using pool = new Pool(1);
      const { untilAborted, loopUntilAborted } = work;
      const tasks = seesAbort
        ? [untilAborted, loopUntilAborted]
        : [untilAborted];
      for (const task of tasks) {
        await using ready = await tempFile();
        await using told = await tempFile();
        const before = await pool.apply(work.whoAmI);
        const abort = new AbortController();
        const result = pool.applyAsync(task, [ready.path, told.path], {
          signal: abort.signal,
        });
        await untilFile(ready.path);
        abort.abort(new EvalError("enough"));
        await assertRejects(() => result.get(), EvalError, "enough");
        await untilFile(told.path);
        assertStringIncludes(
          await Deno.readTextFile(told.path),
          "is not wanted any more",
        );
        assertEquals(await pool.apply(work.whoAmI), before);
      }
    });
  });
}
