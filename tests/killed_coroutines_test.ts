/** What the kill of a coroutine ends: its own waits, and nothing that others use. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  BaseManager,
  type Connection,
  Event,
  getcurrent,
  type Greenlet,
  GreenletExit,
  Listener,
  Manager,
  pipe,
  Pool,
  type ProxyTaskOptions,
  sleep,
  spawn,
  subprocess,
  ThreadPool,
  ThreadPoolExecutor,
  TimeoutError,
  type Typeid,
} from "@multi/processing";
import { begin, square, tellWhenKilled } from "./fixtures/pool_work.ts";
import { managedHere } from "./support/managed.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";

nothingLeft();

const forever = () => new Promise<void>(() => {});

/** Kills one that waits for what is ours. */
async function killNow(greenlet: Greenlet): Promise<void> {
  assertEquals(await greenlet.kill({ timeout: 10_000 }), true);
  assertInstanceOf(greenlet.exception, GreenletExit);
}

/** Kills one that waits for what is not ours: its next wait is to throw that. */
async function killSoon(greenlet: Greenlet): Promise<void> {
  await sleep(0); // it has begun
  assertEquals(await greenlet.kill({ timeout: 0 }), false);
}

describe("a coroutine that is killed while it waits for a pool", () => {
  const waits: Record<string, (pool: Pool, begun: Event) => unknown> = {
    "apply()": (pool, begun) => pool.apply(begin, [begun]),
    "map()": (pool, begun) => pool.map(begin, [begun]),
    "starmap()": (pool, begun) => pool.starmap(begin, [[begun]]),
    "imap()": (pool, begun) => Array.fromAsync(pool.imap(begin, [begun])),
    "imapUnordered()": (pool, begun) =>
      Array.fromAsync(pool.imapUnordered(begin, [begun])),
    "get()": (pool, begun) => pool.applyAsync(begin, [begun]).get(),
    "an AsyncResult": async (pool, begun) =>
      await pool.applyAsync(begin, [begun]),
    "wait()": (pool, begun) => pool.mapAsync(begin, [begun]).wait(),
  };
  /** Those that nobody else can wait for. */
  const ending = new Set(["apply()", "map()", "starmap()"]);

  for (const [what, wait] of Object.entries(waits)) {
    it(`ends ${what}, and not the pool`, async () => {
      await using pool = new ThreadPool(2);
      const begun = new Event();
      const greenlet = spawn(() => wait(pool, begun));
      await begun.wait();
      await killNow(greenlet);
      const isBusy = () => pool.workers.some(({ busy }) => busy);
      if (ending.has(what)) await until(() => !isBusy());
      else assert(isBusy());
      assertEquals(await pool.apply(square, [3]), 9);
    });
  }

  it("ends the wait for a future, and for the end of a pool", async () => {
    await using executor = new ThreadPoolExecutor(1);
    await using pool = new ThreadPool(1);
    const go = new Event();
    const future = executor.submit((go: Event) => go.wait(), go);
    const waits = [
      spawn(() => future.result()),
      spawn(async () => await future),
      spawn(async () => {
        pool.applyAsync(begin, [go]);
        pool.close();
        await pool.join();
      }),
    ];
    await sleep(0);
    for (const greenlet of waits) await killNow(greenlet);
    await go.set();
    assertEquals(await future, true);
  });

  it("ends its task by its signal, too", async () => {
    await using pool = new ThreadPool(1);
    const controller = new AbortController();
    const { signal } = controller;
    const begun = new Event();
    const greenlet = spawn(() => pool.apply(begin, [begun], { signal }));
    await begun.wait();
    controller.abort(new RangeError("enough"));
    await assertRejects(() => greenlet.get(), RangeError, "enough");
  });

  it("leaves a loop over results, whose input is closed", async () => {
    await using pool = new ThreadPool(1);
    const begun = new Event();
    let isClosed = false;
    function* items() {
      try {
        for (;;) yield begun;
      } finally {
        isClosed = true;
      }
    }
    const greenlet = spawn(() => Array.fromAsync(pool.imap(begin, items())));
    await begun.wait();
    await killNow(greenlet);
    assert(isClosed);
  });

  it("leaves a loop that asks for a result only then", async () => {
    await using pool = new ThreadPool(1);
    const given = Promise.withResolvers<void>();
    const results = pool.imap(square, [1, 2, 3]);
    const greenlet = spawn(async () => {
      await given.promise;
      await results.next();
    });
    await killSoon(greenlet);
    given.resolve();
    await assertRejects(() => greenlet.get(), GreenletExit);
    assertEquals(await results.next(), { done: true, value: undefined });
  });

  it("has been asked for nothing that is done for others", async () => {
    await using pool = new ThreadPool(1);
    const seen: unknown[] = [];
    async function* items() {
      seen.push(getcurrent());
      yield 1;
      seen.push(getcurrent());
      yield 2;
    }
    const callback = () => void seen.push(getcurrent());
    const squares = await spawn(async () => {
      await pool.applyAsync(square, [1], { callback });
      // What cannot be sent fails at once.
      pool.applyAsync(square, [callback as never], { errorCallback: callback });
      return await pool.map(square, items());
    });
    assertEquals(squares, [1, 4]);
    assertEquals(seen, [null, null, null, null]);
  });

  it("takes its kill to its next wait, not to a task's progress", async () => {
    await using pool = new Pool({ processes: 1, permissions: "none" });
    const told: unknown[] = [];
    const onProgress = (value: unknown) => void told.push(value);
    const result = await pool.apply(tellWhenKilled, [], { onProgress });
    assertEquals([result, told], ["GreenletExit", ["told"]]);
  });
});

describe("a coroutine that is killed", () => {
  it("has started a program whose output gets to its file all the same", async () => {
    const path = await Deno.makeTempFile();
    using stdout = await Deno.open(path, { write: true });
    let popen!: subprocess.Popen;
    const greenlet = spawn(async () => {
      const args = ["sh", "-c", "read line; echo $line"];
      popen = new subprocess.Popen(args, { stdin: subprocess.PIPE, stdout });
      await forever();
    });
    await until(() => popen !== undefined);
    await killSoon(greenlet);
    await popen.communicate("said\n");
    assertEquals([popen.returncode, await Deno.readTextFile(path)], [
      0,
      "said\n",
    ]);
    await Deno.remove(path);
  });

  it("has closed what another process has, and is killed nevertheless", async () => {
    class Pipes extends BaseManager {
      declare end: Typeid<Connection<number>>;
    }
    const [ours, theirs] = pipe<number>();
    Pipes.register("end", { callable: () => theirs });
    await using server = new Pipes({ address: ["127.0.0.1", 0] });
    await server.serve();
    await using client = new Pipes({ address: server.address });
    await client.connect();
    const end = await client.end();
    const given = Promise.withResolvers<void>();
    const greenlet = spawn(async () => {
      await given.promise;
      end.close();
      await client.end();
    });
    await killSoon(greenlet);
    given.resolve();
    await assertRejects(() => greenlet.get(), GreenletExit);
    ours.close();
    theirs.close();
  });

  it("gives back a lock that another process has", async () => {
    await using manager = await managedHere();
    for (const lock of [await manager.lock(), await manager.rLock()]) {
      const given = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const greenlet = spawn(() =>
        lock.withLock(() => {
          held.resolve();
          return given.promise;
        })
      );
      await held.promise;
      await killSoon(greenlet);
      given.resolve();
      await greenlet.join();
      assertEquals(await lock.acquire({ timeout: 0 }), true);
    }
  });

  it("has begun to serve, which goes on", async () => {
    await using server = new Manager({ address: ["127.0.0.1", 0] });
    const served = Promise.withResolvers<void>();
    const greenlet = spawn(async () => {
      await server.serve();
      served.resolve();
      await forever();
    });
    await served.promise;
    await killSoon(greenlet);
    await using client = new Manager({ address: server.address });
    await client.connect();
    assertEquals(await (await client.list([1])).length(), 1);
  });

  it("was the first to use a manager, which starts for all", async () => {
    await using manager = new Manager();
    const greenlet = spawn(() => manager.dict({ a: 1 }));
    const list = spawn(() => manager.list([1]));
    await sleep(0); // both have begun
    await killNow(greenlet);
    assertEquals(await (await list).length(), 1);
    assertEquals(await (await manager.dict({ b: 2 })).get("b"), 2);
  });
});

describe("a manager", () => {
  it("that could not start is started by the next use", async () => {
    const listener = new Listener({ address: ["127.0.0.1", 0] });
    await using manager = new Manager({ address: listener.address });
    await assertRejects(() => manager.list(), Deno.errors.AddrInUse);
    listener.close();
    await until(() => manager.list().then(() => true, () => false));
  });
});

describe("a task of a manager's pool", () => {
  it("ends as its caller does", async () => {
    await using manager = new Manager();
    const begun = await manager.event();
    const pool = await manager.pool(1);
    type Options = ProxyTaskOptions;
    const apply = (options?: Options) => pool.apply(begin, [begun], options);
    const map = (options?: Options) => pool.map(begin, [begun, begun], options);
    for (const call of [apply, map]) {
      const greenlet: Greenlet = spawn(() => call() as Promise<unknown>);
      await begun.wait();
      await killNow(greenlet);
      await begun.clear();
      assertEquals(await pool.apply(square, [3]), 9);
    }
    const controller = new AbortController();
    const aborted = apply({ signal: controller.signal });
    await begun.wait();
    controller.abort(new RangeError("enough"));
    await assertRejects(() => aborted, RangeError, "enough");
    await assertRejects(() => map({ taskTimeout: 1 }), TimeoutError);
    assertEquals(
      await pool.map(square, [1, 2], { taskTimeout: 60_000 }),
      [1, 4],
    );
    await assertRejects(
      () => pool.apply(square, [1], { signal: 1 as never }),
      TypeError,
      '"signal" must be',
    );
    await pool.terminate();
  });
});
