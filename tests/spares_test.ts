/** Starts through spare processes: `setStartMethod("forkserver")`. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  getAllStartMethods,
  getStartMethod,
  Process,
  setStartMethod,
} from "@multi/processing";
import { spareCount } from "../internal/launch/spares.ts";
import { methodsBelow, methodSetByThread } from "./fixtures/inherits_method.ts";
import { greeting, preloads } from "./fixtures/preloaded.ts";
import * as work from "./fixtures/work.ts";
import { Mark } from "./support/mark.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { childrenOfThisProcess } from "./support/process_table.ts";
import { deno, pathOf } from "./support/run.ts";
import { times } from "./support/times.ts";
import { until } from "./support/until.ts";

const pids = () => childrenOfThisProcess().map((line) => parseInt(line));

async function resultOf<A extends unknown[], R>(
  process: Process<A, R>,
): Promise<R> {
  process.start();
  try {
    return await process.result();
  } finally {
    await process.join();
  }
}

describe("spare processes", () => {
  nothingLeft();

  beforeEach(async () => {
    setStartMethod("forkserver", { spares: 2 });
    await until(() => spareCount() === 2);
  });
  afterEach(async () => {
    setStartMethod("spawn");
    await until(() => pids().length === 0);
  });

  it("become what is started, and others take their places", async () => {
    assertEquals(getStartMethod(), "forkserver");
    assertEquals(getAllStartMethods(), ["spawn", "forkserver"]);
    for (let round = 0; round < 5; round++) {
      await until(() => spareCount() === 2);
      const before = pids();
      const process = new Process({ target: work.whoAmI });
      process.start();
      if (before.length > 0) assert(before.includes(process.pid!));
      const { name, pid, parent } = await process.result();
      assertEquals([name, pid], [process.name, process.pid]);
      assertEquals((parent as { pid: number }).pid, Deno.pid);
      await process.join();
      assertEquals(process.exitcode, 0);
    }
  });

  it("are not needed: more are started at once than there are", async () => {
    const processes = Array.from(
      { length: 8 },
      (_, i) => new Process({ target: work.echo<number>, args: [i] }),
    );
    for (const process of processes) process.start();
    assertEquals(
      await Promise.all(processes.map((process) => process.result())),
      processes.map((_, i) => [i]),
    );
    await Promise.all(processes.map((process) => process.join()));
  });

  it("are kept by children, too, from their first start on", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const below = new Process({ target: methodsBelow, args: [2] });
    const [forked, none] = ["forkserver", 0];
    assertEquals(await resultOf(below), [forked, forked, forked, none]);
    const process = new Process({ target: methodSetByThread });
    assertEquals(await resultOf(process), "spawn");
  });

  it("that die while they wait are replaced", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const before = pids();
    for (const pid of before) Deno.kill(pid, "SIGKILL");
    await until(() =>
      spareCount() === 2 && !pids().some((pid) => before.includes(pid))
    );
    assertEquals(await resultOf(new Process({ target: work.echo })), []);
  });

  it("that died a moment ago do not take a start with them", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    for (let round = 0; round < Math.max(4, times(10)); round++) {
      await until(() => spareCount() === 2);
      for (const pid of pids()) Deno.kill(pid, "SIGKILL");
      if (round % 2) await new Promise((resolve) => setTimeout(resolve, 1));
      const process = new Process({ target: work.echo<number>, args: [round] });
      process.start();
      assertEquals(await process.result(), [round]);
      await process.join();
    }
  });

  it("that cannot load their modules do not stop a start", async () => {
    setStartMethod("forkserver", {
      spares: 1,
      preload: ["./fixtures/fails_to_load.ts", "./nowhere.ts"],
    });
    assertEquals(await resultOf(new Process({ target: work.echo })), []);
  });

  it("are given a list of modules to load, or an error", () => {
    for (const preload of [5, "./fixtures/preloaded.ts"]) {
      assertThrows(
        () => setStartMethod("forkserver", { preload: preload as never }),
        TypeError,
        '"preload" must be an array of modules',
      );
    }
  });

  it("say in the log what could not be loaded in advance", async () => {
    const { stdout, stderr } = await deno(
      ["run", "-A", "-q", pathOf("tests/fixtures/preloads_nothing.ts")],
    );
    assertEquals(stdout, "forkserver\n");
    assertMatch(
      stderr,
      /^\[WARNING\/Process-1\] could not load file:.*nowhere\.ts in advance: /m,
    );
  });

  it("load modules in advance", async () => {
    setStartMethod("forkserver", {
      spares: 1,
      preload: ["./fixtures/preloaded.ts"],
    });
    const process = new Process({ target: preloads });
    assertEquals(await resultOf(process), 1);
    assertEquals(await resultOf(new Process({ target: greeting })), "hello");
  });

  it("have the environment and folder of the moment of the start", async () => {
    const cwd = Deno.cwd();
    try {
      Deno.chdir("/");
      Deno.env.set("WORK_TEST", "of now");
      const [variable, folder] = [
        new Process({ target: work.environment, args: ["WORK_TEST"] }),
        new Process({ target: work.whoAmI }),
      ];
      assertEquals(await resultOf(variable), "of now");
      assertEquals((await resultOf(folder)).cwd, "/");
    } finally {
      Deno.chdir(cwd);
    }
    await until(() => spareCount() === 2);
    Deno.env.delete("WORK_TEST");
    const gone = new Process({ target: work.environment, args: ["WORK_TEST"] });
    assertEquals(await resultOf(gone), undefined);
    const added = new Process({
      target: work.environment,
      args: ["WORK_TEST"],
      env: { WORK_TEST: "added" },
    });
    assertEquals(await resultOf(added), "added");
  });

  it("do not become what they cannot become", async () => {
    const settings = [
      { permissions: "none" },
      { v8Flags: ["--expose-gc"] },
      { cwd: "/" },
      { env: { LD_WORK_TEST: "read at the start only" } },
      { stdout: "null" },
    ] as const;
    for (const setting of settings) {
      const before = pids();
      const process = new Process({ target: work.echo, ...setting } as never);
      process.start();
      assert(!before.includes(process.pid!), Deno.inspect(setting));
      await process.join();
      assertEquals(process.exitcode, 0);
    }
  });

  it("are asked for with a number and a method that there is", () => {
    for (const spares of [-1, 65]) {
      assertThrows(
        () => setStartMethod("forkserver", { spares }),
        RangeError,
        `"spares" must be a whole number from 0 to 64: current value is ${spares}`,
      );
    }
    assertThrows(
      () => setStartMethod("thread" as never),
      RangeError,
      "there are spawn, forkserver",
    );
  });

  it("fail like others where their target fails", async () => {
    const process = new Process({
      target: work.fail,
      args: ["type"],
      stderr: "null",
    });
    await assertRejects(() => resultOf(process), TypeError, "wrong type");
    assertEquals(process.exitcode, 1);
  });
});

describe("spare processes of a program", () => {
  for (const how of ["return", "exit", "SIGKILL"]) {
    it(`end with it, after ${how}`, async () => {
      const mark = new Mark();
      const { stdout } = await deno(
        ["run", "-q", "-A", pathOf("tests/fixtures/keeps_spares.ts"), how],
        { env: mark.env },
      );
      assertEquals(stdout, "3\n");
      await mark.noneLeft();
    });
  }
});
