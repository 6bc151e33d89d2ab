/**
 * What CPython's own tests hold of executors and futures, in other words; once for
 * all kinds of workers.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe } from "@std/testing/bdd";
import {
  asCompleted,
  BrokenPoolError,
  CancelledError,
  DataCloneError,
  type Executor,
  type ExecutorOptions,
  type Future,
  ShutDownError,
  TimeoutError,
} from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { chosen } from "../support/chosen.ts";
import { numbers } from "../support/counting.ts";
import { collectGarbage } from "../support/collect_garbage.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { tempFile } from "../support/temp_file.ts";
import { until, untilFile } from "../support/until.ts";
import { WRONG_SETTINGS } from "../support/wrong_settings.ts";

/** One kind of executor. */
export interface ExecutorFlavour {
  readonly name: string;
  /** The class. */
  readonly Executor: new (options?: number | ExecutorOptions) => Executor;
  /** The steps that it is to be tested by; by default, all. */
  readonly steps?: readonly string[];
  /** Whether another kind is tested by them, too. */
  readonly isAnother?: boolean;
}

/** Describes what every executor does. */
export function executorConformance(
  { name, Executor, steps, isAnother }: ExecutorFlavour,
): void {
  const it = chosen(steps, isAnother);
  describe(`a ${name}`, () => {
    nothingLeft();

    it("calls functions, and gives what they return or throw", async () => {
      await using executor = new Executor(2);
      assertEquals(await executor.submit(work.multiply, 6, 7).result(), 42);
      assertEquals(await executor.submit(work.multiply, 6), 6);
      assertEquals(await executor.submit(work.nothing), undefined);
      assertEquals(
        await executor.submit(work.greet, { name: "Alice" }),
        "Hello, Alice",
      );
      assertEquals(await executor.submit(work.later<number>, 7), 7);
      const failed = executor.submit(work.failAt, 3);
      await assertRejects(
        () => failed.result(),
        RangeError,
        "3 cannot be done",
      );
      assertInstanceOf(await failed.exception(), RangeError);
      assertEquals(await executor.submit(work.square, 2).exception(), null);
    });

    it("maps over one iterable or several, in their order", async () => {
      await using executor = new Executor(2);
      assertEquals(
        await Array.fromAsync(executor.map(work.square, numbers(50))),
        numbers(50).map((n) => n * n),
      );
      assertEquals(
        await Array.fromAsync(executor.map(work.multiply, [1, 2, 3], [4, 5])),
        [4, 10],
      );
      assertEquals(await Array.fromAsync(executor.map(work.square, [])), []);
      let pulled = 0;
      function* all() {
        for (;;) yield pulled++;
      }
      const results: number[] = [];
      for await (const n of executor.map(work.square, all())) {
        results.push(n);
        if (results.length === 3) break;
      }
      assertEquals(results, [0, 1, 4]);
    });

    it("ends a map with the first error", async () => {
      await using executor = new Executor(2);
      let closed = false;
      function* all() {
        try {
          for (let i = 1;; i++) yield i;
        } finally {
          closed = true;
        }
      }
      const iterator = executor.map(work.failAt, all());
      assertEquals((await iterator.next()).value, 1);
      assertEquals((await iterator.next()).value, 2);
      await assertRejects(() => iterator.next(), RangeError);
      assertEquals((await iterator.next()).done, true);
      assertEquals(closed, true);
      function* broken() {
        yield 1;
        throw new EvalError("broken");
      }
      await assertRejects(
        () => Array.fromAsync(executor.map(work.square, broken())),
        EvalError,
      );
    });

    it("ends a map of nothing at once, whatever its workers are at", async () => {
      await using executor = new Executor(1);
      await using file = await tempFile();
      const busy = executor.submit(work.meet, [file.path, 2]);
      await untilFile(file.path);
      for (const nothing of [[], new Map(), (function* () {})()]) {
        const map = executor.map(work.square, nothing as [], { timeout: 50 });
        assertEquals(await Array.fromAsync(map), []);
      }
      await work.meet([file.path, 2]);
      await busy;
    });

    it("ends a map at once whose first item cannot be had", async () => {
      await using executor = new Executor(1);
      await using file = await tempFile();
      const busy = executor.submit(work.meet, [file.path, 2]);
      await untilFile(file.path);
      const broken = Iterator.from({
        next(): IteratorResult<number> {
          throw new EvalError("broken");
        },
      });
      const map = executor.map(work.square, broken, { timeout: 50 });
      await assertRejects(() => map.next(), EvalError, "broken");
      assertEquals((await map.next()).done, true);
      await work.meet([file.path, 2]);
      await busy;
    });

    it("closes what a map has its items from, however that ends", async () => {
      await using executor = new Executor(1);
      const closed: string[] = [];
      const endless = (
        name: string,
        asked: (i: number) => unknown = () => {},
      ) => {
        let i = 0;
        return Iterator.from({
          next(): IteratorResult<number, undefined> {
            asked(i);
            return { done: false, value: i++ };
          },
          return(): IteratorResult<number, undefined> {
            closed.push(name);
            return { done: true, value: undefined };
          },
        });
      };
      const left: AsyncIterableIterator<number> = executor.map(
        work.multiply,
        endless("a", (i) => i === 20 && left.return!()),
        endless("b"),
      );
      for await (const _ of left);
      assertEquals(closed, ["a", "b"]);
      const broken = {
        [Symbol.iterator](): Iterator<number> {
          throw new EvalError("broken");
        },
      };
      const failed = executor.map(work.multiply, endless("c"), broken);
      await assertRejects(() => failed.next(), EvalError);
      assertEquals(closed, ["a", "b", "c"]);
    });

    it("ends a map whose results are late, and begins no more of it", async () => {
      await using first = await tempFile();
      await using second = await tempFile();
      await using executor = new Executor(1);
      const late = executor.map(
        work.meet,
        [[first.path, 2], [second.path, 1]],
        { timeout: 100 },
      );
      await assertRejects(() => late.next(), TimeoutError, "100 ms");
      assertEquals((await late.next()).done, true);
      await Deno.writeTextFile(first.path, "xx", { append: true });
      await executor.submit(work.nothing); // what was begun before has ended
      assertEquals(await Deno.readTextFile(second.path), "");
    });

    it("maps by chunks, with time enough", async () => {
      await using executor = new Executor(2);
      const map = executor.map(work.multiply, numbers(20), numbers(30), {
        chunksize: 7,
        timeout: 2 ** 40,
      });
      assertEquals(await Array.fromAsync(map), numbers(20).map((n) => n * n));
      const fewer = executor.map((n) => n + 1, [1, 2], { timeout: Infinity });
      assertEquals(await Array.fromAsync(fewer), [2, 3]);
    });

    it("says what is wrong", async () => {
      assertThrows(() => new Executor(0), RangeError, "maxWorkers");
      assertThrows(() => new Executor({ maxWorkers: -1 }), RangeError);
      assertThrows(
        () => new Executor({ processes: 2 } as ExecutorOptions),
        TypeError,
        '"processes" is no option of it: say by "maxWorkers" how many',
      );
      assertThrows(
        () => new Executor({ maxTasksPerChild: 0 }),
        RangeError,
        "maxTasksPerChild",
      );
      for (const [settings, message] of WRONG_SETTINGS) {
        assertThrows(
          () => new Executor(settings as ExecutorOptions),
          TypeError,
          message,
        );
      }
      await using executor = new Executor(1);
      for (const options of [null, 5, "x", false]) {
        await assertRejects(
          () => executor.shutdown(options as never),
          TypeError,
          '"options" must be an object, such as { wait: false }',
        );
      }
      for (const name of ["wait", "cancelFutures"]) {
        await assertRejects(
          () => executor.shutdown({ [name]: "no" } as never),
          TypeError,
          `"${name}" must be a boolean`,
        );
      }
      const unsendable = executor.submit(work.echo<unknown>, () => 1);
      assertEquals(unsendable.done(), true);
      await assertRejects(() => unsendable.result(), DataCloneError);
      const none = executor.submit(5 as unknown as () => void);
      await assertRejects(() => none.result(), TypeError);
      for (const given of [{ next: () => 5 }, {}]) {
        const items = { [Symbol.iterator]: () => given };
        await assertRejects(
          () => executor.map(work.multiply, [1, 2], items as never).next(),
          TypeError,
          '"iterables[1]" must be iterated by',
        );
      }
      for (
        const [given, message] of [
          [[{ timeout: 5 }], '"iterables[0]" must be iterable'],
          [[[1], 5], '"iterables[1]" must be iterable'],
          [[{ timeout: 5 }, [1]], '"iterables[0]" must be iterable'],
          [[[1], { timeout: "5" }], '"timeout" must be a number of milli'],
          [[[1], { timeout: -1 }], '"timeout" must be >= 0'],
          [[[1], { chunksize: 0 }], '"chunksize" must be an integer >= 1'],
          [[[1], { chunkSize: 2 }], '"chunkSize" is none'],
        ] as [unknown[], string][]
      ) {
        assertThrows(
          () => executor.map(work.square, ...given as [number[]]),
          Error,
          message,
        );
      }
    });

    it("starts no more workers than it needs, and uses them again", async () => {
      await using executor = new Executor(4);
      const first = await executor.submit(work.whoAmI);
      for (let i = 0; i < 10; i++) {
        assertEquals(await executor.submit(work.whoAmI), first);
      }
      await using file = await tempFile();
      const two = await Promise.all(
        numbers(2).map(() => executor.submit(work.meet, [file.path, 2])),
      );
      assertNotEquals(two[0], two[1]);
      assert(two.includes(first));
    });

    it("starts as many as it may, and no more", async () => {
      await using executor = new Executor(3);
      await using file = await tempFile();
      // There is one already, which may be given more than what it can begin.
      const first = await executor.submit(work.whoAmI);
      const met = await Promise.all(
        numbers(3).map(() => executor.submit(work.meet, [file.path, 3])),
      );
      const seen = await Promise.all(
        numbers(60).map(() => executor.submit(work.whoAmI)),
      );
      assertEquals(new Set(met).size, 3);
      assertEquals(new Set([first, ...met, ...seen]).size, 3);
    });

    it("replaces a worker after so many calls", async () => {
      await using executor = new Executor({
        maxWorkers: 1,
        maxTasksPerChild: 3,
      });
      const seen: string[] = [];
      for (let i = 0; i < 9; i++) {
        seen.push(await executor.submit(work.whoAmI));
      }
      assertEquals(seen[0], seen[2]);
      assertEquals(new Set(seen).size, 3);
      // Its modules are new, too.
      const counts: number[] = [];
      for (let i = 0; i < 9; i++) {
        counts.push((await executor.submit(work.whatIsInitialized)).count);
      }
      assertEquals(counts, [1, 2, 3, 1, 2, 3, 1, 2, 3]);
    });

    it("is broken by an initializer that throws", async () => {
      await using executor = new Executor({
        maxWorkers: 2,
        initializer: work.failToInitialize,
      });
      const error = await assertRejects(
        () => executor.submit(work.square, 3).result(),
        BrokenPoolError,
        "not initialized",
      );
      assertInstanceOf(error.cause, URIError);
      await assertRejects(
        () => executor.submit(work.square, 3).result(),
        BrokenPoolError,
      );
    });

    it("calls its initializer in each worker", async () => {
      await using executor = new Executor({
        maxWorkers: 2,
        initializer: work.initialize,
        initargs: ["executor"],
      });
      const { args } = await executor.submit(work.whatIsInitialized);
      assertEquals(args.at(-1), "executor");
    });

    describe("shuts down", () => {
      it("when all calls have ended, and refuses others", async () => {
        const executor = new Executor(2);
        const futures = numbers(6).map((n) =>
          executor.submit(work.later<number>, n, 20)
        );
        await executor.shutdown();
        assert(futures.every((future) => future.done()));
        assertEquals(await Promise.all(futures), numbers(6));
        const refused = executor.submit(work.square, 1);
        assertEquals(refused.done(), true);
        await assertRejects(
          () => refused.result(),
          ShutDownError,
          "was shut down",
        );
        assertThrows(() => executor.map(work.square, [1]), ShutDownError);
        await executor.shutdown();
      });

      it("without waiting, if that is wanted", async () => {
        const executor = new Executor(1);
        const future = executor.submit(work.later<number>, 1, 50);
        await executor.shutdown({ wait: false });
        assertEquals(future.done(), false);
        assertEquals(await future, 1);
        await executor.shutdown();
      });

      it("and takes back what has not begun, if that is wanted", async () => {
        const executor = new Executor(1);
        await using file = await tempFile();
        const first = executor.submit(work.writeAndSleep, file.path, 100);
        const others = numbers(10).map((n) =>
          executor.submit(work.later<number>, n, 1)
        );
        const map = executor.map(work.square, numbers(1000));
        await untilFile(file.path);
        await executor.shutdown({ cancelFutures: true });
        assertEquals(await first, 100);
        assert(others.every((future) => future.cancelled()));
        await assertRejects(() => others[0]!.result(), CancelledError);
        await assertRejects(() => Array.fromAsync(map), CancelledError);
      });

      it("with nothing to do, and with workers that were just started", async () => {
        await new Executor(2).shutdown();
        const executor = new Executor(2);
        const future = executor.submit(work.square, 3);
        await Promise.all([executor.shutdown(), executor.shutdown()]);
        assertEquals(await future, 9);
      });
    });

    describe("gives futures", () => {
      it("that say how far they are", async () => {
        await using executor = new Executor(1);
        await using file = await tempFile();
        const future = executor.submit(work.writeAndSleep, file.path, 50);
        assertEquals(
          [future.done(), future.cancelled()],
          [false, false],
        );
        await untilFile(file.path);
        assertEquals([future.running(), future.done()], [true, false]);
        assertEquals(future.cancel(), false);
        assertEquals(await future, 50);
        assertEquals(
          [future.running(), future.done(), future.cancelled()],
          [false, true, false],
        );
        assertEquals(future.cancel(), false);
      });

      it("that can be taken back, until they run", async () => {
        await using executor = new Executor(1);
        await using file = await tempFile();
        await using marks = await tempFile();
        const first = executor.submit(work.writeAndSleep, file.path, 50);
        const second = executor.submit(work.mark, marks.path, 2);
        const third = executor.submit(work.mark, marks.path, 3);
        await untilFile(file.path);
        const told: Future<number>[] = [];
        second.addDoneCallback((future) => told.push(future));
        assertEquals([second.cancel(), second.cancel()], [true, true]);
        assertEquals([second.cancelled(), second.done()], [true, true]);
        await assertRejects(() => second.result(), CancelledError);
        await assertRejects(() => second.exception(), CancelledError);
        assertEquals([await first, await third], [50, 3]);
        assertStrictEquals(told[0], second);
        assertEquals(await Deno.readTextFile(marks.path), "3\n");
        // What a call throws is no cancellation.
        const thrown = executor.submit(work.throwCancelled);
        await assertRejects(() => thrown.result(), CancelledError);
        assertEquals(thrown.cancelled(), false);
      });

      it("for which one need not wait for ever", async () => {
        await using executor = new Executor(1);
        const future = executor.submit(work.later<number>, 5, 100);
        await assertRejects(() => future.result({ timeout: 10 }), TimeoutError);
        await assertRejects(
          () => future.exception({ timeout: 0 }),
          TimeoutError,
        );
        await assertRejects(() => future.result({ timeout: -1 }), RangeError);
        assertEquals(await future.result({ timeout: 60_000 }), 5);
      });

      it("that call back in order, whatever a callback throws", async () => {
        await using executor = new Executor(1);
        const future = executor.submit(work.later<number>, 5, 20);
        const calls: unknown[] = [];
        future.addDoneCallback((future) => calls.push([1, future.done()]));
        future.addDoneCallback(() => calls.push(2));
        await future;
        assertEquals(calls, [[1, true], 2]);
        const { promise, resolve } = Promise.withResolvers<void>();
        future.addDoneCallback(() => resolve());
        await promise;
      });

      it("that say what no callbacks, and no futures are", async () => {
        await using executor = new Executor(1);
        const future = executor.submit(work.square, 3);
        assertThrows(
          () => future.addDoneCallback("x" as unknown as () => void),
          TypeError,
          '"callback" must be a function',
        );
        for (const futures of [5, null, [1], [null]]) {
          assertThrows(
            () => asCompleted(futures as unknown as []),
            TypeError,
            '"futures" must be',
          );
        }
        async function* later() {
          yield 1;
        }
        assertThrows(
          () => executor.map(work.square, later() as unknown as number[]),
          TypeError,
          '"iterables[0]" must be iterable',
        );
        assertThrows(
          () => new Executor("2" as unknown as number),
          TypeError,
          '"options" must be an object, such as { maxWorkers: 2 }',
        );
        assertEquals(await future, 9);
      });

      it("as they are done, each once", async () => {
        await using executor = new Executor(2);
        await using up = await tempFile();
        await Promise.all(
          numbers(2).map(() => executor.submit(work.meet, [up.path, 2])),
        );
        const slow = executor.submit(work.later<string>, "slow", 300);
        const fast = executor.submit(work.later<string>, "fast", 20);
        const failed = executor.submit(work.failAt, 3);
        const done = executor.submit(work.square, 2);
        await done;
        const seen: unknown[] = [];
        const names = new Map<Future<unknown>, string>([
          [slow, "slow"],
          [fast, "fast"],
          [done, "done"],
        ]);
        for await (
          const future of asCompleted([slow, done, fast, slow, done])
        ) {
          seen.push([names.get(future), await future.result()]);
        }
        assertEquals(seen, [["done", 4], ["fast", "fast"], ["slow", "slow"]]);
        const [first] = await Array.fromAsync(asCompleted([failed]));
        assertInstanceOf(await first!.exception(), RangeError);
        assertEquals(await Array.fromAsync(asCompleted([])), []);
      });

      it("as they are done, to all who ask for the next one", async () => {
        await using executor = new Executor(1);
        const futures = numbers(3).map((n) =>
          executor.submit(work.later<number>, n, 20)
        );
        const completed = asCompleted(futures);
        const asked = [completed.next(), completed.next()];
        // The first of these is given what those wait for who were woken.
        futures[0]!.addDoneCallback(() => {
          asked.push(completed.next(), completed.next());
        });
        await until(() => asked.length === 4);
        const given = await Promise.all(asked);
        assertEquals(
          new Set(given.map(({ value }) => value)),
          new Set([...futures, undefined]),
        );
      });

      it("as they are done, for so long", async () => {
        await using executor = new Executor(2);
        await using file = await tempFile();
        const slow = executor.submit(work.meet, [file.path, 2]);
        const fast = executor.submit(work.later<number>, 2, 1);
        await fast;
        const seen: unknown[] = [];
        const error = await assertRejects(async () => {
          const options = { timeout: 30 };
          for await (
            const future of asCompleted<unknown>([slow, fast], options)
          ) {
            seen.push(await future.result());
          }
        }, TimeoutError);
        assertEquals(seen, [2]);
        assertStringIncludes(error.message, "1 (of 2) futures are not done");
        const abort = new AbortController();
        const waiting = asCompleted([slow], { signal: abort.signal }).next();
        abort.abort(new EvalError("enough"));
        await assertRejects(() => waiting, EvalError);
        await Promise.all([slow, executor.submit(work.meet, [file.path, 2])]);
      });

      it("for the first, for all, and whatever comes of them", async () => {
        await using executor = new Executor(2);
        await using up = await tempFile();
        await Promise.all(
          numbers(2).map(() => executor.submit(work.meet, [up.path, 2])),
        );
        const slow = executor.submit(work.later<string>, "slow", 500);
        const fast = executor.submit(work.later<string>, "fast", 1);
        const failed = executor.submit(work.failAt, 3);
        assertEquals(await Promise.any([slow, fast]), "fast");
        assertEquals(await Promise.race([slow, fast]), "fast");
        const settled = await Promise.allSettled([slow, fast, failed]);
        assertEquals(settled.map(({ status }) => status), [
          "fulfilled",
          "fulfilled",
          "rejected",
        ]);
      });
    });

    it("goes on after a worker was lost", async () => {
      await using executor = new Executor(2);
      const lost = executor.submit(work.exit, 3);
      const others = numbers(20).map((n) =>
        executor.submit(work.later<number>, n)
      );
      await assertRejects(() => lost.result(), Error, "was lost");
      assertEquals(await Promise.all(others), numbers(20));
      assertEquals(await executor.submit(work.square, 3), 9);
    });

    it("lets go of arguments and results", async () => {
      await using executor = new Executor(1);
      let collected = 0;
      const registry = new FinalizationRegistry(() => collected++);
      const run = async () => {
        const args = { large: new Uint8Array(2 ** 20) };
        registry.register(args, 0);
        const result = await executor.submit(work.echo<object>, args);
        registry.register(result, 0);
      };
      for (let i = 0; i < 3; i++) await run();
      await until(() => {
        collectGarbage();
        return collected === 6;
      });
    });
  });
}
