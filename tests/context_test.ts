import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  getcurrent,
  GreenletExit,
  joinall,
  Process,
  sleep,
  spawn,
} from "@multi/processing";
import {
  currentContext,
  currentLocals,
  runAsOwner,
  runAsOwnerSync,
  throwIfKilled,
  waitBySignal,
} from "../internal/context.ts";
import { variableOfRuntime } from "../internal/async_variable.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { coroutines } from "./fixtures/context_in_child.ts";

nothingLeft();

const owner = () => currentContext().owner;
const later = () => new Promise((resolve) => setTimeout(resolve));

describe("the owner", () => {
  it("is the thread in plain functions, also async ones", async () => {
    const thread = owner();
    const async = async () => {
      await later();
      return owner();
    };
    assertStrictEquals(await async(), thread);
    assertStrictEquals(runAsOwnerSync(thread, owner), thread);
  });

  it("is each coroutine", async () => {
    const owners = new Set([owner()]);
    const async = async () => {
      const first = owner();
      owners.add(first);
      await later();
      assertStrictEquals(owner(), first);
    };
    const greenlets = [
      spawn(async),
      spawn(async),
      spawn(function* () {
        owners.add(owner());
        const first = owner();
        yield;
        assertStrictEquals(owner(), first);
        yield async();
        assertStrictEquals(owner(), first);
      }),
    ];
    await joinall(greenlets, { raiseError: true });
    assertEquals(owners.size, 4);
  });

  it("is the innermost that was made, in the coroutine that it is in", async () => {
    const outside = {};
    const inside = {};
    const greenlet = spawn(async () => {
      const own = owner();
      const current = getcurrent();
      await runAsOwner(outside, async () => {
        assertStrictEquals(owner(), outside);
        await later();
        assertStrictEquals(owner(), outside);
        runAsOwnerSync(inside, () => assertStrictEquals(owner(), inside));
        await runAsOwner(inside, async () => {
          await later();
          assertStrictEquals(owner(), inside);
          assertStrictEquals(getcurrent(), current);
        });
        assertStrictEquals(owner(), outside);
      });
      assertStrictEquals(owner(), own);
    });
    await greenlet;
    const thread = owner();
    await runAsOwner(outside, () => assertStrictEquals(owner(), outside));
    assertStrictEquals(owner(), thread);
  });

  it("is kept apart where a function that does not wait calls one that does", async () => {
    const [outer, inner] = [{}, {}];
    let waiting: Promise<void> | undefined;
    runAsOwnerSync(outer, () => {
      waiting = runAsOwner(inner, async () => {
        assertStrictEquals(owner(), inner);
        await later();
        assertStrictEquals(owner(), inner);
      });
      assertStrictEquals(owner(), outer);
    });
    await waiting;
    assertThrows(() =>
      runAsOwnerSync(outer, () => {
        throw new RangeError();
      }), RangeError);
    assertNotStrictEquals(owner(), outer);
  });

  it("of a coroutine is its own, also if another owner has spawned it", async () => {
    await runAsOwner({}, async () => {
      const spawner = owner();
      const own = await spawn(async () => {
        await later();
        return [owner()];
      });
      assertNotStrictEquals(own[0], spawner);
    });
  });
});

describe("a coroutine", () => {
  it("that is killed ends also where another owner waits in it", async () => {
    const greenlet = spawn(() => runAsOwner({}, () => sleep(60_000)));
    await sleep(1);
    await greenlet.kill();
    assertEquals(greenlet.exception?.name, "GreenletExit");
  });

  it("has locals of its own, which live as long as it does", async () => {
    const key = {};
    currentLocals().set(key, "thread");
    const seen: unknown[] = [];
    const work = async (value: string) => {
      assertEquals(currentLocals().get(key), undefined);
      currentLocals().set(key, value);
      await later();
      await runAsOwner({}, () => seen.push(currentLocals().get(key)));
    };
    await joinall([
      spawn(work, "a"),
      spawn(work, "b"),
      spawn(function* () {
        yield work("c");
        seen.push(currentLocals().get(key));
      }),
    ], { raiseError: true });
    assertEquals(seen.toSorted(), ["a", "b", "c", "c"]);
    assertEquals(currentLocals().get(key), "thread");
  });

  it("keeps the program's own AsyncLocalStorage from where it was spawned", async () => {
    const storage = new AsyncLocalStorage<string>();
    const read = async () => {
      const first = storage.getStore();
      await sleep(1);
      return [first, storage.getStore()];
    };
    await spawn(() => {}); // so that what is loaded is loaded
    const greenlets = ["a", "b"].map((name) =>
      storage.run(name, () => [spawn(read), spawn(() => read())])
    );
    for (const [index, name] of ["a", "b"].entries()) {
      for (const greenlet of greenlets[index]!) {
        assertEquals(await greenlet, [name, name]);
      }
    }
    const generator = storage.run("a", () =>
      spawn(function* () {
        yield;
        return [storage.getStore()];
      }));
    assertEquals(await generator, [undefined]);
  });

  it("knows itself in a process without permissions", async () => {
    const process = new Process({ target: coroutines, permissions: "none" });
    process.start();
    assertEquals(await process.result(), ["Greenlet-1", "Greenlet-2"]);
    await process.join();
  });

  it("knows itself in a Worker", async () => {
    const worker = new Worker(
      new URL("./fixtures/context_in_child.ts", import.meta.url),
      { type: "module" },
    );
    const { promise, resolve } = Promise.withResolvers<unknown>();
    worker.onmessage = ({ data }) => resolve(data);
    assertEquals(await promise, ["Greenlet-1", "Greenlet-2"]);
    worker.terminate();
  });
});

describe("what follows the code", () => {
  it("is a word of the runtime's", () => {
    // Where this fails, coroutines work as before, but take three times as long.
    assert(variableOfRuntime() !== null);
  });

  it("is kept apart from that of others, and handed on by them", async () => {
    const variable = variableOfRuntime<{ name: string }>()!;
    const storage = new AsyncLocalStorage<string>();
    const [a, b] = [{ name: "a" }, { name: "b" }];
    const read = async () => {
      const first = [variable.getStore(), storage.getStore()];
      await later();
      assertEquals([variable.getStore(), storage.getStore()], first);
      return first;
    };
    const seen = [
      variable.run(a, () => storage.run("A", read)),
      storage.run("B", () => variable.run(b, read)),
      variable.run(a, () => storage.run("A", () => variable.run(b, read))),
      variable.run(a, () => variable.run(b, read)),
      variable.run(a, () => storage.exit(read)),
      read(),
    ];
    assertEquals(await Promise.all(seen), [
      [a, "A"],
      [b, "B"],
      [b, "A"],
      [b, undefined],
      [a, undefined],
      [undefined, undefined],
    ]);
  });

  it("ends with the call, also with one that throws", () => {
    const variable = variableOfRuntime<{ name: string }>()!;
    assertThrows(() =>
      variable.run({ name: "a" }, () => {
        throw new RangeError();
      }), RangeError);
    assertEquals(variable.getStore(), undefined);
  });

  it("is the public class where that word is not found", async () => {
    const file = pathOf("tests/fixtures/context_by_class.ts");
    const { stdout, stderr } = await deno(["run", "-q", file]);
    assertEquals([stdout, stderr], ["null Greenlet-1 Greenlet-2\n", ""]);
  });
});

describe("waitBySignal()", () => {
  const aborted = (signal: AbortSignal | undefined) =>
    new Promise<unknown>((resolve) => {
      signal!.onabort = () => resolve(signal!.reason);
    });

  it("passes the caller's signal outside of coroutines", async () => {
    const { signal } = new AbortController();
    const wait = (given?: AbortSignal) => Promise.resolve(given);
    assertStrictEquals(await waitBySignal(signal, wait), signal);
    assertEquals(await waitBySignal(undefined, wait), undefined);
    throwIfKilled();
    await assertRejects(
      () => waitBySignal(AbortSignal.abort(new Error("no")), wait),
      Error,
      "no",
    );
  });

  it("aborts with the caller's signal, or by the kill", async () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    const work = async () => {
      reasons.push(await waitBySignal(controller.signal, aborted));
      await sleep(0);
      reasons.push("went on");
    };
    const killed = spawn(work);
    const other = spawn(work);
    await sleep(0);
    await killed.kill();
    controller.abort("enough");
    await other;
    // What the wait has not thrown is thrown by the next one.
    assert(reasons[0] instanceof GreenletExit);
    assertEquals(reasons.slice(1), ["enough", "went on"]);
    assertStrictEquals(killed.exception, reasons[0] as Error);
  });
});

describe("a program without coroutines", () => {
  it("does not load what they need", async () => {
    const { stdout } = await deno([
      "info",
      "--json",
      import.meta.resolve("@multi/processing"),
    ]);
    interface Dependency {
      specifier: string;
      isDynamic?: boolean;
    }
    const modules: { dependencies?: Dependency[] }[] = JSON.parse(stdout)
      .modules;
    const ofNode = modules.flatMap(({ dependencies = [] }) =>
      dependencies.filter(({ specifier }) => specifier.startsWith("node:"))
    );
    assertEquals(
      ofNode.filter(({ isDynamic }) => !isDynamic).map((
        { specifier },
      ) => specifier),
      [],
    );
  });
});
