/** A program with children, on a terminal. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Mark } from "./support/mark.ts";
import { pathOf } from "./support/run.ts";
import { hasTerminal, onTerminal } from "./support/terminal.ts";
import { until } from "./support/until.ts";

describe({
  name: "Ctrl-C on a terminal",
  ignore: !await hasTerminal(),
  fn() {
    it("ends parent and children once, without a word", async () => {
      const folder = await Deno.makeTempDir();
      const mark = new Mark();
      const program = pathOf("tests/fixtures/leaves_children.ts");
      const [script, ...args] = onTerminal(
        ["run", "-q", "-A", program, "never", folder, "ready"],
      );
      const terminal = new Deno.Command(script, {
        args,
        env: mark.env,
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const output = new Response(terminal.stdout).text();
      const names = ["idle", "busy", "parent", "grandchild"];
      await until(async () => {
        const found: string[] = [];
        for await (const { name } of Deno.readDir(folder)) found.push(name);
        return names.every((name) => found.includes(name));
      });
      const keyboard = terminal.stdin.getWriter();
      await keyboard.write(Uint8Array.of(3));
      const { code } = await terminal.status;
      await keyboard.close().catch(() => {});
      assertEquals([code, (await output).trim()], [130, "^C"]);
      await mark.noneLeft();
      await Deno.remove(folder, { recursive: true });
    });
  },
});
