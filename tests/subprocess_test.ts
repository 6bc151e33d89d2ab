/** What is ours beside Python's subprocess: groups, permissions, lifetimes. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  GreenletExit,
  Process,
  ProcessError,
  spawn,
  subprocess,
  Thread,
  TimeoutExpiredError,
} from "@multi/processing";
import * as work from "./fixtures/work.ts";
import { Mark } from "./support/mark.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { childrenOfThisProcess } from "./support/process_table.ts";
import { pathOf, run as runProgram } from "./support/run.ts";
import { hasTerminal, onTerminal } from "./support/terminal.ts";
import { until } from "./support/until.ts";

const SUBPROCESS = import.meta.resolve("@multi/processing/subprocess");
const { DEVNULL, PIPE, Popen, run, STDOUT } = subprocess;

const sh = (script: string): string[] => ["sh", "-c", script];
const linux = Deno.build.os === "linux";

/** Runs it with longer and longer time-outs, until it has come to write that. */
async function expired(
  script: string,
  until: string,
  options: subprocess.RunOptions<true> = {},
): Promise<TimeoutExpiredError> {
  for (let timeout = 50;; timeout *= 2) {
    const error = await assertRejects(
      () =>
        run(sh(script), {
          ...options,
          timeout,
          captureOutput: true,
          text: true,
        }),
      TimeoutExpiredError,
    );
    assertEquals(error.timeout, timeout);
    if (`${error.stdout}`.includes(until)) return error;
  }
}

describe({
  name: "a run whose time runs out",
  ignore: !linux, // it reads the process table in /proc
  fn() {
    nothingLeft();

    it("ends all that it has started, and keeps what was read", async () => {
      const mark = new Mark();
      const error = await expired(
        "sleep 3600 & (sleep 3600 &); echo err >&2; echo begun; sleep 3600",
        "begun",
        { env: mark.env },
      );
      assertEquals([error.stdout, error.stderr], ["begun\n", "err\n"]);
      assertStringIncludes(error.message, "and was killed");
      await mark.noneLeft();
    });

    it("ends what holds its output after its own end", async () => {
      const mark = new Mark();
      const error = await expired("sleep 3600 & echo begun", "begun", {
        env: mark.env,
      });
      assertEquals(error.stdout, "begun\n");
      await mark.noneLeft();
    });

    it("does not wait for who has left its group", async () => {
      const mark = new Mark();
      await expired("setsid sleep 3600 & echo begun", "begun", {
        env: mark.env,
      });
      for (const line of mark.alive()) Deno.kill(parseInt(line), "SIGKILL");
      await mark.noneLeft();
    });

    it("ends all of it, also if somebody has killed its guard", async () => {
      const mark = new Mark();
      const controller = new AbortController();
      const running = run(sh("sleep 3600 & sleep 3600"), {
        signal: controller.signal,
        env: mark.env,
      });
      await mark.count(3);
      const [guard] = childrenOfThisProcess().filter((line) =>
        line.includes("read -r word")
      );
      Deno.kill(parseInt(guard!), "SIGKILL");
      controller.abort();
      await assertRejects(() => running, DOMException);
      await mark.noneLeft();
    });

    it("is also one with input that nobody reads", async () => {
      await assertRejects(
        () =>
          run(["sleep", "3600"], { timeout: 20, input: "x".repeat(1_000_000) }),
        TimeoutExpiredError,
      );
    });

    it("may be one that had no time at all", async () => {
      await assertRejects(
        () => run(["sleep", "3600"], { timeout: 0 }),
        TimeoutExpiredError,
      );
      await assertRejects(() => run(["true"], { timeout: -1 }), RangeError);
      await assertRejects(
        () => run(["no-such-program"], { timeout: 1000 }),
        Deno.errors.NotFound,
      );
    });
  },
});

describe("a run", () => {
  nothingLeft();

  it("that ends in time leaves alone what it has left behind", async () => {
    const mark = new Mark();
    await run(sh("sleep 3600 >&- 2>&- <&- & exit 0"), {
      timeout: 3_600_000,
      env: mark.env,
    });
    assertEquals(mark.alive().length, 1);
    Deno.kill(parseInt(mark.alive()[0]!), "SIGKILL");
    await mark.noneLeft();
  });

  for (
    const [what, options] of Object.entries<subprocess.RunOptions>({
      "alone": {},
      "in a group": { timeout: 3_600_000 },
      "that is read": { captureOutput: true },
    })
  ) {
    it(`${what} ends with the coroutine that waits for it`, {
      ignore: !linux,
    }, async () => {
      const mark = new Mark();
      const greenlet = spawn(async () => {
        await run(sh("sleep 3600 & sleep 3600"), { ...options, env: mark.env });
      });
      // In a group there is a guard, whose environment is empty.
      await mark.count(3);
      assertEquals(await greenlet.kill(), true);
      assertInstanceOf(greenlet.exception, GreenletExit);
      await mark.noneLeft();
    });
  }

  for (const Class of [Thread, Process]) {
    it(`in a group ends with the ${Class.name} that waits for it`, {
      ignore: !linux,
    }, async () => {
      const mark = new Mark();
      const waiter = new Class({ target: work.runForAnHour, args: [mark.env] });
      waiter.start();
      await mark.count(3);
      waiter.terminate();
      await waiter.join();
      await mark.noneLeft();
    });
  }

  it("ends when its signal aborts, with the signal's reason", async () => {
    const mark = new Mark();
    const controller = new AbortController();
    const { signal } = controller;
    const running = run(sh("sleep 3600 & sleep 3600"), {
      signal,
      env: mark.env,
    });
    await mark.count(3);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => running), reason);
    await mark.noneLeft();
    const late = await assertRejects(() => run(["true"], { signal }));
    assertStrictEquals(late, reason);
  });

  it("may be one of many at once", async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => `${i}`);
    const outputs = await Promise.all(numbers.map(async (number) => {
      const { stdout } = await run(["echo", number], {
        captureOutput: true,
        text: true,
        timeout: 3_600_000,
      });
      return stdout.trim(); // its type says that it was captured
    }));
    assertEquals(outputs, numbers);
  });

  it("leaves nothing open, and no zombie", {
    ignore: !linux,
  }, async () => {
    const files = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const kinds: subprocess.RunOptions[] = [
      {},
      { captureOutput: true, input: "x" },
      { stdout: PIPE, stderr: STDOUT },
      { stdout: DEVNULL, timeout: 3_600_000 },
    ];
    for (const kind of kinds) await run(["true"], kind);
    const before = files();
    for (let round = 0; round < 25; round++) {
      for (const kind of kinds) await run(["true"], kind);
    }
    assertEquals(files(), before);
  });
});

describe({
  name: "a program that runs one with a time-out leaves nothing",
  ignore: !linux,
  fn() {
    const ends = ["exit", "throw", "SIGTERM", "SIGINT", "SIGKILL"];
    for (const how of ends) {
      it(`after ${how}`, async () => {
        const mark = new Mark();
        const program = new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-q",
            "--no-prompt",
            "--allow-run",
            pathOf("tests/fixtures/runs_programs.ts"),
            how,
          ],
          env: mark.env,
          cwd: pathOf("."),
          stdin: "piped",
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const output = program.stdout.getReader();
        await output.read(); // ready
        // The program, its shell and three below that; the guard shows no mark.
        await mark.count(5);
        const stdin = program.stdin.getWriter();
        await stdin.write(new TextEncoder().encode("end\n"));
        await stdin.close();
        await program.status;
        await mark.noneLeft();
        await output.cancel();
      });
    }
  },
});

describe({
  name: "a program that is killed while it starts one with a time-out",
  ignore: !linux,
  fn() {
    // The first that it starts is the guard: here one is told of each, at once.
    const moments = {
      "leaves nothing when it has begun to": "if (count === 1) end();",
      "leaves nothing when it has done so":
        "if (count === 2) queueMicrotask(end);",
    };
    for (const [what, then] of Object.entries(moments)) {
      it(what, async () => {
        const mark = new Mark();
        const { code } = await main(
          ["-A"],
          `const { spawn } = Deno.Command.prototype;
           let guard, count = 0;
           const end = () => {
             if (count === 2) Deno.kill(guard, "SIGINT"); // as by Ctrl-C
             Deno.kill(Deno.pid, "SIGKILL");
           };
           Deno.Command.prototype.spawn = function () {
             const process = spawn.call(this);
             guard ??= process.pid;
             count++;
             ${then}
             return process;
           };
           await run(["sleep", "3600"], {
             env: ${JSON.stringify(mark.env)},
             timeout: 3_600_000,
             stdin: "null",
             stdout: "null",
             stderr: "null",
           });`,
        );
        assertEquals(code, 137);
        await mark.noneLeft();
      });
    }
  },
});

/** Runs a main program of this code, with these permissions only. */
function main(flags: string[], code: string) {
  return runProgram(Deno.execPath(), [
    "run",
    "-q",
    "--no-prompt",
    ...flags,
    "-",
  ], {
    stdin: `import * as subprocess from "${new URL(
      "../subprocess.ts",
      import.meta.url,
    )}";
    const { run, Popen, PIPE, STDOUT } = subprocess;
    ${code}`,
  });
}

describe("with run permission", () => {
  it("alone, all of it works", async () => {
    const { code, stdout, stderr } = await main(
      ["--allow-run"],
      `const sh = (script) => ["sh", "-c", script];
       const merged = await run(sh("echo a >&2; echo b"),
         { stdout: PIPE, stderr: STDOUT, text: true });
       console.log(merged.stdout);
       try {
         new Popen(["no-such-program"], { stdout: PIPE, stderr: STDOUT });
       } catch (error) { console.log(error.name); }
       try {
         await run(sh("echo c; sleep 3600 & sleep 3600"),
           { captureOutput: true, timeout: 500 });
       } catch (error) { console.log(error.name); }`,
    );
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, "a\nb\n\nNotFound\nTimeoutExpiredError\n");
  });

  it("for one program, a time-out ends that one", async () => {
    const { code, stdout, stderr } = await main(
      ["--allow-run=sleep"],
      `try {
         await run(["sleep", "3600"], { timeout: 50 });
       } catch (error) { console.log(error.name); }
       try {
         await run(["sleep", "0"], { stderr: STDOUT });
       } catch (error) { console.log(error.name, error.message); }`,
    );
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "TimeoutExpiredError\nNotCapable");
    assertStringIncludes(stdout, "/bin/sh");
  });

  it("missing, nothing is run", async () => {
    const { stdout } = await main(
      [],
      `try { new Popen(["true"]); } catch (error) { console.log(error.name); }`,
    );
    assertEquals(stdout, "NotCapable\n");
  });
});

describe({
  name: "a program that nobody waits for",
  ignore: !linux,
  fn() {
    it("holds no other alive, and lives on", async () => {
      const mark = new Mark();
      const { code } = await main(
        ["-A"],
        `new Popen(["sleep", "3600"], {
           env: ${JSON.stringify(mark.env)},
           stdout: "null",
           stderr: "null",
         });`,
      );
      assertEquals(code, 0);
      assertEquals(mark.alive().length, 1);
      Deno.kill(parseInt(mark.alive()[0]!), "SIGKILL");
      await mark.noneLeft();
    });

    it("but reads from, holds it alive", async () => {
      const { code, stdout } = await main(
        ["-A"],
        `const popen = new Popen(["sh", "-c", "sleep 0.1; echo late"],
           { stdout: PIPE, text: true });
         for await (const line of popen.stdout) console.log(line);`,
      );
      assertEquals([code, stdout], [0, "late\n\n"]);
    });

    it("but that writes to a file, has it written", async () => {
      const file = await Deno.makeTempFile();
      const { code } = await main(
        ["-A"],
        `const file = Deno.openSync("${file}", { write: true });
         new Popen(["sh", "-c", "sleep 0.1; echo late"], { stdout: file });`,
      );
      assertEquals([code, await Deno.readTextFile(file)], [0, "late\n"]);
      await Deno.remove(file);
    });

    it("nor can any more, is logged", async () => {
      const mark = new Mark();
      const { code, stderr } = await main(
        ["-A", "--v8-flags=--expose-gc"],
        `import { logToStderr } from "${new URL(
          "../logging.ts",
          import.meta.url,
        )}";
         logToStderr();
         const write = Deno.stderr.writeSync;
         Deno.stderr.writeSync = (bytes) => {
           write.call(Deno.stderr, bytes);
           Deno.exit(3);
         };
         new Popen(["sleep", "3600"], {
           env: ${JSON.stringify(mark.env)},
           stdout: "null",
           stderr: "null",
         });
         for (;;) {
           await new Promise((resolve) => setTimeout(resolve, 5));
           gc();
         }`,
      );
      assertEquals(code, 3);
      assertStringIncludes(stderr, '[WARNING/MainProcess] "sleep 3600" (pid ');
      for (const line of mark.alive()) Deno.kill(parseInt(line), "SIGKILL");
      await mark.noneLeft();
    });
  },
});

describe("a file as a stream", () => {
  nothingLeft();

  it("that cannot be written is an error for who waits", {
    ignore: !linux,
  }, async () => {
    using full = await Deno.open("/dev/full", { write: true });
    const error = await assertRejects(
      () => run(["echo", "hello"], { stdout: full }),
      ProcessError,
      'Cannot write stdout of "echo hello" to its file: No space left on device',
    );
    assertInstanceOf(error.cause, Error);
  });

  it("that cannot be read is one too, and the program reads nothing", async () => {
    const path = await Deno.makeTempFile();
    using file = await Deno.open(path, { write: true });
    const popen = new Popen(["cat"], { stdin: file, stdout: PIPE });
    await assertRejects(
      () => popen.communicate(),
      ProcessError,
      'Cannot read stdin of "cat" from its file',
    );
    assertEquals(popen.returncode, 0);
    await Deno.remove(path);
  });

  it("is complete at the end of the program, whoever holds it then", async () => {
    const path = await Deno.makeTempFile();
    const mark = new Mark();
    using file = await Deno.open(path, { write: true });
    const count = 1_000_000;
    await run(sh(`sleep 3600 & head -c ${count} /dev/zero`), {
      stdout: file,
      env: mark.env,
    });
    assertEquals((await Deno.stat(path)).size, count);
    for (const line of mark.alive()) Deno.kill(parseInt(line), "SIGKILL");
    await mark.noneLeft();
    // The end of the pipe is here now, and what read it has ended.
    await until(() => fileReaders() === 0);
    await Deno.remove(path);
  });
});

/** How many pipes this process reads. */
function fileReaders(): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const info = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
      const isPipe = Deno.readLinkSync(`/proc/self/fd/${name}`)
        .startsWith("pipe:");
      if (isPipe && /^flags:\s+0[24]*$/m.test(info)) count++;
    } catch {
      // It was closed in between.
    }
  }
  return count;
}

describe("a child process of ours", () => {
  nothingLeft();

  for (const permissions of ["inherit", { run: true }] as const) {
    it(
      `gives its programs nothing to read, with ${JSON.stringify(permissions)}`,
      async () => {
        await using process = new Process({
          target: work.outputOf,
          args: [["cat"]],
          permissions,
        });
        process.start();
        assertEquals(await process.result(), "");
      },
    );
  }
});

describe({
  name: "on a terminal",
  ignore: !await hasTerminal(),
  fn() {
    nothingLeft();

    it("a run whose time runs out ends all below it", async () => {
      const mark = new Mark();
      const code = `import { run } from "${SUBPROCESS}";
        console.log(Deno.stdin.isTerminal());
        const script = "sleep 3600 & sleep 3600 & test -t 0 && exec sleep 3600";
        for (let timeout = 100;; timeout *= 2) {
          try { await run(["sh", "-c", script], { timeout }); }
          catch (error) { console.log(error.name); break; }
        }`;
      const { stdout } = await run(onTerminal(["eval", "-q", code]), {
        captureOutput: true,
        text: true,
        env: { ...mark.env, NO_COLOR: "1" },
        stdin: DEVNULL,
      });
      assertEquals(stdout, "true\r\nTimeoutExpiredError\r\n");
      await mark.noneLeft();
    });

    it("Ctrl-C does not end a program that is waited for", async () => {
      const code = `import { call } from "${SUBPROCESS}";
        const interrupted = new Promise((resolve) =>
          Deno.addSignalListener("SIGINT", resolve));
        const script = "trap \\"echo trapped; exit 7\\" INT; echo ready; " +
          "while :; do sleep 0.01; done";
        const code = await call(["sh", "-c", script]);
        await interrupted; // it may be told of that later than of the end
        console.log("interrupted", code);
        Deno.exit();`;
      await using terminal = new Popen(onTerminal(["eval", "-q", code]), {
        stdin: PIPE,
        stdout: PIPE,
        text: true,
        env: { NO_COLOR: "1" },
      });
      let shown = "";
      const keyboard = terminal.stdin!.getWriter();
      for await (const text of terminal.stdout!) {
        shown += text;
        if (text.includes("ready")) await keyboard.write("\x03");
      }
      await keyboard.close().catch(() => {});
      assertStringIncludes(shown, "trapped");
      assert(shown.trimEnd().endsWith("interrupted 7"), shown);
    });
  },
});
