import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  getcurrent,
  type Greenlet,
  GreenletExit,
  joinall,
  ProcessError,
  sleep,
  spawn,
  spawnLater,
  TimeoutError,
} from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";

nothingLeft();

/** A promise of what is not ours: a kill cannot end a wait for it. */
const foreign = () => Promise.withResolvers<void>();

/** Notes in order what happens. */
function notes(): string[] & { note(text: string): void } {
  const list: string[] = [];
  return Object.assign(list, { note: (text: string) => void list.push(text) });
}

type Note = (name: string) => void;
type Turns = (note: Note, name: string) => unknown;
const TURNS = 20_000;

function* byYield(note: Note, name: string) {
  for (let i = 0; i < TURNS; i++) yield note(name);
}

async function bySleep(note: Note, name: string) {
  for (let i = 0; i < TURNS; i++) {
    note(name);
    await sleep(0);
  }
}

async function* byAsyncYield(note: Note, name: string) {
  for (let i = 0; i < TURNS; i++) yield note(name);
}

function* byPromises(note: Note, name: string) {
  for (let i = 0; i < TURNS; i++) {
    note(name);
    yield sleep(0);
  }
}

describe("spawn()", () => {
  it("gives what any kind of function gives", async () => {
    const plain = spawn((a: number, b: string) => a + b, 1, "x");
    const promise = spawn(() => Promise.resolve(2));
    const async = spawn(async (n: number) => {
      await sleep(1);
      return n;
    }, 3);
    const generator = spawn(function* (n: number) {
      yield;
      yield "ignored";
      return n;
    }, 4);
    const asyncGenerator = spawn(async function* () {
      yield;
      const five = await Promise.resolve(5);
      yield five;
      return five;
    });
    const returned = spawn(() =>
      (function* () {
        yield;
        return 6;
      })()
    );
    const results: [string, number, number, number, number, number] = [
      await plain,
      await promise,
      await async,
      await generator,
      await asyncGenerator,
      await returned,
    ];
    assertEquals(results, ["1x", 2, 3, 4, 5, 6]);
    assertEquals(generator.value, 4);
  });

  it("checks the arguments' types, and infers the result's", async () => {
    const greenlet: Greenlet<number> = spawn(function* (text: string) {
      yield;
      return text.length;
    }, "four");
    assertEquals(await greenlet, 4);
    // @ts-expect-error: a number is no string
    assertEquals(await spawn((text: string) => typeof text, 1), "number");
    // @ts-expect-error: an argument is missing
    assertEquals(await spawn((text: string) => typeof text), "undefined");
  });

  it("refuses what is no function", () => {
    assertThrows(
      () => spawn("work" as never),
      TypeError,
      'Cannot spawn a coroutine as "fn" must be a function: current value is "work"',
    );
  });

  it("begins later, in order, whatever kind they are", async () => {
    const seen = notes();
    const greenlets = [
      spawn(function* () {
        seen.note("generator");
        yield;
      }),
      spawn(() => seen.note("function")),
      spawn(async () => {
        seen.note("async function");
        await sleep(0);
      }),
    ];
    assertEquals([...seen], []);
    assert(greenlets.every(({ started }) => started));
    await sleep(0);
    assertEquals([...seen], [
      "generator",
      "function",
      "async function",
    ]);
    await joinall(greenlets);
    assert(greenlets.every(({ started }) => !started));
  });

  for (
    const [kinds, first, second] of <[string, Turns, Turns][]> [
      ["generators", byYield, byYield],
      ["async functions", bySleep, bySleep],
      ["a generator and an async function", byYield, bySleep],
      ["an async function and a generator", bySleep, byYield],
      ["async generators", byAsyncYield, byAsyncYield],
    ]
  ) {
    it(`lets two alternate: ${kinds}`, async () => {
      // So often that the event loop has its share in between.
      let text = "";
      const note = (name: string) => text += name;
      await joinall([spawn(first, note, "a"), spawn(second, note, "b")]);
      assertEquals(text.length, 2 * TURNS);
      assertEquals(text.replaceAll("ab", ""), "");
    });
  }

  it("lets all take turns, whatever kind they are", async () => {
    const kinds: Turns[] = [byYield, bySleep, byYield, bySleep, byPromises];
    const counts = kinds.map(() => 0);
    const greenlets = kinds.map((fn, index) =>
      spawn(fn, () => counts[index]!++, "")
    );
    await joinall(greenlets, { count: 1 });
    for (const count of counts) assert(count > TURNS / 2, counts.join());
    await joinall(greenlets);
  });

  it("gives an async generator every second turn of the others", async () => {
    const kinds: Turns[] = [byYield, byAsyncYield];
    const counts = [0, 0];
    const greenlets = kinds.map((fn, index) =>
      spawn(fn, () => counts[index]!++, "")
    );
    await joinall(greenlets, { count: 1 });
    assert(counts[1]! > 0.4 * TURNS, counts.join());
    await joinall(greenlets);
  });

  it("calls without this, and waits for whatever has a then()", async () => {
    const seen = spawn(function (this: unknown) {
      return [this];
    });
    assertEquals(await seen, [undefined]);
    // One that calls back from outside of the coroutine, and more than once.
    const callbacks: ((value: string) => void)[] = [];
    const thenable = {
      then: (resolve: (value: string) => void) => void callbacks.push(resolve),
    };
    const others = [
      spawn(() => thenable),
      spawn(function* () {
        yield thenable;
        return thenable;
      }),
    ];
    for (const expected of [2, 3]) {
      await until(() => callbacks.length === expected);
      for (const callback of callbacks) callback("value");
    }
    assertEquals(await Promise.all(others), ["value", "value"]);
  });

  it("fails with what a strange result throws, and the others go on", async () => {
    const strange = () => ({
      get then(): undefined {
        throw new RangeError("strange");
      },
    });
    const greenlets = [
      spawn(strange),
      spawn(function* () {
        yield strange();
      }),
      spawn(function* () {
        yield;
        return strange();
      }),
      spawn(async function* () {
        yield;
        yield strange();
      }),
    ];
    for (const greenlet of greenlets) {
      await assertRejects(() => greenlet.get(), RangeError, "strange");
    }
    await spawn(function* () {
      yield;
    });
  });

  it("gives a name, which can be changed", async () => {
    const greenlet = spawn(() => {});
    assert(/^Greenlet-\d+$/.test(greenlet.name));
    greenlet.name = "fetcher";
    assertEquals(greenlet.name, "fetcher");
    await greenlet;
  });
});

describe("yield", () => {
  it("waits for a promise, and gives no value", async () => {
    const given = foreign();
    let after: unknown = "not reached";
    const greenlet = spawn(function* (): Generator<unknown, void> {
      after = yield given.promise;
    });
    await sleep(0);
    assertEquals(after, "not reached");
    given.resolve();
    await greenlet;
    assertEquals(after, undefined);
  });

  it("waits for a greenlet", async () => {
    const seen = notes();
    const first = spawn(async () => {
      await sleep(1);
      seen.note("first");
    });
    await spawn(function* () {
      yield first;
      seen.note("second");
    });
    assertEquals([...seen], ["first", "second"]);
  });

  it("throws the promise's error", async () => {
    const failing = () => Promise.reject(new RangeError("no"));
    const result = await spawn(function* () {
      yield;
      try {
        yield failing();
      } catch (error) {
        return error;
      }
    });
    assertInstanceOf(result, RangeError);
    await assertRejects(
      () =>
        spawn(function* () {
          yield failing();
        }).get(),
      RangeError,
      "no",
    );
  });

  it("gives what a generator's returned promise gives", async () => {
    const greenlet = spawn(function* () {
      yield;
      return Promise.resolve("value");
    });
    assertEquals(await greenlet, "value");
    assertEquals(greenlet.value as unknown, "value");
  });

  for (
    const [kind, forever] of Object.entries<() => unknown>({
      "a generator": function* () {
        for (;;) yield;
      },
      "an async generator": async function* () {
        for (;;) yield;
      },
      "an async function": async () => {
        for (;;) await sleep(0);
      },
      "a generator of settled promises": function* () {
        for (;;) yield Promise.resolve();
      },
    })
  ) {
    it(`lets timers and I/O go on, for ever in ${kind}`, async () => {
      const greenlets = [spawn(forever), spawn(forever)];
      for (let i = 0; i < 5; i++) {
        await Deno.readTextFile(new URL(import.meta.url));
        await new Promise((resolve) => setTimeout(resolve));
      }
      for (const greenlet of greenlets) await greenlet.kill();
    });
  }

  it("lets timers go on between steps that take long", async () => {
    let steps = 0;
    const greenlets = Array.from({ length: 100 }, () =>
      spawn(function* () {
        for (;;) {
          const end = performance.now() + 2;
          while (performance.now() < end);
          steps++;
          yield;
        }
      }));
    await sleep(0);
    await new Promise((resolve) => setTimeout(resolve));
    assert(steps < 100, `${steps} steps before the timer`);
    for (const greenlet of greenlets) void greenlet.kill();
    await joinall(greenlets);
  });
});

describe("a greenlet", () => {
  it("knows its state", async () => {
    const given = foreign();
    const greenlet = spawn(async () => {
      await given.promise;
      return "value";
    });
    const state = () => [
      greenlet.started,
      greenlet.ready(),
      greenlet.successful(),
      greenlet.value,
      greenlet.exception,
    ];
    assertEquals(state(), [true, false, false, null, null]);
    await sleep(0);
    assertEquals(state(), [true, false, false, null, null]);
    given.resolve();
    await greenlet.join();
    assertEquals(state(), [false, true, true, "value", null]);
  });

  it("keeps its error", async () => {
    const error = new RangeError("too much");
    const greenlet = spawn(() => {
      throw error;
    });
    assert(await greenlet.join());
    assertEquals([greenlet.ready(), greenlet.successful()], [true, false]);
    assertStrictEquals(greenlet.exception, error);
    await assertRejects(() => greenlet.get(), RangeError, "too much");
    const thrown = spawn(() => Promise.reject("text"));
    await thrown.join();
    assertInstanceOf(thrown.exception, ProcessError);
    assertEquals(thrown.exception.cause, "text");
    assertEquals(await thrown.get().catch((reason) => reason), "text");
  });

  it("shows what it is", async () => {
    const greenlet = spawn(() => "done");
    greenlet.name = "Alice";
    assertEquals(
      Deno.inspect([greenlet]),
      '[ Greenlet { name: "Alice", started: true } ]',
    );
    await greenlet;
    assertEquals(
      Deno.inspect(greenlet),
      'Greenlet { name: "Alice", started: false, outcome: "done" }',
    );
    const working = spawn(function work() {});
    assertEquals(`${working}`, `<Greenlet(${working.name} (work))>`);
    assertEquals(
      Deno.inspect(working),
      `Greenlet { name: "${working.name}", fn: "work", started: true }`,
    );
    await working;
  });

  it("can be waited for by many, and after its end", async () => {
    const greenlet = spawn(async () => {
      await sleep(1);
      return 1;
    });
    const waits = [greenlet, greenlet.get(), greenlet.then((n) => n)];
    assertEquals(await Promise.all(waits), [1, 1, 1]);
    assertEquals([await greenlet, await greenlet.join()], [1, true]);
  });

  it("is not ended by a wait that is given up", async () => {
    const given = foreign();
    const greenlet = spawn(() => given.promise);
    assertEquals(await greenlet.join({ timeout: 0 }), false);
    assertEquals(await greenlet.join({ timeout: 1 }), false);
    await assertRejects(
      () => greenlet.get({ timeout: 1 }),
      TimeoutError,
      "has not ended within 1 ms",
    );
    await assertRejects(
      () => greenlet.join({ signal: AbortSignal.abort(new Error("enough")) }),
      Error,
      "enough",
    );
    given.resolve();
    assertEquals(await greenlet.join({ timeout: 60_000 }), true);
  });

  it("cannot wait for itself", async () => {
    for (const wait of ["join", "get", "then"] as const) {
      const greenlet: Greenlet<void> = spawn(async () => {
        await sleep(0);
        await greenlet[wait]();
      });
      await assertRejects(
        () => greenlet.get(),
        ProcessError,
        "in itself as it would never end",
      );
    }
  });

  it("calls back by link(), once, with itself", async () => {
    const seen: unknown[] = [];
    const note = (greenlet: Greenlet) => seen.push(greenlet);
    const taken = () => seen.push("taken back");
    const greenlet = spawn(() => 1);
    greenlet.link(note);
    greenlet.link(note);
    greenlet.link(taken);
    greenlet.unlink(taken);
    assertEquals(seen, []);
    await sleep(0);
    await sleep(0);
    assertEquals(seen, [greenlet]);
    greenlet.link(note);
    assertEquals(seen, [greenlet]);
    await sleep(0);
    assertEquals(seen, [greenlet, greenlet]);
  });
});

describe("getcurrent()", () => {
  it("is null outside of all", () => {
    assertEquals(getcurrent(), null);
  });

  it("is the one that runs, also after it has waited", async () => {
    const helper = async () => {
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve));
      note();
    };
    const seen = new Map<Greenlet, (Greenlet | null)[]>();
    const note = () => {
      const greenlet = getcurrent()!;
      seen.set(greenlet, [...seen.get(greenlet) ?? [], greenlet]);
    };
    const greenlets = [
      spawn(function* () {
        note();
        yield;
        note();
        yield helper();
        note();
        yield;
        note();
      }),
      spawn(function* () {
        yield* (function* () {
          note();
          yield;
          note();
        })();
        return helper();
      }),
      spawn(async () => {
        note();
        await sleep(1);
        note();
        await helper();
      }),
      spawn(async function* () {
        note();
        yield;
        await helper();
        note();
        yield note();
      }),
      spawn(() => {
        note();
        return helper();
      }),
      spawn(() => note()),
    ];
    await joinall(greenlets);
    const counts = greenlets.map((greenlet) => {
      assert(seen.get(greenlet)!.every((other) => other === greenlet));
      return seen.get(greenlet)!.length;
    });
    assertEquals(counts, [5, 3, 3, 4, 2, 1]);
    assertEquals(getcurrent(), null);
  });

  it("is the one that was spawned, not the one that has spawned it", async () => {
    const [outer, inner, current] = await spawn(async () => {
      await sleep(0);
      let current;
      const inner = spawn(() => {
        current = getcurrent();
      });
      await inner;
      return [getcurrent(), inner, current];
    });
    assert(outer !== inner);
    assertStrictEquals(current, inner);
  });
});

describe("spawnLater()", () => {
  it("begins when it is time", async () => {
    const start = performance.now();
    const greenlet = spawnLater(20, (n: number) => n, 1);
    assertEquals(greenlet.started, false);
    assertEquals(await greenlet, 1);
    assert(performance.now() - start >= 19);
  });

  it("never begins if it is killed before, and leaves no timer", async () => {
    const greenlet = spawnLater(60_000, () => "never");
    assertEquals(await greenlet.kill(), true);
    await assertRejects(() => greenlet.get(), GreenletExit);
  });

  it("refuses a time that is none", () => {
    assertThrows(() => spawnLater(-1, () => {}), RangeError);
  });
});

describe("sleep()", () => {
  it("takes its time", async () => {
    const start = performance.now();
    await sleep(20);
    assert(performance.now() - start >= 19);
  });

  it("refuses a time that is none", async () => {
    for (const ms of [-1, NaN]) {
      await assertRejects(() => sleep(ms), RangeError);
    }
  });

  it("lets those run that were spawned", async () => {
    const greenlet = spawn(() => {});
    await sleep();
    assert(greenlet.ready());
  });
});

describe("100,000 coroutines", () => {
  for (
    const [kind, fn] of Object.entries<(n: number) => unknown>({
      functions: (n: number) => n,
      generators: function* (n: number) {
        yield;
        return n;
      },
      "async functions": async (n: number) => {
        await sleep(0);
        return n;
      },
    })
  ) {
    it(`can run at once: ${kind}`, async () => {
      const greenlets: Greenlet<unknown>[] = [];
      for (let i = 0; i < 100_000; i++) {
        greenlets.push(spawn(fn, i));
      }
      const ended = await joinall(greenlets);
      assertEquals(ended.length, 100_000);
      assert(greenlets.every(({ value }, index) => value === index));
    });
  }

  it("leave nothing behind when they are gone", async () => {
    // Through 200 generations of 1,000, each of which is forgotten.
    const registry = new FinalizationRegistry(() => gone++);
    let gone = 0;
    for (let i = 0; i < 200; i++) {
      const greenlets = Array.from({ length: 1000 }, () => spawn(() => {}));
      registry.register(greenlets[0]!, null);
      await joinall(greenlets);
    }
    await until(() => {
      Array.from({ length: 100_000 }, () => ({})); // something to collect
      return gone >= 100;
    });
  });
});
