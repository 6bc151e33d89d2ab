/** Pools whose workers and tasks fail in every way. */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Pool, ThreadPool, WorkerLostError } from "@multi/processing";
import {
  CELLS,
  failingProcesses,
  loadedPools,
  trappedPools,
} from "./conformance/pool_failures.ts";
import * as work from "./fixtures/pool_work.ts";
import { numbers } from "./support/counting.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { tempFile } from "./support/temp_file.ts";
import { sample, times } from "./support/times.ts";

const processes = { name: "pool", Pool };
const threads = { name: "thread pool", Pool: ThreadPool };

failingProcesses(processes);

describe("a worker thread that ends", () => {
  nothingLeft();

  it("by Deno.exit, loses its task, and no other, and is replaced", async () => {
    await using pool = new ThreadPool(2);
    const lost = pool.applyAsync(work.exit, [3]);
    const others = numbers(100).map((n) =>
      pool.applyAsync(work.later<number>, [n])
    );
    const error = await assertRejects(
      () => lost.get(),
      WorkerLostError,
      "(exit) was lost as its worker PoolThread-",
    );
    assertEquals(error.exitcode, 3);
    assertEquals(await Promise.all(others), numbers(100));
    assertEquals(pool.workers.length, 2);
  });

  it("in the middle of an imap, leaves a pool that can be closed", async () => {
    await using pool = new ThreadPool(1);
    const exitAtFour = (n: number) => n === 4 ? Deno.exit(3) : n;
    const results = pool.imap(exitAtFour, numbers(60), { chunksize: 8 });
    for (const n of numbers(60)) {
      if (n !== 4) assertEquals((await results.next()).value, n);
      else await assertRejects(() => results.next(), WorkerLostError);
    }
    assertEquals((await results.next()).done, true);
    pool.close();
    assertEquals(await pool.join({ timeout: 20_000 }), true);
  });

  it("by an error that nobody catches, says which", async () => {
    await using pool = new ThreadPool(1);
    const error = await assertRejects(
      () => pool.apply(work.rejectAside),
      WorkerLostError,
    );
    assertInstanceOf(error.cause, EvalError);
    assertEquals(await pool.apply(work.square, [3]), 9);
  });

  it("as it needed too much memory, is replaced", async () => {
    await using pool = new ThreadPool({ processes: 1, maxHeapMb: 32 });
    await assertRejects(() => pool.apply(work.useMemory), WorkerLostError);
    assertEquals(await pool.apply(work.square, [3]), 9);
  });
});

describe("what is told of a task's progress", () => {
  nothingLeft();

  it("may throw, as a callback may, which is printed, and stops nothing", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      pathOf("tests/fixtures/pool_owner.ts"),
      "throwing",
    ]);
    assertEquals([code, stdout], [0, "undefined\n9\n"]);
    assertStringIncludes(stderr, 'Exception in "onProgress":\nEvalError: 1');
    assertStringIncludes(
      stderr,
      'Exception in "callback":\nURIError: rejected',
    );
  });
});

describe("a task that is aborted as another one tells of its progress", () => {
  nothingLeft();

  it("but had ended, gives its result, and keeps its worker", async () => {
    await using pool = new ThreadPool(1);
    for (let begun = false; !begun;) {
      await pool.map(work.square, numbers(1000), { chunksize: 1 });
      await using file = await tempFile();
      const [worker] = pool.workers;
      const abort = new AbortController();
      const first = pool.applyAsync(work.tellOnce, [], {
        onProgress: () => abort.abort(),
      });
      const { signal } = abort;
      const second = pool.applyAsync(work.square, [3], { signal });
      const third = pool.applyAsync(work.writeAndSleep, [file.path, 50]);
      // If that was not given ahead, once more.
      const end = performance.now() + 500;
      while (!begun && performance.now() < end) {
        begun = Deno.readTextFileSync(file.path) !== "";
      }
      await first;
      if (begun) assertEquals(await second, 9);
      else await second.wait();
      assertEquals(await third, 50);
      if (begun) assertEquals(pool.workers[0]!.ident, worker!.ident);
    }
  });
});

const MANY_BYTES = 10_000_000;
// A crash would be one of all threads.
const endured = CELLS.filter(([what]) => what !== "crash");
trappedPools(processes, 10, CELLS);
trappedPools(threads, 10, sample(endured, 3));
// While a task runs, nothing large is on its way, …
trappedPools(
  processes,
  MANY_BYTES,
  sample(CELLS.filter(([, at]) => at !== "run"), 3),
);
// … and the ways of large values are the same for threads.
trappedPools(
  threads,
  MANY_BYTES,
  sample(endured.filter(([, at]) => at === "task decode"), 1),
);

loadedPools(processes, times(1000));
