import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  activeChildren,
  BootstrapError,
  cpuCount,
  currentProcess,
  parentProcess,
  Process,
  Queue,
  Thread,
  WorkerLostError,
} from "@multi/processing";
import { putOne } from "./fixtures/queue_work.ts";
import * as work from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf, run } from "./support/run.ts";
import { until, untilFile } from "./support/until.ts";

/** Starts it, gives its result, and waits for its end. */
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

describe("a process", () => {
  nothingLeft();

  it("returns a result of 10 MB", async () => {
    const bytes = new Uint8Array(10_000_000).map((_, i) => i);
    const [copy] = await resultOf(
      new Process({ target: work.echo<Uint8Array>, args: [bytes] }),
    );
    assertEquals(copy!.length, bytes.length);
    assert(copy!.every((byte, i) => byte === bytes[i]));
  });

  it("knows its name, its parent and its arguments", async () => {
    const process = new Process({ target: work.whoAmI, name: "worker" });
    process.start();
    const pid = process.pid;
    const who = await process.result();
    await process.join();
    assertEquals(who, {
      name: "worker",
      pid,
      daemon: false,
      authkey: currentProcess().authkey,
      args: Deno.args,
      cwd: Deno.cwd(),
      parent: { name: "MainProcess", pid: Deno.pid, alive: true },
    });
    assertEquals(currentProcess().name, "MainProcess");
    assertEquals(currentProcess().pid, Deno.pid);
    assertEquals(currentProcess().isAlive(), true);
    assertEquals(parentProcess(), null);
    assert(currentProcess().authkey.length > 0);
    assert(Number.isInteger(cpuCount()) && cpuCount() >= 1);
  });

  it("begins while its parent blocks", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    using queue = new Queue<string>();
    for (const Kind of [Process, Thread]) {
      const child = new Kind({ target: putOne<string>, args: [queue, "here"] });
      child.start();
      assertEquals(queue.getSync({ timeout: 60_000 }), "here");
      await child.join();
    }
  });

  it("says which it is, and how it is", async () => {
    const process = new Process({ target: work.whoAmI, name: "worker" });
    assertEquals(String(process), "<Process(worker, initial)>");
    process.start();
    const { pid } = process;
    assertEquals(String(process), `<Process(worker, started ${pid})>`);
    await process.join();
    const stopped = `<Process(worker, stopped ${pid}, exitcode 0)>`;
    assertEquals([String(process), Deno.inspect(process)], [stopped, stopped]);
    process.close();
    assertEquals(String(process), "<Process(worker, closed)>");
  });

  it("numbers its children below its own number", async () => {
    const process = new Process({ target: work.namesBelow });
    const [own, child, ...active] = await resultOf(process);
    assertEquals(own, process.name);
    assertEquals(child, `${process.name}:1`);
    assertEquals(active, [`${process.name}:1`]);
  });

  it("waits for its own children before it ends", async () => {
    const file = await Deno.makeTempFile();
    const process = new Process({ target: work.leaveChild, args: [file] });
    await resultOf(process);
    assertEquals(await Deno.readTextFile(file), "written");
    await Deno.remove(file);
  });

  it("has nothing to read on its stdin, with ffi and without", async () => {
    for (const permissions of ["inherit", { read: true }] as const) {
      assertEquals(
        await resultOf(new Process({ target: work.readStdin, permissions })),
        [null, null, true, null, null],
      );
    }
  });

  it("has the engine's flags of those above it in one, and its own behind", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const first = "--stack-size=900";
    const second = "--stack-size=800";
    const [, child, grandchild, last] = await work.engineFlagsBelow(
      first,
      second,
      first,
    );
    assertEquals(child!.length, 1);
    assert(child![0]!.endsWith(`,${first}`));
    assertEquals(grandchild, [`${child![0]},${second}`]);
    assertEquals(last, [`${child![0]},${second},${first}`]);
  });

  it("has the environment and working directory that it is given", async () => {
    const value = await resultOf(
      new Process({
        target: work.environment,
        args: ["WORK_TEST"],
        env: { WORK_TEST: "set" },
      }),
    );
    assertEquals(value, "set");
    const home = await resultOf(
      new Process({ target: work.environment, args: ["PATH"] }),
    );
    assertEquals(home, Deno.env.get("PATH"));
    const { cwd } = await resultOf(
      new Process({ target: work.whoAmI, cwd: "/" }),
    );
    assertEquals(cwd, "/");
    const nowhere = new Process({ target: work.echo, cwd: "/nowhere" });
    assertThrows(
      () => nowhere.start(),
      Deno.errors.NotFound,
      'there is no directory "/nowhere" to run it in',
    );
    assertEquals(nowhere.isAlive(), false);
  });
});

describe("what a process or a thread is made from", () => {
  const refused: [string, object[], string][] = [
    ["env", [{ env: [] }, { env: "A" }], '"env" must be an object'],
    ["its names", [{ env: { "A=B": "" } }, { env: { "": "" } }], "the name of"],
    [
      "its values",
      [{ env: { A: 5 } }, { env: { A: "\0" } }],
      '"env.A" must be',
    ],
    [
      "cwd",
      [{ cwd: 5 }, { cwd: "" }, { cwd: new URL("http://localhost/") }],
      '"cwd" must be a path or a file URL',
    ],
    ["stdout", [{ stdout: "piped" }], '"stdout" must be "inherit" or "null"'],
    ["stderr", [{ stderr: 5 }], '"stderr" must be "inherit" or "null"'],
    ["daemon", [{ daemon: "yes" }], '"daemon" must be a boolean'],
    ["v8Flags", [{ v8Flags: "--x" }], '"v8Flags" must be an array'],
    ["its flags", [{ v8Flags: [5] }], '"v8Flags[0]" must be a string'],
    [
      "permissions",
      [{ permissions: "all" }, { permissions: 5 }],
      '"permissions" as it must be "inherit", "none" or an object',
    ],
    [
      "their names",
      [{ permissions: { disk: true } }],
      'no permission "disk"',
    ],
    [
      "what they are",
      [{ permissions: { read: "yes" } }],
      'permissions.read as it must be a boolean, "inherit" or a list',
    ],
    [
      "their entries",
      [{ permissions: { read: [5] } }],
      "permissions.read as its entries must be strings or URLs",
    ],
  ];
  for (const [what, all, message] of refused) {
    it(`is refused where it cannot be used: ${what}`, () => {
      for (const options of all) {
        for (const Worker of [Process, Thread]) {
          assertThrows(
            () => new Worker({ target: work.echo, ...options }),
            TypeError,
            message,
          );
        }
      }
    });
  }
});

describe({
  name: "what the system does not run",
  ignore: Deno.build.os !== "linux", // its limits are those of Linux
  fn() {
    const GONE =
      'the working directory of this program is gone: give an absolute path as "cwd"';
    const causes = [
      [["folder"], "NotFound", GONE],
      [["folder", "."], "NotFound", GONE],
      [["files"], "ProcessError", "too many files are open: run fewer"],
      [["variable"], "RangeError", 'its environment variable "LONG" is longer'],
    ] as const;
    for (const [args, name, why] of causes) {
      it(`is told with the cause, for processes and other programs: ${args}`, async () => {
        const limited = 'ulimit -n 64; exec "$@"';
        const program = pathOf("tests/fixtures/cannot_run.ts");
        const { stdout, stderr } = await run("sh", [
          ...["-c", limited, "sh", Deno.execPath()],
          ...["run", "-q", "-A", program, ...args],
        ]);
        assertEquals(stderr, "");
        const [process, other] = stdout.split("\n");
        assertStringIncludes(process!, `${name}: Cannot start a process as `);
        assertStringIncludes(other!, `${name}: Cannot run "/bin/true" as `);
        for (const line of [process, other]) assertStringIncludes(line!, why);
      });
    }
  },
});

describe("the end of a process", () => {
  nothingLeft();

  it("by terminate() and kill() is told by exit codes -15 and -9", async () => {
    for (const how of ["terminate", "kill"] as const) {
      const ready = await Deno.makeTempFile();
      for (const target of [work.sleepForever, work.loopForever]) {
        await Deno.truncate(ready);
        const process = new Process({ target, args: [ready] });
        process.start();
        await untilFile(ready);
        process[how]();
        assertEquals(await process.join(), true);
        assertEquals(process.exitcode, how === "kill" ? -9 : -15);
        process[how](); // nothing more happens to it
        const lost = await assertRejects(
          () => process.result(),
          WorkerLostError,
        );
        assertEquals(lost.exitcode, process.exitcode);
        assertEquals(lost.pid, process.pid);
      }
      await Deno.remove(ready);
    }
  });

  it("while it starts loses nothing and hangs nobody", async () => {
    for (let round = 0; round < 20; round++) {
      const process = new Process({ target: work.echo });
      process.start();
      if (round % 2) await new Promise((go) => setTimeout(go, round));
      process.kill();
      await process.join();
      assert(process.exitcode === -9 || process.exitcode === 0);
    }
  });

  it("by Deno.exit() has that code, and no result", async () => {
    for (const code of [0, 3]) {
      const process = new Process({ target: work.exit, args: [code] });
      const lost = await assertRejects(
        () => resultOf(process),
        WorkerLostError,
      );
      assertEquals(process.exitcode, code);
      assertStringIncludes(lost.message, `ended with exit code ${code} before`);
    }
  });

  it("comes by itself where a signal is all that it waits for", {
    // Windows lets nobody listen.
    ignore: Deno.build.os === "windows",
  }, async () => {
    for (const permissions of ["inherit", { write: true }] as const) {
      const ready = await Deno.makeTempFile();
      const process = new Process({
        target: work.untilSignal,
        args: ["SIGTERM", ready],
        permissions,
      });
      process.start();
      await untilFile(ready);
      process.terminate();
      assertEquals(await process.result(), "clean");
      await process.join();
      assertEquals(process.exitcode, 0);
      await Deno.remove(ready);
    }
  });

  it("comes with 1 where what it waits for cannot happen any more", {
    // Elsewhere its life line is a Worker, beside which the runtime waits for ever.
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const process = new Process({
      target: work.waitForNothing,
      stderr: "null",
    });
    const lost = await assertRejects(() => resultOf(process), WorkerLostError);
    assertEquals(process.exitcode, 1);
    assertStringIncludes(
      lost.message,
      "ended with exit code 1 as it waited for what cannot happen any more",
    );
  });

  it(
    "by a signal of its own is told",
    { ignore: Deno.build.os === "windows" },
    async () => {
      const process = new Process({ target: work.killSelf, args: ["SIGALRM"] });
      const lost = await assertRejects(
        () => resultOf(process),
        WorkerLostError,
      );
      assertEquals(process.exitcode, -14);
      assertStringIncludes(lost.message, "was ended by signal 14 (SIGALRM)");
    },
  );

  it("is told with its last words, without their colours", async () => {
    const target = () => {
      console.error("\x1b[1m\x1b[38;5;245mred\x1b[0m\x1b[K");
      Deno.exit(3);
    };
    const lost = await assertRejects(
      () => resultOf(new Process({ target, stderr: "null" })),
      WorkerLostError,
    );
    assert(lost.message.endsWith("; its last words:\nred"), lost.message);
  });

  it("has the exit code that the target has set, if it returned", async () => {
    const process = new Process({ target: work.returnWithCode, args: [7] });
    assertEquals(await resultOf(process), "returned");
    assertEquals(process.exitcode, 7);
  });

  it("is told to those who listen for it", async () => {
    const file = await Deno.makeTempFile();
    for (const permissions of ["inherit", { write: true }] as const) {
      await Deno.truncate(file);
      await resultOf(
        new Process({ target: work.listenForEnd, args: [file], permissions }),
      );
      assertEquals(
        await Deno.readTextFile(file),
        "beforeunload\nbeforeExit\nexit\nunload\n",
      );
    }
    await Deno.remove(file);
  });

  it("by an abort signal is terminated, before or after its start", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const process = new Process({ target: work.sleepForever, signal });
    process.start();
    const reason = new Error("enough");
    controller.abort(reason);
    const lost = await assertRejects(() => process.result(), WorkerLostError);
    assertEquals([process.exitcode, lost.cause], [-15, reason]);
    assertStringIncludes(
      lost.message,
      'signal 15 (SIGTERM), as its "signal" was aborted, before',
    );
    await process.join();
    const late = new Process({ target: work.sleepForever, signal });
    assertThrows(() => late.start(), Error, "enough");
    assertEquals(late.isAlive(), false);
  });

  it("does not wait for a subprocess that holds its stderr", async () => {
    const process = new Process({ target: work.leaveSubprocess });
    assertEquals(await resultOf(process), "done");
    assertEquals(process.exitcode, 0);
    // What is left is the subprocess's; its end comes.
    await until(() => activeChildren().length === 0);
  });
});

describe("an error in a process", () => {
  nothingLeft();

  it("beside the target ends it, unless a listener prevents that", async () => {
    const target = work.throwBeside;
    const ended = new Process({ target, args: [false], stderr: "null" });
    await assertRejects(() => resultOf(ended), URIError, "beside the target");
    assertEquals(ended.exitcode, 1);
    const prevented = new Process({ target, args: [true], stderr: "null" });
    assertEquals(await resultOf(prevented), "unharmed");
    assertEquals(prevented.exitcode, 0);
  });
});

describe("the permissions of a process", () => {
  nothingLeft();

  it("are by default those of its parent", async () => {
    const states = await resultOf(new Process({ target: work.permissions }));
    assertEquals(new Set(Object.values(states)), new Set(["granted"]));
  });

  it("can be none, and its result and errors still come back", async () => {
    const states = await resultOf(
      new Process({ target: work.permissions, permissions: "none" }),
    );
    assertEquals(new Set(Object.values(states)), new Set(["prompt"]));
    const failing = new Process({
      target: work.fail,
      args: ["type"],
      permissions: "none",
      stderr: "null",
    });
    await assertRejects(() => resultOf(failing), TypeError, "wrong type");
  });

  it("can be listed", async () => {
    const states = await resultOf(
      new Process({
        target: work.permissions,
        permissions: { env: true, net: ["127.0.0.1"] },
      }),
    );
    assertEquals([states.env, states.net, states.read], [
      "granted",
      "prompt",
      "prompt",
    ]);
  });

  it("are no more where its folder or a pattern would mean more", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "--no-prompt",
      "-A",
      "--deny-read=/etc",
      "--deny-env=SECRET",
      pathOf("tests/fixtures/asks_for_more.ts"),
    ], { env: { SECRET: "known" } });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.split("\n"), [
      "cannot read: NotCapable",
      "SEC*: --allow-env=SEC* is not granted here",
      "*: --allow-env=* is not granted here",
      "",
    ]);
  });

  it("do not let a child start processes that lacks the permission", async () => {
    const process = new Process({
      target: work.namesBelow,
      permissions: "none",
      stderr: "null",
    });
    const error = await assertRejects(
      () => resultOf(process),
      Deno.errors.NotCapable,
    );
    assertStringIncludes(
      error.message,
      "run this program again with --allow-run",
    );
  });
});

describe("a module that is being loaded in a child", () => {
  nothingLeft();

  it("cannot start processes", async () => {
    const process = new Process({
      target: work.echo,
      module: "./fixtures/starts_at_top_level.ts",
      stderr: "null",
    });
    const error = await assertRejects(() => resultOf(process), BootstrapError);
    assertStringIncludes(error.message, "if (import.meta.main)");
    assertEquals(process.exitcode, 1);
  });
});
