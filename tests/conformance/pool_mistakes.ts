/** What a pool says of what it cannot do. */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe } from "@std/testing/bdd";
import { DataCloneError, Lock } from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { WRONG_SETTINGS } from "../support/wrong_settings.ts";
import type { PoolSubject } from "./pools.ts";

export function poolMistakes({ it, Pool, common }: PoolSubject): void {
  describe("says what is wrong", () => {
    it("with its size", () => {
      for (const processes of [0, -1, 1.5, NaN]) {
        assertThrows(() => new Pool(processes), RangeError, "processes");
        assertThrows(() => new Pool({ processes }), RangeError, "processes");
      }
      for (const options of ["2", true, null]) {
        assertThrows(
          () => new Pool(options as unknown as number),
          TypeError,
          '"options" must be an object, such as { processes: 2 }',
        );
      }
      assertThrows(
        () => new Pool({ initargs: 5 as unknown as [] }),
        TypeError,
        '"initargs" must be an array',
      );
      for (const maxtasksperchild of [0, -1, "x" as unknown as number]) {
        assertThrows(
          () => new Pool({ maxtasksperchild }),
          Error,
          "maxtasksperchild",
        );
      }
      assertThrows(() => new Pool({ retries: -1 }), RangeError, "retries");
      assertThrows(
        () => new Pool({ maxHeapMb: 8 }),
        RangeError,
        '"maxHeapMb" must be an integer from 16',
      );
      assertThrows(
        () => new Pool({ taskTimeout: -1 }),
        RangeError,
        "taskTimeout",
      );
      assertThrows(
        () => new Pool({ taskTimeout: 0 }),
        RangeError,
        '"taskTimeout" must be > 0',
      );
      assertThrows(
        () => new Pool({ initializer: 5 as unknown as () => void }),
        TypeError,
        '"initializer"',
      );
      assertThrows(
        () =>
          new Pool({ initializer: work.initialize, initargs: [1, () => 1] }),
        DataCloneError,
        "initargs[1]",
      );
    });

    it("with its settings", () => {
      for (const [settings, message] of WRONG_SETTINGS) {
        assertThrows(() => new Pool(settings), TypeError, message);
      }
      for (const onProgress of [5, null] as unknown as [() => void]) {
        assertThrows(
          () => new Pool({ onProgress }),
          TypeError,
          '"onProgress" must be a function',
        );
      }
    });

    it("with a task, at its call", async () => {
      const pool = common();
      const error = await assertRejects(
        () => pool.apply(work.echo<unknown>, [{ a: [1, () => 1] }]),
        DataCloneError,
      );
      assertEquals(error.path, "args[0].a[1]");
      const result = pool.applyAsync(work.echo<unknown>, [() => 1]);
      assertEquals(result.ready(), true);
      await assertRejects(() => result.get(), DataCloneError);
      const inMap = await assertRejects(
        () =>
          pool.map(work.echo<unknown>, [1, 2, { f: () => 1 }], {
            chunksize: 2,
          }),
        DataCloneError,
      );
      assertEquals(inMap.path, "items[2].f");
      await assertRejects(
        () => pool.apply(5 as unknown as () => void),
        TypeError,
        '"fn"',
      );
      await assertRejects(
        () => pool.apply(work.square, 5 as unknown as [number]),
        TypeError,
        '"args"',
      );
      for (const options of [5, null, "x"] as unknown as [object]) {
        const [args, items] = [[1] as [number], [1]];
        for (
          const give of [
            () => pool.apply(work.square, args, options),
            async () => await pool.applyAsync(work.square, args, options),
            () => pool.map(work.square, items, options),
            async () => await pool.mapAsync(work.square, items, options),
            async () => await pool.imap(work.square, items, options).next(),
          ]
        ) await assertRejects(give, TypeError, '"options" must be an object');
      }
      for (
        const name of ["signal", "onProgress", "callback", "errorCallback"]
      ) {
        const options = { [name]: "x" };
        assertThrows(
          () => pool.applyAsync(work.square, [1], options),
          TypeError,
          `"${name}" must be`,
        );
      }
      await assertRejects(
        () => pool.starmap(work.multiply, [1] as unknown as [[number]]),
        TypeError,
        '"items[0]" must be an array of arguments',
      );
      await assertRejects(
        () => pool.map(work.square, [1], { chunksize: 0 }),
        RangeError,
        "chunksize",
      );
      await assertRejects(
        () => pool.apply(work.square, [1], { taskTimeout: -1 }),
        RangeError,
        'Cannot give a task to the pool as "taskTimeout" must be >= 0',
      );
      await assertRejects(
        () => pool.map(work.square, [1], { taskTimeout: 0 }),
        RangeError,
        '"taskTimeout" must be > 0',
      );
      await assertRejects(
        () => pool.apply(work.square, [1], { queueTimeout: NaN }),
        RangeError,
        "queueTimeout",
      );
      await assertRejects(
        () =>
          pool.apply(work.square, [1], {
            signal: AbortSignal.abort(new EvalError("before")),
          }),
        EvalError,
        "before",
      );
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("with an iterator, whose next() must give objects", async () => {
      const pool = common();
      const { iterator, asyncIterator } = Symbol;
      for (const given of [5, undefined]) {
        const next = () => given;
        for (
          const items of [
            { [iterator]: () => ({ next }) },
            { [asyncIterator]: () => ({ next }) },
          ] as unknown as Iterable<number>[]
        ) {
          for (
            const give of [
              () => pool.map(work.square, items),
              () => pool.imap(work.square, items).next(),
              () => pool.imapUnordered(work.square, items).next(),
            ]
          ) {
            await assertRejects(
              give,
              TypeError,
              `"items" must be iterated by a next() that gives objects: current value is ${given}`,
            );
          }
        }
      }
      for (const way of [iterator, asyncIterator]) {
        const items = { [way]: () => ({}) } as unknown as Iterable<number>;
        await assertRejects(
          () => pool.map(work.square, items),
          TypeError,
          '"items" must be iterated by what has a next()',
        );
      }
    });

    it("with a result that cannot be sent, 20 times", async () => {
      const pool = common();
      for (let i = 0; i < 20; i++) {
        const error = await assertRejects(
          () => pool.apply(work.giveFunction),
          DataCloneError,
        );
        assertEquals(error.path, "result.deep[1]");
      }
      const inMap = await assertRejects(
        () => pool.map(work.giveFunctionAt, [1, 2, 3], { chunksize: 3 }),
        DataCloneError,
      );
      assertEquals(inMap.path, "result");
      const iterator = pool.imap(work.giveFunctionAt, [1, 2, 3], {
        chunksize: 3,
      });
      assertEquals((await iterator.next()).value, 1);
      await assertRejects(() => iterator.next(), DataCloneError);
      assertEquals((await iterator.next()).value, 3);
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("with an error that cannot be sent", async () => {
      const pool = common();
      const lock = new Lock();
      const error = await assertRejects(
        () => pool.apply(work.failUnsendably, [lock]),
        TypeError,
        "it has a function",
      ) as TypeError & { code: number; lock: Lock };
      assertEquals([error.code, "fn" in error], [5, false]);
      assertInstanceOf(error.cause, RangeError);
      assertStringIncludes(error.stack!, "left out: error.fn: a function");
      assertEquals(await error.lock.acquire(), true);
      await lock.release();
    });

    it("with an error that cannot be read, and keeps its worker", async () => {
      await using pool = new Pool(1);
      await pool.apply(work.square, [3]);
      const [worker] = pool.workers;
      for (const how of ["message", "proxy"] as const) {
        const text = `not to be read: ${how}`;
        const failed = () => pool.apply(work.failUnreadably, [how]);
        await assertRejects(failed, EvalError, text);
      }
      const failed = () => pool.apply(work.failUnreadably, ["stack"]);
      const { stack } = await assertRejects(failed, Error, "unread");
      assertStringIncludes(stack!, "EvalError: not to be read: stack");
      // One that is not exported has its errors explained.
      await assertRejects(
        () =>
          pool.apply(() => {
            throw new Proxy({}, {
              getPrototypeOf() {
                throw new EvalError("nor this");
              },
            });
          }),
        EvalError,
        "nor this",
      );
      assertEquals(pool.workers[0]!.ident, worker!.ident);
    });
  });
}
