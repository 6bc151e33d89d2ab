import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { getLogger } from "@multi/processing";
import { deno, pathOf } from "./support/run.ts";

describe("the log", () => {
  it("takes levels by name and by number", () => {
    const logger = getLogger();
    const before = logger.level;
    logger.setLevel("INFO");
    assertEquals(logger.level, 20);
    logger.setLevel(35);
    assertEquals(logger.level, 35);
    logger.setLevel(before);
    assertThrows(
      () => logger.setLevel("LOUD" as never),
      RangeError,
      'Cannot log at level "LOUD": there are NOTSET, DEBUG',
    );
    assertThrows(() => logger.setLevel(NaN), RangeError);
    for (const level of [null, {}]) {
      assertThrows(
        () => logger.setLevel(level as never),
        TypeError,
        '"level" must be a name or a number',
      );
    }
  });

  it("is silent until it is asked for, and then names process and level, in children too", async () => {
    const { stderr, stdout } = await deno([
      "run",
      "-A",
      pathOf("tests/fixtures/logs.ts"),
    ]);
    assertEquals(stdout, "");
    const lines = stderr.trim().split("\n").filter((line) =>
      !line.includes("pid") && !line.includes("child process calling") &&
      !line.includes("exiting")
    );
    assertEquals(lines, [
      "[WARNING/MainProcess] by default from warnings on",
      "[INFO/MainProcess] information of the parent",
      "[INFO/Process-1] information of the child",
      "[Level 35/Process-1] a level of its own",
    ]);
  });
});
