/** How one waits: every wait of this package says the same of what it is given. */

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  asCompleted,
  Barrier,
  BoundedSemaphore,
  Condition,
  connect,
  Event,
  GreenletPool,
  Group,
  iwait,
  JoinableQueue,
  joinall,
  Listener,
  Lock,
  Manager,
  pipe,
  Process,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
  sleep,
  spawn,
  subprocess,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
  wait,
} from "@multi/processing";
import * as work from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** Options that are none, and what the error says of them. */
const WRONG: [unknown, typeof TypeError, string][] = [
  [
    null,
    TypeError,
    "must be an object, such as { timeout: 1000 }: current value is null",
  ],
  [
    false,
    TypeError,
    "must be an object, such as { timeout: 0 }: current value is false",
  ],
  [
    5,
    TypeError,
    "must be an object, such as { timeout: 5 }: current value is 5",
  ],
  [true, TypeError, '"options" must be an object'],
  ["5", TypeError, '"options" must be an object'],
  [() => {}, TypeError, '"options" must be an object'],
  [{ signal: 5 }, TypeError, '"signal" must be an AbortSignal: current'],
  [{ signal: null }, TypeError, '"signal" must be an AbortSignal: current'],
  [{ timeout: "5" }, TypeError, '"timeout" must be a number of milliseconds'],
  [{ timeout: null }, TypeError, '"timeout" must be a number of milliseconds'],
  [{ timeout: -1 }, RangeError, '"timeout" must be >= 0 (0: do not wait'],
  [{ timeout: NaN }, RangeError, '"timeout" must be >= 0 (0: do not wait'],
];

type Waits = Record<string, (options: Any) => Promise<unknown>>;
type Blocks = Record<string, (options: Any) => unknown>;

/** They take no wrong options, and do nothing where the signal has aborted. */
async function assertAllCheck(waits: Waits, blocks: Blocks = {}) {
  const reasons = [new Error("why"), "why", 0];
  for (const [name, wait] of Object.entries(waits)) {
    for (const [options, cls, message] of WRONG) {
      await assertRejects(() => wait(options), cls, message, name);
    }
    for (const reason of reasons) {
      for (const timeout of [undefined, 0]) {
        const signal = AbortSignal.abort(reason);
        const outcome = await wait({ signal, timeout }).then(
          (value) => [name, "gave", value],
          (thrown) => thrown,
        );
        assertStrictEquals(outcome, reason, `${name}: ${outcome}`);
      }
    }
  }
  for (const [name, block] of Object.entries(blocks)) {
    for (const [options, cls, message] of WRONG) {
      if (!name.includes("iter") && isSignal(options)) continue;
      assertThrows(() => block(options), cls, message, name);
    }
  }
}

const isSignal = (options: unknown) => Object.hasOwn(Object(options), "signal");

describe("every wait", () => {
  nothingLeft();

  it("of a queue, a pipe or a listener", async () => {
    using queue = new JoinableQueue<number>();
    using empty = new Queue<number>();
    using full = new Queue<number>(1);
    using simple = new SimpleQueue<number>();
    using listener = new Listener({ address: ["127.0.0.1", 0] });
    const [here, there] = pipe<number>();
    const [idle, other] = pipe<number>();
    await queue.put(1);
    await full.put(1);
    await simple.put(1);
    await there.send(1);
    await assertAllCheck({
      get: (options) => queue.get(options),
      "get, empty": (options) => empty.get(options),
      "get, simple": (options) => (simple as Any).get(options),
      getMany: (options) => queue.getMany(1, options),
      put: (options) => queue.put(1, options),
      "put, full": (options) => full.put(1, options),
      putMany: (options) => queue.putMany([1], options),
      "putMany, nothing": (options) => queue.putMany([], options),
      join: (options) => queue.join(options),
      recv: (options) => here.recv(options),
      "recv, empty": (options) => idle.recv(options),
      recvBytes: (options) => idle.recvBytes(options),
      poll: (options) => here.poll(options),
      wait: (options) => wait([here], options),
      "wait, for nothing": (options) => wait([], options),
      accept: (options) => listener.accept(options),
      connect: (options) => connect(listener.address, options),
    }, {
      getSync: (options) => queue.getSync(options),
      putSync: (options) => queue.putSync(1, options),
      recvSync: (options) => here.recvSync(options),
    });
    assertEquals(await queue.qsize(), 1);
    assertEquals(await queue.unfinished(), 1);
    assertEquals(await simple.get(), 1);
    assertEquals(await here.recv(), 1);
    for (const end of [here, there, idle, other]) end.close();
  });

  it("of a lock and its like", async () => {
    const objects = {
      lock: new Lock(),
      reentrant: new RLock(),
      semaphore: new Semaphore(1),
      bounded: new BoundedSemaphore(1),
      condition: new Condition(),
      event: new Event(),
      barrier: new Barrier(2),
    };
    const { lock, reentrant, semaphore, bounded, condition, event, barrier } =
      objects;
    const held = new Lock();
    const unset = new Event();
    await held.acquire();
    await event.set();
    await assertAllCheck({
      ...ofLocks(objects),
      "acquire, held": (options) => held.acquire(options),
      "wait, an unset event": (options) => unset.wait(options),
    }, {
      acquireSync: (options) => lock.acquireSync(options),
      withLockSync: (options) => lock.withLockSync(() => {}, options),
      guardSync: (options) => lock.guardSync(options),
      "acquireSync, a permit": (options) => semaphore.acquireSync(options),
      "waitSync, an event": (options) => event.waitSync(options),
      "waitSync, a barrier": (options) => barrier.waitSync(options),
      "waitSync, a condition": (options) =>
        condition.withLockSync(() => condition.waitSync(options)),
      waitForSync: (options) =>
        condition.withLockSync(() => condition.waitForSync(() => 1, options)),
    });
    const locked = [lock, held, reentrant, condition].map((one) =>
      one.lockedSync()
    );
    assertEquals(locked, [false, true, false, false]);
    assertEquals(await semaphore.getValue(), 1);
    assertEquals(await bounded.getValue(), 1);
    assertEquals(await barrier.nWaiting(), 0);
  });

  it("of a process, a thread, a program or a pool", async () => {
    await using process = new Process({ target: work.sleepForever });
    await using thread = new Thread({ target: work.sleepForever });
    process.start();
    thread.start();
    await using program = new subprocess.Popen(["cat"], {
      stdin: subprocess.PIPE, // and ends when that is closed
      stdout: subprocess.PIPE,
    });
    await using pool = new ThreadPool(1);
    const result = pool.applyAsync(work.sleepForever);
    await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const future = executor.submit(work.echo<number>, 1);
    await future;
    const closed = new ThreadPool(1);
    closed.close();
    await assertAllCheck({
      join: (options) => process.join(options),
      result: (options) => process.result(options),
      "join, a thread": (options) => thread.join(options),
      "result, a thread": (options) => thread.result(options),
      "wait, a program": (options) => program.wait(options),
      communicate: (options) => program.communicate(null, options),
      get: (options) => result.get(options),
      wait: (options) => result.wait(options),
      "result, a future": (options) => future.result(options),
      exception: (options) => future.exception(options),
      "join, a pool": (options) => closed.join(options),
    }, {
      "asCompleted, an iterator": (options) => asCompleted([future], options),
    });
    await closed.join();
  });

  it("of a coroutine", async () => {
    const greenlet = spawn(() => sleep(60_000));
    const done = spawn(() => 1);
    await done;
    const group = new Group([greenlet]);
    const pool = new GreenletPool(1);
    pool.spawn(() => sleep(60_000));
    await assertAllCheck({
      join: (options) => greenlet.join(options),
      get: (options) => greenlet.get(options),
      "join, done": (options) => done.join(options),
      "get, done": (options) => done.get(options),
      joinall: (options) => joinall([greenlet], options),
      "joinall, done": (options) => joinall([done], options),
      "join, a group": (options) => group.join(options),
      "join, a pool": (options) => pool.join(options),
    }, {
      "iwait, an iterator": (options) => iwait([greenlet], options),
    });
    await group.kill();
    await pool.kill();
  });

  it("of a manager's objects, none of which blocks", async () => {
    await using manager = new Manager();
    const queue = await manager.joinableQueue<number>();
    const simple = await manager.simpleQueue<number>();
    const objects = {
      lock: await manager.lock(),
      reentrant: await manager.rLock(),
      semaphore: await manager.semaphore(1),
      bounded: await manager.boundedSemaphore(1),
      condition: await manager.condition(),
      event: await manager.event(),
      barrier: await manager.barrier(2),
    };
    await queue.put(1);
    await simple.put(1);
    await objects.event.set();
    await assertAllCheck({
      get: (options) => queue.get(options),
      "get, simple": (options) => (simple as Any).get(options),
      getMany: (options) => queue.getMany(1, options),
      put: (options) => queue.put(1, options),
      putMany: (options) => queue.putMany([1], options),
      join: (options) => queue.join(options),
      ...ofLocks(objects),
    });
    assertEquals(await queue.qsize(), 1);
    assertEquals(await simple.get(), 1);
    assertEquals(await objects.semaphore.getValue(), 1);
    assertEquals(await objects.lock.locked(), false);
    for (const object of [queue, ...Object.values(objects)] as Any[]) {
      for (const method of methodsOf(object)) {
        if (!method.endsWith("Sync")) continue;
        const args = /^with|For/.test(method) ? [() => true] : [];
        assertThrows(
          () => object[method](...args),
          TypeError,
          "is served by another process, for which the thread cannot block",
          method,
        );
      }
    }
  });
});

/** The waits of locks and their like, wherever these are. */
function ofLocks(objects: {
  lock: Lock;
  reentrant: RLock;
  semaphore: Semaphore;
  bounded: BoundedSemaphore;
  condition: Condition;
  event: Event;
  barrier: Barrier;
}): Waits {
  const { lock, reentrant, semaphore, bounded, condition, event, barrier } =
    objects;
  const held = (fn: () => Promise<unknown>) => condition.withLock(fn);
  return {
    acquire: (options) => lock.acquire(options),
    withLock: (options) => lock.withLock(() => {}, options),
    guard: (options) => lock.guard(options),
    "acquire, again": (options) => reentrant.acquire(options),
    "acquire, a permit": (options) => semaphore.acquire(options),
    "acquire, its permit": (options) => bounded.acquire(options),
    "acquire, a condition": (options) => condition.acquire(options),
    "wait, a condition": (options) => held(() => condition.wait(options)),
    waitFor: (options) => held(() => condition.waitFor(() => false, options)),
    "waitFor, what holds": (options) =>
      held(() => condition.waitFor(() => true, options)),
    "wait, an event": (options) => event.wait(options),
    "wait, a barrier": (options) => barrier.wait(options),
  };
}

/** The names of all methods that an object has, also inherited ones. */
function methodsOf(object: object): string[] {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(object);
    prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  return names;
}
