/** All scenarios of the soak once, which is run for longer elsewhere. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

const soak = (...args: string[]) =>
  deno(["run", "-q", "-A", pathOf("tools/soak.ts"), ...args], { cwd: "/" });

describe("the soak", {
  // It reads /proc, and processes share memory on Linux only.
  ignore: Deno.build.os !== "linux",
}, () => {
  it("finds that everything holds, in a short time", async () => {
    const { code, stdout, stderr } = await soak("--minutes", "0.02");
    assert(code === 0, `${stdout}\n${stderr}`);
    assertStringIncludes(stdout, "Everything held.");
    assertStringIncludes(stdout, "--seed ");
    const rows = stdout.match(/^(processes|threads|pools|queues|pipes) +\d/gm);
    assertEquals(rows?.length, 5);
  });

  it("says what is wrong with its arguments", async () => {
    const minutes = await soak("--minutes", "none");
    assertEquals(minutes.code, 2);
    assertStringIncludes(minutes.stderr, "--minutes must be a number above 0");
    const only = await soak("--only", "nothing");
    assertEquals(only.code, 2);
    assertStringIncludes(only.stderr, "--only must be some of processes,");
  });
});
