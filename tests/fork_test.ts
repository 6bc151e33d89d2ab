/** `fork()`, as programs use it. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fork, Process, ProcessError } from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf, programFolder, type Ran } from "./support/run.ts";

export function forkHere(): Promise<number> {
  return fork();
}

/** Runs a program that lies in a file of its own. */
async function program(code: string, permissions = ["-A"]): Promise<Ran> {
  const folder = await programFolder();
  const file = `${folder}/main.ts`;
  await Deno.writeTextFile(file, code);
  const ran = await deno(["run", "-q", ...permissions, file, folder]);
  await Deno.remove(folder, { recursive: true });
  return ran;
}

const IMPORTS = `import { currentProcess, fork, parentProcess, Process }
  from "@multi/processing";\n`;

describe("fork()", () => {
  nothingLeft();

  for (const permissions of [["-A"], ["--allow-run"]]) {
    it(`goes on in two processes with ${permissions}`, async () => {
      const { code, stdout, stderr } = await deno([
        "run",
        "-q",
        ...permissions,
        pathOf("examples/fork.ts"),
      ]);
      assertEquals([code, stderr], [0, ""]);
      const [, parent] = stdout.match(/^Process \((\d+)\) start\.\.\.$/m)!;
      const [, , child] = stdout.match(
        /^I \((\d+)\) just created a child process \((\d+)\)\.$/m,
      )!;
      assertStringIncludes(
        stdout,
        `I am child process (${child}) and my parent is (${parent}).\n`,
      );
      assertEquals(stdout.trim().split("\n").length, 3);
    });
  }

  it("twice makes four processes, each with its name", async () => {
    const { code, stdout, stderr } = await program(`${IMPORTS}
      console.log("once");
      console.error("once");
      const [first, second] = [await fork(), await fork()];
      console.log(currentProcess().name, first > 0, second > 0);
    `);
    assertEquals([code, stderr], [0, "once\n"]);
    assertEquals(stdout.trim().split("\n").sort(), [
      "MainProcess true true",
      "Process-1 false true",
      "Process-1:1 false false",
      "Process-2 true false",
      "once",
    ]);
  });

  it("leaves the child what comes after: output, errors, processes", async () => {
    const { code, stdout, stderr } = await program(`${IMPORTS}
      if (import.meta.main && await fork() === 0) {
        const process = new Process({ target: () => 42 });
        process.start();
        console.log(await process.result());
        throw new Error("of the child");
      }
    `);
    assertEquals([code, stdout], [0, "42\n"]);
    assert(stderr.startsWith("Process Process-1:\n"), stderr);
    assertStringIncludes(stderr, "of the child");
  });

  it("fails where the main module does not come to it again", async () => {
    const { code, stdout } = await program(`${IMPORTS}
      const file = Deno.args[0] + "/seen";
      try {
        Deno.statSync(file);
      } catch {
        Deno.writeTextFileSync(file, "");
        const error = await fork().catch((error) => error);
        console.log(error.name, error.message.includes("the same call of fork()"));
      }
    `);
    assertEquals([code, stdout], [0, "BootstrapError true\n"]);
  });

  it("fails where the main module fails before it comes to it", async () => {
    const { code, stdout } = await program(`${IMPORTS}
      if (parentProcess()) throw new TypeError("the second time");
      const error = await fork().catch((error) => error);
      console.log(error.name, error.message);
    `);
    assertEquals([code, stdout], [0, "TypeError the second time\n"]);
  });

  it("cannot come after the start of a process", async () => {
    const { stdout } = await program(`${IMPORTS}
      const process = new Process({ target: () => 1 });
      process.start();
      await process.join();
      const error = await fork().catch((error) => error);
      console.log(error.name, error.message);
    `);
    assertStringIncludes(stdout, "BootstrapError Cannot start");
    assertStringIncludes(stdout, "before fork()");
  });

  it("is for the main module only", async () => {
    const process = new Process({ target: forkHere, stderr: "null" });
    process.start();
    await assertRejects(
      () => process.result(),
      ProcessError,
      "only be called by the main module",
    );
    await process.join();
  });
});
