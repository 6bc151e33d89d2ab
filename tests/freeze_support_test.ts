/** Programs built by `deno compile`. */

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf, type Ran, run } from "./support/run.ts";

/** A script that runs the program as if it were compiled. */
async function asIfCompiled(
  program: string,
  flags = "-A",
): Promise<Ran> {
  const script = await Deno.makeTempFile();
  const patch = pathOf("tests/fixtures/frozen_patch.ts");
  await Deno.writeTextFile(
    script,
    `#!/bin/sh\nexec "${Deno.execPath()}" run -q ${flags} --preload="${patch}" ` +
      `"${pathOf(program)}" "$@"\n`,
  );
  await Deno.chmod(script, 0o755);
  const ran = await run(script, ["an argument"], {
    env: { FROZEN_PROGRAM: script },
    cwd: "/",
  });
  await Deno.remove(script);
  return ran;
}

function assertHello({ code, stdout, stderr }: Ran): void {
  assertEquals([code, stderr], [0, ""]);
  assertMatch(
    stdout,
    /^Parent process \d+\.\nChild process will start\.\nRun child process test \(\d+\)\.\.\.\nChild process end\.\n$/,
  );
}

function assertTour({ code, stdout, stderr }: Ran): void {
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n"), [
    "Hello, Alice, from a thread",
    "Hello, Bob, from a thread",
    "[ 1, 4, 9, 16, 25 ]",
    "",
  ]);
}

describe("a compiled program", () => {
  it("runs itself again for a child", async () => {
    assertHello(await asIfCompiled("examples/freeze_support.ts"));
  });

  it("runs threads and a pool", async () => {
    assertTour(await asIfCompiled("examples/compiled.ts"));
  });

  it("may call freezeSupport() within a function", async () => {
    const { code, stdout, stderr } = await asIfCompiled(
      "tests/fixtures/frozen_main.ts",
    );
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.split("\n"), [
      'result: 3, arguments: ["an argument"]',
      "v8Flags: NotSupported",
      "permissions: NotSupported",
      "fork: NotSupported",
      "",
    ]);
  });

  for (
    const [how, flags, returned] of [
      ["", "-A", "returned"],
      [", without ffi", "--allow-run --allow-env --allow-read", "undefined"],
    ] as const
  ) {
    it(`may make objects before freezeSupport()${how}`, async () => {
      const { code, stdout, stderr } = await asIfCompiled(
        "tests/fixtures/frozen_makes_first.ts",
        flags,
      );
      assertEquals([code, stderr], [0, ""]);
      assertEquals(stdout.split("\n"), [
        'MainProcess, ["an argument"]',
        'Process-1, ["an argument"]',
        "put by the child",
        "put when it was loaded",
        `put when it was loaded false ${returned}`,
        "",
      ]);
    });
  }

  it("gives a thread permissions of its own without running itself", async () => {
    const { code, stdout, stderr } = await asIfCompiled(
      "tests/fixtures/frozen_thread.ts",
      "--allow-run --allow-env --allow-read --unstable-worker-options",
    );
    assertEquals([code, stdout, stderr], [0, "prompt\n", ""]);
  });

  it("does not start itself for ever where that is forgotten", async () => {
    const { code, stdout, stderr } = await asIfCompiled(
      "tests/fixtures/frozen_forgets.ts",
    );
    assertEquals([code, stdout], [0, "1\n"]);
    assertMatch(
      stderr,
      /BootstrapError: .* put `await freezeSupport\(\)` first/,
    );
  });

  it("is the same program where it is not compiled", async () => {
    assertHello(
      await deno(["run", "-q", "-A", pathOf("examples/freeze_support.ts")]),
    );
  });

  it("built by the real deno compile does", async (context) => {
    const folder = await Deno.makeTempDir();
    const output = `${folder}/compiled`;
    const source = pathOf("examples/compiled.ts");
    const built = await deno(
      ["compile", "-q", "-A", "--output", output, source],
    );
    if (built.code === 0) assertTour(await run(output, [], { cwd: "/" }));
    else {
      // Whatever else goes wrong is ours.
      assertMatch(built.stderr, /download|fetch|denort|dl\.deno\.land/i);
      await context.step({
        name: `skipped: deno compile could not fetch its runtime`,
        ignore: true,
        fn() {},
      });
    }
    await Deno.remove(folder, { recursive: true });
  });
});
