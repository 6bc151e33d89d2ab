/** Many processes at once, and what they have open. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Process } from "@multi/processing";
import * as work from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { times } from "./support/times.ts";

describe("many processes", () => {
  nothingLeft();

  it("that are started at once all give their results", async () => {
    const processes = Array.from(
      { length: times(200) },
      (_, i) => new Process({ target: work.echo<number>, args: [i] }),
    );
    for (const process of processes) process.start();
    const results = await Promise.all(processes.map((p) => p.result()));
    assertEquals(results, processes.map((_, i) => [i]));
    await Promise.all(processes.map((process) => process.join()));
    assert(processes.every((process) => process.exitcode === 0));
  });

  it("that run at once have no more pipes open, the later they started", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const go = await Deno.makeTempFile();
    const processes = Array.from(
      { length: Math.max(4, times(12)) },
      () => new Process({ target: work.openPipes, args: [go] }),
    );
    for (const process of processes) process.start();
    await Deno.writeTextFile(go, "go");
    const counts = await Promise.all(processes.map((p) => p.result()));
    assertEquals(new Set(counts).size, 1, `open pipes: ${counts}`);
    await Promise.all(processes.map((process) => process.join()));
    await Deno.remove(go);
  });

  it("one after another leave nothing open here", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const run = async () => {
      const process = new Process({ target: work.echo });
      process.start();
      await process.join();
    };
    await run();
    const before = open();
    for (let i = Math.max(5, times(20)); i > 0; i--) await run();
    assertEquals(open(), before);
  });
});

describe({
  name: "a subprocess of a process",
  // Elsewhere the stdin of a process is its life line until it ends.
  ignore: Deno.build.os !== "linux",
  fn() {
    nothingLeft();

    it("inherits an empty stdin", async () => {
      const process = new Process({ target: work.readBySubprocess });
      process.start();
      assertEquals(await process.result(), "");
      await process.join();
    });

    it("inherits none of our files", async () => {
      const process = new Process({ target: work.openInSubprocess });
      process.start();
      assertEquals(await process.result(), await work.openInSubprocess());
      await process.join();
    });
  },
});
