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
      const terminal = start(
        "leaves_children.ts",
        mark,
        "never",
        folder,
        "ready",
      );
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

    it("lets a pool finish what it has begun, where all listen to it", async () => {
      const mark = new Mark();
      const terminal = start("stops_cleanly.ts", mark);
      let output = "";
      const chunks = terminal.stdout.pipeThrough(new TextDecoderStream());
      const keyboard = terminal.stdin.getWriter();
      for await (const chunk of chunks) {
        output += chunk;
        if (chunk.includes("works")) await keyboard.write(Uint8Array.of(3));
      }
      const { code } = await terminal.status;
      await keyboard.close().catch(() => {});
      assertEquals(
        [code, output.replaceAll("\r", "")],
        [0, "works\n^Call are there\n"],
      );
      await mark.noneLeft();
    });
  },
});

/** Starts a fixture on a terminal, whose keyboard is the stdin of what it gives. */
function start(
  name: string,
  { env }: Mark,
  ...args: string[]
): Deno.ChildProcess {
  const [script, ...words] = onTerminal(
    ["run", "-q", "-A", pathOf(`tests/fixtures/${name}`), ...args],
  );
  return new Deno.Command(script, {
    args: words,
    env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}
