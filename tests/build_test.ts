/** The package as it is published. */

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

describe("the package that is published", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await Deno.makeTempDir();
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
    assertEquals(stdout, "[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n2 4\n3 9\n25\n36\n");
  });
});
