/** What plain JavaScript, or who is used to Python, gives: it is refused by name. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  getStartMethod,
  Group,
  Listener,
  Lock,
  pipe,
  Pool,
  Process,
  ProcessPoolExecutor,
  Queue,
  Semaphore,
  setStartMethod,
  SharedList,
  SharedMemory,
  sleep,
  spawn,
  spawnLater,
  subprocess,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
  Timer,
  wait,
} from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

describe("what cannot be", () => {
  nothingLeft();

  it("is refused as a repair", async () => {
    const lock = new Lock();
    const bad = { repair: 5 as Any };
    const message = '"repair" must be a function: current value is 5';
    await assertRejects(() => lock.acquire(bad), TypeError, message);
    assertThrows(() => lock.acquireSync(bad), TypeError, message);
    const condition = new Condition(lock);
    await assertRejects(
      () => lock.withLock(() => condition.wait(bad)),
      TypeError,
      message,
    );
    assertEquals(await lock.locked(), false);
  });

  it("is refused where several things are to be given", async () => {
    using queue = new Queue<number>();
    for (const no of [null, undefined, 5, {}]) {
      await assertRejects(
        () => queue.putMany(no as Any),
        TypeError,
        'Cannot put as "items" must be iterable, such as an array',
      );
      await assertRejects(
        () => wait(no as Any),
        TypeError,
        'Cannot wait as "objects" must be iterable',
      );
    }
    assertThrows(
      () => new SharedList().extend(5 as Any),
      TypeError,
      '"values" must be iterable',
    );
  });

  it("is refused by its name and as it was written", async () => {
    using queue = new Queue<number>();
    await assertRejects(
      () => queue.getMany("3" as Any),
      TypeError,
      'current value is "3"',
    );
    for (const no of [null, false, 5]) {
      assertThrows(
        () => pipe(no as Any),
        TypeError,
        'Cannot make pipe as "options" must be an object, such as { duplex: false }',
      );
    }
    for (const no of [undefined, null, 5]) {
      assertThrows(
        () => new Listener(no as Any),
        TypeError,
        'Cannot listen as "options" must be an object, such as { address: ',
      );
    }
    for (const duplex of [0, "3", null]) {
      assertThrows(
        () => pipe({ duplex: duplex as Any }),
        TypeError,
        '"duplex" must be true or false',
      );
    }
    for (const no of [undefined, null, "name"]) {
      assertThrows(
        () => new SharedMemory(no as Any),
        TypeError,
        "such as { create: true, size: 1000 }, or { name }",
      );
    }
  });

  it("is refused as the name of an option, where it is meant to be another", async () => {
    const target = () => {};
    const uses: [
      use: (options: Any) => unknown,
      name: string,
      meant: string,
    ][] = [
      [(o) => new Process({ target, ...o }), "stdOut", "stdout"],
      [(o) => new Process(o), "Target", "target"],
      [(o) => new Thread({ target, ...o }), "max_heap_mb", "maxHeapMb"],
      [(o) => new Pool(o), "maxTasksPerChild", "maxtasksperchild"],
      [(o) => new ThreadPool(o), "task_timeout", "taskTimeout"],
      [(o) => new ProcessPoolExecutor(o), "max_workers", "maxWorkers"],
      [(o) => new ThreadPoolExecutor(o), "v8flags", "v8Flags"],
      [(o) => new subprocess.Popen(["true"], o), "clear_env", "clearEnv"],
      [(o) => new Listener({ ...o, address: "x" }), "back_log", "backlog"],
      [(o) => setStartMethod("spawn", o), "preLoad", "preload"],
      [(o) => new Barrier(2, o), "Timeout", "timeout"],
    ];
    for (const [use, name, meant] of uses) {
      assertThrows(
        () => use({ [name]: 5 }),
        TypeError,
        `as there is no option "${name}": write "${meant}"`,
      );
    }
    await using pool = new ThreadPool(1);
    await using executor = new ThreadPoolExecutor(1);
    const given: typeof uses = [
      [(o) => pool.apply(target, [], o), "task_timeout", "taskTimeout"],
      [
        (o) => pool.applyAsync(target, [], o),
        "error_callback",
        "errorCallback",
      ],
      [(o) => pool.map(target, [1], o), "chunkSize", "chunksize"],
      [(o) => pool.starmapAsync(target, [[]], o), "Callback", "callback"],
      [(o) => pool.imap(target, [1], o), "queuetimeout", "queueTimeout"],
      [(o) => executor.shutdown(o), "cancel_futures", "cancelFutures"],
    ];
    for (const [use, name, meant] of given) {
      await assertRejects(
        async () => await use({ [name]: 5 }),
        TypeError,
        `as there is no option "${name}": write "${meant}"`,
      );
    }
    for (const name of ["capture_output", "captureoutput"]) {
      for (const run of [subprocess.run, subprocess.checkOutput] as Any[]) {
        await assertRejects(
          () => run(["true"], { [name]: true }),
          TypeError,
          `Cannot run a program as there is no option "${name}": write "captureOutput"`,
        );
      }
    }
  });

  it("is not refused where it is nobody's, or an inherited one", async () => {
    class Options {
      check = true;
      mine = 5;
      get capture_output() {
        return true;
      }
    }
    const { stdout } = await subprocess.run(["true"], new Options());
    assertEquals(stdout, null);
  });

  it("is refused where options are to be", () => {
    for (const no of [null, 5, "2"] as Any[]) {
      assertThrows(
        () => setStartMethod("forkserver", no),
        TypeError,
        'Cannot keep spare processes as "options" must be an object',
      );
    }
    assertEquals(getStartMethod(), "spawn");
  });

  it("is refused where there is nothing to set", () => {
    using memory = new SharedMemory({ create: true, size: 8 });
    memory.unlink();
    const made: [object, string[]][] = [
      [new Process({ target: () => {} }), ["name", "pid", "exitcode"]],
      [new Thread({ target: () => {} }), ["name", "ident", "maxHeapMb"]],
      [new Barrier(2), ["parties"]],
      [memory, ["name", "size", "buf"]],
    ];
    for (const [object, names] of made) {
      for (const name of names) {
        const before = (object as Any)[name];
        assertThrows(() => (object as Any)[name] = 5, TypeError, name);
        assertEquals((object as Any)[name], before);
      }
    }
  });

  it("is refused as a function", async () => {
    const [lock, condition] = [new Lock(), new Condition()];
    for (const no of [5, null, undefined] as Any[]) {
      const fn = '"fn" must be a function';
      await assertRejects(() => lock.withLock(no), TypeError, fn);
      assertThrows(() => lock.withLockSync(no), TypeError, fn);
      const predicate = '"predicate" must be a function';
      await assertRejects(() => condition.waitFor(no), TypeError, predicate);
      assertThrows(() => condition.waitForSync(no), TypeError, predicate);
      const greenlet = spawn(() => {});
      assertThrows(
        () => greenlet.link(no),
        TypeError,
        'Cannot link as "callback" must be a function',
      );
    }
    assertEquals(await lock.locked(), false);
  });

  it("is refused as what Python takes there", async () => {
    for (const no of [() => {}, 5, null] as Any[]) {
      assertThrows(
        () => new Barrier(2, no),
        TypeError,
        'Cannot create barrier as "options" must be an object',
      );
    }
    for (const semaphore of [new Semaphore(1), new BoundedSemaphore(1)]) {
      const release = semaphore as { release(n: Any): Promise<void> };
      const message = "Cannot release 2 permits";
      await assertRejects(() => release.release(2), TypeError, message);
      assertThrows(() => semaphore.releaseSync(2 as Any), TypeError, message);
      assertEquals(semaphore.getValueSync(), 1);
    }
    assertThrows(
      () => new Group(5 as Any),
      TypeError,
      'Cannot create group as "greenlets" must be iterable',
    );
    const greenlet = spawn(() => sleep(60_000));
    for (const no of [RangeError, new RangeError()] as Any[]) {
      await assertRejects(
        () => greenlet.kill(no),
        TypeError,
        '"options" must be an object, such as { exception: new RangeError() }',
      );
    }
    await greenlet.kill();
  });

  it("is refused as a time, by its name", async () => {
    const RANGE = '"ms" must be >= 0 (Infinity: ';
    const TYPE = '"ms" must be a number of milliseconds: current value is "5"';
    await assertRejects(
      () => sleep(-1),
      RangeError,
      `Cannot sleep as ${RANGE}`,
    );
    await assertRejects(() => sleep("5" as Any), TypeError, TYPE);
    const uses: ((ms: Any) => unknown)[] = [
      (ms) => new Timer(ms, () => {}),
      (ms) => spawnLater(ms, () => {}),
    ];
    for (const use of uses) {
      assertThrows(() => use(-1), RangeError, RANGE);
      assertThrows(() => use("5"), TypeError, TYPE);
    }
  });

  it("is refused as the index of a list", () => {
    const list = new SharedList([1, 2]);
    const uses: ((index: Any) => unknown)[] = [
      (index) => list.at(index),
      (index) => list.set(index, 5),
      (index) => list.update(index, () => 5),
      (index) => list.insert(index, 5),
      (index) => list.splice(index, 1),
      (index) => list.slice(0, index ?? null),
      (index) => list.pop(index ?? null),
    ];
    for (const use of uses) {
      for (const no of [{}, class {}, "1", undefined]) {
        assertThrows(
          () => use(no),
          TypeError,
          'Cannot use the list as "index" must be a number: current value is',
        );
      }
      for (const no of [NaN, 1.5]) {
        assertThrows(
          () => use(no),
          RangeError,
          "Cannot use the list as an index must be an integer: current value is",
        );
      }
    }
    assertEquals(list.slice(), [1, 2]);
    assertEquals([list.at(Infinity), list.pop()], [undefined, 2]);
  });
});
