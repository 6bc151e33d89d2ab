/** The package as it is published. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

describe("the package that is published", () => {
  let folder = "";

  beforeAll(async () => {
    // Where people build it, which git ignores.
    await Deno.mkdir(pathOf("dist"), { recursive: true });
    folder = await Deno.makeTempDir({ dir: pathOf("dist") });
    const { code, stderr } = await deno([
      "run",
      "-q",
      "-A",
      pathOf("tools/build.ts"),
      `${folder}/package`,
    ]);
    assertEquals([code, stderr], [0, ""]);
  });

  afterAll(() => Deno.remove(folder, { recursive: true }));

  it("runs processes, threads, pools and managers", async () => {
    const program = `${folder}/program.ts`;
    await Deno.copyFile(pathOf("tests/fixtures/whole_program.ts"), program);
    await Deno.writeTextFile(
      `${folder}/map.json`,
      JSON.stringify({
        imports: { "@multi/processing": "./package/js/mod.js" },
      }),
    );
    const args = ["run", "-q", "-A", "--no-config", "--no-check"];
    const { code, stdout, stderr } = await deno([
      ...args,
      `--import-map=${folder}/map.json`,
      program,
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(
      stdout,
      "[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n2 4\n3 9\n25\n36\n",
    );
  });

  it("has the command", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      `${folder}/package/js/cli.js`,
      "--help",
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "serve");
  });

  it("can be published from there, with its types", async () => {
    const { code, stderr } = await deno(
      ["publish", "--dry-run", "--allow-dirty", "--no-check"],
      { cwd: `${folder}/package` },
    );
    assertEquals(code, 0, stderr);
    for (const file of ["js/mod.js", "mod.ts", "internal/wait.ts"]) {
      assertStringIncludes(stderr, `/package/${file} (`);
    }
  });

  it("is built nowhere but where it was, or where nothing is", async () => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const build = pathOf("tools/build.ts");
    const { code, stderr } = await deno(["run", "-q", "-A", build, folder]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "as there is something else");
    assertEquals(await Deno.readTextFile(`${folder}/file`), "");
  });
});
