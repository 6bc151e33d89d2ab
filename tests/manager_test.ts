/** Managers: what one process serves to others. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  AuthenticationError,
  type AutoProxy,
  BaseManager,
  DataCloneError,
  DictProxy,
  EOFError,
  type ListProxy,
  Manager,
  Process,
  ProcessError,
  Queue,
  RemoteError,
  ShutDownError,
  sleep,
  TimeoutError,
  type Typeid,
  WorkerLostError,
} from "@multi/processing";
import {
  addEach,
  Calc,
  CalcClient,
  CalcManager,
  countDown,
  double,
  editInner,
  type Everything,
  GivingSix,
  hold,
  initialize,
  initializeBadly,
  lengthOf,
  nest,
  passOn,
  Point,
  power,
  ShelfManager,
  takeCalc,
  tryAll,
  useAll,
  useAsClient,
} from "./fixtures/manager_work.ts";
import { self } from "../internal/launch/identity.ts";
import { nameOf } from "../internal/pipe/address.ts";
import { certificate } from "./support/certificate.ts";
import { collectGarbage } from "./support/collect_garbage.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { until } from "./support/until.ts";

nothingLeft();

const LOOPBACK = ["127.0.0.1", 0] as const;

async function run<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  const process = new Process<A, R>({ target, args } as never);
  process.start();
  const result = await process.result();
  await process.join();
  return result;
}

describe("a Manager", () => {
  it("makes dicts", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<unknown>({ a: 1, b: [2] });
    assertInstanceOf(dict, DictProxy);
    assertEquals(await dict.get("a"), 1);
    assertEquals(await dict.get("c"), undefined);
    assertEquals(await dict.get("c", "none"), "none");
    await dict.set("c", { deep: new Map([[1, 2n]]) });
    assertEquals(await dict.size(), 3);
    assertEquals([await dict.has("c"), await dict.has("d")], [true, false]);
    assertEquals(await dict.keys(), ["a", "b", "c"]);
    assertEquals(await dict.values(), [1, [2], { deep: new Map([[1, 2n]]) }]);
    assertEquals(await Array.fromAsync(dict), await dict.entries());
    const ofPairs = await manager.dict([["a", 1]]);
    await ofPairs.set("any", 2);
    assertEquals(await ofPairs.keys(), ["a", "any"]);
    assertEquals([await dict.delete("a"), await dict.delete("a")], [
      true,
      false,
    ]);
    assertEquals([await dict.pop("b"), await dict.pop("b", 0)], [[2], 0]);
    assertEquals(await dict.setdefault("e", 5), 5);
    assertEquals(await dict.setdefault("e", 6), 5);
    assertEquals(await dict.update("e", (n) => n as number + 1), 6);
    assertEquals(await dict.update("f", (n) => n), undefined);
    await dict.clear();
    assertEquals(await dict.entries(), []);
    const pairs = await manager.dict<string, number>(new Map([[1, "one"]]));
    assertEquals(await pairs.get(1), "one");
    const squares = await manager.dict<number, number>();
    await squares.set(3, 9);
    assertEquals(await squares.entries(), [[3, 9]]);
    const odd = await manager.dict({ ["__proto__"]: 1, constructor: 2 });
    assertEquals(await odd.keys(), ["__proto__", "constructor"]);
    assertEquals(await odd.has("toString"), false);
    await assertRejects(() => dict.set("g", () => {}), DataCloneError, "args");
    await assertRejects(
      () => dict.update("e", 5 as never),
      TypeError,
      '"fn" must be a function',
    );
  });

  it("makes lists", async () => {
    await using manager = new Manager();
    const list = await manager.list([3, 1, 2]);
    await list.append(2);
    await list.extend([5, 6]);
    assertEquals(await list.push(7, 8), 8);
    assertEquals(await list.slice(), [3, 1, 2, 2, 5, 6, 7, 8]);
    assertEquals(await list.slice(-2), [7, 8]);
    assertEquals([await list.get(0), await list.get(-1)], [3, 8]);
    assertEquals(await list.get(99), undefined);
    await list.set(-1, 9);
    await assertRejects(() => list.set(8, 0), RangeError, "index 8");
    assertEquals([await list.pop(), await list.pop(0), await list.shift()], [
      9,
      3,
      1,
    ]);
    assertEquals(await list.count(2), 2);
    assertEquals([await list.index(5), await list.index(50)], [2, -1]);
    assertEquals([await list.remove(2), await list.remove(50)], [true, false]);
    await list.insert(0, 100);
    assertEquals(await list.splice(1, 2, 8, 9), [2, 5]);
    await list.sort();
    assertEquals(await list.slice(), [6, 7, 8, 9, 100]);
    await list.reverse();
    assertEquals(await Array.fromAsync(list), [100, 9, 8, 7, 6]);
    assertEquals((await list.concat([1])).length, 6);
    assertEquals((await list.repeat(2)).length, 10);
    assertEquals(await list.update(1, (n) => n * 2), 18);
    await list.clear();
    assertEquals([await list.length(), await list.pop()], [0, undefined]);
    const objects = await manager.list([{ a: [1] }, { a: [2] }]);
    assertEquals(await objects.index({ a: [2] }), 1);
    const many = await manager.list(
      Array.from({ length: 200_000 }, (_, i) => i),
    );
    await many.extend(Array.from({ length: 200_000 }, (_, i) => i));
    assertEquals(await many.length(), 400_000);
  });

  it("makes namespaces, values and arrays", async () => {
    await using manager = new Manager();
    const names = await manager.namespace({ x: 1, _y: "hidden" });
    await names.set("x", 10);
    assertEquals([await names.get("x"), await names.get("_y")], [10, "hidden"]);
    assertEquals(await names.describe(), "Namespace(x=10)");
    assertEquals([await names.delete("x"), await names.delete("x")], [
      true,
      false,
    ]);
    const value = await manager.value("i", 5);
    assertEquals([await value.add(2), await value.get()], [5, 7]);
    await value.set(2 ** 31 - 1);
    await value.add(1);
    assertEquals(await value.get(), -(2 ** 31));
    const big = await manager.value("q");
    assertEquals(await big.get(), 0n);
    const array = await manager.array("d", [1.5, 2]);
    await array.set(-1, 9);
    assertEquals([await array.get(0), await array.length()], [1.5, 2]);
    assertEquals(await Array.fromAsync(array), [1.5, 9]);
    await assertRejects(() => array.set(2, 1), RangeError, "index 2");
    assertEquals(await (await manager.array("B", 3)).slice(), [0, 0, 0]);
    await assertRejects(() => manager.array("x" as "i", 3), TypeError);
  });

  it("starts once, at the first use, and says where", async () => {
    await using manager = new Manager();
    assertThrows(() => manager.address, ProcessError, "address");
    const made = await Promise.all([manager.dict(), manager.list()]);
    assertEquals(made.length, 2);
    assert(manager.address);
    await assertRejects(() => manager.start(), ProcessError, "before");
  });

  it("gives what processes share", async () => {
    await using manager = new Manager();
    const counts = await manager.dict({ count: 100 });
    const value = await manager.value("q");
    const processes = [1, 2, 3, 4].map((n) =>
      new Process(
        n % 2
          ? { target: countDown, args: [counts, 25] as const }
          : { target: addEach, args: [value, 50] as const } as never,
      )
    );
    for (const process of processes) process.start();
    await Promise.all(processes.map((process) => process.result()));
    await Promise.all(processes.map((process) => process.join()));
    assertEquals(await counts.get("count"), 50);
    assertEquals(await value.get(), 100n);
  });

  it("is used by who cannot look at its memory, too", async () => {
    await using manager = new Manager();
    const counts = await manager.dict({ count: 10 });
    const permissions = { net: true, read: true, write: true } as const;
    const process = new Process({
      target: countDown,
      args: [counts, 4],
      permissions,
    });
    process.start();
    await process.result();
    await process.join();
    assertEquals(await counts.get("count"), 6);
  });

  it("gives proxies that can be in each other", async () => {
    await using manager = new Manager();
    const inner = await manager.list([1, 2]);
    const outer = await manager.dict<ListProxy<number>>({ inner });
    assertStrictEquals(await outer.get("inner"), inner);
    assertEquals(await run(editInner, outer), 3);
    assertEquals(await inner.slice(), [1, 2, 7]);
    const other = await manager.list([5]);
    const lists = await manager.list([inner, other]);
    await (await lists.get(1))!.append(6);
    assertEquals([await inner.length(), await other.slice()], [3, [5, 6]]);
    const counts = await manager.dict<number>();
    const all = await manager.list<unknown>();
    await run(nest, all, counts);
    assertStrictEquals(await all.get(0), counts);
  });

  it("holds what another one serves, whoever has put it there", async () => {
    await using manager = new Manager();
    await using other = new Manager();
    const outer = await manager.list<unknown>();
    const inner = await other.dict({ a: 1 });
    await run(nest, outer, inner);
    const got = await outer.get(0) as DictProxy<number>;
    assertEquals(await got.get("a"), 1);
    inner.close();
    assertEquals(await got.update("a", (n) => n! + 1), 2);
    const queue = await other.queue<number>();
    await queue.put(3);
    await outer.append(queue);
    queue.close();
    assertEquals(await (await outer.get(1) as Queue<number>).get(), 3);
  });

  it("holds its own, by whichever connection it came", async () => {
    await using manager = new Manager();
    const outer = await manager.list<DictProxy<number>>();
    {
      await using client = new Manager({ address: manager.address });
      await client.connect();
      await outer.append(await client.dict({ a: 1 }));
    }
    const inner = (await outer.get(0))!;
    assertEquals(await inner.get("a"), 1);
  });

  it("holds what another one serves where it serves here", async () => {
    await using manager = new Manager();
    await manager.serve();
    await using other = new Manager();
    const outer = await manager.dict<DictProxy<number>>();
    const inner = await other.dict({ a: 1 });
    await outer.set("inner", inner);
    inner.close();
    assertEquals(await (await outer.get("inner"))!.get("a"), 1);
  });

  it("gives proxies that are passed on, and come back", async () => {
    await using manager = new Manager();
    const counts = await manager.dict({ count: 10 });
    const list = await manager.list<number>();
    const back = await run(passOn<ListProxy<number>>, counts, list);
    assertEquals(await counts.get("count"), 7);
    await back.append(1);
    assertEquals(await list.slice(), [1]);
  });

  it("gives all that processes use together", async () => {
    await using manager = new Manager();
    const all: Everything = {
      event: await manager.event(),
      lock: await manager.lock(),
      rLock: await manager.rLock(),
      semaphore: await manager.semaphore(2),
      bounded: await manager.boundedSemaphore(2),
      condition: await manager.condition(),
      barrier: await manager.barrier(2),
      queue: await manager.queue(5),
      joinable: await manager.joinableQueue(),
      simple: await manager.simpleQueue(),
      list: await manager.list<unknown>(),
      dict: await manager.dict<unknown>(),
      value: await manager.value("i", 37),
      array: await manager.array("d", 2),
      names: await manager.namespace<Record<string, unknown>>(),
      pool: await manager.pool(2),
    };
    const running = run(useAll, all);
    await all.event.wait();
    assertEquals(await all.queue.get(), "Grüße ✓");
    assertEquals(await all.queue.qsize(), 0);
    assertEquals(await all.joinable.join(), true);
    assertStrictEquals(await all.simple.get(), all.list);
    assertStrictEquals(await all.list.get(0), all.dict);
    assertEquals(await all.dict.get("Schlüssel"), "Wert");
    assertEquals(await all.value.get(), 42);
    assertEquals(await all.array.slice(), [1.5, 0]);
    assertEquals(await all.names.get("x"), 10n);
    await all.barrier.wait();
    assertEquals(await running, ["DataCloneError", 42]);
    assertEquals(await all.pool.map(double, [1, 2, 3]), [2, 4, 6]);
    assertEquals(await all.pool.starmap(power, [[2, 3], [3, 2]]), [8, 9]);
    await all.pool.join();
    await assertRejects(() => all.pool.apply(double, [1]), ShutDownError);
  });

  it("keeps instances of a class that the main module registers", async () => {
    await using manager = new Manager();
    const point = new Point(3, 4);
    const list = await manager.list([point]);
    assertEquals(await list.slice(), [point]);
    const queue = await manager.queue<Point>();
    await queue.put(point);
    assertEquals((await queue.get()).length(), 5);
    const pool = await manager.pool(1);
    assertEquals(await pool.map(lengthOf, [point]), [5]);
  });

  it("can serve here", async () => {
    await using manager = new Manager({ address: LOOPBACK });
    await manager.serve();
    const counts = await manager.dict({ count: 10 });
    const original = [1];
    const dict = await manager.dict({ original });
    original.push(2);
    assertEquals(await dict.get("original"), [1]);
    await run(countDown, counts, 4);
    assertEquals(await counts.get("count"), 6);
    const lock = await manager.lock();
    const condition = await manager.condition(lock);
    assertEquals(await condition.withLock(() => lock.locked()), true);
  });

  it("ends when it is shut down", async () => {
    const manager = new Manager();
    const dict = await manager.dict();
    const lock = await manager.lock();
    await manager.shutdown();
    await manager.shutdown();
    await assertRejects(
      () => lock.acquire(),
      EOFError,
      "Cannot call acquire() of the manager at",
    );
    await assertRejects(
      () => dict.size(),
      EOFError,
      `the manager at ${nameOf(manager.address)} as the connection has ended`,
    );
    await assertRejects(() => manager.dict(), ShutDownError, "shut down");
    const unused = new Manager();
    await unused.shutdown();
    await assertRejects(() => unused.dict(), ShutDownError);
  });

  it("is forgotten then, with its key", async () => {
    const { managers } = self();
    const before = new Set(managers.keys());
    const server = new Manager();
    await server.serve();
    const client = new Manager({ address: server.address });
    await client.connect();
    const name = nameOf(server.address);
    assert(managers.has(name));
    await server.shutdown();
    assert(managers.has(name));
    await client.shutdown();
    await client.shutdown();
    assertEquals(new Set(managers.keys()), before);
  });

  it("needs permission for nothing but its address, and to run", async () => {
    const folder = await Deno.makeTempDir();
    const here = "--allow-net=127.0.0.1";
    const there = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const programs: [flags: string[], ...address: unknown[]][] = [
      [[here]],
      [[here], ["127.0.0.1", 0]],
      [["--allow-net", ...there], `${folder}/socket`],
    ];
    for (const [flags, ...address] of programs) {
      const { code, stdout, stderr } = await deno([
        "run",
        "--no-prompt",
        "--allow-run",
        ...flags,
        pathOf("tests/fixtures/serves_narrowly.ts"),
        ...address.map((one) => JSON.stringify(one)),
      ]);
      assertEquals({ code, stdout, stderr }, {
        code: 0,
        stdout: "1\n",
        stderr: "",
      });
    }
    await Deno.remove(folder, { recursive: true });
  });

  it("is reported, once, when it is forgotten, but what it gave goes on", async () => {
    const { code, stdout, stderr } = await deno([
      ...["run", "-q", "-A"],
      pathOf("tests/fixtures/forgets_manager.ts"),
    ]);
    assertEquals([code, stdout], [0, "1\n"]);
    assertMatch(
      stderr,
      /^\[WARNING\/MainProcess\] the Manager at .+ was forgotten: shutdown\(\) it .*\n$/,
    );
  });

  it("is gone when its process is killed", async () => {
    await using manager = new CalcManager();
    await manager.start();
    const state = await manager.state();
    const calc = await manager.calc(2);
    Deno.kill(await state.pid(), "SIGKILL");
    await assertRejects(
      async () => {
        for (;;) await calc.times(1);
      },
      EOFError,
      "the manager at",
    );
    await assertRejects(
      () => manager.calc(2),
      EOFError,
      `Cannot get "calc" from the manager at ${nameOf(manager.address)} as`,
    );
  });
});

describe("a manager's own class", () => {
  it("is served by a child", async () => {
    await using manager = new CalcManager();
    await manager.start({ initializer: initialize });
    const calc = await manager.calc(6);
    assertEquals(await calc.times(7), 42);
    assertEquals(await calc.later(2), 12);
    const state = await manager.state();
    assertEquals([await state.get(), await state.get()], [42, 43]);
    assertNotStrictEquals(await state.pid(), Deno.pid);
  });

  it("is served by a child that has registered its own, not exported", async () => {
    await using manager = new ShelfManager();
    await manager.start();
    const shelf = await manager.shelf();
    assertEquals(await shelf.times(3), 15);
    const boxes = await manager.boxes();
    await boxes.put(1);
    assertEquals(await (await manager.boxes()).get({ timeout: 10_000 }), 1);
  });

  it("is served by a child only if it cannot be another one", async () => {
    await using manager = new GivingSix!();
    await manager.start();
    await assertRejects(
      () => manager.calc(),
      ReferenceError,
      'does not see "Calc"; export it, or register it, once,',
    );
  });

  it("is served here, closures included", async () => {
    class Counter {
      count = 0;
      add(n: number): number {
        return this.count += n;
      }
    }
    class CounterManager extends BaseManager {
      declare counter: Typeid<Counter>;
      declare map: Typeid<Map<string, number>>;
    }
    const counter = new Counter();
    CounterManager.register("counter", { callable: () => counter });
    CounterManager.register("map", { callable: () => new Map([["a", 1]]) });
    await using server = new CounterManager({ address: LOOPBACK });
    await server.serve();
    await using client = new CounterManager({ address: server.address });
    await client.connect();
    const proxy = await client.counter();
    assertEquals(await proxy.add(2), 2);
    assertEquals(await (await server.counter()).add(1), 3);
    assertEquals(counter.count, 3);
    const map = await client.map();
    await map.set("b", 2);
    assertEquals([await map.get("a"), await map.has("b")], [1, true]);
  });

  it("shows its methods, and only those", async () => {
    await using manager = new CalcManager({ address: LOOPBACK });
    await manager.serve();
    const calc = await manager.calc(1);
    const names = (proxy: AutoProxy<Calc>) =>
      Object.getOwnPropertyNames(proxy).filter((name) => name !== "close")
        .sort();
    assertEquals(
      names(calc),
      "fail,later,odd,same,scaled,takes,times,upTo".split(","),
    );
    assertEquals(names(await manager.partly(1)), ["_hidden", "times"]);
    assertEquals("then" in calc || "label" in calc, false);
  });

  it("shows the same ones to whom a proxy is sent", async () => {
    await using manager = new CalcManager({ address: LOOPBACK });
    await manager.serve();
    await using client = new CalcManager({ address: manager.address });
    await client.connect();
    const partly = await client.partly(1);
    assertEquals(await run(tryAll, partly), ["times", "_hidden"]);
    await using other = new Manager();
    const list = await other.list([partly]);
    partly[Symbol.dispose]();
    const got = (await list.get(0))!;
    assertEquals(await tryAll(got), ["times", "_hidden"]);
  });

  it("throws what it throws there", async () => {
    await using manager = new CalcManager();
    await manager.start();
    const calc = await manager.calc(1);
    const error = await assertRejects(
      () => calc.fail(),
      RangeError,
      "it fails",
    );
    assertStringIncludes((error as Error).stack!, "manager_work.ts");
    await assertRejects(() => calc.odd(), DataCloneError, "result");
    assertEquals(await calc.times(3), 3);
  });

  it("gives proxies of what its methods give", async () => {
    await using manager = new CalcManager();
    await manager.start();
    const calc = await manager.calc(2);
    const scaled = await calc.scaled(10) as unknown as AutoProxy<Calc>;
    assertEquals(await scaled.times(1), 20);
    assertEquals(await calc.takes(scaled as unknown as Calc), 20);
    assertEquals([await calc.same(calc), await calc.same(scaled)], [
      true,
      false,
    ]);
    const numbers: number[] = [];
    for await (const n of await calc.upTo(3)) numbers.push(n);
    assertEquals(numbers, [2, 4, 6]);
  });

  it("comes as a proxy out of all that the manager serves", async () => {
    const [calc, queue, map] = [new Calc(2), new Queue(), new Map()];
    class Shop extends Manager {
      declare calc: Typeid<Calc>;
      declare tray: Typeid<Queue<unknown>>;
      declare map: Typeid<Map<string, unknown>>;
    }
    Shop.register("calc", { callable: () => calc });
    Shop.register("tray", { callable: () => queue });
    Shop.register("map", { callable: () => map });
    await using manager = new Shop({ address: LOOPBACK });
    await manager.serve();
    await using client = new Shop({ address: manager.address });
    await client.connect();
    const proxy = await client.calc();
    const outer = await client.tray();
    await outer.put({ proxy });
    await outer.put([proxy, proxy]);
    assertStrictEquals((await queue.get() as { proxy: Calc }).proxy, calc);
    const [one, two] = await outer.get() as AutoProxy<Calc>[];
    assertEquals([await one!.times(2), one], [4, two]);
    const copies = await client.map();
    await copies.set("proxy", proxy);
    const got = await copies.get("proxy") as AutoProxy<Calc>;
    assertEquals(await got.times(3), 6);
    const dict = await client.dict<unknown>();
    await dict.set("deep", { proxy: await proxy.scaled(5) });
    const { proxy: scaled } = await dict.get("deep") as {
      proxy: AutoProxy<Calc>;
    };
    assertEquals(await scaled.times(1), 10);
    await outer.put(proxy);
    assertEquals(await run(takeCalc, queue), ["times", "later"]);
    await using other = new Manager();
    const list = await other.list<unknown>([copies]);
    assert(await (await list.get(0) as AutoProxy<typeof map>).has("proxy"));
    await manager.shutdown();
    await assertRejects(() => queue.put(calc), DataCloneError, "Calc");
  });

  it("is used from another process, which connects", async () => {
    await using manager = new CalcManager({
      address: LOOPBACK,
      authkey: "abc",
    });
    await manager.serve();
    assertEquals(await run(useAsClient, manager.address, "abc"), 42);
  });

  it("names what is not served", async () => {
    await using server = new CalcManager({ address: LOOPBACK });
    await server.serve();
    await using client = new CalcClient({ address: server.address });
    await client.connect();
    const error = await assertRejects(() => client.missing(), RemoteError);
    assertStringIncludes(error.message, '"missing"');
    assertStringIncludes(error.message, "it serves calc, partly, state");
    assertEquals(await (await client.calc(1)).times(1), 1);
  });

  it("may be declared by a field that hides the method", async () => {
    class Careless extends BaseManager {
      // deno-lint-ignore no-explicit-any
      answer: any;
    }
    (Careless as unknown as typeof CalcManager).register("answer" as never, {
      callable: (() => ({ get: () => 42 })) as never,
    });
    await using manager = new Careless({ address: LOOPBACK });
    await manager.serve();
    assertEquals(await (await manager.answer()).get(), 42);
  });

  it("says what is wrong with what is registered, or missing", async () => {
    const register = CalcManager.register.bind(CalcManager) as (
      typeid: unknown,
      options?: unknown,
    ) => void;
    assertThrows(
      () => register("x", { callable: Calc }),
      TypeError,
      "new Calc",
    );
    assertThrows(() => register("x", { callable: 1 }), TypeError, "callable");
    for (const options of [null, 5]) {
      assertThrows(() => register("x", options), TypeError, "an object");
      assertThrows(
        () => new CalcManager(options as never),
        TypeError,
        "an object",
      );
      for (const method of ["start", "connect"] as const) {
        await assertRejects(
          () => new CalcManager()[method](options as never),
          TypeError,
          "an object",
        );
      }
    }
    assertThrows(() => register("start"), TypeError, '"start"');
    assertThrows(() => register(""), TypeError, "not empty");
    assertThrows(() => register("x", { exposed: [1] }), TypeError, "exposed");
    class Bound extends BaseManager {}
    (Bound as unknown as { register: typeof register }).register("bound", {
      callable: (() => 1).bind(null),
    });
    await assertRejects(
      () => new Bound().start(),
      ProcessError,
      "use serve()",
    );
    const outside = 1;
    class Closed extends BaseManager {
      declare closed: () => Promise<unknown>;
    }
    (Closed as unknown as { register: typeof register }).register("closed", {
      callable: () => outside,
    });
    await using closed = new Closed();
    await closed.start();
    await assertRejects(
      () => closed.closed(),
      ReferenceError,
      'does not see "outside"; export it, or register it,',
    );
    await assertRejects(
      () => new CalcManager().calc(1),
      ProcessError,
      "start()",
    );
    await assertRejects(
      () => new CalcManager().connect(),
      TypeError,
      "address",
    );
    await assertRejects(
      () => new CalcManager().start({ initializer: initializeBadly }),
      RangeError,
      "a bad beginning",
    );
    const { message, exitcode } = await assertRejects(
      () => new CalcManager().start({ initializer: () => Deno.exit(3) }),
      WorkerLostError,
    );
    assertMatch(
      message,
      /\(pid \d+\) ended with exit code 3 before it served$/,
    );
    assertEquals(exitcode, 3);
  });
});

describe("who connects", () => {
  it("must have the key", async () => {
    await using server = new CalcManager({ address: LOOPBACK, authkey: "abc" });
    await server.serve();
    const { address } = server;
    await using stranger = new CalcManager({ address, authkey: "xyz" });
    await assertRejects(() => stranger.connect(), AuthenticationError, "key");
    await using friend = new CalcManager({ address, authkey: "abc" });
    await friend.connect();
    assertEquals(await (await friend.calc(1)).times(1), 1);
  });

  it("is told that nobody is there", async () => {
    await using client = new CalcManager({ address: ["127.0.0.1", 1] });
    await assertRejects(
      () => client.connect(),
      Deno.errors.ConnectionRefused,
      "127.0.0.1:1",
    );
    await assertRejects(
      () => client.connect({ timeout: 50 }),
      Error,
      "127.0.0.1:1",
    );
  });

  it("waits for a server that comes later, as long as asked", async () => {
    using socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = socket.addr;
    socket.close();
    const address = ["127.0.0.1", port] as const;
    await using client = new CalcManager({ address });
    const connecting = client.connect({ timeout: 60_000 });
    await using server = new CalcManager({ address });
    await server.serve();
    await connecting;
    assertEquals(await (await client.calc(3)).times(1), 3);
  });

  it("waits for a server that comes in the place of one which ends", async () => {
    const ending = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = ["127.0.0.1", ending.addr.port] as const;
    await using client = new CalcManager({ address });
    const connecting = client.connect({ timeout: 60_000 });
    await sleep(0);
    ending.close(); // it has connected, which nobody has accepted
    await using server = new CalcManager({ address });
    await server.serve();
    await connecting;
  });

  it("gives up by its signal, or when its time runs out", async () => {
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = ["127.0.0.1", silent.addr.port] as const;
    await using client = new CalcManager({ address });
    const late = await assertRejects(
      () => client.connect({ timeout: 20 }),
      TimeoutError,
    );
    assertMatch(late.message, / within \d+ ms: /);
    const stop = new AbortController();
    const connecting = client.connect({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await assertRejects(() => connecting, Error, "enough");
  });

  it("says what is wrong with its options", async () => {
    const wrong: [object, string][] = [
      [{ tls: null }, '"tls" must be an object, such as { cert, key }'],
      [{ tls: { CAcerts: [] } }, 'write "caCerts"'],
      [{ authKey: "secret" }, 'no option "authKey": write "authkey"'],
    ];
    for (const [options, message] of wrong) {
      assertThrows(() => new CalcManager(options), TypeError, message);
    }
    await using nowhere = new CalcManager({ address: ["a b", 0] });
    await assertRejects(() => nowhere.serve(), TypeError, "listen at a b:0");
  });

  it("may be protected by TLS", async () => {
    const { cert, key, caCerts } = certificate;
    await using server = new CalcManager({
      address: LOOPBACK,
      tls: { cert, key, caCerts },
    });
    await server.serve();
    const { address } = server;
    await using client = new CalcManager({ address, tls: { caCerts } });
    await client.connect();
    const calc = await client.calc(2);
    assertEquals(await calc.times(4), 8);
    await using trusting = new CalcManager({ address, tls: {} });
    await assertRejects(() => trusting.connect(), Deno.errors.InvalidData);
  });
});

describe("what is served", () => {
  it("lives as long as somebody has a proxy", async () => {
    let made: WeakRef<object> | undefined;
    class Short extends BaseManager {
      declare thing: Typeid<{ is(): boolean }>;
    }
    Short.register("thing", {
      callable: () => {
        const thing = { is: () => true };
        made = new WeakRef(thing);
        return thing;
      },
    });
    await using server = new Short({ address: LOOPBACK });
    await server.serve();
    const gone = () => {
      collectGarbage();
      return made!.deref() === undefined;
    };
    await using client = new Short({ address: server.address });
    await client.connect();
    const proxy = await client.thing();
    collectGarbage();
    assert(await proxy.is());
    proxy[Symbol.dispose]();
    await until(gone);
    await assertRejects(() => proxy.is(), ShutDownError);
    await (async () => assert(await (await client.thing()).is()))();
    await until(gone);
    await client.thing();
    await client.shutdown();
    await until(gone);
  });

  it("lives on in another process", async () => {
    await using manager = new Manager();
    const process = await (async () => {
      const counts = await manager.dict<number>();
      const list = await manager.list([counts]);
      const process = new Process({ target: hold, args: [counts] });
      process.start();
      await until(async () => await counts.has("held"));
      counts.close();
      await list.clear();
      return process;
    })();
    process.kill();
    await process.join();
    assertEquals(await (await manager.list()).length(), 0);
  });
});
