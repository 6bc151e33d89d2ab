/** The programs of the README, run as a user runs them. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

const readme = await Deno.readTextFile(pathOf("README.md"));
const programs = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)]
  .map(([, code]) => code!);
const COROUTINES = "a 1\nb 1\na 2\nb 2\ncleaned up\n[ 1, 4, 9 ]\n";
const OUTPUTS = [
  "500000500000\n2000001000000\n4500001500000\n",
  "[ 1, 4, 9 ]\n144\n",
  "[ 1, 4, 9 ]\n",
  "Hello, Alice\n",
  "20\n",
  "3\n",
  "Hello, Alice (in Thread-A)\nHello, Bob (in Thread-B)\n",
  "the parent has the lock\nthe child has the lock\n",
  "4 3\n",
  "",
  "HELLO 0\n",
  COROUTINES,
];

describe("the README", () => {
  it("has the programs whose output is known here", () => {
    assertEquals(programs.length, OUTPUTS.length);
  });

  for (const [index, code] of programs.entries()) {
    it(`has a program that runs: number ${index + 1}`, async () => {
      const folder = await Deno.makeTempDir();
      const file = `${folder}/main.ts`;
      await Deno.writeTextFile(file, code);
      const config = `--config=${pathOf("deno.json")}`;
      const { code: exitcode, stdout, stderr } = await deno([
        "run",
        "-q",
        config,
        "-A",
        file,
      ], { cwd: "/" });
      await Deno.remove(folder, { recursive: true });
      assertEquals([exitcode, stderr], [0, ""]);
      assertEquals(stdout, OUTPUTS[index]);
    });
  }
});
