/** The package as it is published. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
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

  /** Makes an import map that leads to that module, and gives what takes it. */
  async function mapTo(module: string): Promise<string[]> {
    const map = `${folder}/map.json`;
    await Deno.writeTextFile(
      map,
      JSON.stringify({ imports: { "@multi/processing": module } }),
    );
    return ["--no-config", `--import-map=${map}`];
  }

  /** A copy of a program in another folder. */
  async function copied(fixture: string): Promise<string> {
    const program = `${folder}/program.ts`;
    await Deno.copyFile(pathOf(`tests/fixtures/${fixture}`), program);
    return program;
  }

  /** Runs a program to its end, which must be a good one. */
  async function outputOf(args: string[], program: string): Promise<string> {
    const { code, stdout, stderr } = await deno(
      ["run", "-q", "-A", "--no-check", ...args, program],
      { cwd: "/" },
    );
    assertEquals([code, stderr], [0, ""]);
    return stdout;
  }

  /** Runs a program of another folder, by an import map that leads there. */
  async function assertRuns(module: string): Promise<void> {
    const program = await copied("whole_program.ts");
    assertWhole(await outputOf(await mapTo(module), program));
  }

  function assertWhole(stdout: string): void {
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

  /** Bundles a program with these arguments, and gives the bundle's path. */
  async function bundled(args: string[], fixture: string): Promise<string> {
    const { code, stderr } = await deno(
      ["bundle", "-q", ...args, `--outdir=${folder}/js`, await copied(fixture)],
    );
    assertEquals([code, stderr], [0, ""]);
    return `${folder}/js/program.js`;
  }

  it("starts nothing out of a bundle, and says why", async () => {
    const map = await mapTo("./package/js/mod.js");
    for (const args of [[], ["--minify", "--code-splitting"]]) {
      const bundle = await bundled([...map, ...args], "starts_each.ts");
      const lines = (await outputOf(["--no-config"], bundle)).split("\n");
      assertEquals(lines.length, 5);
      for (const line of lines.slice(0, -1)) {
        assertMatch(
          line,
          /^BootstrapError: Cannot start \S+ as this package is in the program's bundle, .* --external "@multi\/processing"/,
        );
      }
    }
  });

  it("runs beside a bundle that leaves it out", async () => {
    const map = await mapTo("./package/js/mod.js");
    const args = [...map, "--external", "@multi/processing"];
    const bundle = await bundled(args, "whole_program.ts");
    assertWhole(await outputOf(map, bundle));
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
