/** What CPython's own tests hold of subprocess, in other words. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CalledProcessError,
  ProcessError,
  subprocess,
  TimeoutExpiredError,
} from "@multi/processing";
import { nothingLeft } from "../support/nothing_left.ts";
import { deno } from "../support/run.ts";
import { until } from "../support/until.ts";

const {
  call,
  checkCall,
  checkOutput,
  CompletedProcess,
  DEVNULL,
  getoutput,
  getstatusoutput,
  PIPE,
  Popen,
  run,
  STDOUT,
} = subprocess;

const SUBPROCESS = import.meta.resolve("@multi/processing/subprocess");

const sh = (script: string): string[] => ["sh", "-c", script];
const bytes = (text: string) => new TextEncoder().encode(text);
/** More than a pipe holds, and no multiple of what is read at once. */
const BIG = 3_000_017;

describe("call, checkCall and checkOutput", () => {
  nothingLeft();

  it("give the exit code, or are an error if it is not 0", async () => {
    assertEquals(await call(sh("exit 47")), 47);
    assertEquals(await call("true"), 0);
    assertEquals(await checkCall(["true"]), 0);
    const error = await assertRejects(
      () => checkCall(sh("exit 47")),
      CalledProcessError,
    );
    assertEquals([error.returncode, error.cmd], [47, sh("exit 47")]);
  });

  it("give the output, also in the error", async () => {
    assertEquals(await checkOutput(["echo", "BDFL"]), bytes("BDFL\n"));
    const error = await assertRejects(
      () => checkOutput(sh("echo half; exit 5"), { text: true }),
      CalledProcessError,
    );
    assertEquals([error.returncode, error.stdout], [5, "half\n"]);
  });

  it("refuse what they set themselves", async () => {
    for (const name of ["stdout", "check", "captureOutput"]) {
      const error = await assertRejects(
        () => checkOutput(["true"], { [name]: PIPE } as never),
        TypeError,
      );
      assertStringIncludes(error.message, `"${name}"`);
    }
  });

  it("take stderr, stdin and input", async () => {
    const both = await checkOutput(sh("echo BDFL >&2"), {
      stderr: STDOUT,
      text: true,
    });
    assertEquals(both, "BDFL\n");
    assertEquals(await checkOutput(["cat"], { input: "pear" }), bytes("pear"));
    assertEquals(await checkOutput(["cat"], { input: "" }), bytes(""));
    assertEquals(await checkOutput(["cat"], { stdin: DEVNULL }), bytes(""));
    assertEquals(
      await checkOutput(["tr", "a-z", "A-Z"], {
        input: bytes("pear"),
        text: true,
      }),
      "PEAR",
    );
    for (const stdin of [DEVNULL, PIPE, "inherit"] as const) {
      await assertRejects(
        () => checkOutput(["cat"], { stdin, input: "pear" }),
        TypeError,
        '"stdin" and "input"',
      );
    }
  });

  it("give up when time runs out", async () => {
    for (const attempt of [call, checkCall, checkOutput]) {
      const error = await assertRejects(
        () => attempt(sh("exec sleep 3600"), { timeout: 20 }),
        TimeoutExpiredError,
      );
      assertEquals(error.timeout, 20);
    }
    // Sooner or later the time is enough to write something.
    let stdout: unknown = "";
    for (let timeout = 20; stdout === ""; timeout *= 2) {
      const error = await assertRejects(
        () =>
          checkOutput(sh("printf BDFL; exec sleep 3600"), {
            timeout,
            text: true,
          }),
        TimeoutExpiredError,
      );
      ({ stdout } = error);
    }
    assertEquals(stdout, "BDFL");
  });

  it("read what they drop", async () => {
    assertEquals(
      await call(["head", "-c", `${BIG}`, "/dev/zero"], {
        stdout: PIPE,
      }),
      0,
    );
  });
});

describe("run", () => {
  nothingLeft();

  it("gives how it ended", async () => {
    const done = await run(sh("exit 47"));
    assertInstanceOf(done, CompletedProcess);
    assertEquals(
      { ...done },
      { args: sh("exit 47"), returncode: 47, stdout: null, stderr: null },
    );
    assertThrows(() => done.checkReturncode(), CalledProcessError);
    (await run(["true"], { check: true })).checkReturncode();
    await assertRejects(
      () => run(["false"], { check: true }),
      CalledProcessError,
    );
    new CompletedProcess({ args: ["a"], returncode: 0 }).checkReturncode();
  });

  it("captures what is asked for", async () => {
    const script = sh("printf BDFL; printf FLUFL >&2");
    const both = await run(script, { captureOutput: true });
    assertEquals([both.stdout, both.stderr], [bytes("BDFL"), bytes("FLUFL")]);
    const one = await run(script, { stdout: PIPE, stderr: DEVNULL });
    assertEquals([one.stdout, one.stderr], [bytes("BDFL"), null]);
    const other = await run(script, { stderr: PIPE, stdout: DEVNULL });
    assertEquals([other.stdout, other.stderr], [null, bytes("FLUFL")]);
    for (const name of ["stdout", "stderr"]) {
      await assertRejects(
        () => run(script, { captureOutput: true, [name]: PIPE }),
        TypeError,
        '"captureOutput"',
      );
    }
  });

  it("takes input, also more than a pipe holds, both ways at once", async () => {
    const input = "x".repeat(BIG);
    const done = await run(["tee", "/dev/stderr"], {
      input,
      captureOutput: true,
      text: true,
    });
    assert(done.stdout === input && done.stderr === input);
  });

  it("decodes text, also where a character is cut in pieces", async () => {
    const text = "a\u{1F600}é\r\n\uFEFF".repeat(40_000);
    const done = await run(["cat"], { input: text, stdout: PIPE, text: true });
    assert(done.stdout === text);
    const pieces = await run(
      sh("printf '\\360\\237'; sleep 0.1; printf '\\230\\200'"),
      { stdout: PIPE, text: true },
    );
    assertEquals(pieces.stdout, "\u{1F600}");
  });

  it("decodes as it is told", async () => {
    const script = ["printf", "\\351|\\303\\251"];
    const as = async (options: subprocess.RunOptions<true>) =>
      (await run(script, { ...options, text: true, stdout: PIPE })).stdout;
    assertEquals(await as({ encoding: "latin1" }), "é|Ã©");
    assertEquals(await as({ errors: "replace" }), "\uFFFD|é");
    const error = await assertRejects(() => as({}), TypeError);
    assertStringIncludes(error.message, "Cannot decode stdout of");
    await assertRejects(
      () => as({ encoding: "klingon" }),
      RangeError,
      'there is no "encoding" "klingon"',
    );
    await assertRejects(
      () => as({ errors: "ignore" as "strict" }),
      TypeError,
      '"errors" must be "strict" or "replace"',
    );
    await assertRejects(
      () => run(script, { encoding: "latin1" }),
      TypeError,
      'set "text" to true',
    );
    // It is read to its end all the same.
    const long = sh(`printf '\\351'; head -c ${BIG} /dev/zero; exit 3`);
    await assertRejects(
      () => run(long, { text: true, stdout: PIPE }),
      TypeError,
      "Cannot decode",
    );
  });

  it("gives the error output of a failed program in the error", async () => {
    for (const text of [true, false]) {
      const error = await assertRejects(
        () =>
          run(sh("echo out; echo sorry >&2; exit 2"), {
            captureOutput: true,
            check: true,
            text,
          }),
        CalledProcessError,
        "returned non-zero exit status 2:\nsorry",
      );
      assertEquals(
        [error.stdout, error.stderr],
        text ? ["out\n", "sorry\n"] : [bytes("out\n"), bytes("sorry\n")],
      );
    }
  });
});

describe("the standard streams of a program", () => {
  nothingLeft();

  /** Runs a main program of two lines, whose own streams are pipes. */
  const main = (options: string, stdin?: string) =>
    deno([
      "eval",
      "-q",
      `import { run, STDOUT } from "${SUBPROCESS}";
       const { stdout } = await run(
         ["sh", "-c", "cat; echo out; echo err >&2"], ${options});
       if (stdout !== null) throw new Error("captured");`,
    ], stdin === undefined ? {} : { stdin });

  it("are those of this process", async () => {
    const { code, stdout, stderr } = await main("{}", "in\n");
    assertEquals([code, stdout, stderr], [0, "in\nout\n", "err\n"]);
  });

  it("can be nothing", async () => {
    const { code, stdout, stderr } = await main(
      '{ stdin: "null", stdout: "null", stderr: "null" }',
      "in\n",
    );
    assertEquals([code, stdout, stderr], [0, "", ""]);
  });

  it("can be one, without a redirection of stdout", async () => {
    const { code, stdout, stderr } = await main("{ stderr: STDOUT }", "in\n");
    assertEquals([code, stdout, stderr], [0, "in\nout\nerr\n", ""]);
    const silent = await main('{ stdout: "null", stderr: STDOUT }', "in\n");
    assertEquals([silent.stdout, silent.stderr], ["", ""]);
  });

  it("can be one, in the order of the writes", async () => {
    const script = "for i in $(seq 500); do echo o$i; echo e$i >&2; done";
    const { stdout, stderr } = await run(sh(script), {
      stdout: PIPE,
      stderr: STDOUT,
      text: true,
    });
    const lines = Array.from(
      { length: 500 },
      (_, i) => [`o${i + 1}`, `e${i + 1}`],
    );
    assertEquals(stdout, `${lines.flat().join("\n")}\n`);
    assertEquals(stderr, null);
  });

  it("can be files, from where they stand", async () => {
    const path = await Deno.makeTempFile();
    const other = await Deno.makeTempFile();
    {
      using file = await Deno.open(path, { read: true, write: true });
      using errors = await Deno.open(other, { write: true });
      await file.write(bytes("head\n"));
      const script = sh("echo out; echo err >&2; echo out");
      await run(script, { stdout: file, stderr: errors });
      await file.write(bytes("middle\n"));
      await run(script, { stdout: file, stderr: STDOUT });
      await run(script, { stdout: file, stderr: file });
      await file.write(bytes("tail\n"));
      await file.seek(5, Deno.SeekMode.Start);
      assertEquals(
        await checkOutput(["cat"], { stdin: file, text: true }),
        "out\nout\nmiddle\nout\nerr\nout\nout\nerr\nout\ntail\n",
      );
      assertEquals(await checkOutput(["cat"], { stdin: file }), bytes(""));
      await file.seek(0, Deno.SeekMode.Start);
      assertEquals(
        await checkOutput(["head", "-n", "1"], { stdin: file, text: true }),
        "head\n",
      );
    }
    assertEquals(await Deno.readTextFile(other), "err\n");
    await Deno.remove(path);
    await Deno.remove(other);
  });

  it("can be nothing else", () => {
    for (
      const options of [
        { stdin: STDOUT },
        { stdout: STDOUT },
        { stderr: "pipe" },
        { stdout: 1 },
      ]
    ) {
      assertThrows(
        () => new Popen(["true"], options as never),
        TypeError,
        `Cannot run a program as "${Object.keys(options)[0]}" must be PIPE`,
      );
    }
  });
});

describe("communicate", () => {
  it("leaves one to be disposed of that did not read all its input", async () => {
    await using popen = new Popen(["sleep", "100"], { stdin: PIPE });
    const said = popen.communicate("x".repeat(BIG));
    popen.kill();
    assertEquals(await said, [null, null]);
    assertEquals(await popen.wait(), -9);
  });

  nothingLeft();

  it("writes stdin alone, and reads stdout alone or nothing", async () => {
    const file = await Deno.makeTempFile();
    const stdin = new Popen(sh(`cat > ${file}`), { stdin: PIPE });
    assertEquals(await stdin.communicate("pear"), [null, null]);
    assertEquals(await Deno.readTextFile(file), "pear");
    await Deno.remove(file);
    const stdout = new Popen(sh("printf pineapple"), { stdout: PIPE });
    assertEquals(await stdout.communicate(), [bytes("pineapple"), null]);
    const stderr = new Popen(sh("printf pineapple >&2"), { stderr: PIPE });
    assertEquals(await stderr.communicate(), [null, bytes("pineapple")]);
    const none = new Popen(sh("exit 47"));
    assertEquals(await none.communicate(), [null, null]);
    assertEquals(none.returncode, 47);
  });

  it("does all at once, and gives the same again", async () => {
    const all = new Popen(sh("printf banana >&2; cat"), {
      stdin: PIPE,
      stdout: PIPE,
      stderr: PIPE,
      text: true,
    });
    const both = await all.communicate("split");
    assertEquals(both, ["split", "banana"]);
    assertEquals(await all.communicate(), both);
    await assertRejects(
      () => all.communicate("more"),
      ProcessError,
      "was called before",
    );
  });

  it("goes on after a time-out, without a loss", async () => {
    const popen = new Popen(
      sh("printf a; read line; printf b; cat"),
      { stdin: PIPE, stdout: PIPE, text: true },
    );
    // The rest of the input is more than the pipes hold.
    const rest = "x".repeat(BIG);
    const writer = popen.stdin!.getWriter();
    const first = await assertRejects(
      () => popen.wait({ timeout: 5 }),
      TimeoutExpiredError,
      "it goes on",
    );
    assertEquals(first.stdout, "");
    await writer.write("line\n");
    writer.releaseLock();
    const error = await assertRejects(
      () => popen.communicate(rest, { timeout: 0 }),
      TimeoutExpiredError,
      "did not end within 0 ms; it goes on",
    );
    assertEquals([error.timeout, error.cmd], [0, popen.args]);
    const [stdout] = await popen.communicate();
    assert(stdout === `ab${rest}`);
    assertEquals(popen.returncode, 0);
  });

  it("keeps large output over time-outs", async () => {
    const popen = new Popen(
      sh(`head -c ${BIG} /dev/zero; read line; head -c ${BIG} /dev/zero`),
      { stdin: PIPE, stdout: PIPE },
    );
    let read = 0;
    while (read < BIG) {
      const error = await assertRejects(
        () => popen.communicate(null, { timeout: 1 }),
        TimeoutExpiredError,
      ).catch(() => null);
      if (error === null) break; // it has ended
      read = error.stdout!.length;
    }
    const [stdout] = await popen.communicate();
    assertEquals(stdout!.length, 2 * BIG);
  });

  it("does not mind a program that does not read", async () => {
    for (const program of ["true", "sleep 0.05"]) {
      const popen = new Popen(sh(`exec ${program}`), { stdin: PIPE });
      assertEquals(await popen.communicate("x".repeat(BIG)), [null, null]);
      assertEquals(popen.returncode, 0);
    }
    const closed = new Popen(sh("exec <&-; echo done"), {
      stdin: PIPE,
      stdout: PIPE,
      text: true,
    });
    assertEquals(await closed.communicate("x".repeat(BIG)), ["done\n", null]);
    const early = new Popen(sh("exec >&- 2>&-; cat; exit 3"), {
      stdin: PIPE,
      stdout: PIPE,
      stderr: PIPE,
    });
    assertEquals(await early.communicate("in"), [bytes(""), bytes("")]);
    assertEquals(early.returncode, 3);
  });

  it("sends after what was written before, and reads after what was read", async () => {
    const popen = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, text: true });
    const writer = popen.stdin!.getWriter();
    const reader = popen.stdout!.getReader();
    await writer.write("banana");
    assertEquals(await reader.read(), { done: false, value: "banana" });
    // Nobody has to wait for these, or to let go of the streams.
    writer.write("a");
    writer.write(bytes("b"));
    assertEquals(await popen.communicate("split"), ["absplit", null]);
    await assertRejects(() => reader.read(), TypeError, "communicate()");
  });

  it("refuses input that nobody would read", async () => {
    const none = new Popen(["true"]);
    await assertRejects(() => none.communicate("x"), ProcessError, "no pipe");
    await none.wait();
    const closed = new Popen(["cat"], { stdin: PIPE });
    await closed.stdin!.close();
    await assertRejects(() => closed.communicate("x"), ProcessError, "closed");
    await closed.communicate();
    const odd = new Popen(["cat"], { stdin: PIPE });
    await assertRejects(
      () => odd.communicate(5 as never),
      TypeError,
      "must be a string or a Uint8Array",
    );
    await odd.communicate();
  });
});

describe("the end of a program", () => {
  nothingLeft();

  it("can be looked for and waited for", async () => {
    const popen = new Popen(["cat"], { stdin: PIPE });
    assertEquals([popen.poll(), popen.returncode], [null, null]);
    const error = await assertRejects(
      () => popen.wait({ timeout: 5 }),
      TimeoutExpiredError,
    );
    assertEquals(error.message, '"cat" did not end within 5 ms; it goes on');
    await assertRejects(() => popen.wait({ timeout: -1 }), RangeError);
    const reason = new Error("enough");
    await assertRejects(
      () => popen.wait({ signal: AbortSignal.abort(reason) }),
      Error,
      "enough",
    );
    const waits = [popen.wait(), popen.wait(), popen.wait({ timeout: 60_000 })];
    await popen.stdin!.close();
    assertEquals(await Promise.all(waits), [0, 0, 0]);
    assertEquals(await popen.wait({ timeout: 0 }), 0);
    assertEquals([popen.poll(), popen.returncode], [0, 0]);
  });

  it("comes to poll() without a wait", async () => {
    const popen = new Popen(sh("exit 9"));
    await until(() => popen.poll() !== null);
    assertEquals(popen.poll(), 9);
  });

  it("is shown", async () => {
    const popen = new Popen(["true"]);
    const shown = () => Deno.inspect(popen);
    assertMatch(
      shown(),
      /^Popen \{ args: \[ "true" \], pid: \d+, returncode: null \}$/,
    );
    await popen.wait();
    assertMatch(shown(), /returncode: 0 \}$/);
  });

  it("by a signal is a negative code", async () => {
    const ends = {
      terminate: (popen: subprocess.Popen) => popen.terminate(),
      kill: (popen: subprocess.Popen) => popen.kill(),
      name: (popen: subprocess.Popen) => popen.sendSignal("SIGALRM"),
      number: (popen: subprocess.Popen) => popen.sendSignal(2),
    };
    const codes: Record<string, number> = {};
    for (const [name, end] of Object.entries(ends)) {
      const popen = new Popen(["sleep", "3600"]);
      end(popen);
      codes[name] = await popen.wait();
      end(popen); // nothing more happens to it
      assertEquals(popen.returncode, codes[name]);
    }
    assertEquals(codes, { terminate: -15, kill: -9, name: -14, number: -2 });
  });

  it("by a signal is told by its error", async () => {
    const message = async (script: string) =>
      (await assertRejects(() => checkCall(sh(script)), CalledProcessError))
        .message;
    assertStringIncludes(
      await message("kill -9 $$"),
      "was ended by signal 9 (SIGKILL)",
    );
    if (Deno.build.os === "linux") {
      // A real-time signal, for which the runtime has no name.
      assertMatch(await message("kill -40 $$"), /was ended by signal 40$/);
    }
    assertMatch(await message("exit 77"), /returned non-zero exit status 77$/);
    const byShell = await assertRejects(
      () => checkCall("exit 77", { shell: true }),
      CalledProcessError,
    );
    assertEquals(
      byShell.message,
      '"exit 77" returned non-zero exit status 77',
    );
    const unknown = new CompletedProcess({ args: ["a"], returncode: -999 });
    assertThrows(
      () => unknown.checkReturncode(),
      CalledProcessError,
      '"a" was ended by signal 999',
    );
  });
});

describe("what a program is run with", () => {
  nothingLeft();

  it("is its working directory, in any form", async () => {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    const pwd = (cwd?: string | URL) =>
      checkOutput(["pwd"], { cwd, text: true });
    assertEquals(await pwd(), `${Deno.cwd()}\n`);
    assertEquals(await pwd(folder), `${folder}\n`);
    assertEquals(await pwd(new URL(`file://${folder}`)), `${folder}\n`);
    assertEquals(await pwd("."), `${Deno.cwd()}\n`);
    await Deno.writeTextFile(`${folder}/hello`, "#!/bin/sh\necho hello\n");
    await Deno.chmod(`${folder}/hello`, 0o755);
    // The name of a program counts from there, too.
    for (const stderr of ["inherit", STDOUT] as const) {
      assertEquals(
        await checkOutput(["./hello"], { cwd: folder, stderr, text: true }),
        "hello\n",
      );
      await assertRejects(
        () => run(["./hello"], { stderr, stdout: PIPE }),
        Deno.errors.NotFound,
        '"./hello"',
      );
    }
    await Deno.remove(folder, { recursive: true });
  });

  it("is its environment", async () => {
    const env = (options: subprocess.PopenOptions<true>) =>
      checkOutput(["/usr/bin/env"], { ...options, text: true });
    assertStringIncludes(await env({ env: { FRUIT: "orange" } }), "PATH=");
    const options = { env: { FRUIT: "or=ange\n" }, clearEnv: true };
    assertEquals(await env(options), "FRUIT=or=ange\n\n");
    assertEquals(await env({ clearEnv: true }), "");
    for (const name of ["", "FRUIT=", "FR\0UIT"]) {
      await assertRejects(
        () => env({ env: { [name]: "x" } }),
        TypeError,
        "the name of a variable",
      );
    }
    await assertRejects(() => env({ env: { A: "x\0" } }), TypeError, "env.A");
    await assertRejects(
      () => env({ env: { A: 5 as never } }),
      TypeError,
      '"env.A" must be a string',
    );
    for (const none of [null, new Map(), []]) {
      await assertRejects(
        () => env({ env: none as never }),
        TypeError,
        '"env" must be an object',
      );
    }
  });

  it("is a list of texts", async () => {
    for (const args of [[], 5, null, undefined, { 0: "true" }]) {
      assertThrows(
        () => new Popen(args as never),
        TypeError,
        '"args" must be an array',
      );
    }
    assertThrows(
      () => new Popen(["true", 5 as never]),
      TypeError,
      '"args[1]" must be a string without NUL: current value is 5',
    );
    assertThrows(() => new Popen(["tr\0ue"]), TypeError, "args[0]");
    assertThrows(
      () => new Popen(["true"], { cwd: 5 as never }),
      TypeError,
      '"cwd" must be a path',
    );
    for (const options of [null, 5]) {
      assertThrows(
        () => new Popen(["true"], options as never),
        TypeError,
        '"options" must be an object',
      );
      for (const to of [run, call, checkCall, checkOutput]) {
        await assertRejects(
          () => to(["true"], options as never),
          TypeError,
          '"options" must be an object',
        );
      }
    }
    assertThrows(
      () => new Popen("true", { shell: "/bin/sh" as never }),
      TypeError,
      '"shell" must be true or false',
    );
    const popen = new Popen(["true"]);
    for (const signal of [null, "INT", ""]) {
      assertThrows(
        () => popen.sendSignal(signal as never),
        TypeError,
        '"signal" must be a name, such as "SIGINT", or a number',
      );
    }
    for (const signal of [NaN, 1.5, -1, 34]) {
      assertThrows(
        () => popen.sendSignal(signal),
        RangeError,
        '"signal" must be an integer',
      );
    }
    await popen.wait();
  });

  it("is there, or the error names it", () => {
    for (const stderr of ["inherit", STDOUT] as const) {
      for (const program of ["no-such-program", "/nowhere/program"]) {
        assertThrows(
          () => new Popen([program, "a"], { stdout: PIPE, stderr }),
          Deno.errors.NotFound,
          `there is no program "${program}"`,
        );
      }
      assertThrows(
        () => new Popen(["true"], { cwd: "/nowhere", stdout: PIPE, stderr }),
        Deno.errors.NotFound,
        'there is no directory "/nowhere"',
      );
      assertThrows(
        () => new Popen(["true"], { cwd: "/etc/passwd", stdout: PIPE, stderr }),
        Deno.errors.NotFound,
        'there is no directory "/etc/passwd"',
      );
      assertThrows(
        () => new Popen(["/etc/passwd"], { stdout: PIPE, stderr }),
        Deno.errors.PermissionDenied,
        "is not executable",
      );
    }
    assertThrows(
      () => new Popen("echo hello"),
      Deno.errors.NotFound,
      'use "shell"',
    );
  });

  it("can be executed, or the error says that it cannot", async () => {
    const folder = await Deno.makeTempDir();
    const write = async (name: string, text: string, mode: number) => {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      await Deno.chmod(`${folder}/${name}`, mode);
    };
    await write("plain", "#!/bin/sh\n", 0o644);
    await write("dos", "#!/bin/sh\r\necho\r\n", 0o755);
    await write("odd", "#!/no/such/interpreter -a\n", 0o755);
    await write("sound", "#! /bin/sh -e\n", 0o755);
    await write("bare", "exit 0\n", 0o755);
    const env = { PATH: folder };
    const ways: subprocess.RunOptions[] = [
      { env },
      { env, cwd: "/" },
      { env, stdout: PIPE, stderr: STDOUT },
      { env, timeout: 3_600_000 },
    ];
    for (const options of ways) {
      for (const program of ["odd", "dos"]) {
        await assertRejects(
          () => run([program], options),
          Deno.errors.NotFound,
          `there is no program "${program}", or its interpreter is missing`,
        );
      }
      for (const program of ["sound", "bare"]) {
        assertEquals((await run([program], options)).returncode, 0);
      }
      await assertRejects(
        () => run(["plain"], options),
        Deno.errors.PermissionDenied,
        '"plain" is not executable',
      );
    }
    await Deno.remove(folder, { recursive: true });
  });

  it("has no more to read in its arguments than the system allows", async () => {
    await assertRejects(
      () => run(["echo", "x".repeat(BIG)]),
      RangeError,
      "longer than the system allows",
    );
  });

  it("may be a command line of the shell", async () => {
    assertEquals(
      await checkOutput("echo $FRUIT | tr a-z A-Z", {
        shell: true,
        env: { FRUIT: "pear" },
        text: true,
      }),
      "PEAR\n",
    );
    assertEquals(
      await checkOutput(["echo $0 $1", "a", "b"], { shell: true, text: true }),
      "a b\n",
    );
    assertEquals(await call("exit 4", { shell: true }), 4);
    assertEquals(
      await call("no-such-program 2>/dev/null", { shell: true }),
      127,
    );
    assertEquals(await getoutput("printf 'a\\n\\n'"), "a\n");
    assertEquals(await getstatusoutput("echo a >&2; exit 2"), [2, "a"]);
    assertEquals(await getstatusoutput("kill -9 $$"), [-9, ""]);
  });
});

describe("a block with a program", () => {
  nothingLeft();

  it("waits for its end", async () => {
    let popen;
    {
      await using inner = new Popen(sh("read line; exit 3"), { stdin: PIPE });
      popen = inner;
      assertEquals(inner.returncode, null);
    }
    assertEquals(popen.returncode, 3);
    await popen[Symbol.asyncDispose]();
  });

  it("closes its streams", async () => {
    let popen;
    {
      await using yes = popen = new Popen(["yes"], { stdout: PIPE });
      const reader = yes.stdout!.getReader();
      assertEquals((await reader.read()).done, false);
    }
    assertEquals(popen.returncode, -13);
  });

  it("sends what was written", async () => {
    const file = await Deno.makeTempFile();
    {
      await using popen = new Popen(sh(`cat > ${file}`), { stdin: PIPE });
      const writer = popen.stdin!.getWriter();
      writer.write("one");
      writer.write("two");
    }
    assertEquals(await Deno.readTextFile(file), "onetwo");
    await Deno.remove(file);
  });

  it("can be left by an error of the program's start", () => {
    assertThrows(
      () => new Popen(["no-such-program"], { stdin: PIPE, stdout: PIPE }),
      Deno.errors.NotFound,
    );
  });
});
