/** Workers and tasks that fail in every way, and pools that go on. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it as always } from "@std/testing/bdd";
import {
  type AsyncResult,
  BrokenPoolError,
  type Pool as AnyPool,
  type PoolOptions,
  TimeoutError,
  WorkerLostError,
} from "@multi/processing";
import * as work from "../fixtures/pool_work.ts";
import { chosen } from "../support/chosen.ts";
import { numbers, squares } from "../support/counting.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { until, untilFile } from "../support/until.ts";
import { tempFile } from "../support/temp_file.ts";

type PoolClass = new (options?: number | PoolOptions) => AnyPool;

/** A class of pools of processes, whose workers fail. */
export interface FailingPool {
  readonly name: string;
  readonly Pool: PoolClass;
  /** The steps that it is to be tested by; by default, all. */
  readonly steps?: readonly string[];
}

/** Describes what becomes of tasks whose worker process fails. */
export function failingProcesses({ name, Pool, steps }: FailingPool): void {
  const it = chosen(steps);

  describe(`a worker of a ${name} that dies`, () => {
    nothingLeft();

    it("loses its task, and no other, and is replaced", async () => {
      await using pool = new Pool(2);
      await pool.apply(work.square, [1]);
      const before = new Set(pool.workers.map(({ ident }) => ident));
      const killed = pool.applyAsync(work.killSelf);
      const others = numbers(200).map((n) =>
        pool.applyAsync(work.later<number>, [n])
      );
      const error = await assertRejects(() => killed.get(), WorkerLostError);
      assert(before.has(error.pid!));
      assertEquals(error.exitcode, -9);
      assertStringIncludes(
        error.message,
        "(killSelf) was lost as its worker PoolWorker-",
      );
      assertStringIncludes(error.message, "was ended by signal 9 (SIGKILL)");
      assertEquals(await Promise.all(others), numbers(200));
      assertEquals(pool.workers.length, 2);
      assert(pool.workers.some(({ ident }) => !before.has(ident)));
      assert(!pool.workers.some(({ ident }) => ident === error.pid));
    });

    it("is replaced also when it was idle", async () => {
      await using pool = new Pool(2);
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
      for (const { ident } of pool.workers) Deno.kill(ident, "SIGKILL");
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
      const [first] = pool.workers;
      Deno.kill(first!.ident, "SIGKILL");
      await until(() =>
        !pool.workers.some(({ ident }) => ident === first!.ident)
      );
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
    });

    it("by Deno.exit, says with which code, and its last words", async () => {
      await using pool = new Pool({ processes: 1, stderr: "null" });
      const error = await assertRejects(
        () => pool.apply(work.exitAtOnce),
        WorkerLostError,
        "ended with exit code 7",
      );
      assertEquals(error.exitcode, 7);
      assertStringIncludes(error.message, "last words of a worker");
      await pool.apply(() => console.error("all is well"));
      await assertRejects(
        () => pool.apply(work.exit, [7]),
        WorkerLostError,
        "the last that it wrote, maybe in an earlier task:\nall is well",
      );
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("by an error that nobody catches, says which", async () => {
      await using pool = new Pool({ processes: 1, stderr: "null" });
      const error = await assertRejects(
        () => pool.apply(work.rejectAside),
        WorkerLostError,
        "ended with exit code 1",
      );
      assertInstanceOf(error.cause, EvalError);
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("as it needed too much memory, is replaced", async () => {
      await using pool = new Pool({
        processes: 1,
        maxHeapMb: 64,
        stderr: "null",
      });
      await assertRejects(() => pool.apply(work.useMemory), WorkerLostError);
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("has its task run again, as often as was asked for", async () => {
      await using file = await tempFile();
      await using pool = new Pool({ processes: 2, retries: 2 });
      const error = await assertRejects(
        () => pool.apply(work.markAndDie, [file.path, 10]),
        WorkerLostError,
      );
      assertEquals(error.exitcode, -9);
      assertEquals(await Deno.readTextFile(file.path), "x".repeat(3));
      await Deno.truncate(file.path);
      assertEquals(await pool.apply(work.markAndDie, [file.path, 3]), 3);
      await Deno.truncate(file.path);
      // The other items of a chunk were done before, or are done later: once.
      const list = numbers(8).map((n) => [file.path, n] as [string, number]);
      const results = pool.imap(work.dieOnceAtFour, list, { chunksize: 8 });
      assertEquals(await Array.fromAsync(results), numbers(8));
      const marks = (await Deno.readTextFile(file.path)).trim().split("\n");
      assertEquals(marks.map(Number), [0, 1, 2, 3, 4, 4, 5, 6, 7]);
    });

    it("in a chunk, loses the item that it was at, and no other", async () => {
      await using pool = new Pool(1);
      await using file = await tempFile();
      const list = numbers(8).map((n) => [file.path, n] as [string, number]);
      const results = pool.imap(work.dieOnceAtFour, list, { chunksize: 8 });
      for (const n of numbers(8)) {
        if (n === 4) await assertRejects(() => results.next(), WorkerLostError);
        else assertEquals((await results.next()).value, n);
      }
      assertEquals((await results.next()).done, true);
      await Deno.truncate(file.path);
      await assertRejects(
        () => pool.map(work.dieOnceAtFour, list, { chunksize: 2 }),
        WorkerLostError,
      );
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("before it is up, several times in a row, breaks the pool", async () => {
      await using pool = new Pool({
        processes: 2,
        initializer: work.exitAtOnce,
        stderr: "null",
      });
      const error = await assertRejects(
        () => pool.apply(work.square, [3]),
        BrokenPoolError,
        "before it was up",
      );
      assertStringIncludes(error.message, "last words of a worker");
      assertStringIncludes(error.message, "exit code 7");
      await assertRejects(() => pool.map(work.square, [1]), BrokenPoolError);
      assertEquals(await pool.join(), true);
      assertEquals(pool.workers, []);
    });

    it("is no reason to break, if others are up in between", async () => {
      await using pool = new Pool(1);
      for (let i = 0; i < 6; i++) {
        await assertRejects(() => pool.apply(work.exit, [i]), WorkerLostError);
      }
      assertEquals(await pool.apply(work.square, [3]), 9);
    });

    it("while its pool closes, is replaced if there is something to do", async () => {
      const pool = new Pool(1);
      const killed = pool.applyAsync(work.killSelf);
      const others = numbers(5).map((n) => pool.applyAsync(work.square, [n]));
      pool.close();
      await assertRejects(() => killed.get(), WorkerLostError);
      assertEquals(await pool.join(), true);
      assertEquals(await Promise.all(others), squares(5));
    });
  });

  describe(`a worker of a ${name} that does not end its task`, () => {
    nothingLeft();

    it("is ended, even out of an endless loop", async () => {
      await using pool = new Pool(2);
      await using file = await tempFile();
      await assertRejects(
        () => pool.apply(work.loopForever, [], { taskTimeout: 100 }),
        TimeoutError,
        "(loopForever) did not end within 100 ms",
      );
      const abort = new AbortController();
      const aborted = pool.applyAsync(work.loopForever, [file.path], {
        signal: abort.signal,
      });
      await untilFile(file.path);
      const { ident } = pool.workers.find(({ busy }) => busy)!;
      abort.abort();
      await assertRejects(() => aborted.get(), DOMException);
      assertEquals(await pool.map(work.square, numbers(10)), squares(10));
      assert(!pool.workers.some((worker) => worker.ident === ident));
    });

    it("although it has asked for its signal, is ended after a while", async () => {
      await using pool = new Pool(1);
      await using file = await tempFile();
      const abort = new AbortController();
      const result = pool.applyAsync(work.loopAlthoughAborted, [file.path], {
        signal: abort.signal,
      });
      await untilFile(file.path);
      const [worker] = pool.workers;
      abort.abort();
      await assertRejects(() => result.get(), DOMException);
      assertEquals(await pool.apply(work.square, [3]), 9);
      assert(pool.workers[0]!.ident !== worker!.ident);
    });

    it("by a limit of the pool, for each task", async () => {
      // All five take longer than the limit; a busy machine may stop any for long.
      await using pool = new Pool({ processes: 1, taskTimeout: 600 });
      await assertRejects(() => pool.apply(work.sleepForever), TimeoutError);
      for (let i = 0; i < 5; i++) {
        assertEquals(await pool.apply(work.later<number>, [i, 125]), i);
      }
      const free = pool.apply(work.later<number>, [1, 700], {
        taskTimeout: Infinity,
      });
      assertEquals(await free, 1);
    });

    it("has as much time for each task, however many it has ahead", async () => {
      await using pool = new Pool(1);
      await pool.map(work.square, numbers(2000), { chunksize: 1 });
      const results = numbers(30).map((n) =>
        pool.applyAsync(work.later<number>, [n, 25], { taskTimeout: 700 })
      );
      assertEquals(await Promise.all(results), numbers(30));
    });

    it("is not ended by a clock of the task before", async () => {
      await using pool = new Pool(1);
      await pool.apply(work.square, [1]);
      const [worker] = pool.workers;
      // Each of them ends at about the time when it would be too late.
      for (let i = 0; i < 40; i++) {
        await pool.apply(work.busy, [15], {
          taskTimeout: 15 + Math.random() * 2,
        })
          .catch((error) => assertInstanceOf(error, TimeoutError));
        assertEquals(await pool.apply(work.square, [i]), i * i);
      }
      assert(worker !== undefined);
    });
  });
}

/** What happens, and where; what comes of it. */
type Cell = readonly [
  what: string,
  where: string,
  cls: typeof RangeError | typeof WorkerLostError,
];

/** Traps that are sprung in workers. */
export const CELLS: readonly Cell[] = [
  ["error", "task encode", RangeError],
  ["error", "task decode", RangeError],
  ["error", "run", RangeError],
  ["error", "result encode", RangeError],
  ["error", "result decode", RangeError],
  ["exit", "task decode", WorkerLostError],
  ["exit", "run", WorkerLostError],
  ["exit", "result encode", WorkerLostError],
  ["crash", "task decode", WorkerLostError],
  ["crash", "run", WorkerLostError],
  ["crash", "result encode", WorkerLostError],
];

/** Describes where it can go wrong, with values of so many bytes. */
export function trappedPools(
  { name, Pool }: FailingPool,
  size: number,
  cells: readonly Cell[],
): void {
  describe(`where it can go wrong: a ${name}`, () => {
    nothingLeft();

    for (const [what, where, cls] of cells) {
      always(`${what} at ${where}, ${size} bytes`, async () => {
        await using pool = new Pool({
          processes: 2,
          initializer: work.becomeWorker,
        });
        const load = new Uint8Array(size);
        const trap = new work.Trap(`${what} at ${where}`, load);
        const others = numbers(20).map((n) =>
          pool.applyAsync(work.later<number>, [n])
        );
        await assertRejects(() => pool.apply(work.runTrap, [trap]), cls);
        await assertRejects(
          () => pool.map(work.runTrap, [trap, trap, trap]),
          cls,
        );
        const [result] = await Promise.allSettled([
          pool.imap(work.runTrap, [trap]).next(),
        ]);
        assertEquals(result.status, "rejected");
        const none = new work.Trap("nothing", load);
        assertEquals(
          (await pool.apply(work.runTrap, [none])).load.length,
          size,
        );
        assertEquals(await Promise.all(others), numbers(20));
      });
    }
  });
}

/** What is called when a task ends. */
interface Options {
  callback(): void;
  errorCallback(): void;
}

/** What comes of tasks that meet random faults: each of it sooner or later. */
const COMES = [
  "ok",
  "RangeError",
  "WorkerLostError",
  "TimeoutError",
  "AbortError",
  "DataCloneError",
];

/** Describes that every task ends, while so many faults come. */
export function loadedPools({ name, Pool }: FailingPool, most: number): void {
  describe(`a ${name} under load`, () => {
    nothingLeft();

    always("ends each of its tasks once, whatever happens to it", async () => {
      await using pool = new Pool({ processes: 4, stderr: "null" });
      let faults = 0;
      /** How many may be killed that may not be up: three in a row break a pool. */
      let early = 2;
      let ended = 0;
      const outcomes = new Map<string, number>();
      const random = (n: number) => Math.floor(Math.random() * n);
      const came = (what: string) =>
        outcomes.set(what, (outcomes.get(what) ?? 0) + 1);

      /** How often each kind of task is given, of 100. */
      const kinds: [
        number,
        (n: number, options: Options) => AsyncResult<unknown>,
      ][] = [
        [
          40,
          (n, options) =>
            pool.applyAsync(work.later<number>, [n, random(3)], options),
        ],
        [15, (n, options) => pool.applyAsync(work.failAt, [n * 3], options)],
        [15, (_, options) => pool.applyAsync(work.giveFunction, [], options)],
        [20, (n, options) => {
          const abort = new AbortController();
          setTimeout(() => abort.abort(), random(4));
          const { signal } = abort;
          return pool.applyAsync(work.untilSignal, [n], { ...options, signal });
        }],
        [6, (n, options) => {
          const queueTimeout = random(3);
          return pool.applyAsync(work.later<number>, [n], {
            ...options,
            queueTimeout,
          });
        }],
        [2, (n, options) => {
          const taskTimeout = 1 + random(5);
          return pool.applyAsync(work.later<number>, [n, 1000], {
            ...options,
            taskTimeout,
          });
        }],
        [1, (_, options) => pool.applyAsync(work.killSelf, [], options)],
        [1, (n, options) => pool.applyAsync(work.exit, [n % 100], options)],
      ];

      /** One task, of any kind; it must end, and once. */
      const one = async () => {
        let left = random(100);
        const kind = kinds.findIndex(([often]) => (left -= often) < 0);
        const n = random(1000);
        let calls = 0;
        const count = () => void calls++;
        const task = kinds[kind]![1](n, {
          callback: count,
          errorCallback: count,
        });
        if (kind > 0) faults++;
        try {
          const value = await task.get();
          if (kind === 0 || kind === 4) assertEquals(value, n);
          came("ok");
        } catch (error) {
          // Else what could not come any more would be waited for.
          if (error instanceof BrokenPoolError) throw error;
          came((error as Error).name);
        }
        await Promise.resolve();
        assertEquals(calls, 1);
        ended++;
      };
      const lanes = numbers(40).map(async () => {
        while (faults < most || COMES.some((name) => !outcomes.has(name))) {
          const worker = random(100) === 0 && pool.workers[random(4)];
          if (worker && worker.ident && (worker.tasks > 0 || early-- > 0)) {
            faults++;
            try {
              Deno.kill(worker.ident, "SIGKILL");
            } catch {
              // It had ended.
            }
          }
          await one();
        }
      });
      await Promise.all(lanes);
      assertEquals(await pool.map(work.square, numbers(100)), squares(100));
      // At last, the end in the middle of everything.
      const rest = numbers(300).map(() => one());
      await pool.terminate();
      await Promise.all(rest);
      assertEquals([...outcomes.values()].reduce((a, b) => a + b), ended);
      assert(ended >= 0.7 * most, `${ended} tasks`);
      assert(outcomes.has("CancelledError"), Deno.inspect(outcomes));
    });
  });
}
