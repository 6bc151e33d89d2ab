/** Programs with pools, run as a user runs them: how they end, and what is left. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Mark } from "./support/mark.ts";
import { deno, pathOf, type Ran } from "./support/run.ts";

const OWNER = pathOf("tests/fixtures/pool_owner.ts");

/** Runs a program of the fixture, after which nothing may be left. */
async function owner(args: string[], flags: string[] = []): Promise<Ran> {
  const mark = new Mark();
  const ran = await deno(["run", "-q", "-A", ...flags, OWNER, ...args], {
    env: mark.env,
  });
  await mark.noneLeft();
  return ran;
}

describe("a program with a pool", () => {
  for (const kind of ["Pool", "ThreadPool"]) {
    it(`ends, although its ${kind} is idle`, async () => {
      const { code, stdout, stderr } = await owner(["idle", kind]);
      assertEquals([code, stdout, stderr], [0, "9\nend\n", ""]);
    });

    it(`ends, although nobody reads what its ${kind} gives`, async () => {
      const { code, stdout, stderr } = await owner(["unread", kind]);
      assertEquals([code, stdout, stderr], [0, "end\n", ""]);
    });

    it(`waits for the tasks that its ${kind} has`, async () => {
      const { code, stdout } = await owner(["busy", kind]);
      assertEquals([code, stdout], [0, "end\n0\n1\n2\n"]);
    });

    it(`ends by an uncaught error, and so does its ${kind}`, async () => {
      const { code, stderr } = await owner(["uncaught", kind]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "Error: uncaught");
    });

    it(`exits, although a task of its ${kind} never ends`, async () => {
      const file = await Deno.makeTempFile();
      const { code } = await owner(["exit", kind, file]);
      await Deno.remove(file);
      assertEquals(code, 3);
    });

    it(`is told of a ${kind} that it has forgotten, which ends`, async () => {
      const { code, stdout, stderr } = await owner(
        ["forget", kind],
        ["--v8-flags=--expose-gc"],
      );
      assertEquals([code, stdout], [0, "7\nend\n"]);
      assertMatch(
        stderr,
        /^\[WARNING\/MainProcess\] (Thread)?Pool-1 was forgotten, and is terminated: .*\n$/,
      );
    });
  }

  it("is told why no thread of it can be started", async () => {
    const mark = new Mark();
    const { stderr } = await deno(
      ["run", "-q", "--no-prompt", "--allow-env", OWNER, "idle", "ThreadPool"],
      { env: mark.env },
    );
    assertMatch(
      stderr,
      /BrokenPoolError: Cannot start workers: PoolThread-\d has ended before it was up, as did 2 before it: .*requires read access to ".*--allow-read$/m,
    );
    // Not the module that the runtime was to load, a data: URL of some lines.
    assert(!stderr.includes("data:"), stderr);
    await mark.noneLeft();
  });

  for (const bytes of [10, 10_000_000]) {
    const what = `a value of ${bytes} bytes that it`;
    it(`is killed by ${what} sends`, async () => {
      const { code, stdout } = await owner([
        "trap",
        "crash at task encode",
        `${bytes}`,
      ]);
      assertEquals([code, stdout], [137, "9\n"]);
    });

    it(`exits by ${what} sends or receives`, async () => {
      for (const where of ["task encode", "result decode"]) {
        const { code, stdout } = await owner([
          "trap",
          `exit at ${where}`,
          `${bytes}`,
        ]);
        assertEquals([code, stdout], [5, "9\n"]);
      }
    });
  }

  it("needs no more memory for a million tasks than for a few", {
    ignore: Deno.build.os !== "linux", // it takes minutes over connections
  }, async () => {
    const MOST_MB = 100;
    const { stdout } = await owner(["million"]);
    const [sum, before, after] = JSON.parse(stdout);
    assertEquals(sum, 999_999 * 500_000);
    console.log(
      `200,000 tasks: ${before} MB resident; 1,000,000 more: ${after} MB`,
    );
    assert(after - before < MOST_MB, `${after - before} MB more`);
  });
});
