import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf } from "./support/run.ts";

describe("an error of a coroutine", () => {
  it("is reported once if nobody asks for it, and the program goes on", async () => {
    const file = pathOf("tests/fixtures/coroutines_fail.ts");
    const { code, stdout, stderr } = await deno(["run", "-q", "-A", file]);
    assertEquals(stdout.trim().split("\n"), [
      "told: exception",
      "told: too",
      "told: raised",
      "told: iwait",
      "told: late",
      "reported: asked afterwards",
      "told: by a group",
      "told: map",
      "told: second",
      "went on",
    ]);
    const reports = [...stderr.matchAll(/^\w*Error: (.*)$/gm)]
      .map(([, message]) => message!);
    assertEquals(reports.toSorted(), [
      "reported: all joined",
      "reported: asked afterwards",
      "reported: async callback",
      "reported: at the end",
      "reported: at the very end",
      "reported: callback",
      "reported: forgotten",
      "reported: generator",
      "reported: in a group",
      "reported: joined",
      "reported: map",
    ]);
    assertStringIncludes(
      stderr,
      "Greenlet Worker (forgotten):\nRangeError: reported: forgotten\n    at ",
    );
    assertEquals(code, 0);
  });
});
