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
  takeTwo,
} from "./fixtures/thread_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

const KINDS = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: () => new Semaphore(1),
  Condition: () => new Condition(),
};

describe("a lock that a thread ends with", () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const how of ["return", "throw", "exit", "wait"] as const) {
      it(`${kind}, ${how}`, async () => {
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
        if (kind === "Semaphore" && (how === "return" || how === "throw")) {
          // As in Python, who took it does not matter.
          assertEquals(await acquire(), false);
          await lock.release();
          assertEquals(await (lock as Semaphore).getValue(), 1);
          return;
        }
        await assertRejects(acquire, LockAbandonedError);
        assertEquals(await acquire(), true);
        await lock.release();
      });
    }
  }
});

describe("permits that threads return with", () => {
  it("stay taken until somebody releases them", async () => {
    const semaphore = new Semaphore(4);
    await semaphore.acquire();
    const taken: boolean[] = [];
    for (let i = 0; i < 5; i++) {
      const thread = new Thread({ target: takeTwo, args: [semaphore] });
      thread.start();
      taken.push(...await thread.result());
      await thread.join();
    }
    assertEquals(taken.filter(Boolean).length, 3);
    for (let i = 0; i < 4; i++) await semaphore.release();
    assertEquals(await semaphore.getValue(), 4);
  });
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
