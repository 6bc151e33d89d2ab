import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { deadline } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import {
  activeCount,
  activeThreads,
  BootstrapError,
  CancelledError,
  currentThread,
  type ExcepthookArgs,
  givenUpCount,
  local,
  Process,
  ProcessError,
  setExcepthook,
  Thread,
  TimeoutError,
  Timer,
  WorkerLostError,
} from "@multi/processing";
import { canRefWorkers } from "../internal/launch/worker_ref.ts";
import * as threads from "./fixtures/thread_work.ts";
import * as work from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until, untilFile } from "./support/until.ts";
import { times } from "./support/times.ts";

/** Longer than any machine needs. */
const LIMIT_MS = 30_000;

/** Starts it, gives its result, and waits for its end. */
async function resultOf<A extends unknown[], R>(
  thread: Thread<A, R>,
): Promise<R> {
  thread.start();
  try {
    return await deadline(thread.result(), LIMIT_MS);
  } finally {
    await thread.join();
  }
}

/** What the hook is told, as long as the variable lives. */
function hooked(): ExcepthookArgs[] & Disposable {
  const seen: ExcepthookArgs[] = [];
  setExcepthook((args) => void seen.push(args));
  return Object.assign(seen, { [Symbol.dispose]: () => setExcepthook(null) });
}

describe("a thread", () => {
  nothingLeft();

  it("has a name, a number and a state", async () => {
    const first = new Thread({ target: work.echo });
    const second = new Thread({ target: work.echo, daemon: true });
    const number = (thread: Thread<never[], unknown>) =>
      Number(/^Thread-(\d+)$/.exec(thread.name)![1]);
    assertEquals(number(second), number(first) + 1);
    const named = new Thread({ target: threads.whoAmI, name: "worker" });
    assertEquals([named.name, named.ident], ["worker", null]);
    assertEquals(String(named), "<Thread(worker, initial)>");
    assertEquals(String(second), `<Thread(${second.name}, initial daemon)>`);
    named.start();
    const { ident } = named;
    assertEquals(String(named), `<Thread(worker, started ${ident})>`);
    const who = await named.result();
    await named.join();
    assertEquals(String(named), `<Thread(worker, stopped ${ident})>`);
    assertEquals(Deno.inspect(named), String(named));
    assertEquals(who, {
      name: "worker",
      ident,
      daemon: false,
      alive: true,
      threads: ["MainThread", "worker"],
      count: 2,
      process: "MainProcess",
      pid: Deno.pid,
    });
    const next = new Thread({ target: work.echo });
    next.start();
    assert(next.ident! > ident!);
    await next.join();
  });

  it("is one of those that are alive, with the main thread", async () => {
    const main = currentThread();
    assertEquals([main.name, main.daemon, main.isAlive()], [
      "MainThread",
      false,
      true,
    ]);
    assertEquals([activeCount(), activeThreads().length], [1, 1]);
    await using thread = new Thread({ target: work.sleepForever });
    assertEquals(activeCount(), 1);
    thread.start();
    assertEquals(activeCount(), 2);
    assertStrictEquals(activeThreads()[1], thread);
    assertEquals(activeThreads()[0]!.ident, main.ident);
    assertNotEquals(thread.ident, main.ident);
    thread.terminate();
    await thread.join();
    assertEquals(activeCount(), 1);
  });

  it("cannot wait for itself", async () => {
    await assertRejects(
      () => currentThread().join(),
      ProcessError,
      "Cannot join MainThread as that is the thread",
    );
    const said = await resultOf(new Thread({ target: threads.joinMyself }));
    assertStringIncludes(said, "would wait");
  });

  it("that a thread has started can be waited for by others", async () => {
    const file = await Deno.makeTempFile();
    const starter = new Thread({ target: threads.leaveThread, args: [file] });
    const name = await resultOf(starter);
    const left = activeThreads().find((thread) => thread.name === name)!;
    assertEquals([left.isAlive(), starter.isAlive()], [true, false]);
    assertEquals(await left.join({ timeout: 0 }), false);
    assertEquals(await left.join(), true);
    assertEquals(await Deno.readTextFile(file), "written");
    assertEquals(left.isAlive(), false);
    await Deno.remove(file);
  });

  it("runs functions of TypeScript modules, and of the one that is named", async () => {
    const module = new URL("./fixtures/tasks.ts", import.meta.url);
    const { hash } = await import("./fixtures/tasks.ts");
    const named = new Thread({ target: hash, args: ["x"], module });
    assertEquals(await resultOf(named), "hash of x");
    using _errors = hooked();
    const missing = new Thread({ target: work.echo, module });
    const error = await assertRejects(
      () => resultOf(missing),
      BootstrapError,
    );
    assertStringIncludes(error.message, "not exported there");
    const fails = new Thread({
      target: work.echo,
      module: "./fixtures/fails_to_load.ts",
    });
    await assertRejects(() => resultOf(fails), BootstrapError, "Cannot load");
  });

  it("cannot be started by a module that a thread loads", async () => {
    using _errors = hooked();
    const thread = new Thread({
      target: work.echo,
      module: "./fixtures/starts_at_top_level.ts",
    });
    const error = await assertRejects(() => resultOf(thread), BootstrapError);
    assertStringIncludes(error.message, "if (import.meta.main)");
  });

  it("may be given its own signal", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const thread = new Thread({ target: work.sleepForever, signal });
    thread.start();
    const reason = new Error("enough");
    controller.abort(reason);
    const lost = await assertRejects(() => thread.result(), WorkerLostError);
    assertEquals(lost.cause, reason);
    const late = new Thread({ target: work.sleepForever, signal });
    assertThrows(() => late.start(), Error, "enough");
    assertEquals(late.isAlive(), false);
  });

  it("returns a result of 10 MB", async () => {
    const bytes = new Uint8Array(10_000_000).map((_, i) => i);
    const [copy] = await resultOf(
      new Thread({ target: work.echo<Uint8Array>, args: [bytes] }),
    );
    assertEquals(copy!.length, bytes.length);
    assert(copy!.every((byte, i) => byte === bytes[i]));
  });

  it("runs in a child process, which waits for it", async () => {
    const file = await Deno.makeTempFile();
    const process = new Process({ target: threads.leaveThread, args: [file] });
    process.start();
    assertEquals(await process.result(), "Thread-1");
    await process.join();
    assertEquals(await Deno.readTextFile(file), "written");
    await Deno.remove(file);
    const who = new Process({ target: threads.countBelow, args: [1, 2] });
    who.start();
    assertEquals(await who.result(), 3);
    await who.join();
  });
});

describe("a process that a thread starts", () => {
  nothingLeft();

  it("is as any other", async () => {
    const process = new Process({ target: work.echo });
    const number = Number(/^Process-(\d+)$/.exec(process.name)![1]);
    const said = await resultOf(new Thread({ target: threads.startProcess }));
    const name = `Process-${number + 1}`;
    assert(typeof said.pid === "number" && said.pid !== Deno.pid);
    assertEquals(said, {
      alive: true,
      pid: said.pid,
      name,
      result: name,
      joined: true,
      exitcode: 0,
      after: said.pid,
    });
  });

  it("can be killed", async () => {
    assertEquals(
      await resultOf(new Thread({ target: threads.killProcess })),
      [-9, "WorkerLostError", true],
    );
  });

  it("may be refused when it is started", async () => {
    const said = await resultOf(
      new Thread({ target: threads.failToStartProcess }),
    );
    assertStringIncludes(said[0]!, "args[0]: a function cannot be sent");
    assertStringIncludes(said[2]!, "NotFound");
    assertStringIncludes(said[2]!, "/nowhere");
    assertEquals([said[1], said[3]], ["false", "false"]);
  });

  it("outlives it, and is waited for", async () => {
    const file = await Deno.makeTempFile();
    const thread = new Thread({ target: threads.leaveProcess, args: [file] });
    const pid = await resultOf(thread);
    assert(pid > 0);
    await untilFile(file);
    assertEquals(await Deno.readTextFile(file), "written");
    await Deno.remove(file);
    await until(() => !isThere(pid));
  });

  it("starts as soon as the main thread is no longer blocked", async () => {
    const thread = new Thread({ target: threads.startWhileMainIsBlocked });
    thread.start();
    const word = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(word, 0, 0, 2000); // longer than start() waits for it
    const [pid, name, hasPid, exitcode] = await thread.result() as unknown[];
    assertEquals([pid, hasPid, exitcode], [null, true, 0]);
    assertStringIncludes(String(name), "Process-");
  });
});

describe("terminate()", () => {
  nothingLeft();

  it("ends a thread that waits, or has not begun", async () => {
    for (const hasBegun of [true, false]) {
      const ready = await Deno.makeTempFile();
      const thread = new Thread({ target: work.sleepForever, args: [ready] });
      thread.start();
      if (hasBegun) await untilFile(ready);
      thread.terminate();
      thread.terminate();
      assertEquals(await thread.join(), true);
      const lost = await assertRejects(() => thread.result(), WorkerLostError);
      assertEquals(
        lost.message,
        `${thread.name} was terminated before its target returned`,
      );
      assertEquals([lost.pid, lost.exitcode], [Deno.pid, null]);
      await Deno.remove(ready);
    }
  });

  it("ends a thread that blocks in one of our waits", async () => {
    using errors = hooked();
    for (const target of [threads.waitInSync, threads.waitAgain]) {
      const ready = await Deno.makeTempFile();
      const thread = new Thread<[string], unknown>({ target, args: [ready] });
      thread.start();
      await untilFile(ready);
      const given = givenUpCount();
      thread.terminate();
      const lost = await assertRejects(() => thread.result(), WorkerLostError);
      assertStringIncludes(lost.message, "was terminated before");
      assertEquals([givenUpCount(), errors.length], [given, 0]);
      await Deno.remove(ready);
    }
  });

  it("of one that has ended changes nothing", async () => {
    const thread = new Thread({ target: work.echo<number>, args: [1] });
    thread.start();
    await thread.join();
    thread.terminate();
    assertEquals(await thread.result(), [1]);
  });

  it("leaves no thread or file of the system behind, however many there were", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const open = (what: "task" | "fd") =>
      [...Deno.readDirSync(`/proc/self/${what}`)].length;
    await resultOf(new Thread({ target: work.echo }));
    const before = { tasks: open("task"), files: open("fd") };
    const ready = await Deno.makeTempFile();
    const module = new URL("./fixtures/work.ts", import.meta.url);
    for (let round = 0; round < times(20); round++) {
      const threads = Array.from(
        { length: 10 },
        () => new Thread({ target: work.sleepForever, args: [ready], module }),
      );
      for (const thread of threads) thread.start();
      if (round % 4 === 0) await untilFile(ready);
      for (const thread of threads) thread.terminate();
      for (const thread of threads) await thread.join();
      await Deno.truncate(ready);
    }
    await deadline(until(() => open("task") <= before.tasks), LIMIT_MS);
    await deadline(until(() => open("fd") <= before.files), LIMIT_MS);
    await Deno.remove(ready);
  });
});

describe("the end of a thread", () => {
  nothingLeft();

  it("by Deno.exit() or close() is no error, and gives no result", async () => {
    using seen = hooked();
    for (const code of [0, 3]) {
      const thread = new Thread({ target: threads.leave, args: [code] });
      const lost = await assertRejects(() => resultOf(thread), WorkerLostError);
      assertEquals(lost.exitcode, code);
      assertStringIncludes(lost.message, "left by Deno.exit(");
    }
    const closed = new Thread({ target: threads.leaveByClose });
    const lost = await assertRejects(() => resultOf(closed), WorkerLostError);
    assertStringIncludes(lost.message, "left by close()");
    assertEquals(seen.length, 0);
  });

  it("by an error beside its target is told, unless a listener prevents that", async () => {
    using _errors = hooked();
    const target = work.throwBeside;
    const ended = new Thread({ target, args: [false] });
    await assertRejects(() => resultOf(ended), URIError, "beside the target");
    const prevented = new Thread({ target, args: [true] });
    assertEquals(await resultOf(prevented), "unharmed");
    const next = new Thread({ target, args: [false] });
    await assertRejects(() => resultOf(next), URIError, "beside the target");
  });

  it("in want of memory is told where that is limited", async () => {
    for (const target of [threads.fillHeap, threads.fillHeapLater]) {
      const thread = new Thread({ target, maxHeapMb: 32 });
      const lost = await assertRejects(() => resultOf(thread), WorkerLostError);
      assertStringIncludes(lost.message, "more memory than its 32 MB");
    }
    const thread = new Thread({
      target: work.echo<number>,
      args: [7],
      maxHeapMb: 16,
    });
    assertEquals([await resultOf(thread), thread.maxHeapMb], [[7], 16]);
    for (const maxHeapMb of [0, -1, NaN, Infinity, 0.001, 15, 16.5]) {
      assertThrows(
        () => new Thread({ target: work.echo, maxHeapMb }),
        RangeError,
        '"maxHeapMb" must be an integer from 16',
      );
    }
    assertThrows(
      () => new Thread({ target: work.echo, maxHeapMb: "64" as never }),
      TypeError,
      "maxHeapMb",
    );
  });
});

describe("setExcepthook()", () => {
  nothingLeft();

  it("refuses what is no function", () => {
    assertThrows(
      () => setExcepthook("x" as unknown as null),
      TypeError,
      '"hook" must be a function',
    );
  });

  it("is told what ended a thread", async () => {
    using seen = hooked();
    const thread = new Thread({ target: work.fail, args: ["type"] });
    thread.start();
    await thread.join();
    const fine = new Thread({ target: work.echo });
    await resultOf(fine);
    assertEquals(seen.length, 1);
    const { error, thread: whose } = seen[0]!;
    assertInstanceOf(error, TypeError);
    assertStrictEquals(whose, thread);
    assertStrictEquals(
      await assertRejects(() => thread.result(), TypeError),
      error,
    );
  });
});

describe("a timer", () => {
  nothingLeft();

  it("calls its target when its time has come", async () => {
    const start = performance.now();
    const timer = new Timer(50, work.echo<number>, [1, 2]);
    timer.start();
    assertEquals(timer.isAlive(), true);
    await assertRejects(() => timer.result({ timeout: 0 }), TimeoutError);
    assertEquals(await timer.result(), [1, 2]);
    assert(performance.now() - start >= 49);
    assertStringIncludes(String(timer), "<Timer(Thread-");
    const settings = { name: "named", daemon: true };
    const named = new Timer(0, threads.whoAmI, [], settings);
    named.start();
    const { name, daemon } = await named.result();
    assertEquals({ name, daemon }, settings);
  });

  it("does so while this thread is busy", async () => {
    const file = await Deno.makeTempFile();
    await resultOf(new Thread({ target: work.echo }));
    const timer = new Timer(10, writeNow, [file]);
    timer.start();
    while (Deno.readTextFileSync(file) === "");
    assertEquals(await timer.join(), true);
    await Deno.remove(file);
  });

  it("does not once it was cancelled, before or after its start", async () => {
    using seen = hooked();
    for (const early of [true, false]) {
      const timer = new Timer(3_600_000, work.echo);
      if (early) timer.cancel();
      timer.start();
      timer.cancel();
      timer.cancel();
      assertEquals(await timer.join(), true);
      await assertRejects(
        () => timer.result(),
        CancelledError,
        "was cancelled",
      );
    }
    const done = new Timer(0, work.echo<number>, [1]);
    assertEquals(await resultOf(done), [1]);
    done.cancel();
    assertEquals(await done.result(), [1]);
    assertEquals(seen.length, 0);
  });

  it("cancelled at the last moment is called or not, and says which", async () => {
    for (let i = 0; i < 30; i++) {
      const timer = new Timer(1, work.echo<number>, [i]);
      timer.start();
      if (i % 3) await new Promise((resolve) => setTimeout(resolve, i % 3));
      timer.cancel();
      const result = await timer.result().catch((error) => error);
      assert(result instanceof CancelledError || result[0] === i);
    }
  });

  it("refuses times that are none", () => {
    assertThrows(() => new Timer(-1, work.echo), RangeError);
    assertThrows(() => new Timer(NaN, work.echo), RangeError);
  });
});

export async function writeNow(file: string): Promise<void> {
  await Deno.writeTextFile(file, "written");
}

describe("local()", () => {
  nothingLeft();

  it("is another object in each thread, also where a Worker runs both", async () => {
    threads.session.user = "main";
    for (const user of ["Alice", "Bob"]) {
      const target = threads.useLocals;
      assertEquals(
        await resultOf(new Thread({ target, args: [user] })),
        [undefined, user, 2],
      );
    }
    assertEquals(threads.session.user, "main");
    assertEquals(threads.counter.add(), 1);
  });

  it("refuses what makes no object", () => {
    assertThrows(
      () => local("x" as unknown as () => object),
      TypeError,
      '"init" must be a function',
    );
    const nothing = local((() => null) as unknown as () => { x: number });
    assertThrows(() => nothing.x, TypeError, '"init()" must be an object');
  });

  it("behaves as the object that it stands for", () => {
    const map = local(() => new Map([["a", 1]]));
    assertEquals([map.get("a"), map.size, [...map]], [1, 1, [["a", 1]]]);
    assertStrictEquals(map.get, map.get);
    assertInstanceOf(map, Map);
    const bag: Record<string, unknown> = local();
    bag.x = 1;
    Object.defineProperty(bag, "y", { value: 2, enumerable: true });
    assertEquals(Object.entries(bag), [["x", 1], ["y", 2]]);
    assertEquals(["x" in bag, delete bag.x, "x" in bag], [true, true, false]);
    const call = () => {};
    bag.call = call;
    assertStrictEquals(bag.call, call);
    assertEquals(Deno.inspect([bag, map]), Deno.inspect([{ y: 2, call }, map]));
    assertEquals(Deno.inspect(map), 'Map(1) { "a" => 1 }');
  });
});

describe("the Worker of a thread", () => {
  nothingLeft();

  it("is used again, with its modules as they are", async () => {
    const count = () => resultOf(new Thread({ target: threads.countRuns }));
    const first = await count();
    assertEquals(await count(), first + 1);
  });

  it("is not where a thread has left behind what acts later", async () => {
    const count = () => resultOf(new Thread({ target: threads.countRuns }));
    await count();
    for (const what of ["timer", "listener", "handler"] as const) {
      const target = threads.leaveBehind;
      const own = await resultOf(new Thread({ target, args: [what] }));
      assertNotEquals(await count(), own + 1);
    }
  });

  it("can be let go of: the runtime has the method that we call", () => {
    assert(
      canRefWorkers(),
      "Worker.prototype has lost its ref method: find it, or threads are slow",
    );
  });
});

function isThere(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}
