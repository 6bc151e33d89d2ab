import {
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  activeChildren,
  Process,
  ProcessError,
  ShutDownError,
} from "@multi/processing";
import * as work from "../fixtures/work.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import {
  type HowEnded,
  workerConformance,
  type WorkerFlavour,
} from "./workers.ts";

const CODES: Record<HowEnded, number> = {
  returned: 0,
  threw: 1,
  terminated: -15,
};
const terminatedCode = CODES.terminated;

workerConformance({
  name: "process",
  Worker: Process as WorkerFlavour["Worker"],
  quiet: { stderr: "null" },
  active: activeChildren,
  assertEnded(worker, how) {
    assertEquals((worker as Process).exitcode, CODES[how]);
  },
  isDaemon: work.isDaemon,
  daemonsBelow: work.daemonsBelow,
  countBelow: work.countBelow,
});

describe("a process", () => {
  nothingLeft();

  it("has a pid and an exit code, when it has them", async () => {
    const process = new Process({ target: work.echo });
    assertEquals([process.pid, process.exitcode], [null, null]);
    process.start();
    assertNotEquals(process.pid, null);
    assertNotEquals(process.pid, Deno.pid);
    assertEquals(process.exitcode, null);
    await process.join();
    assertEquals(process.exitcode, 0);
  });

  it("can be closed when it has ended, and not be used afterwards", async () => {
    const process = new Process({ target: work.sleepForever });
    process.start();
    assertThrows(() => process.close(), ProcessError, "as it is running");
    process.terminate();
    await process.join();
    process.close();
    process.close();
    await assertRejects(() => process.join(), ShutDownError, "was closed");
    await assertRejects(() => process.result(), ShutDownError);
    for (
      const use of [
        () => process.start(),
        () => process.isAlive(),
        () => process.terminate(),
        () => process.kill(),
        () => process.pid,
        () => process.exitcode,
        () => process.sentinel,
      ]
    ) assertThrows(use, ShutDownError, "was closed");
    const unused = new Process({ target: work.echo });
    unused.close();
    assertThrows(() => unused.start(), ShutDownError);
  });

  it("has a sentinel that is settled by its end, and not before", async () => {
    await using process = new Process({ target: work.sleepForever });
    assertThrows(() => process.sentinel, ProcessError);
    process.start();
    const ended = process.sentinel.then(() => "ended");
    assertEquals(
      await Promise.race([ended, Promise.resolve("runs")]),
      "runs",
    );
    process.terminate();
    assertEquals(await process.sentinel, terminatedCode);
  });
});
