/** What a thread has when it ends: locks, and waits for what another may get. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Condition,
  Event,
  Lock,
  LockAbandonedError,
  Queue,
  RLock,
  Semaphore,
  setExcepthook,
  Thread,
  ThreadPool,
  WorkerLostError,
} from "@multi/processing";
import {
  endWith,
  failBeside,
  leaveWait,
  take,
} from "./fixtures/thread_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

const KINDS = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: () => new Semaphore(1),
  Condition: () => new Condition(),
};

describe("a thread that ends with a lock", () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const how of ["return", "throw", "exit", "wait"] as const) {
      it(`abandons it as a process does: ${kind}, ${how}`, async () => {
        setExcepthook(() => {});
        const lock = make();
        const taken = new Event();
        const args = [lock as Lock, taken, how] as const;
        const thread = new Thread({ target: endWith, args });
        thread.start();
        await taken.wait();
        if (how === "wait") thread.terminate();
        await thread.join();
        setExcepthook(null);
        const acquire = () => lock.acquire({ timeout: 0 });
        await assertRejects(acquire, LockAbandonedError);
        assertEquals(await acquire(), true);
        await lock.release();
      });
    }
  }
});

describe("a thread that has left a wait", () => {
  it("takes nothing from the next one, and does not end it", async () => {
    const queue = new Queue<number>();
    const first = new Thread({ target: leaveWait, args: [queue] });
    first.start();
    await first.join();
    const second = new Thread({ target: take, args: [queue] });
    second.start();
    await queue.put(1);
    assertEquals(await second.result({ timeout: 10_000 }), 1);
    await second.join();
  });
});

describe("an error beside a task of a thread", () => {
  it("is named where the task is lost", async () => {
    await using pool = new ThreadPool(1);
    await assertRejects(
      () => pool.apply(failBeside),
      WorkerLostError,
      "has ended: RangeError: beside the task",
    );
  });
});
