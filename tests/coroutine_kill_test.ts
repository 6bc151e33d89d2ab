import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  getcurrent,
  type Greenlet,
  GreenletExit,
  joinall,
  killall,
  sleep,
  spawn,
} from "@multi/processing";
import { waitBySignal } from "../internal/context.ts";
import { waitFor } from "../internal/wait.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

const forever = () => new Promise<void>(() => {});
const MINUTE = 60_000;

/** Rejects with the signal's reason when it aborts. */
const rejected = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal!.onabort = () => reject(signal!.reason);
  });

/** Kinds of coroutines that wait, clean up, and wait while they clean up. */
const KINDS: Record<string, (note: (text: string) => void) => unknown> = {
  "a generator that yields": function* (note) {
    try {
      for (;;) yield;
    } finally {
      yield;
      note("cleaned up");
    }
  },
  "a generator that waits for a wait of ours": function* (note) {
    try {
      yield sleep(MINUTE);
    } finally {
      yield sleep(1);
      note("cleaned up");
    }
  },
  "a generator that waits for any promise": function* (note) {
    try {
      yield forever();
    } finally {
      yield sleep(1);
      note("cleaned up");
    }
  },
  "a generator that waits for a helper": function* (note) {
    const helper = async () => {
      await Promise.resolve();
      await sleep(MINUTE);
    };
    try {
      yield helper();
    } finally {
      yield sleep(1);
      note("cleaned up");
    }
  },
  "an async generator that yields": async function* (note) {
    try {
      for (;;) yield;
    } finally {
      yield;
      await sleep(1);
      note("cleaned up");
    }
  },
  "an async generator that waits": async function* (note) {
    try {
      yield sleep(MINUTE);
    } finally {
      await sleep(1);
      yield;
      note("cleaned up");
    }
  },
  "an async function that sleeps": async (note) => {
    try {
      await sleep(MINUTE);
    } finally {
      await sleep(1);
      note("cleaned up");
    }
  },
  "an async function that lets others run": async (note) => {
    try {
      for (;;) await sleep(0);
    } finally {
      await sleep(0);
      note("cleaned up");
    }
  },
  "an async function that joins": async (note) => {
    const other = spawn(forever);
    try {
      await other.join();
    } finally {
      await sleep(1);
      note("cleaned up");
    }
  },
  "an async function that awaits a greenlet": async (note) => {
    const other = spawn(forever);
    try {
      await other;
    } finally {
      await sleep(1);
      note("cleaned up");
    }
  },
  "an async function in a helper's wait": async (note) => {
    const helper = async () => {
      await new Promise((resolve) => setTimeout(resolve));
      await waitFor(forever());
    };
    try {
      await Promise.all([helper(), sleep(MINUTE), helper()]);
    } finally {
      await sleep(1);
      note("cleaned up");
    }
  },
  "an async function that waits by a signal": async (note) => {
    try {
      await waitBySignal(undefined, rejected);
    } finally {
      await sleep(1);
      note("cleaned up");
    }
  },
};

describe("kill()", () => {
  for (const [kind, fn] of Object.entries(KINDS)) {
    it(`runs the finally blocks of ${kind}`, async () => {
      const notes: string[] = [];
      const greenlet = spawn(fn, (text) => void notes.push(text));
      for (let i = 0; i < 10; i++) await sleep(0);
      await new Promise((resolve) => setTimeout(resolve, 2));
      assertEquals(notes, []);
      assertEquals(await greenlet.kill(), true);
      assertEquals(notes, ["cleaned up"]);
      assertEquals([greenlet.ready(), greenlet.successful()], [true, false]);
      assertEquals([greenlet.started, greenlet.value], [false, null]);
      assertInstanceOf(greenlet.exception, GreenletExit);
      await assertRejects(
        () => greenlet.get(),
        GreenletExit,
        `${greenlet.name} (${fn.name}) was killed`,
      );
    });
  }

  for (
    const [kind, fn] of Object.entries<(run: () => void) => unknown>({
      function: (run) => run(),
      "async function": async (run) => await run(),
      generator: function* (run) {
        yield run();
      },
      "async generator": async function* (run) {
        yield run();
      },
    })
  ) {
    it(`before it has begun never runs it: ${kind}`, async () => {
      let ran = false;
      const greenlet = spawn(fn, () => {
        ran = true;
      });
      const killed = greenlet.kill();
      assert(greenlet.ready());
      assertEquals(await killed, true);
      await sleep(0);
      await sleep(0);
      assertEquals(ran, false);
      await assertRejects(() => greenlet.get(), GreenletExit);
    });
  }

  it("does nothing to one that has ended", async () => {
    const greenlet = spawn(() => 1);
    await greenlet;
    assertEquals(await greenlet.kill(), true);
    assertEquals([greenlet.value, greenlet.exception], [1, null]);
  });

  it("may be caught: what it then returns is the result", async () => {
    const sleeper = spawn(async () => {
      try {
        await sleep(MINUTE);
      } catch (error) {
        return (error as Error).name;
      }
    });
    const yielder = spawn(function* () {
      for (;;) {
        try {
          yield;
        } catch (error) {
          return (error as Error).name;
        }
      }
    });
    await sleep(0);
    await killall([sleeper, yielder]);
    assertEquals(sleeper.value, "GreenletExit");
    assertEquals(yielder.value, "GreenletExit");
    assert(sleeper.successful());
  });

  it("ends the wait that one in the finally block is in, if it is repeated", async () => {
    const notes: string[] = [];
    const greenlet = spawn(async () => {
      try {
        await sleep(MINUTE);
      } finally {
        notes.push("first");
        try {
          await sleep(MINUTE);
        } finally {
          notes.push("second");
        }
      }
    });
    await sleep(0);
    assertEquals(await greenlet.kill({ timeout: 1 }), false);
    assertEquals(notes, ["first"]);
    assertEquals(await greenlet.kill(), true);
    assertEquals(notes, ["first", "second"]);
  });

  it("is no failure where it is repeated before it was thrown", async () => {
    for (const exception of [undefined, new GreenletExit("mine")]) {
      const greenlet = spawn(() => sleep(MINUTE));
      await sleep(0);
      void greenlet.kill({ exception });
      await greenlet.kill();
      await joinall([greenlet], { raiseError: true });
      assertInstanceOf(greenlet.exception, GreenletExit);
    }
  });

  it("waits for the next wait of an async function that waits for what is not ours", async () => {
    const given = Promise.withResolvers<void>();
    const notes: string[] = [];
    const greenlet = spawn(async () => {
      await given.promise;
      notes.push("went on");
      await sleep(0);
      notes.push("not reached");
    });
    await sleep(0);
    assertEquals(await greenlet.kill({ timeout: 1 }), false);
    assertEquals(greenlet.ready(), false);
    given.resolve();
    assertEquals(await greenlet.join(), true);
    assertEquals(notes, ["went on"]);
    assertInstanceOf(greenlet.exception, GreenletExit);
  });

  for (
    const [what, wait] of Object.entries<() => PromiseLike<unknown>>({
      "a promise that is never settled": forever,
      "several, of which one is ours": () =>
        Promise.all([forever(), sleep(MINUTE)]),
      "what only looks like a promise": () => ({ then: forever as never }),
    })
  ) {
    it(`does not let a generator wait for the end of ${what}`, async () => {
      const notes: string[] = [];
      function* inner() {
        try {
          yield wait();
        } finally {
          notes.push("inner");
        }
      }
      const greenlet = spawn(function* () {
        try {
          yield* inner();
        } finally {
          yield; // others run, and it still is its own
          notes.push(getcurrent() === greenlet ? "outer" : "lost");
        }
      });
      await sleep(1);
      assertEquals(await greenlet.kill(), true);
      assertEquals(notes, ["inner", "outer"]);
    });
  }

  it("does not report what becomes of the promise that a generator yielded", async () => {
    const given = Promise.withResolvers<void>();
    const greenlet = spawn(function* () {
      yield given.promise;
    });
    await sleep(1);
    await greenlet.kill();
    given.reject(new Error("too late"));
    await sleep(1); // an error that nobody handles would end the test
    assertInstanceOf(greenlet.exception, GreenletExit);
  });

  it("comes after what an async generator yields: that is awaited in it", async () => {
    const given = Promise.withResolvers<void>();
    const notes: string[] = [];
    const greenlet = spawn(async function* () {
      try {
        yield given.promise;
        notes.push("not reached");
      } finally {
        notes.push("cleaned up");
      }
    });
    await sleep(1);
    assertEquals(await greenlet.kill({ timeout: 1 }), false);
    given.resolve();
    assertEquals(await greenlet.join(), true);
    assertEquals(notes, ["cleaned up"]);
    assertInstanceOf(greenlet.exception, GreenletExit);
  });

  it("throws what it is given", async () => {
    const error = new RangeError("enough");
    const greenlets = [
      spawn(() => sleep(MINUTE)),
      spawn(function* () {
        for (;;) yield;
      }),
    ];
    await sleep(0);
    assertEquals(await killall(greenlets, { exception: error }), true);
    for (const greenlet of greenlets) {
      assertStrictEquals(greenlet.exception, error);
      await assertRejects(() => greenlet.get(), RangeError, "enough");
    }
  });

  it("refuses to throw what is no error, and kills nothing", async () => {
    const greenlet = spawn(() => sleep(1));
    for (const exception of ["text", RangeError, null] as unknown as Error[]) {
      await assertRejects(
        () => greenlet.kill({ exception }),
        TypeError,
        '"exception" must be an Error',
      );
    }
    await greenlet;
  });

  it("refuses a time that is none, and kills nothing", async () => {
    const greenlet = spawn(() => sleep(1));
    await assertRejects(() => greenlet.kill({ timeout: -1 }), RangeError);
    await greenlet;
  });

  it("need not be awaited", async () => {
    const greenlet = spawn(() => sleep(MINUTE));
    await sleep(0);
    void greenlet.kill();
    assertEquals(await greenlet.join(), true);
  });
});

describe("a coroutine that kills itself", () => {
  const itself = () => getcurrent()!.kill();
  const kinds: Record<string, (note: (text: string) => void) => unknown> = {
    "in an async function": async (note) => {
      try {
        await itself();
        note("not reached");
      } finally {
        await sleep(1);
        note("cleaned up");
      }
    },
    "in an async function, later": async (note) => {
      try {
        void itself();
        await Promise.resolve();
        await sleep(1);
        note("not reached");
      } finally {
        await sleep(1);
        note("cleaned up");
      }
    },
    "in a generator": function* (note) {
      try {
        yield itself();
        note("not reached");
      } finally {
        yield sleep(1);
        note("cleaned up");
      }
    },
    "in a generator, later": function* (note) {
      yield sleep(0);
      try {
        void itself();
        yield;
        note("not reached");
      } finally {
        yield;
        note("cleaned up");
      }
    },
    "in an async generator": async function* (note) {
      try {
        void itself();
        yield;
        note("not reached");
      } finally {
        await sleep(1);
        yield;
        note("cleaned up");
      }
    },
    "with others": async (note) => {
      const other = spawn(() => sleep(MINUTE));
      try {
        await killall([getcurrent()!, other]);
        note("not reached");
      } finally {
        await other.join();
        note("cleaned up");
      }
    },
  };
  for (const [kind, fn] of Object.entries(kinds)) {
    it(`gets the exit at its next wait: ${kind}`, async () => {
      const notes: string[] = [];
      const greenlet = spawn(fn, (text) => void notes.push(text));
      await greenlet.join();
      assertEquals(notes, ["cleaned up"]);
      assertInstanceOf(greenlet.exception, GreenletExit);
    });
  }

  it("is not killed by another's exit", async () => {
    const other = spawn(() => sleep(MINUTE));
    const greenlet = spawn(async () => await other);
    await sleep(0);
    await other.kill();
    await greenlet.join();
    assertStrictEquals(greenlet.exception, other.exception);
  });

  it("may throw the exit itself", async () => {
    const greenlet = spawn(() => {
      throw new GreenletExit("that is all");
    });
    await greenlet.join();
    assertEquals(greenlet.exception?.message, "that is all");
  });
});

describe("killall()", () => {
  it("kills all at once, and waits for them", async () => {
    const greenlets = Array.from(
      { length: 10 },
      () => spawn(() => sleep(MINUTE)),
    );
    await sleep(0);
    assertEquals(await killall(greenlets), true);
    assert(greenlets.every((greenlet) => greenlet.ready()));
    assertEquals(await killall([]), true);
  });

  it("may throw one exit in all, which is an error in none", async () => {
    const exception = new GreenletExit("closing time");
    const greenlets = [spawn(() => sleep(MINUTE)), spawn(() => sleep(MINUTE))];
    await sleep(0);
    await killall(greenlets, { exception });
    await joinall(greenlets, { raiseError: true });
    for (const greenlet of greenlets) {
      assertStrictEquals(greenlet.exception, exception);
    }
  });

  it("says if the time ran out", async () => {
    const given = Promise.withResolvers<void>();
    const greenlets: Greenlet[] = [
      spawn(() => given.promise),
      spawn(() => sleep(MINUTE)),
    ];
    await sleep(0);
    assertEquals(await killall(greenlets, { timeout: 1 }), false);
    assertEquals(greenlets.map((greenlet) => greenlet.ready()), [false, true]);
    given.resolve();
    await joinall(greenlets);
  });
});

describe("a wait that a kill has ended", () => {
  it("leaves no listener behind: a later kill is not lost on it", async () => {
    const given = Promise.withResolvers<void>();
    const greenlet = spawn(async () => {
      await sleep(1);
      await waitFor(Promise.resolve(), { timeout: MINUTE });
      await waitBySignal(undefined, () => Promise.resolve());
      await given.promise;
      await sleep(0);
      return "survived";
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(await greenlet.kill({ timeout: 1 }), false);
    given.resolve();
    await assertRejects(() => greenlet.get(), GreenletExit);
  });

  it("does not take the kill that comes when it is over", async () => {
    // Each microtask from the one that ends the wait on.
    for (let after = 0; after < 10; after++) {
      for (const kind of ["waitFor", "waitBySignal", "sleep", "get"]) {
        const given = Promise.withResolvers<void>();
        const other = spawn(() => given.promise);
        const seen: string[] = [];
        const greenlet = spawn(async () => {
          if (kind === "waitFor") {
            await waitFor(given.promise);
          } else if (kind === "waitBySignal") {
            await waitBySignal(undefined, () => given.promise);
          } else if (kind === "sleep") {
            await sleep(1);
          } else {
            await other;
          }
          seen.push("waited");
          try {
            await sleep(MINUTE);
          } finally {
            seen.push("killed");
          }
        });
        await sleep(kind === "sleep" ? 1 : 0);
        given.resolve();
        for (let i = 0; i < after; i++) await Promise.resolve();
        await greenlet.kill();
        assert(["", "waited,killed"].includes(seen.join()), seen.join());
        await other;
      }
    }
  });
});
