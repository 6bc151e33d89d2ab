/** Locks that another process serves, as far as they themselves go. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  EOFError,
  Event,
  Lock,
  LockAbandonedError,
  RLock,
  Semaphore,
} from "@multi/processing";
import { Caller } from "../support/served.ts";
import { until } from "../support/until.ts";
import { coroutines } from "./lock_flavours.ts";
import { lockConformance, type LockFlavour } from "./locks.ts";

/** Makes what a caller has, of what is made here. */
function madeFor(caller: Caller): LockFlavour["make"] {
  /** The lock of a condition is one that the condition's process has. */
  const kept = new Map<object, Lock | RLock>();
  const keep = <L extends Lock | RLock>(lock: L): L => {
    const served = caller.has(lock);
    kept.set(served, lock);
    return served;
  };
  return {
    lock: () => keep(new Lock()),
    rLock: () => keep(new RLock()),
    semaphore: (value) => caller.has(new Semaphore(value)),
    boundedSemaphore: (value) => caller.has(new BoundedSemaphore(value)),
    condition: (lock) => caller.has(new Condition(lock && kept.get(lock))),
    event: () => caller.has(new Event()),
    barrier: (parties, options) => caller.has(new Barrier(parties, options)),
  };
}

lockConformance({
  ...coroutines,
  name: "coroutines to which they are served",
  isAnother: true,
  make: madeFor(new Caller()),
});

describe("what is served", () => {
  it("blocks no thread", () => {
    const make = madeFor(new Caller());
    const lock = make.lock() as Lock;
    const condition = make.condition() as Condition;
    const event = make.event() as Event;
    const barrier = make.barrier(2) as Barrier;
    const semaphore = make.semaphore() as Semaphore;
    for (
      const fn of [
        () => lock.acquireSync(),
        () => lock.releaseSync(),
        () => lock.withLockSync(() => {}),
        () => lock.guardSync(),
        () => lock.lockedSync(),
        () => semaphore.getValueSync(),
        () => condition.waitSync(),
        () => condition.waitForSync(() => true && condition.waitSync()),
        () => condition.notifySync(),
        () => condition.notifyAllSync(),
        () => event.waitSync(),
        () => event.setSync(),
        () => event.clearSync(),
        () => event.isSetSync(),
        () => barrier.waitSync(),
        () => barrier.resetSync(),
        () => barrier.abortSync(),
        () => barrier.nWaitingSync(),
        () => barrier.brokenSync(),
      ]
    ) assertThrows(fn, TypeError, "served by another process");
    assertThrows(() => new Condition(lock), TypeError, "served");
  });

  it("is left by a caller that dies", async () => {
    for (
      const lock of [new Lock(), new RLock(), new Semaphore(1), new Condition()]
    ) {
      const caller = new Caller();
      await caller.has(lock).acquire();
      const told = assertRejects(() => lock.acquire(), LockAbandonedError);
      caller.die();
      await told;
      assertEquals(await lock.acquire({ timeout: 0 }), true);
      await lock.release();
    }
  });

  it("is waited for no more by a caller that dies", async () => {
    const caller = new Caller();
    const condition = new Condition(new Lock());
    const served = caller.has(condition);
    const begun = Promise.withResolvers<void>();
    const waiting = assertRejects(
      () =>
        served.withLock(() => {
          begun.resolve();
          return served.wait();
        }),
      EOFError,
      "has ended",
    );
    await begun.promise;
    await condition.withLock(() => {}); // that one has left it
    caller.die();
    await waiting;
    assertEquals(await condition.acquire({ timeout: 0 }), true);
    await condition.release();
    const other = new Caller();
    const barrier = new Barrier(2);
    const party = assertRejects(() => other.has(barrier).wait());
    await until(() => barrier.nWaitingSync() === 1);
    other.die();
    await party;
    await assertRejects(() => barrier.wait(), BrokenBarrierError);
  });

  it("is mended by a caller", async () => {
    const dying = new Caller();
    const caller = new Caller();
    const lock = new Lock();
    await dying.has(lock).acquire();
    dying.die();
    let mended = 0;
    const served = caller.has(lock);
    await assertRejects(
      () => served.acquire({ repair: () => Promise.reject(new Error("no")) }),
      Error,
      "no",
    );
    await served.withLock(() => assertEquals(mended, 1), {
      repair: () => mended++,
    });
    assertEquals(lock.lockedSync(), false);
  });
});
