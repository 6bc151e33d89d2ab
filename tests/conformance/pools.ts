/**
 * What CPython's own tests hold of pools, in other words; once for all kinds of
 * workers.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { afterAll, describe } from "@std/testing/bdd";
import {
  CancelledError,
  DataCloneError,
  type Pool as AnyPool,
  type PoolOptions,
  type PoolProgress,
  ProcessError,
  ShutDownError,
  TimeoutError,
} from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { tempFile } from "../support/temp_file.ts";
import { until, untilFile } from "../support/until.ts";
import { WRONG_SETTINGS } from "../support/wrong_settings.ts";

/** One kind of pool. */
export interface PoolFlavour {
  readonly name: string;
  /** The class. */
  readonly Pool: new (options?: number | PoolOptions) => AnyPool;
  /** The steps that it is to be tested by; by default, all. */
  readonly steps?: readonly string[];
  /** Whether a task that does not wait for anything sees that it is aborted. */
  readonly seesAbort?: boolean;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const squares = (count: number) => numbers(count).map((n) => n * n);

/** Describes what every pool does. */
export function poolConformance(
  { name, Pool, steps, seesAbort = true }: PoolFlavour,
): void {
  const it = chosen(steps);
  describe(`a ${name}`, () => {
    let shared: AnyPool | undefined;
    /** One for all who leave it as it was; workers are not soon started. */
    const common = () => shared ??= new Pool(2);
    afterAll(() => shared?.terminate());
    nothingLeft();

    describe("applies", () => {
      it("a function to arguments, and gives what it returns", async () => {
        const pool = common();
        assertEquals(await pool.apply(work.square, [5]), 25);
        assertEquals(await pool.apply(work.multiply, [5, 3]), 15);
        assertEquals(await pool.apply(work.multiply, [5]), 5);
        assertEquals(await pool.apply(work.nothing), undefined);
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
            new Promise<string>((resolve) =>
              setTimeout(() => resolve(name), ms)
            ),
          [[300, "slow"], [1, "fast"]],
        );
        assertEquals(await Array.fromAsync(results), ["fast", "slow"]);
      });

      it("until one fails, and then begins no more", async () => {
        const pool = common();
        await assertRejects(() => pool.map(work.failAt, [1, 2, 3]), RangeError);
        await using file = await tempFile();
        const list = numbers(200).map((n) =>
          [file.path, n] as [string, number]
        );
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
        const error = await assertRejects(
          () => pool.apply(work.failUnsendably),
          TypeError,
          "it has a function",
        );
        assertInstanceOf(error.cause, DataCloneError);
      });

      it("with an error that cannot be read, and keeps its worker", async () => {
        await using pool = new Pool(1);
        await pool.apply(work.square, [3]);
        const [worker] = pool.workers;
        for (const how of ["message", "stack", "proxy"] as const) {
          const text = `not to be read: ${how}`;
          const failed = () => pool.apply(work.failUnreadably, [how]);
          await assertRejects(failed, EvalError, text);
        }
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
        const results = numbers(30).map((n) =>
          pool.applyAsync(work.square, [n])
        );
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
        await using pool = new Pool(25);
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
              taskTimeout: 300,
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
          () =>
            pool.starmap(work.mark, [[marks.path, 2]], { queueTimeout: 30 }),
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
  });
}
