/** How a thread waits, as far as nobody sees it from outside. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { spy } from "@std/testing/mock";
import { Queue } from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { breathe } from "../internal/turn.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

describe("a thread that waits", () => {
  it("does not block for what comes by its own event loop, however soon", async () => {
    using queue = new Queue<number>();
    using sleeps = spy(ownHome().waits.member, "sleep");
    for (let i = 0; i < 300; i++) {
      const item = queue.get();
      await breathe();
      await breathe();
      await queue.put(i);
      assertEquals(await item, i);
    }
    assertEquals(sleeps.calls.length, 0);
  });
});
