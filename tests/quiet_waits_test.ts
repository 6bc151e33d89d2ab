/** Waits for somebody elsewhere do not keep a program alive. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";

nothingLeft();

const printed = {
  quiet: "end\n",
  woken: "taken\nend\n",
  both: "in vain\nquiet taken\ntaken\nend\n",
  last: "undefined\nend\n",
};

for (const flags of [["-A"], []]) {
  describe(`a program run with ${flags.join() || "no permission"}`, () => {
    for (const [mode, expected] of Object.entries(printed)) {
      it(`goes on for whom it should: ${mode}`, async () => {
        const program = pathOf("tests/fixtures/quiet_waits.ts");
        const ran = await deno(["run", ...flags, program, mode]);
        assertEquals(ran, { code: 0, stdout: expected, stderr: "" });
      });
    }
  });
}
