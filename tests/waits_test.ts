/** How a thread waits, as far as nobody sees it from outside. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { spy } from "@std/testing/mock";
import { Queue } from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { WAIT_SET_BYTES, WaitSet } from "../internal/memory/wait_set.ts";
import { Line, wake } from "../internal/memory/waits.ts";
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

  it("leaves to others what has come from itself before it blocks", async () => {
    const { waits } = ownHome();
    const { slot } = waits.member;
    const set = new WaitSet(new Int32Array(WAIT_SET_BYTES / 4), 0);
    let isReady = false;
    const line = new Line(waits, { set, ready: () => isReady });
    const item = line.wait(() => {
      if (!isReady) return undefined;
      isReady = false;
      return "item";
    });
    const other = slot + 1;
    set.enter(other);
    isReady = true;
    wake(line, 1, waits.member);
    const nothing = new WaitSet(new Int32Array(WAIT_SET_BYTES / 4), 0);
    const idle = new Line(waits, { set: nothing, ready: () => false });
    idle.waitSync(() => undefined, { timeout: 1 });
    assertEquals([await item, set.isWoken(other)], ["item", true]);
  });

  it("is woken for nothing else while a decode blocks in a wait that blocked", () => {
    const { waits } = ownHome();
    const lines = [1, 2].map(() => {
      const words = new Int32Array(WAIT_SET_BYTES / 4);
      const set = new WaitSet(words, 0);
      return new Line(waits, { set, ready: () => false });
    });
    const [outer, inner] = lines as [Line, Line];
    let isInOuter: boolean | undefined;
    let looks = 0;
    const decode = () => {
      inner.waitSync(() => {
        isInOuter = outer.gate.set.isWaiting(waits.member.slot);
        return undefined;
      }, { timeout: 1 });
      return "decoded";
    };
    const timeout = 60_000; // nobody else is there who could give it anything
    const taken = outer.waitSync(() => ++looks < 3 ? undefined : decode(), {
      timeout,
    });
    assertEquals([taken, isInOuter], ["decoded", false]);
  });
});
