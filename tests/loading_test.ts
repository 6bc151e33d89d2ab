/** What the modules do when they are loaded, as every child and thread loads them. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

async function touched(modules: readonly string[]): Promise<string> {
  const fixture = pathOf("tests/fixtures/touches.ts");
  const args = ["run", "-q", "-A", "--no-check", fixture, ...modules];
  const { code, stdout, stderr } = await deno(args);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim();
}

describe("the modules of the package", () => {
  it("touch nothing that the runtime then has to load", async () => {
    assertEquals(await touched(["@multi/processing"]), "");
  });

  it("are seen when they do", async () => {
    const module = "data:application/javascript,ReadableStream;TransformStream";
    assertEquals(await touched([module]), "ReadableStream,TransformStream");
  });
});
