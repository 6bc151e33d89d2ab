/** Pipelines of programs, what goes wrong in a stream, and what of it can be sent. */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CalledProcessError,
  DataCloneError,
  Pool,
  ProcessError,
  Queue,
  subprocess,
  TimeoutExpiredError,
} from "@multi/processing";
import * as work from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

const { CompletedProcess, DEVNULL, PIPE, Popen, run } = subprocess;

/** Runs it with its input and output in pipes. */
const piped = (args: string[]) =>
  new Popen(args, { stdin: PIPE, stdout: PIPE, text: true });
const COUNT = 100_000;
const seq = () => new Popen(["seq", `${COUNT}`], { stdout: PIPE });

describe("a pipeline", () => {
  nothingLeft();

  it("is one program's output as another one's stdin", async () => {
    const from = seq();
    const to = new Popen(["wc", "-l"], {
      stdin: from.stdout!,
      stdout: PIPE,
      text: true,
    });
    assertEquals(to.stdin, null);
    assertEquals(await to.communicate(), [`${COUNT}\n`, null]);
    assertEquals(await from.wait(), 0);
  });

  it("may have text in the middle, and be run", async () => {
    const from = new Popen(["echo", "pear é"], { stdout: PIPE, text: true });
    const { stdout } = await run(["tr", "a-z", "A-Z"], {
      stdin: from.stdout!,
      captureOutput: true,
      text: true,
    });
    assertEquals([stdout, await from.wait()], ["PEAR é\n", 0]);
  });

  it("ends from its end, as one does in a shell", async () => {
    for (const wait of [true, false]) {
      const from = new Popen(["yes"], { stdout: PIPE });
      const to = new Popen(["head", "-n1"], {
        stdin: from.stdout!,
        stdout: wait ? DEVNULL : PIPE,
      });
      await (wait ? to.wait() : to.communicate());
      assertEquals(await from.wait(), -13);
    }
  });

  it("is an error where its stream is one, or is taken", async () => {
    const broken = new ReadableStream<string>({
      pull() {
        throw new RangeError("mine");
      },
    });
    const error = await assertRejects(
      () => run(["cat"], { stdin: broken, stdout: DEVNULL }),
      ProcessError,
      'Cannot read stdin of "cat" from its stream',
    );
    assertInstanceOf(error.cause, RangeError);
    assertThrows(
      () => new Popen(["cat"], { stdin: broken }),
      TypeError,
      "somebody else reads",
    );
    const stdin = new ReadableStream<string>();
    await assertRejects(
      () => run(["cat"], { stdin, input: "a" }),
      TypeError,
      '"stdin" and "input"',
    );
    for (const name of ["stdout", "stderr"]) {
      assertThrows(
        () => new Popen(["true"], { [name]: stdin }),
        TypeError,
        `"${name}" must be PIPE`,
      );
    }
  });

  it("by hand is waited for by communicate()", async () => {
    const from = seq();
    const to = piped(["wc", "-l"]);
    const piping = from.stdout!.pipeTo(to.stdin!);
    await assertRejects(
      () => to.communicate("more"),
      ProcessError,
      "a stream is piped into its stdin",
    );
    assertEquals(await to.communicate(), [`${COUNT}\n`, null]);
    await piping;
    assertEquals(await from.wait(), 0);
  });

  it("by hand may leave stdin open: then that is waited for, too", async () => {
    const to = piped(["cat"]);
    const writer = to.stdin!.getWriter();
    await writer.write("a");
    writer.releaseLock();
    const text = ReadableStream.from(["b", "c"]);
    const piping = text.pipeTo(to.stdin!, { preventClose: true });
    assertEquals(await to.communicate(), ["abc", null]);
    await piping;
  });

  it("by hand is not waited for when nobody reads it", async () => {
    const from = new Popen(["sleep", "3600"], { stdout: PIPE });
    const to = piped(["true"]);
    const piping = from.stdout!.pipeTo(to.stdin!).catch(() => {});
    assertEquals(await to.communicate(), ["", null]);
    from.kill();
    await from.wait();
    await piping;
  });
});

describe("what was written to a program", () => {
  nothingLeft();

  it("and is no text does not keep its output back", async () => {
    const popen = piped(["cat"]);
    const writer = popen.stdin!.getWriter();
    writer.closed.catch(() => {});
    const writes = ["a", 5 as never, "b"].map((chunk) => writer.write(chunk));
    const [, wrong] = await Promise.allSettled(writes);
    assertInstanceOf((wrong as PromiseRejectedResult).reason, TypeError);
    assertEquals(await popen.communicate(), ["a", null]);
  });

  it("and not read does not, either", async () => {
    const popen = piped(["echo", "a"]);
    await popen.wait();
    const writer = popen.stdin!.getWriter();
    writer.closed.catch(() => {});
    const writes = ["b", "c"].map((chunk) => writer.write(chunk));
    const [first] = await Promise.allSettled(writes);
    assertInstanceOf(
      (first as PromiseRejectedResult).reason,
      Deno.errors.BrokenPipe,
    );
    assertEquals(await popen.communicate(), ["a\n", null]);
  });

  it("and not read to its end lets the program be closed", async () => {
    const input = "a".repeat(1_000_000);
    const ended = piped(["true"]);
    assertEquals(await ended.communicate(input), ["", null]);
    await ended[Symbol.asyncDispose]();

    const killed = piped(["sleep", "60"]);
    await assertRejects(
      () => killed.communicate(input, { timeout: 1 }),
      TimeoutExpiredError,
    );
    killed.kill();
    assertEquals(await killed.wait(), -9);
    await killed[Symbol.asyncDispose]();
  });
});

describe("of a program", () => {
  nothingLeft();

  it("how it ended can be sent", async () => {
    await using pool = new Pool(1);
    const done = await pool.apply(work.ran, [["sh", "-c", "echo a; exit 3"]]);
    assertInstanceOf(done, CompletedProcess);
    assertEquals({ ...done }, {
      args: ["sh", "-c", "echo a; exit 3"],
      returncode: 3,
      stdout: "a\n",
      stderr: "",
    });
    assertThrows(() => done.checkReturncode(), CalledProcessError);
  });

  it("the run cannot, and that says what can", async () => {
    using queue = new Queue<unknown>();
    const popen = new Popen(["true"]);
    await assertRejects(
      () => queue.put(popen),
      DataCloneError,
      "a Popen cannot be sent; send its pid, or what communicate() gives",
    );
    await popen.wait();
  });
});
