/** The pool of a manager: tasks that another process gives to its workers. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Manager,
  type PoolProxy,
  type ProxyMapOptions,
  TimeoutError,
} from "@multi/processing";
import { countDown, putAndSet } from "./fixtures/manager_work.ts";
import * as work from "./fixtures/pool_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { tempFile } from "./support/temp_file.ts";
import { untilFile } from "./support/until.ts";

nothingLeft();

describe("a task of a manager's pool", () => {
  it("is given what is in the memory of the manager that serves here", async () => {
    await using manager = new Manager();
    await manager.serve();
    using queue = await manager.queue<string>();
    const event = await manager.event();
    const pool = await manager.pool(1);
    await pool.apply(putAndSet, [queue, event]);
    assertEquals(await event.isSet(), true);
    assertEquals(await queue.get(), "an item");
    await pool.join();
  });

  it("is given what a manager with a key of its own serves", async () => {
    await using manager = new Manager({ authkey: "a key of its own" });
    const counts = await manager.dict({ count: 10 });
    const pool = await manager.pool(1);
    await pool.apply(countDown, [counts, 3]);
    assertEquals(await counts.get("count"), 7);
  });
});

describe("a map of a manager's pool", () => {
  /** What was begun by when all is done that the pool has. */
  async function begun(pool: PoolProxy, marks: string): Promise<string> {
    await pool.join();
    return await Deno.readTextFile(marks);
  }

  const calls = (file: string) =>
    Array.from({ length: 100 }, (_, n) => [file, n] as const);

  it("that has waited for too long leaves no task behind", async () => {
    await using manager = new Manager();
    await using file = await tempFile();
    await using marks = await tempFile();
    const pool = await manager.pool(1);
    const abort = new AbortController();
    const { signal } = abort;
    const long = pool.apply(work.sleepForever, [file.path], { signal });
    await untilFile(file.path);
    await assertRejects(
      () => pool.starmap(work.mark, calls(marks.path), { queueTimeout: 30 }),
      TimeoutError,
      "first item was not begun within 30 ms",
    );
    abort.abort();
    await assertRejects(() => long, DOMException);
    assertEquals(await begun(pool, marks.path), "");
  });

  it("that has failed begins no more", async () => {
    await using manager = new Manager();
    await using marks = await tempFile();
    for (const options of [{}, { taskTimeout: 60_000 }]) {
      const pool = await manager.pool(1);
      await assertRejects(
        () => pool.starmap(work.markButFirst, calls(marks.path), options),
        EvalError,
        "enough",
      );
      // More than one chunk may have been given to the worker, but not all.
      const lines = await begun(pool, marks.path);
      assertEquals(lines.includes("99"), false);
    }
  });

  it("gives a worker as many items at a time as chunksize says", async () => {
    await using manager = new Manager();
    const pool = await manager.pool(2);
    const items = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const tasksOf = async (options: ProxyMapOptions) => {
      const ids = await pool.map(work.taskOf, items, options);
      const calls = items.map((n) => [n] as const);
      const same = await pool.starmap(work.taskOf, calls, options);
      assertEquals(new Set(same).size, new Set(ids).size);
      return new Set(ids).size;
    };
    assertEquals(await tasksOf({}), 5); // a worker is to have four, or less
    assertEquals(await tasksOf({ chunksize: 1 }), 10);
    assertEquals(await tasksOf({ chunksize: 4 }), 3);
    assertEquals(await tasksOf({ chunksize: 4, taskTimeout: 60_000 }), 3);
    assertEquals(await pool.map(work.square, []), []);
    assertEquals(await pool.map(work.square, new Set([2, 3])), [4, 9]);
  });

  it("says in its caller what is wrong with its options", async () => {
    await using manager = new Manager();
    const pool = await manager.pool(1);
    await pool.terminate(); // it would refuse all, but is not asked
    for (const chunksize of [0, -1, 1.5, NaN]) {
      await assertRejects(
        () => pool.map(work.square, [1], { chunksize }),
        RangeError,
        'Cannot give a task to the pool as "chunksize" must be an integer >= 1',
      );
    }
    await assertRejects(
      () => pool.starmap(work.square, [[1]], { chunksize: "2" as never }),
      TypeError,
      '"chunksize" must be a number',
    );
    await assertRejects(
      () => pool.map(work.square, [1], { chunkSize: 2 } as never),
      TypeError,
      'there is no option "chunkSize": write "chunksize"',
    );
    await assertRejects(
      () => pool.map(work.square, 5 as never),
      TypeError,
      'Cannot map as "items" must be iterable',
    );
  });
});
