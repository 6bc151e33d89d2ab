import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { turn } from "../internal/turn.ts";
import { seenByTurns } from "./fixtures/turns.ts";

describe("turn()", () => {
  it("lets be seen what has come by now", async () => {
    assertEquals(await seenByTurns(2000), 2000);
  });

  it("does so in a Worker", async () => {
    const worker = new Worker(import.meta.resolve("./fixtures/turns.ts"), {
      type: "module",
    });
    const seen = await new Promise((resolve) =>
      worker.onmessage = ({ data }) => resolve(data)
    );
    worker.terminate();
    assertEquals(seen, 1000);
  });

  it("is over as soon as it is done", async () => {
    let asked = 0;
    await turn(() => ++asked === 3);
    assertEquals(asked, 3);
  });

  it("is short where nothing comes", async () => {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      await turn(() => false);
      times.push(performance.now() - start);
    }
    assert(Math.min(...times) < 20, `${times}`);
  });
});
