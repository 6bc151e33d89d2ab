/** Locks and their like: deaths, races, fairness, and what belongs to one thread. */

import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  Event,
  GreenletExit,
  Lock,
  LockAbandonedError,
  type Lockable,
  Process,
  ProcessError,
  RLock,
  Semaphore,
  sleep,
  spawn,
  TimeoutError,
} from "@multi/processing";
import * as stress from "./fixtures/lock_stress.ts";
import * as work from "./fixtures/lock_work.ts";
import { sweepsBlindly } from "./fixtures/sweeps_blindly.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { scratchOf } from "./support/scratch.ts";
import { until, untilFile } from "./support/until.ts";
import { times } from "./support/times.ts";

/** A process that runs. */
function started<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Process<A, R> {
  const process = new Process<A, R>({ target, args } as never);
  process.start();
  return process;
}

/** Their results, once they have ended. */
async function resultsOf<R>(
  processes: readonly Process<never[], R>[] | readonly Process[],
): Promise<R[]> {
  const results = await Promise.all(processes.map((p) => p.result()));
  await Promise.all(processes.map((p) => p.join()));
  return results as R[];
}

async function killed(process: Process<never, unknown> | Process) {
  process.kill();
  await process.join();
}

const HOLDERS = times(200);
const CONTENDERS = Math.max(4, times(8));

const untilValue = (semaphore: Semaphore, value: number) =>
  until(() => semaphore.getValueSync() === value);

describe("locks and their like", () => {
  nothingLeft();

  describe("with holders and others that die", {
    ignore: Deno.build.os !== "linux", // by processes that share memory
  }, () => {
    it(`a lock outlives ${HOLDERS} holders that are killed with it`, async () => {
      const lock = new Lock();
      const deaths = new Semaphore(0);
      const next = () => {
        const held = new Event();
        return {
          held,
          process: started(stress.diesInside, lock, held, deaths),
        };
      };
      const running = [next(), next(), next()];
      for (let i = 0; i < HOLDERS; i++) {
        const which = await Promise.race(
          running.map(({ held }, index) => held.wait().then(() => index)),
        );
        const { process } = running[which]!;
        if (i < HOLDERS - 3) running[which] = next();
        else running.splice(which, 1);
        await killed(process as never);
      }
      // The last one's death was told to nobody yet.
      await assertRejects(() => lock.acquire(), LockAbandonedError, "died");
      assertEquals(deaths.getValueSync(), HOLDERS - 1);
      assertEquals(await lock.acquire({ timeout: 0 }), true);
      lock.releaseSync();
    });

    it("what is killed at any moment leaves nobody stuck", async () => {
      const lock = new Lock();
      const semaphore = new Semaphore(2);
      const condition = new Condition();
      const [event, stop] = [new Event(), new Event()];
      const another = () =>
        started(stress.usesAll, lock, semaphore, condition, event, stop);
      const survivors = [another(), another()];
      for (let i = 0; i < 30; i++) {
        const victim = another();
        // It is killed a little later each time: wherever that may be.
        await new Promise((resolve) => setTimeout(resolve, 40 + i * 2));
        await killed(victim as never);
      }
      await stop.set();
      for (const rounds of await resultsOf<number>(survivors as never[])) {
        assertGreater(rounds, 10);
      }
      for (const one of [lock, semaphore, condition] as Lockable[]) {
        await one.withLock(() => {}, { repair: () => {} });
      }
      assertEquals(semaphore.getValueSync(), 2);
    });

    for (const way of ["async", "sync"] as const) {
      it(`one that is killed while it waits, ${way}, is not waited for`, async () => {
        const lock = new Lock();
        const waiting = new Semaphore(0);
        await lock.acquire();
        const victim = started(stress.waitsThenHolds, lock, waiting, way);
        await untilValue(waiting, 1);
        await killed(victim as never);
        await lock.release();
        assertEquals(await lock.acquire({ timeout: 0 }), true);
        await lock.release();
      });
    }

    it("one that is stopped as it is woken, and then killed, passes it on", async () => {
      const lock = new Lock();
      const semaphore = new Semaphore(0);
      const waiting = new Semaphore(0);
      await lock.acquire();
      const victims = [
        started(stress.waitsThenHolds, lock, waiting, "async"),
        started(work.tries, semaphore, Infinity),
      ];
      await untilValue(waiting, 1);
      const others = [
        started(work.tries, lock, Infinity),
        started(work.tries, semaphore, Infinity),
      ];
      for (const { pid } of victims) Deno.kill(pid!, "SIGSTOP");
      await semaphore.release();
      await lock.release();
      for (const victim of victims) await killed(victim as never);
      assertEquals(await resultsOf<boolean>(others as never[]), [true, true]);
    });

    it("is swept up after by none who does not know what it had", async () => {
      const lock = new Lock();
      const readyFile = await Deno.makeTempFile();
      await using blind = new Process({
        target: sweepsBlindly,
        args: [readyFile],
        module: new URL("./fixtures/sweeps_blindly.ts", import.meta.url),
      });
      blind.start();
      await untilFile(readyFile);
      await Deno.remove(readyFile);
      for (let i = 0; i < 5; i++) {
        const held = new Event();
        const victim = started(work.holdsForEver, lock, held);
        await held.wait();
        await killed(victim as never);
        await assertRejects(() => lock.acquire(), LockAbandonedError);
      }
    });

    it("permits that nobody owns are not made anew", async () => {
      const signal = new Semaphore(0);
      await signal.release();
      const held = new Event();
      const victim = started(work.holdsForEver, signal, held);
      await held.wait();
      await killed(victim as never);
      await signal.release();
      assertEquals(await signal.acquire({ timeout: 0 }), true);
      assertEquals(signal.getValueSync(), 0);
    });

    it("one who waits at a condition learns that the lock's holder has died", async () => {
      const condition = new Condition(new Lock());
      const waiting = condition.withLock(() => condition.wait());
      const told = assertRejects(() => waiting, LockAbandonedError);
      const held = new Event();
      const victim = started(work.holdsForEver, condition, held);
      await held.wait();
      await killed(victim as never);
      await told;
      assertEquals(condition.lockedSync(), false);
    });

    it("a condition's repair mends, and the wait goes on", async () => {
      const condition = new Condition();
      let mended = 0;
      const waiting = condition.withLock(async () => {
        await condition.wait({ repair: () => mended++ });
        return condition.lockedSync();
      });
      const held = new Event();
      const victim = started(work.holdsForEver, condition, held);
      await held.wait();
      await killed(victim as never);
      assertEquals(await waiting, true);
      assertEquals(mended, 1);
    });

    it("an action that does not see what it uses is told so", async () => {
      let rounds = 0;
      const barrier = new Barrier(2, { action: () => void rounds++ });
      const parties = [1, 2].map(() => started(work.waitsAtIt, barrier));
      const results = await Promise.allSettled(
        parties.map((process) => process.result()),
      );
      for (const process of parties) await process.join();
      const [failed, told] = results.map((result) =>
        (result as PromiseRejectedResult).reason as Error
      ).sort((a, b) => a.name < b.name ? 1 : -1);
      assertStringIncludes(
        failed!.message,
        "rounds is not defined: the action",
      );
      assertStringIncludes(failed!.message, "sent as its source text");
      assertStringIncludes(failed!.message, "do it after wait()");
      assertEquals(told!.name, "BrokenBarrierError");
      assertStringIncludes(told!.message, "its action has failed");
      assertEquals(rounds, 0);
    });

    it("a barrier whose action dies with its process is broken", async () => {
      const barrier = new Barrier(2, { action: work.diesNow });
      const victim = started(work.passes, barrier, 1);
      const other = started(work.passes, barrier, 1);
      const results = await Promise.allSettled(
        [victim, other].map((process) => process.result()),
      );
      await Promise.all([victim.join(), other.join()]);
      assertEquals(
        results.map((r) => r.status === "fulfilled" ? r.value : "died").flat()
          .sort(),
        ["BrokenBarrierError", "died"],
      );
    });
  });

  describe("between many", {
    ignore: Deno.build.os !== "linux", // by processes that share memory
  }, () => {
    for (
      const [what, make, target] of [
        ["a lock", () => new Lock(), stress.contends],
        ["a lock that blocks", () => new Lock(), stress.contendsSync],
        ["a semaphore", () => new Semaphore(1), stress.contends],
        [
          "a semaphore that blocks",
          () => new Semaphore(1),
          stress.contendsSync,
        ],
      ] as const
    ) {
      it(`${what} gives each of ${CONTENDERS} its share`, async () => {
        const lock: Lockable = make();
        const [start, stop] = [new Barrier(CONTENDERS + 1), new Event()];
        const counters = Array.from({ length: CONTENDERS }, () => new Lock());
        const contenders = counters.map((counter) =>
          started(target, lock, counter, start, stop)
        );
        await start.wait();
        // Shares, not moments: a busy machine may let one wait for its processor.
        await until(() => {
          const counts = counters.map((counter) => {
            const { words, at } = scratchOf(counter);
            return words[at]!;
          });
          const least = Math.min(...counts);
          return least > 1000 && Math.max(...counts) < 3 * least;
        });
        await stop.set();
        await resultsOf(contenders as never[]);
      });
    }

    it("a condition's notifications are neither lost nor too many", async () => {
      const condition = new Condition();
      const items = new Semaphore(0);
      const idle = new Semaphore(0);
      const over = new Event();
      const consumers = [1, 2, 3].map(() =>
        started(stress.consumes, condition, items, idle, over)
      );
      const own = spawn(stress.consumes, condition, items, idle, over);
      for (let i = 0; i < 2000; i++) {
        await condition.withLock(async () => {
          await items.release();
          await condition.notify();
        });
      }
      await untilValue(items, 0);
      await condition.withLock(async () => {
        await over.set();
        await condition.notifyAll();
      });
      const taken = await resultsOf<number>(consumers as never[]);
      const sum = taken.reduce((sum, n) => sum + n, await own);
      assertEquals(sum, 2000);
    });

    it("an event that is cleared at once releases all, always", async () => {
      const event = new Event();
      const [ready, done, next] = [0, 0, 0].map((n) => new Semaphore(n));
      const times = 200;
      const followers = [1, 2, 3].map(() =>
        started(stress.followsSets, event, ready!, done!, next!, times)
      );
      for (let i = 0; i < times; i++) {
        for (let j = 0; j < 3; j++) await ready!.acquire();
        event.setSync();
        event.clearSync();
        for (let j = 0; j < 3; j++) await done!.acquire();
        for (let j = 0; j < 3; j++) await next!.release();
      }
      assertEquals(await resultsOf<number>(followers as never[]), [
        times,
        times,
        times,
      ]);
    });

    it("500 coroutines at 100 objects stand in nobody's way", async () => {
      const locks = Array.from({ length: 100 }, () => new Lock());
      for (const lock of locks) lock.acquireSync();
      let done = 0;
      const waiting = Array.from(
        { length: 500 },
        (_, i) => locks[i % 100]!.withLock(() => void done++),
      );
      const text = await Deno.readTextFile(new URL(import.meta.url));
      assertStringIncludes(text, "stand in nobody's way");
      assertEquals(done, 0);
      for (const lock of locks) lock.releaseSync();
      await Promise.all(waiting);
      assertEquals(done, 500);
    });
  });

  describe("in one thread", () => {
    it("show their state", () => {
      const lock = new Lock();
      const event = new Event();
      const barrier = new Barrier(2);
      const all = [
        lock,
        new RLock(),
        new Semaphore(3),
        new Condition(),
        event,
        barrier,
      ];
      assertEquals(all.map((one) => Deno.inspect(one)), [
        "Lock (free)",
        "RLock (free)",
        "Semaphore (free: 3)",
        "Condition (free)",
        "Event (not set)",
        "Barrier (parties: 2, waiting: 0)",
      ]);
      lock.acquireSync();
      event.setSync();
      barrier.abortSync();
      assertEquals([lock, event, barrier].map((one) => Deno.inspect(one)), [
        "Lock (taken in this thread)",
        "Event (set)",
        "Barrier (parties: 2, broken)",
      ]);
      lock.releaseSync();
    });

    it("block it by their twins", () => {
      const lock = new Lock();
      assertEquals(lock.acquireSync(), true);
      assertEquals(lock.lockedSync(), true);
      const began = performance.now();
      assertEquals(lock.acquireSync({ timeout: 30 }), false);
      assertGreater(performance.now() - began, 29);
      assertThrows(() => lock.acquireSync({ timeout: -1 }), RangeError);
      assertThrows(
        () => lock.withLockSync(() => {}, { timeout: 1 }),
        TimeoutError,
      );
      lock.releaseSync();
      assertThrows(() => lock.releaseSync(), RangeError, "await");
      {
        using _ = lock.guardSync();
        assertEquals(lock.lockedSync(), true);
      }
      assertEquals(lock.withLockSync(() => lock.lockedSync()), true);
      assertThrows(() => lock.withLockSync(() => fail()), Error, "failed");
      assertEquals(lock.lockedSync(), false);
      const rlock = new RLock();
      rlock.withLockSync(() => rlock.withLockSync(() => {}));
      assertEquals(rlock.lockedSync(), false);
      const event = new Event();
      assertEquals(event.waitSync({ timeout: 1 }), false);
      event.setSync();
      assertEquals(event.waitSync(), true);
      assertEquals(new Barrier(1).waitSync(), 0);
      assertThrows(
        () => new Barrier(2).waitSync({ timeout: 1 }),
        BrokenBarrierError,
      );
    });

    it("block it until another process goes on", {
      ignore: Deno.build.os !== "linux",
    }, async () => {
      const condition = new Condition();
      const [waiting, woken] = [new Semaphore(0), new Semaphore(0)];
      const other = started(
        work.waitsForNoticeSync,
        condition,
        waiting,
        woken,
      );
      await untilValue(waiting, 1);
      condition.withLockSync(() => condition.notifySync());
      assertEquals(woken.acquireSync({ timeout: 5000 }), true);
      assertEquals(await resultsOf([other] as never[]), [true]);
      const state = new Semaphore(0);
      const stepper = started(work.steps, condition, state, 1000);
      await until(() => state.getValueSync() > 0); // now it has been told all
      const seen = condition.withLockSync(() =>
        condition.waitForSync(() => state.getValueSync() === 1000)
      );
      assertEquals(seen, true);
      await resultsOf([stepper] as never[]);
    });

    it("say what is wrong with what they are made of", () => {
      for (const value of [-1, 1.5, NaN, 2 ** 31]) {
        assertThrows(() => new Semaphore(value), RangeError, '"value"');
        assertThrows(() => new BoundedSemaphore(value), RangeError, '"value"');
      }
      assertThrows(() => new Semaphore("2" as never), TypeError, '"value"');
      for (const parties of [0, -1, 1.5]) {
        assertThrows(() => new Barrier(parties), RangeError, '"parties"');
      }
      assertThrows(() => new Barrier(1, { timeout: -1 }), RangeError);
      assertThrows(
        () => new Barrier(1, { action: 5 as never }),
        TypeError,
        '"action"',
      );
      assertThrows(
        () => new Condition(new Semaphore() as never),
        TypeError,
        '"lock"',
      );
    });

    it("refuse to be released more often than a number can tell", async () => {
      const semaphore = new Semaphore(2 ** 31 - 1);
      await assertRejects(() => semaphore.release(), RangeError, "2147483647");
      assertEquals(await semaphore.acquire(), true);
      await semaphore.release();
    });

    it("do not let a failed release hide what has failed before", async () => {
      const lock = new Lock();
      await assertRejects(
        () =>
          lock.withLock(async () => {
            await lock.release();
            fail();
          }),
        Error,
        "failed",
      );
      await assertRejects(
        () => lock.withLock(() => lock.release()),
        RangeError,
        "await",
      );
    });

    it("let a repair fail that is async where nobody can wait for it", async () => {
      const lock = new Lock();
      const victim = started(work.dies, lock);
      await victim.join();
      assertThrows(
        () => lock.acquireSync({ repair: () => Promise.resolve() }),
        TypeError,
        "repair",
      );
      assertEquals(lock.acquireSync({ repair: () => {} }), true);
      lock.releaseSync();
    });

    it("let a function fail that waits where nobody can wait for it", () => {
      const locks = [new Lock(), new RLock(), new Semaphore(), new Condition()];
      const waiting = [
        () => Promise.resolve(),
        () => Promise.reject(new Error("nobody's")),
        function* () {
          yield;
        },
        async function* () {
          yield;
        },
      ];
      for (const fn of waiting) {
        for (const lock of locks) {
          assertThrows(
            () => lock.withLockSync(fn as () => unknown),
            TypeError,
            'Cannot wait for "fn" in withLockSync() as it',
          );
          assertEquals(lock.lockedSync(), false);
        }
        const condition = new Condition();
        assertThrows(
          () =>
            condition.withLockSync(() =>
              condition.waitForSync(fn as () => unknown)
            ),
          TypeError,
          "use await waitFor()",
        );
        assertEquals(condition.lockedSync(), false);
        const barrier = new Barrier(1, { action: fn as () => unknown });
        assertThrows(() => barrier.waitSync(), TypeError, "use await wait()");
      }
      // What is only returned is no concern of the lock's.
      const [lock] = locks;
      const pairs = lock!.withLockSync(() => new Map([[1, 2]]).entries());
      assertEquals([...pairs], [[1, 2]]);
    });

    it("run a generator function to its end", async () => {
      const lock = new Lock();
      const seen: unknown[] = [];
      const steps = function* () {
        seen.push(lock.lockedSync());
        yield new Promise((resolve) => setTimeout(resolve));
        seen.push(lock.lockedSync());
        return "over";
      };
      assertEquals<unknown>(await lock.withLock(steps), "over");
      assertEquals(seen, [true, true]);
      assertEquals(lock.lockedSync(), false);
      const condition = new Condition();
      const held = function* () {
        yield Promise.resolve();
        return false;
      };
      const waited = condition.withLock(() =>
        condition.waitFor(held, { timeout: 1 })
      );
      assertEquals<unknown>(await waited, false);
      const barrier = new Barrier(1, { action: steps });
      await barrier.wait();
      assertEquals(seen.length, 4);
      // An iterator is a result like any other.
      const iterator = await lock.withLock(() => steps());
      assertEquals(typeof iterator.next, "function");
      assertEquals(seen.length, 4);
    });

    it("are left by those who are killed while they wait", async () => {
      const lock = new Lock();
      const condition = new Condition();
      const barrier = new Barrier(2);
      await lock.acquire();
      const log: string[] = [];
      const greenlets = [
        spawn(() => lock.acquire()),
        spawn(() => new Semaphore(0).acquire()),
        spawn(() => new Event().wait()),
        spawn(() => barrier.wait()),
        spawn(async () => {
          await condition.acquire();
          try {
            await condition.wait();
          } finally {
            log.push(condition.lockedSync() ? "has the lock again" : "has not");
            await condition.release();
          }
        }),
      ];
      await sleep(0);
      await until(() => barrier.nWaitingSync() === 1);
      for (const greenlet of greenlets) await greenlet.kill();
      for (const { exception } of greenlets) {
        assertInstanceOf(exception, GreenletExit);
      }
      assertEquals(log, ["has the lock again"]);
      assertEquals(barrier.nWaitingSync(), 0);
      await lock.release();
      assertEquals(await lock.acquire({ timeout: 0 }), true);
      await condition.withLock(() => condition.notifyAll());
    });

    it("tell an RLock's owners apart by coroutines", async () => {
      const lock = new RLock();
      const log: string[] = [];
      const enter = async (who: string) => {
        await lock.acquire();
        await lock.acquire();
        log.push(`${who} in`);
        await sleep(1);
        log.push(`${who} out`);
        await lock.release();
        await lock.release();
      };
      const greenlets = [spawn(enter, "a"), spawn(enter, "b")];
      for (const greenlet of greenlets) await greenlet;
      assertEquals(log, ["a in", "a out", "b in", "b out"]);
      assertEquals(lock.lockedSync(), false);
    });

    it("do not block it for what only its others could release", async () => {
      const lock = new RLock();
      const { promise, resolve } = Promise.withResolvers<void>();
      const holder = lock.withLock(() => promise);
      await until(() => lock.lockedSync());
      assertThrows(() => lock.acquireSync(), ProcessError, "await acquire()");
      assertEquals(lock.acquireSync({ timeout: 1 }), false);
      resolve();
      await holder;
      assertEquals(lock.acquireSync(), true);
      lock.releaseSync();
    });

    it("keep a lock of callbacks apart that began in one callback", async () => {
      const [outer, inner] = [new RLock(), new RLock()];
      let now = 0;
      await outer.withLock(() =>
        Promise.all([1, 2].map(() =>
          inner.withLock(async () => {
            assertEquals(++now, 1);
            await outer.withLock(() => sleep(1));
            now--;
          })
        ))
      );
    });

    it("are one object wherever they come back, and outlive their maker", {
      ignore: Deno.build.os !== "linux",
    }, async () => {
      const lock = new Lock();
      const process = started(work.echo<Lock>, lock);
      const [same] = await resultsOf<Lock>([process] as never[]);
      await same!.acquire();
      assertEquals(lock.lockedSync(), true);
      await lock.release();
      const made = started(work.hasConditionMade); // its maker has ended
      const [condition] = await resultsOf<Condition>([made] as never[]);
      await condition!.withLock(() => condition!.notify());
      const waits = condition!.withLock(() => condition!.wait({ timeout: 1 }));
      assertEquals(await waits, false);
    });
  });

  it("leave nothing in memory that nobody has any more", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      "--v8-flags=--expose-gc",
      pathOf("tests/fixtures/locks_forgotten.ts"),
    ]);
    assertEquals([code, stdout, stderr], [0, "nothing is left\n", ""]);
  });

  it("do not keep a program alive, and are there without ffi", async () => {
    for (const flags of [["-A"], ["-A", "--deny-ffi"], ["--allow-read"]]) {
      const { code, stdout, stderr } = await deno([
        "run",
        "-q",
        ...flags,
        pathOf("tests/fixtures/locks_alone.ts"),
      ]);
      assertEquals([code, stdout, stderr], [0, "all done\n", ""], `${flags}`);
    }
  });

  it("refuse to block for ever where nobody could end that", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      "--deny-ffi",
      pathOf("tests/fixtures/blocks_alone.ts"),
    ]);
    assertEquals(
      [code, stdout, stderr],
      [0, "from itself\nfrom a thread\nfrom a thread\n", ""],
    );
  });
});

function fail(): never {
  throw new Error("failed");
}
