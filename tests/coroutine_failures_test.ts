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

  for (const where of ["program", "process", "thread"]) {
    for (const how of ["throw", "reject", "timer"]) {
      it(`is reported where a ${where} ends by an error that nobody catches: ${how}`, async () => {
        const file = pathOf("tests/fixtures/coroutine_fails_first.ts");
        const { code, stdout, stderr } = await deno(
          ["run", "-q", "-A", file, where, how],
        );
        assertEquals(stderr.match(/the cause$/gm)?.length, 1, stderr);
        assertEquals(stderr.match(/^\w*:? ?.*the end$/gm)?.length, 1, stderr);
        assertEquals(code, where === "program" ? 1 : 0);
        assertEquals(stdout, where === "process" ? "1\n" : "");
      });
    }
  }

  it("is not reported yet where the program goes on", async () => {
    const file = pathOf("tests/fixtures/coroutine_fails_first.ts");
    const ran = await deno(["run", "-q", "-A", file, "program", "prevent"]);
    assertEquals(ran, { code: 0, stdout: "told: the cause\n", stderr: "" });
  });
});
