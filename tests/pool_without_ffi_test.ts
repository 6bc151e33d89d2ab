/** Pools whose workers cannot look at their owner's memory, and fail; what is sent. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError, Queue, SharedMemory } from "@multi/processing";
import {
  CELLS,
  failingProcesses,
  loadedPools,
  trappedPools,
} from "./conformance/pool_failures.ts";
import { putInto } from "./fixtures/pool_without_ffi.ts";
import * as work from "./fixtures/pool_work.ts";
import { Mark } from "./support/mark.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { LonelyPool } from "./support/without_ffi.ts";
import { times } from "./support/times.ts";

const lonely = { name: "pool without ffi", Pool: LonelyPool };

failingProcesses({
  ...lonely,
  steps: [
    "loses its task, and no other, and is replaced",
    "is replaced also when it was idle",
    "by Deno.exit, says with which code, and its last words",
    "has its task run again, as often as was asked for",
    "before it is up, several times in a row, breaks the pool",
    "while its pool closes, is replaced if there is something to do",
    "is ended, even out of an endless loop",
    "although it has asked for its signal, is ended after a while",
  ],
});

const some = (...names: string[]) =>
  CELLS.filter(([what, where]) => names.includes(`${what} at ${where}`));

trappedPools(
  lonely,
  10,
  some("exit at task decode", "error at result encode"),
);
trappedPools(
  lonely,
  10_000_000,
  some("error at result decode", "crash at task decode"),
);

loadedPools(lonely, times(100));

describe("what a worker without ffi is sent", () => {
  nothingLeft();

  it("may have objects in it, and so may what it returns", async () => {
    await using pool = new LonelyPool({
      processes: 1,
      initializer: work.initialize,
      initargs: [new Queue()],
    });
    const queue = new Queue<number>();
    const [same, own] = await pool.apply(putInto, [queue, 4]);
    await same.put(5);
    assertEquals([await queue.get(), await queue.get()], [4, 5]);
    assertEquals(await own.get(), 8);
    const pairs = await pool.starmap(putInto, [[queue, 1], [queue, 2]]);
    for (const [same] of pairs) await same.put(3);
    const got = await Promise.all([1, 2, 3, 3].map(() => queue.get()));
    assertEquals(got, [1, 2, 3, 3]);
  });

  it("has no memory in it", async () => {
    await using pool = new LonelyPool(1);
    using memory = new SharedMemory({ create: true, size: 8 });
    const error = await assertRejects(
      () => pool.apply(work.echo<unknown>, [[memory]]),
      DataCloneError,
      "cannot look at this memory",
    );
    assertEquals(error.path, "args[0][0]");
  });

  it("also by a program that has no ffi itself, and by its threads", async () => {
    const mark = new Mark();
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "--allow-run",
      "--allow-read",
      "--allow-env",
      pathOf("tests/fixtures/pool_without_ffi.ts"),
    ], { env: mark.env });
    await mark.noneLeft();
    assertEquals(
      [code, stdout, stderr],
      [0, "49\n[ 1, 4 ]\n4 5 8\n[ 9, 16 ]\n42\n", ""],
    );
  });
});
