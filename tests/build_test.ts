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

  /** Runs a program of another folder, by an import map that leads there. */
  async function assertRuns(module: string): Promise<void> {
    const program = `${folder}/program.ts`;
    await Deno.copyFile(pathOf("tests/fixtures/whole_program.ts"), program);
    await Deno.writeTextFile(
      `${folder}/map.json`,
      JSON.stringify({ imports: { "@multi/processing": module } }),
    );
    const args = ["run", "-q", "-A", "--no-config", "--no-check"];
    const { code, stdout, stderr } = await deno([
      ...args,
      `--import-map=${folder}/map.json`,
      program,
    ], { cwd: "/" });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(
      stdout,
      "[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n2 4\n3 9\n25\n36\n",
    );
  }

  it("runs processes, threads, pools and managers", () =>
    assertRuns("./package/js/mod.js"));

  it("does so from a server, as from JSR", async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async ({ url }) => {
        const path = `${folder}/package${new URL(url).pathname}`;
        const headers = { "content-type": "application/javascript" };
        return new Response(await Deno.readTextFile(path), { headers });
      },
    );
    await assertRuns(`http://127.0.0.1:${server.addr.port}/js/mod.js`);
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
