import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Greenlet,
  GreenletExit,
  GreenletPool,
  Group,
  sleep,
  spawn,
  spawnLater,
} from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

const MINUTE = 60_000;
const fail = (message: string) => {
  throw new RangeError(message);
};

/** Items without end, and how many of them were taken. */
class Endless implements AsyncIterable<number> {
  taken = 0;
  closed = false;
  *sync() {
    try {
      for (;;) yield this.taken++;
    } finally {
      this.closed = true;
    }
  }
  async *[Symbol.asyncIterator]() {
    for (const item of this.sync()) {
      await sleep(0);
      yield item;
    }
  }
}

/** Work that takes until its number is given, and how many run at a time. */
class Work {
  running = 0;
  most = 0;
  run = async (n: number) => {
    this.most = Math.max(this.most, ++this.running);
    await sleep(n % 3);
    this.running--;
    return n * 2;
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const doubled = (n: number) => range(n).map((i) => 2 * i);

for (
  const [name, make] of Object.entries({
    Group: () => new Group(),
    GreenletPool: () => new GreenletPool(3),
  })
) {
  describe(`${name}: what any group does`, () => {
    it("knows those that have not ended", async () => {
      const group = make();
      const { promise, resolve } = Promise.withResolvers<string>();
      const greenlet = group.spawn(
        (text: string) => promise.then(() => text),
        "a",
      );
      const added = spawn(() => promise);
      group.add(added);
      group.add(added);
      assertEquals(group.greenlets, [greenlet, added]);
      group.discard(added);
      assertEquals(group.greenlets, [greenlet]);
      assertEquals(await group.join({ timeout: 1 }), false);
      resolve("");
      assertEquals(await group.join(), true);
      assertEquals(group.greenlets, []);
      assertEquals(await greenlet, "a");
      group.add(greenlet);
      assertEquals(group.greenlets, []);
    });

    it("waits until it is empty, also of those that come meanwhile", async () => {
      const group = make();
      let last: Greenlet | undefined;
      group.spawn(async () => {
        await sleep(1);
        last = group.spawn(() => sleep(1));
      });
      assertEquals(await group.join(), true);
      assert(last!.ready());
      assertEquals(await group.join({ timeout: 0 }), true);
    });

    it("throws an error at its end, if it is to", async () => {
      const group = make();
      group.spawn(fail, "first");
      const other = group.spawn(() => sleep(1));
      await assertRejects(
        () => group.join({ raiseError: true }),
        RangeError,
        "first",
      );
      assert(other.ready());
    });

    it("kills all that are in it", async () => {
      const group = make();
      let cleanedUp = 0;
      const greenlets = range(5).map(() =>
        group.spawn(async () => {
          try {
            await sleep(MINUTE);
          } finally {
            await sleep(1);
            cleanedUp++;
          }
        })
      );
      await sleep(0);
      const begun = group instanceof GreenletPool ? 3 : 5;
      assertEquals(await group.kill(), true);
      assertEquals([cleanedUp, group.greenlets], [begun, []]);
      for (const greenlet of greenlets) {
        await assertRejects(() => greenlet.get(), GreenletExit);
      }
    });

    it("kills those, too, that come in the place of who was killed", async () => {
      const group = make();
      const made: Greenlet[] = [];
      const make3 = (left = 2) => {
        const greenlet = group.spawn(sleep, MINUTE);
        made.push(greenlet);
        if (left > 0) greenlet.link(() => make3(left - 1));
      };
      make3();
      group.spawn(async () => {
        try {
          await sleep(MINUTE);
        } finally {
          made.push(group.spawn(sleep, MINUTE));
        }
      });
      await sleep(0);
      assertEquals(await group.kill(), true);
      assertEquals(
        made.map((greenlet) => greenlet.ready()),
        Array(4).fill(true),
      );
      assertEquals(group.greenlets, []);
    });

    it("kills each once, however long it takes to end", async () => {
      const group = make();
      const exits: unknown[] = [];
      group.spawn(async () => {
        for (const ms of [MINUTE, 1, 1]) {
          await sleep(ms).catch((exit) => exits.push(exit));
        }
        group.spawn(sleep, MINUTE);
      });
      await sleep(0);
      assertEquals(await group.kill(), true);
      assertEquals(exits.length, 1);
    });

    it("gives up killing in time where another comes for each", async () => {
      const group = make();
      let goesOn = true;
      const replace = () => {
        if (goesOn) group.spawn(sleep, MINUTE).link(replace);
      };
      replace();
      assertEquals(await group.kill({ timeout: 20 }), false);
      assertEquals(await group.kill({ timeout: 0 }), false);
      const signal = AbortSignal.timeout(20);
      await assertRejects(() => group.kill({ signal }), DOMException);
      goesOn = false;
      assertEquals(await group.kill(), true);
    });

    it("is killed by await using", async () => {
      let greenlet: Greenlet | undefined;
      {
        await using group = make();
        greenlet = group.spawn(() => sleep(MINUTE));
        await sleep(0);
      }
      assert(greenlet.ready());
    });

    it("maps items of all sorts, in order", async () => {
      const group = make();
      const { run } = new Work();
      assertEquals(await group.map(run, range(10)), doubled(10));
      async function* later() {
        for (const i of range(10)) {
          await sleep(i % 2);
          yield i;
        }
      }
      assertEquals(await group.map(run, later()), doubled(10));
      const generator = function* (n: number) {
        yield;
        return n;
      };
      assertEquals(await group.map(generator, range(3)), [0, 1, 2]);
      assertEquals(await group.map(run, []), []);
      assertEquals(group.greenlets, []);
    });

    it("calls with the item only", async () => {
      const group = make();
      const count = (...args: unknown[]) => args.length;
      assertEquals(await group.map(count, ["a", "b"]), [1, 1]);
    });

    it("rejects at once with an error of the function", async () => {
      const group = make();
      const run = (n: number) => n === 1 ? fail("one") : sleep(MINUTE);
      await assertRejects(() => group.map(run, range(3)), RangeError, "one");
      await group.kill();
    });

    it("rejects with an error of the items, and can be used then", async () => {
      const group = make();
      const items = function* () {
        yield 1;
        throw new SyntaxError("items");
      };
      const run = (n: number) => n;
      await assertRejects(() => group.map(run, items()), SyntaxError, "items");
      const results: number[] = [];
      await assertRejects(
        async () => {
          for await (const n of group.imap(run, items())) results.push(n);
        },
        SyntaxError,
        "items",
      );
      assertEquals(results, [1]);
      assertEquals(await group.map(run, [1, 2]), [1, 2]);
    });

    it("gives results as they are there", async () => {
      const group = make();
      const { run } = new Work();
      assertEquals(await collect(group.imap(run, range(10))), doubled(10));
      const unordered = await collect(group.imapUnordered(run, range(10)));
      assertEquals(unordered.toSorted((a, b) => a - b), doubled(10));
      const first = await collect(
        group.imapUnordered((ms) => sleep(ms).then(() => ms), [20, 0]),
      );
      assertEquals(first, [0, 20]);
    });

    it("gives the results before an error, and leaves the others running", async () => {
      const group = make();
      const results: number[] = [];
      await assertRejects(
        async () => {
          const run = (n: number) =>
            n === 2 ? fail("two") : sleep(1).then(() => n);
          for await (const n of group.imap(run, range(4))) results.push(n);
        },
        RangeError,
        "two",
      );
      assertEquals(results, [0, 1]);
      assertEquals(await group.join(), true);
    });

    it("maps over a text, and refuses what cannot be iterated", async () => {
      const group = make();
      const upper = (text: string) => text.toUpperCase();
      assertEquals(await group.map(upper, "abc"), ["A", "B", "C"]);
      assertEquals(await collect(group.imap(upper, "abc")), ["A", "B", "C"]);
      for (const items of [5, null, undefined, {}] as never[]) {
        const message = 'Cannot map as "items" must be iterable';
        await assertRejects(() => group.map(upper, items), TypeError, message);
        assertThrows(() => group.imap(upper, items), TypeError, message);
        assertThrows(
          () => group.imapUnordered(upper, items),
          TypeError,
          message,
        );
      }
    });

    it("lets any number of results wait that are not taken, if it is to", async () => {
      for (const maxsize of [0, null, Infinity]) {
        for (const kind of ["imap", "imapUnordered"] as const) {
          const group = make();
          const results = group[kind]((n: number) => n, range(9), { maxsize });
          const first = await results.next();
          await group.join();
          assertEquals([first.value, ...await collect(results)], range(9));
        }
      }
      for (const maxsize of [-1, NaN]) {
        assertThrows(
          () => make().imap(() => {}, [], { maxsize }),
          RangeError,
          '"maxsize" must be >= 0',
        );
      }
      assertThrows(
        () => make().imap(() => {}, [], { maxsize: "two" as never }),
        TypeError,
        '"maxsize" must be a number',
      );
    });

    it("ends with the kill of who maps", async () => {
      const group = make();
      const mapping = spawn(() => group.map(() => sleep(MINUTE), range(3)));
      const iterating = spawn(async () => {
        await collect(group.imap(() => sleep(MINUTE), range(3)));
      });
      await sleep(1);
      await mapping.kill();
      await iterating.kill();
      assertEquals(mapping.exception?.name, "GreenletExit");
      assertEquals(iterating.exception?.name, "GreenletExit");
      await group.kill();
    });
  });
}

describe("Group", () => {
  it("is never full", () => {
    assertEquals(new Group().full(), false);
  });

  it("does not start what is to start later", async () => {
    const alarm = spawnLater(60_000, () => "never");
    const group = new Group([alarm]);
    assertEquals(alarm.started, false);
    await group.kill();
    assertEquals(alarm.exception?.name, "GreenletExit");
  });

  it("may be made of coroutines", async () => {
    const greenlets = [spawn(() => {}), spawn(() => {})];
    const group = new Group(greenlets);
    assertEquals(group.greenlets, greenlets);
    await group.join();
  });
});

describe("GreenletPool", () => {
  it("refuses a size that is none", () => {
    for (const size of [0, -1, 1.5, NaN, "2" as never]) {
      assertThrows(
        () => new GreenletPool(size),
        RangeError,
        '"size" must be a whole number >= 1',
      );
    }
  });

  it("runs at most so many at a time, in order", async () => {
    const pool = new GreenletPool(3);
    const work = new Work();
    const begun: number[] = [];
    const greenlets = range(10).map((n) =>
      pool.spawn((n: number) => {
        begun.push(n);
        return work.run(n);
      }, n)
    );
    assertEquals([pool.size, pool.full(), pool.freeCount()], [3, true, 0]);
    assertEquals(greenlets.map(({ started }) => started), [
      ...Array(3).fill(true),
      ...Array(7).fill(false),
    ]);
    await pool.join();
    assertEquals(work.most, 3);
    assertEquals(begun, range(10));
    assertEquals([pool.full(), pool.freeCount()], [false, 3]);
    assertEquals(greenlets.map(({ value }) => value), doubled(10));
  });

  it("says when there is a place", async () => {
    const pool = new GreenletPool(1);
    assertEquals(await pool.waitAvailable({ timeout: 0 }), true);
    const { promise, resolve } = Promise.withResolvers<void>();
    pool.spawn(() => promise);
    assertEquals(await pool.waitAvailable({ timeout: 0 }), false);
    assertEquals(await pool.waitAvailable({ timeout: 1 }), false);
    const available = pool.waitAvailable();
    resolve();
    assertEquals(await available, true);
  });

  it("gives the place of one that was killed to the next", async () => {
    const pool = new GreenletPool(1);
    const first = pool.spawn(() => sleep(MINUTE));
    const second = pool.spawn(() => "never");
    const third = pool.spawn(() => "third");
    await sleep(0);
    await second.kill();
    assertEquals(third.started, false);
    await first.kill();
    assertEquals(await third, "third");
    await pool.join();
  });

  it("lets one go that has no place yet, which then begins", async () => {
    const pool = new GreenletPool(1);
    const first = pool.spawn(() => sleep(MINUTE));
    const second = pool.spawn(() => "second");
    pool.discard(second);
    assertEquals(await second, "second");
    await first.kill();
  });

  it("takes items as there are places, and results are taken", async () => {
    for (const ordered of [true, false]) {
      for (const sync of [true, false]) {
        const pool = new GreenletPool(2);
        const items = new Endless();
        const work = new Work();
        const input = sync ? items.sync() : items;
        const results = ordered
          ? pool.imap(work.run, input, { maxsize: 3 })
          : pool.imapUnordered(work.run, input, { maxsize: 3 });
        assertEquals(items.taken, 0);
        let taken = 0;
        for await (const _ of results) {
          taken++;
          await sleep(2);
          // Three that wait, two that run, and one for which there is no room.
          assert(items.taken <= taken + 6, `${items.taken} of ${taken}`);
          if (taken === 20) break;
        }
        await pool.join();
        assertEquals([items.closed, work.most], [true, 2]);
        assert(items.taken <= 27);
      }
    }
  });
});
