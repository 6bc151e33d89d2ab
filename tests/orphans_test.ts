/** Nobody is left behind, however the main program ends. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Mark } from "./support/mark.ts";
import { deno, pathOf } from "./support/run.ts";
import { times } from "./support/times.ts";

const PERMISSIONS = {
  "with all permissions": ["-A"],
  "without ffi": ["--allow-run", "--allow-read", "--allow-write"],
};

const ENDS: Record<string, number> = {
  return: 0,
  exit: 3,
  throw: 1,
  reject: 1,
  SIGTERM: 143,
  SIGINT: 130,
  SIGHUP: 129,
  SIGKILL: 137,
};

async function endAndLook(
  permissions: string[],
  how: string,
  readiness: string,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const mark = new Mark();
  const { code } = await deno(
    [
      "run",
      "-q",
      "--no-prompt",
      ...permissions,
      pathOf("tests/fixtures/leaves_children.ts"),
      how,
      folder,
      readiness,
    ],
    { env: mark.env },
  );
  assertEquals(code, ENDS[how]);
  await mark.noneLeft();
  await Deno.remove(folder, { recursive: true });
}

for (const [what, permissions] of Object.entries(PERMISSIONS)) {
  describe({
    name: `${what}, no child is left`,
    ignore: Deno.build.os !== "linux", // it reads the process table in /proc
    fn() {
      for (const how of Object.keys(ENDS)) {
        it(`after ${how}`, () => endAndLook(permissions, how, "ready"));
      }

      it("after an end while children are starting", async () => {
        const ways = ["SIGKILL", "exit", "SIGTERM", "throw"];
        const rounds = Math.max(ways.length, times(10));
        for (let round = 0; round < rounds; round++) {
          const ms = round * 60 / rounds;
          await endAndLook(permissions, ways[round % ways.length]!, `${ms}`);
        }
      });
    },
  });
}
