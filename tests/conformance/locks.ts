/**
 * What CPython's own tests hold of locks and their like, in other words; once for
 * all flavours of who uses them.
 */

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { afterAll, describe, it as step } from "@std/testing/bdd";
import {
  type Barrier,
  type BarrierOptions,
  type BoundedSemaphore,
  BrokenBarrierError,
  type Condition,
  type Event,
  type Lock,
  LockAbandonedError,
  type Lockable,
  type RLock,
  type Semaphore,
  TimeoutError,
} from "@multi/processing";
import * as work from "../fixtures/lock_work.ts";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { until } from "../support/until.ts";

/** What was started. */
export interface Started<R> {
  /** What it returned, once it has ended. */
  result(): Promise<R>;
  /** Ends it the hard way. */
  kill?(): Promise<void>;
}

/** Those who use locks at the same time: coroutines, threads, processes … */
export interface LockFlavour {
  readonly name: string;
  /** Whether another kind is tested by the same steps, too. */
  readonly isAnother?: boolean;
  /** Runs an exported function elsewhere, or beside. */
  start<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ): Started<R>;
  /** Ends what is still there of them. */
  end?(): Promise<void>;
  /** Whether it can be killed. */
  readonly canDie: boolean;
  /** Why barriers cannot have actions, if so. */
  readonly lacksActions?: string;
  /** Makes them. */
  readonly make: {
    lock(): Lock | Promise<Lock>;
    rLock(): RLock | Promise<RLock>;
    semaphore(value?: number): Semaphore | Promise<Semaphore>;
    boundedSemaphore(
      value?: number,
    ): BoundedSemaphore | Promise<BoundedSemaphore>;
    condition(lock?: Lock | RLock): Condition | Promise<Condition>;
    event(): Event | Promise<Event>;
    barrier(
      parties: number,
      options?: BarrierOptions,
    ): Barrier | Promise<Barrier>;
  };
}

/** How long something takes (ms). */
async function timed(fn: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await fn();
  return performance.now() - began;
}

const AWAIT = 'is an "await" missing before acquire()?';

/** Describes what every flavour does. */
export function lockConformance(flavour: LockFlavour): void {
  const { start, make, name } = flavour;
  const it = chosen(undefined, flavour.isAnother);

  /** Waits until a semaphore has that value. */
  const untilValue = (semaphore: Semaphore, value: number) =>
    until(async () => await semaphore.getValue() === value);

  describe(`between ${name}:`, () => {
    afterAll(() => flavour.end?.());
    nothingLeft();

    describe("a Lock", () => {
      it("is taken once, released, and not released too often", async () => {
        const lock = await make.lock();
        assertEquals(await lock.locked(), false);
        assertEquals(await lock.acquire(), true);
        assertEquals(await lock.locked(), true);
        assertEquals(await lock.acquire({ timeout: 0 }), false);
        assertEquals(await start(work.tries, lock, 0).result(), false);
        await lock.release();
        assertEquals(await lock.locked(), false);
        assertEquals(await start(work.tries, lock, 0).result(), true);
        await assertRejects(() => lock.release(), RangeError, AWAIT);
        assertStringIncludes(await start(work.releases, lock).result(), AWAIT);
      });

      it("may be released by another one", async () => {
        const lock = await make.lock();
        await lock.acquire();
        assertEquals(await start(work.releases, lock).result(), "released");
        assertEquals(await lock.acquire({ timeout: 0 }), true);
        await lock.release();
      });

      it("gives up in time, and not before", async () => {
        const lock = await make.lock();
        const [held, enough] = [await make.event(), await make.event()];
        const holder = start(work.holds, lock, held, enough);
        await held.wait();
        const time = await timed(async () =>
          assertEquals(await lock.acquire({ timeout: 50 }), false)
        );
        assertGreaterOrEqual(time, 49);
        for (const timeout of [-1, NaN]) {
          await assertRejects(() => lock.acquire({ timeout }), RangeError);
        }
        const huge = lock.acquire({ timeout: 2 ** 40 });
        await enough.set();
        assertEquals(await huge, true);
        await lock.release();
        await holder.result();
      });

      it("gives up by its signal, and leaves nothing taken", async () => {
        const lock = await make.lock();
        const [held, enough] = [await make.event(), await make.event()];
        const holder = start(work.holds, lock, held, enough);
        await held.wait();
        const controller = new AbortController();
        const { signal } = controller;
        const waiting = lock.acquire({ signal });
        controller.abort(new Error("enough of it"));
        await assertRejects(() => waiting, Error, "enough of it");
        await assertRejects(() => lock.acquire({ signal }), Error, "enough");
        await enough.set();
        await holder.result();
        assertEquals(await lock.acquire({ timeout: 0 }), true);
        await assertRejects(() => lock.acquire({ signal }), Error, "enough");
        await lock.release();
      });

      it("guards a block, and is released however that ends", async () => {
        const lock = await make.lock();
        assertEquals(await lock.withLock(() => "done"), "done");
        await assertRejects(
          () => lock.withLock(() => Promise.reject(new Error("failed"))),
          Error,
          "failed",
        );
        assertEquals(await lock.locked(), false);
        {
          await using guard = await lock.guard();
          assertEquals(await start(work.tries, lock, 0).result(), false);
          await guard[Symbol.asyncDispose]();
          assertEquals(await lock.locked(), false);
          await lock.acquire();
        }
        assertEquals(await lock.locked(), true);
        for (const how of ["withLock", "guard"] as const) {
          await assertRejects(
            async () =>
              how === "guard"
                ? await lock.guard({ timeout: 1 })
                : await lock.withLock(() => {}, { timeout: 1 }),
            TimeoutError,
            "within 1 ms",
          );
        }
        await lock.release();
      });

      it("is one's only, among many", async () => {
        const lock = await make.lock();
        const [counter, inside] = [
          await make.semaphore(0),
          await make.semaphore(0),
        ];
        const workers = [1, 2, 3].map(() =>
          start(work.counts, lock, counter, inside, 30)
        );
        const crowded = await Promise.all(workers.map((w) => w.result()));
        assertEquals(crowded, [0, 0, 0]);
        assertEquals(await counter.getValue(), 90);
      });
    });

    describe("an RLock", () => {
      it("is taken again by its owner, and released as often", async () => {
        const lock = await make.rLock();
        for (let i = 0; i < 3; i++) assertEquals(await lock.acquire(), true);
        for (let i = 0; i < 3; i++) {
          assertEquals(await start(work.tries, lock, 0).result(), false);
          assertStringIncludes(
            await start(work.releases, lock).result(),
            AWAIT,
          );
          assertEquals(await lock.locked(), true);
          await lock.release();
        }
        assertEquals(await start(work.tries, lock, 0).result(), true);
        await assertRejects(() => lock.release(), RangeError, AWAIT);
      });

      it("makes others wait until its owner has left it wholly", async () => {
        const lock = await make.rLock();
        await lock.acquire();
        await lock.acquire();
        const other = start(work.tries, lock, Infinity);
        await lock.release();
        assertEquals(await lock.acquire({ timeout: 0 }), true);
        await lock.release();
        await lock.release();
        assertEquals(await other.result(), true);
      });

      it("is one owner's through all of withLock", async () => {
        const lock = await make.rLock();
        const log: string[] = [];
        const enter = (who: string) =>
          lock.withLock(async () => {
            log.push(`${who} in`);
            await lock.withLock(() => lock.withLock(() => {}));
            assertEquals(await lock.acquire({ timeout: 0 }), true);
            await lock.release();
            assertEquals(await start(work.tries, lock, 0).result(), false);
            log.push(`${who} out`);
          });
        await Promise.all([enter("a"), enter("b")]);
        assertEquals(log, ["a in", "a out", "b in", "b out"]);
        assertEquals(await lock.locked(), false);
      });

      it("is had by a callback within a callback of another lock", async () => {
        const [a, b] = [await make.rLock(), await make.rLock()];
        const done = await a.withLock(() =>
          b.withLock(() => a.withLock(() => b.withLock(() => "no deadlock")))
        );
        assertEquals(done, "no deadlock");
      });
    });

    describe("a Semaphore", () => {
      it("counts down and up", async () => {
        const semaphore = await make.semaphore(2);
        const values = [await semaphore.getValue()];
        assertEquals(await semaphore.acquire(), true);
        values.push(await semaphore.getValue());
        assertEquals(await semaphore.acquire(), true);
        values.push(await semaphore.getValue());
        assertEquals(await semaphore.locked(), true);
        assertEquals(await semaphore.acquire({ timeout: 0 }), false);
        assertEquals(await start(work.tries, semaphore, 0).result(), false);
        for (let i = 0; i < 3; i++) {
          await semaphore.release();
          values.push(await semaphore.getValue());
        }
        assertEquals(values, [2, 1, 0, 1, 2, 3]);
        assertEquals(await start(work.tries, semaphore, 0).result(), true);
      });

      it("carries a signal to one who waits", async () => {
        const semaphore = await make.semaphore(0);
        const waits = [1, 2].map(() => start(work.tries, semaphore, Infinity));
        await semaphore.release(); // each of them passes it on
        assertEquals(await Promise.all(waits.map((w) => w.result())), [
          true,
          true,
        ]);
        assertEquals(await semaphore.getValue(), 1);
      });

      it("is bounded if asked to be", async () => {
        const semaphore = await make.boundedSemaphore(2);
        await assertRejects(() => semaphore.release(), RangeError, "await");
        await semaphore.acquire();
        assertEquals(
          await start(work.releases, semaphore).result(),
          "released",
        );
        await assertRejects(() => semaphore.release(), RangeError, "await");
        assertEquals(await semaphore.getValue(), 2);
        const plain = await make.semaphore(2);
        assertEquals(await start(work.releases, plain).result(), "released");
        assertEquals(await plain.getValue(), 3);
      });

      it("gives up in time, and not before", async () => {
        const semaphore = await make.semaphore(0);
        for (const timeout of [0, 30, 60]) {
          const time = await timed(async () =>
            assertEquals(await semaphore.acquire({ timeout }), false)
          );
          assertGreaterOrEqual(time, timeout - 1);
        }
        await assertRejects(
          () => semaphore.acquire({ timeout: -1 }),
          RangeError,
        );
      });

      it("gives up by its signal, and takes nothing", async () => {
        const semaphore = await make.semaphore(0);
        const controller = new AbortController();
        const waiting = semaphore.acquire({ signal: controller.signal });
        controller.abort(new Error("enough"));
        await assertRejects(() => waiting, Error, "enough");
        await semaphore.release();
        assertEquals(await semaphore.getValue(), 1);
      });

      it("lets as many in as it has permits", async () => {
        const semaphore = await make.semaphore(2);
        const [held, enough] = [await make.event(), await make.event()];
        const holder = start(work.holds, semaphore, held, enough);
        await held.wait();
        assertEquals(await semaphore.withLock(() => semaphore.getValue()), 0);
        const waiting = [1, 2].map(() =>
          start(work.tries, semaphore, Infinity)
        );
        await enough.set();
        for (const { result } of [holder, ...waiting]) await result();
        assertEquals(await semaphore.getValue(), 2);
      });
    });

    describe("a Condition", () => {
      /** Starts some who wait, and waits until they do. */
      async function waiters(condition: Condition, count: number) {
        const waiting = await make.semaphore(0);
        const woken = await make.semaphore(0);
        const started = Array.from(
          { length: count },
          () => start(work.waitsForNotice, condition, waiting, woken),
        );
        await untilValue(waiting, count);
        // They have said so with the lock held, which they leave by waiting.
        await condition.withLock(() => {});
        return { woken, started };
      }

      for (const kind of ["RLock", "Lock", undefined] as const) {
        it(`with ${kind ?? "no lock given"} wakes as many as it is told to`, async () => {
          const lock = kind &&
            await (kind === "Lock" ? make.lock() : make.rLock());
          const condition = await make.condition(lock);
          const { woken, started } = await waiters(condition, 6);
          assertEquals(await woken.getValue(), 0);
          let sum = 0;
          for (const n of [1, 2, 0, 1]) {
            await condition.withLock(() => condition.notify(n));
            sum += n;
            await untilValue(woken, sum);
            // Nobody who was woken too many can be behind the lock.
            await condition.withLock(() => {});
            assertEquals(await woken.getValue(), sum);
          }
          await condition.withLock(() => condition.notifyAll());
          const notified = await Promise.all(started.map((s) => s.result()));
          assertEquals(notified, [true, true, true, true, true, true]);
          await condition.withLock(() => condition.notify(3)); // there is nobody
          assertEquals(
            await condition.withLock(() => condition.wait({ timeout: 10 })),
            false,
          );
        });
      }

      it("leaves an RLock wholly, and takes it again as often", async () => {
        const condition = await make.condition();
        await condition.acquire();
        await condition.acquire();
        const notifier = start(
          work.steps,
          condition,
          await make.semaphore(0),
          1,
        );
        assertEquals(await condition.wait(), true);
        await notifier.result();
        await condition.release();
        assertEquals(await start(work.tries, condition, 0).result(), false);
        await condition.release();
        assertEquals(await start(work.tries, condition, 0).result(), true);
      });

      it("has the lock again when time ran out", async () => {
        const condition = await make.condition();
        await condition.acquire();
        const time = await timed(async () =>
          assertEquals(await condition.wait({ timeout: 50 }), false)
        );
        assertGreaterOrEqual(time, 49);
        assertEquals(await condition.wait({ timeout: 0 }), false);
        assertEquals(await start(work.tries, condition, 0).result(), false);
        await condition.release();
      });

      it("has the lock again when its signal ends the wait", async () => {
        const condition = await make.condition();
        await condition.acquire();
        const controller = new AbortController();
        const waiting = condition.wait({ signal: controller.signal });
        const [held, enough] = [await make.event(), await make.event()];
        const holder = start(work.holds, condition, held, enough);
        await held.wait();
        controller.abort(new Error("enough"));
        const ended = assertRejects(() => waiting, Error, "enough");
        await enough.set();
        await ended;
        await holder.result();
        assertEquals(await start(work.tries, condition, 0).result(), false);
        await condition.release();
      });

      it("waits for a predicate", async () => {
        const condition = await make.condition();
        const state = await make.semaphore(0);
        const waiting = start(work.waitsForValue, condition, state, 4);
        await start(work.steps, condition, state, 4).result();
        assertEquals(await waiting.result(), true);
        const time = await timed(async () =>
          assertEquals(
            await start(work.waitsForValue, condition, state, 9, 50).result(),
            false,
          )
        );
        assertGreaterOrEqual(time, 49);
        assertEquals(
          await condition.withLock(() => condition.waitFor(() => "at once")),
          "at once",
        );
      });

      it("refuses who has not the lock", async () => {
        const condition = await make.condition();
        const refused = [
          () => condition.wait(),
          () => condition.notify(),
          () => condition.notifyAll(),
          () => condition.release(),
        ];
        for (const fn of refused) await assertRejects(fn, RangeError, AWAIT);
        assertEquals(await condition.acquire({ timeout: 0 }), true);
        await condition.release();
      });
    });

    describe("an Event", () => {
      it("is set and cleared, and releases all who wait", async () => {
        const event = await make.event();
        assertEquals(await event.isSet(), false);
        assertEquals(await event.wait({ timeout: 0 }), false);
        const time = await timed(async () =>
          assertEquals(await event.wait({ timeout: 50 }), false)
        );
        assertGreaterOrEqual(time, 49);
        const ready = await make.semaphore(0);
        const waiters = [1, 2, 3].map(() =>
          start(work.waitsForEvent, event, ready)
        );
        await untilValue(ready, 3);
        await start(work.sets, event).result();
        assertEquals(await Promise.all(waiters.map((w) => w.result())), [
          true,
          true,
          true,
        ]);
        assertEquals(await event.isSet(), true);
        assertEquals(await event.wait(), true);
        assertEquals(await event.wait({ timeout: 0 }), true);
        await event.clear();
        assertEquals(await event.isSet(), false);
        assertEquals(await event.wait({ timeout: 0 }), false);
      });

      it("releases all who wait also if it is cleared at once", async () => {
        const event = await make.event();
        const ready = await make.semaphore(0);
        const waiters = [1, 2].map(() =>
          start(work.waitsForEvent, event, ready)
        );
        await untilValue(ready, 2);
        await Promise.all([event.set(), event.clear()]);
        assertEquals(await Promise.all(waiters.map((w) => w.result())), [
          true,
          true,
        ]);
      });

      it("gives up by its signal", async () => {
        const event = await make.event();
        const controller = new AbortController();
        const waiting = event.wait({ signal: controller.signal });
        controller.abort(new Error("enough"));
        await assertRejects(() => waiting, Error, "enough");
      });
    });

    describe("a Barrier", () => {
      const { lacksActions } = flavour;
      const withAction = (what: string, fn: () => Promise<void>) => {
        if (lacksActions === undefined) it(what, fn);
        else step.skip(`${what}: ${lacksActions}`, fn);
      };

      /** The results of parties, this one included. */
      async function all(
        barrier: Barrier,
        rounds: number,
        timeout?: number,
      ): Promise<(number | string)[][]> {
        const others = Array.from(
          { length: barrier.parties - 1 },
          () => start(work.passes, barrier, rounds, timeout),
        );
        const own = await work.passes(barrier, rounds, timeout);
        const results = await Promise.all(others.map((o) => o.result()));
        return [own, ...results];
      }

      it("lets all pass when all are there, each with its index", async () => {
        const barrier = await make.barrier(3);
        assertEquals(barrier.parties, 3);
        const results = await all(barrier, 10);
        for (let round = 0; round < 10; round++) {
          const indices = results.map((indices) => indices[round]);
          assertEquals(indices.sort(), [0, 1, 2]);
        }
        assertEquals(await barrier.nWaiting(), 0);
        assertEquals(await barrier.broken(), false);
      });

      it("keeps all in step for 1000 rounds", async () => {
        const barrier = await make.barrier(2);
        const before = await make.semaphore(0);
        const other = start(work.passesInStep, barrier, before, 500);
        assertEquals(await work.passesInStep(barrier, before, 500), 0);
        assertEquals(await other.result(), 0);
      });

      it("lets a single party pass always", async () => {
        const barrier = await make.barrier(1);
        assertEquals(await barrier.wait(), 0);
        assertEquals(await start(work.passes, barrier, 2).result(), [0, 0]);
      });

      it("tells how many wait", async () => {
        const barrier = await make.barrier(3);
        const others = [1, 2].map(() => start(work.passes, barrier, 1));
        await until(async () => await barrier.nWaiting() === 2);
        await barrier.wait();
        assertEquals(await barrier.nWaiting(), 0);
        for (const { result } of others) await result();
      });

      it("is broken for all by abort(), until reset()", async () => {
        const barrier = await make.barrier(3);
        const others = [1, 2].map(() => start(work.passes, barrier, 2));
        await until(async () => await barrier.nWaiting() === 2);
        await barrier.abort();
        const broken = ["BrokenBarrierError", "BrokenBarrierError"];
        for (const { result } of others) assertEquals(await result(), broken);
        assertEquals(await barrier.broken(), true);
        const error = await assertRejects(() => barrier.wait());
        assertInstanceOf(error, BrokenBarrierError);
        await barrier.reset();
        assertEquals(await barrier.broken(), false);
        assertEquals((await all(barrier, 1)).flat().sort(), [0, 1, 2]);
      });

      it("is as new after reset(), and who waited learns of it", async () => {
        const barrier = await make.barrier(3);
        const others = [1, 2].map(() => start(work.passes, barrier, 1));
        await until(async () => await barrier.nWaiting() === 2);
        await barrier.reset();
        for (const { result } of others) {
          assertEquals(await result(), ["BrokenBarrierError"]);
        }
        assertEquals(await barrier.broken(), false);
        assertEquals(await barrier.nWaiting(), 0);
        await barrier.reset();
        assertEquals((await all(barrier, 2)).length, 3);
      });

      it("is broken by one whose time runs out", async () => {
        const barrier = await make.barrier(3);
        const other = start(work.passes, barrier, 1);
        await until(async () => await barrier.nWaiting() === 1);
        const time = await timed(() =>
          assertRejects(() => barrier.wait({ timeout: 50 }), BrokenBarrierError)
        );
        assertGreaterOrEqual(time, 49);
        assertEquals(await other.result(), ["BrokenBarrierError"]);
        assertEquals(await barrier.broken(), true);
      });

      it("has a time-out for all", async () => {
        const barrier = await make.barrier(2, { timeout: 30 });
        assertEquals(await start(work.passes, barrier, 1).result(), [
          "BrokenBarrierError",
        ]);
        await barrier.reset();
        assertEquals((await all(barrier, 1, Infinity)).flat().sort(), [0, 1]);
      });

      it("goes on without one who leaves by its signal", async () => {
        const barrier = await make.barrier(2);
        const controller = new AbortController();
        const waiting = barrier.wait({ signal: controller.signal });
        controller.abort(new Error("enough"));
        await assertRejects(() => waiting, Error, "enough");
        assertEquals(await barrier.nWaiting(), 0);
        assertEquals((await all(barrier, 1)).flat().sort(), [0, 1]);
      });

      withAction(
        "runs its action once a round, before anybody passes",
        async () => {
          let calls = 0;
          const barrier = await make.barrier(3, { action: () => calls++ });
          const others = [1, 2].map(() => start(work.passes, barrier, 2));
          for (const round of [1, 2]) {
            await barrier.wait();
            assertEquals(calls, round);
          }
          for (const { result } of others) await result();
          assertEquals(calls, 2);
        },
      );

      withAction("runs its action where its maker does not wait", async () => {
        const before = work.timesCounted(); // where it is served, it runs here
        const barrier = await make.barrier(2, { action: work.count });
        const others = [1, 2].map(() => start(work.passesAndCounts, barrier));
        const counts = await Promise.all(others.map((o) => o.result()));
        const here = work.timesCounted() - before;
        assertLess(0, counts[0]! + counts[1]! + here);
      });

      withAction("is broken by an action that fails", async () => {
        const barrier = await make.barrier(2, {
          action: () => {
            throw new TypeError("no good");
          },
        });
        const other = start(work.passes, barrier, 1);
        const own = await work.passes(barrier, 1);
        const names = [own[0], (await other.result())[0]].sort();
        assertEquals(names, ["BrokenBarrierError", "TypeError"]);
        assertEquals(await barrier.broken(), true);
      });
    });

    if (!flavour.canDie) return;

    describe("one who dies", () => {
      it("leaves a lock of any kind to the others, once with an error", async () => {
        for (
          const lock of [
            await make.lock(),
            await make.rLock(),
            await make.semaphore(1),
            await make.boundedSemaphore(1),
            await make.condition(),
          ] as Lockable[]
        ) {
          const held = await make.event();
          const holder = start(work.holdsForEver, lock, held);
          await held.wait();
          const told = assertRejects(
            () => lock.acquire(),
            LockAbandonedError,
            "died",
          );
          await holder.kill!();
          await told;
          assertEquals(await lock.acquire({ timeout: 0 }), true);
          await lock.release();
        }
      });

      it("leaves a lock to who mends what it guards", async () => {
        for (
          const lock of [
            await make.lock(),
            await make.rLock(),
            await make.semaphore(1),
          ]
        ) {
          const held = await make.event();
          const holder = start(work.holdsForEver, lock, held);
          await held.wait();
          await holder.kill!();
          await assertRejects(
            () =>
              lock.acquire({ repair: () => Promise.reject(new Error("lost")) }),
            Error,
            "lost",
          );
          let mended = 0;
          await lock.withLock(async () => {
            assertEquals(mended, 1);
            assertEquals(await start(work.tries, lock, 0).result(), false);
          }, { repair: () => mended++ });
          await lock.withLock(() => {}, { repair: () => mended++ });
          assertEquals(mended, 1);
        }
      });

      it("waits for nothing any more", async () => {
        const lock = await make.lock();
        const condition = await make.condition();
        const waiting = await make.semaphore(0);
        const woken = await make.semaphore(0);
        await lock.acquire();
        const dead = [
          start(work.tries, lock, Infinity),
          start(work.waitsForNotice, condition, waiting, woken),
        ];
        await untilValue(waiting, 1);
        const alive = [
          start(work.tries, lock, Infinity),
          start(work.waitsForNotice, condition, waiting, woken),
        ];
        await untilValue(waiting, 2);
        for (const one of dead) await one.kill!();
        await lock.release();
        await condition.withLock(() => condition.notify());
        for (const { result } of alive) assertEquals(await result(), true);
      });

      it("breaks a barrier", async () => {
        const barrier = await make.barrier(3);
        const dying = start(work.passes, barrier, 1);
        await until(async () => await barrier.nWaiting() === 1);
        const other = start(work.passes, barrier, 1);
        await until(async () => await barrier.nWaiting() === 2);
        await dying.kill!();
        assertEquals(await other.result(), ["BrokenBarrierError"]);
        assert(await barrier.broken());
      });
    });
  });
}
