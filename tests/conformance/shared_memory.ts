/**
 * What CPython's own tests hold of values, arrays and shared memory, in other
 * words, and what is to hold of dicts and lists; once for all flavours of who
 * shares them.
 */

import {
  assertEquals,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { describe } from "@std/testing/bdd";
import {
  Lock,
  SharedArray,
  SharedDict,
  SharedList,
  SharedMemory,
  SharedValue,
  ShutDownError,
  type Typecode,
} from "@multi/processing";
import * as work from "../fixtures/shared_work.ts";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { until } from "../support/until.ts";
import { checkLinearizable } from "./linearizable.ts";

/** What was started. */
export interface Started<R> {
  /** What it returned, once it has ended. */
  result(): Promise<R>;
  /** Ends it the hard way. */
  kill(): Promise<void>;
}

/** Those who share memory: threads, processes … */
export interface SharingFlavour {
  readonly name: string;
  /** Whether another kind is tested by the same steps, too. */
  readonly isAnother?: boolean;
  /** Runs an exported function elsewhere. */
  start<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ): Started<R>;
  /** Whether what one of them has made is gone when it has ended. */
  readonly endsWithMaker: boolean;
}

let names = 0;
const newName = () => `test ${Deno.pid} ${names++}`;

/** Describes what every flavour does. */
export function sharingConformance(flavour: SharingFlavour): void {
  const { start, name: flavourName } = flavour;
  const it = chosen(undefined, flavour.isAnother);
  const run = <A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ) => start(fn, ...args).result();

  describe(`a value shared by a ${flavourName}`, () => {
    nothingLeft();

    it("is changed there and seen here, whatever its type", async () => {
      const cases: [Typecode, number | bigint, number | bigint][] = [
        ["b", -128, 127],
        ["B", 0, 255],
        ["h", -5, 32767],
        ["H", 1, 65535],
        ["i", 4343, -(2 ** 31)],
        ["I", 0, 2 ** 32 - 1],
        ["q", -5n, 2n ** 63n - 1n],
        ["Q", 0n, 2n ** 64n - 1n],
        ["f", 0.5, -1.5],
        ["d", 3.625, Number.MIN_VALUE],
      ];
      for (const [typecode, first, second] of cases) {
        const value = new SharedValue(typecode, first as never);
        assertEquals(value.value, first);
        assertEquals(await run(work.setValue, value, second), first);
        assertEquals(value.value, second);
      }
    });

    it("comes from there, too", async () => {
      const value = await run(work.makeValue);
      assertEquals([value.typecode, value.value], ["h", 7]);
    });

    it("loses no addition", async () => {
      for (
        const [typecode, n] of [["i", 1], ["d", 0.5], ["f", 1], ["q", 1n]] as [
          Typecode,
          number | bigint,
        ][]
      ) {
        const value = new SharedValue(typecode);
        const times = 20_000;
        const others = [1, 2].map(() => start(work.addMany, value, n, times));
        work.addMany(value, n, times);
        for (const other of others) await other.result();
        assertEquals(Number(value.value), Number(n) * times * 3);
      }
    });

    it("has one lock for all who have it", async () => {
      const value = new SharedValue("i", 0);
      const others = [1, 2].map(() => start(work.addSlowly, value, 500));
      await work.addSlowly(value, 500);
      for (const other of others) await other.result();
      assertEquals(value.value, 1500);
    });
  });

  describe(`an array shared by a ${flavourName}`, () => {
    nothingLeft();

    it("is changed there and seen here", async () => {
      const array = new SharedArray("d", [0, 0.5, -2, 1e300]);
      assertEquals(await run(work.doubleAll, array), [0, 0.5, -2, 1e300]);
      assertEquals([...array], [0, 1, -4, 2e300]);
      assertEquals([...array.array.subarray(1, 3)], [1, -4]);
    });

    it("has one lock for all who have it", async () => {
      const array = new SharedArray("i", 10);
      const other = start(work.addToAll, array, 300);
      await work.addToAll(array, 300);
      await other.result();
      assertEquals([...array], new Array(10).fill(600));
    });

    it("may be large", async () => {
      const array = new SharedArray("d", 1_000_000);
      array[999_999] = 1;
      await run(work.doubleAll, array);
      assertEquals(array[999_999], 2);
    });
  });

  describe(`a dict shared by a ${flavourName}`, () => {
    nothingLeft();

    it("is changed there and seen here", async () => {
      const dict = new SharedDict<unknown>({ a: [1, 2], c: null });
      const seen = await run(work.useDict, dict);
      assertEquals(seen, [[1, 2], false, 2, ["a", "c"]]);
      assertEquals([...dict], [
        ["c", null],
        ["b", { deep: [1, new Map([["x", 1n]])] }],
      ]);
    });

    it("loses no update", async () => {
      const dict = new SharedDict<number>();
      const others = [1, 2, 3].map(() => start(work.count, dict, "n", 5000));
      work.count(dict, "n", 5000);
      for (const other of others) await other.result();
      assertEquals(dict.get("n"), 20_000);
    });

    it("lets a slow update through", async () => {
      const dict = new SharedDict<number>();
      const isOver = new SharedValue("i", 0);
      const slow = start(work.countSlowly, dict, "n", isOver);
      await until(() => dict.has("n"));
      // From here on this thread leaves no gap.
      const most = 5_000_000;
      let updates = 0;
      while (isOver.value === 0 && updates < most) {
        updates++;
        if (updates % 3 > 0) dict.update("n", (n = 0) => n + 1);
        else dict.set("n", updates);
      }
      isOver.value = 1;
      assertLess(await slow.result(), 50);
      assertLess(updates, most);
    });

    it("agrees with all what was set first, and gives each value to one", async () => {
      const dict = new SharedDict<number>();
      const others = [1, 2, 3].map((n) => start(work.setdefaults, dict, n));
      const all = [work.setdefaults(dict, 0)];
      for (const other of others) all.push(await other.result());
      for (const seen of all) assertEquals(seen, all[0]);

      dict.clear();
      for (let i = 0; i < 1000; i++) dict.set(`key ${i}`, i);
      const takers = [1, 2, 3].map(() => start(work.popAll, dict));
      const popped = [work.popAll(dict)];
      for (const taker of takers) popped.push(await taker.result());
      assertEquals(
        popped.flat().sort((a, b) => a - b),
        Array.from({ length: 1000 }, (_, i) => i),
      );
      assertEquals(dict.size, 0);
    });

    it("is linearizable, key by key", async () => {
      const dict = new SharedDict<unknown>();
      const clock = new SharedValue("i", 0);
      const others = [1, 2, 3, 4].map((seed) =>
        start(work.useAtRandom, dict, clock, seed, 3000)
      );
      const log = [];
      for (const other of others) log.push(...await other.result());
      checkLinearizable(log);
    });

    it("may have locks and other dicts in it", async () => {
      const inner = new SharedDict<number>({ n: 1 });
      const dict = new SharedDict<{ lock: Lock; inner: SharedDict<number> }>({
        it: { lock: new Lock(), inner },
      });
      assertEquals(await run(work.lockIn, dict), "held");
      dict.get("it")!.inner.update("n", (n = 0) => n + 1);
      assertEquals(inner.get("n"), 2);
    });
  });

  describe(`a list shared by a ${flavourName}`, () => {
    nothingLeft();

    it("gives each value to one, in their order", async () => {
      const list = new SharedList<number>();
      const writers = [0, 1000, 2000].map((n) =>
        start(work.pushMany, list, n, n + 1000)
      );
      for (const writer of writers) await writer.result();
      for (let writer = 0; writer < 3; writer++) {
        const own = list.slice().filter((n) => Math.floor(n / 1000) === writer);
        assertEquals(own, own.toSorted((a, b) => a - b));
      }
      const takers = [true, false].map((first) =>
        start(work.takeMany, list, first)
      );
      const taken = [];
      for (const taker of takers) taken.push(...await taker.result());
      assertEquals(
        taken.sort((a, b) => a - b),
        Array.from({ length: 3000 }, (_, i) => i),
      );
    });
  });

  describe(`shared memory of a ${flavourName}`, () => {
    nothingLeft();

    it("is found by its name, and written both ways", async () => {
      const name = newName();
      using memory = new SharedMemory({ create: true, size: 512, name });
      assertEquals([memory.name, memory.size, memory.buf.length], [
        name,
        512,
        512,
      ]);
      memory.buf[511] = 1;
      assertEquals(await run(work.write, name, 511, 42), 512);
      assertEquals(memory.buf[511], 42);
      memory.unlink();
    });

    it("survives one who has opened it and ended", async () => {
      using memory = new SharedMemory({ create: true, size: 10 });
      for (const byte of [1, 2]) {
        await run(work.write, memory.name, 3, byte);
        assertEquals(memory.buf[3], byte);
      }
      memory.unlink();
    });

    it("can be sent", async () => {
      using memory = new SharedMemory({ create: true, size: 10 });
      assertEquals(await run(work.writeIn, memory, 9, 7), 10);
      assertEquals(memory.buf[9], 7);
      memory.unlink();
      assertEquals(await run(work.writeIn, memory, 9, 8), 10);
      assertEquals(memory.buf[9], 8);
    });

    it("is made by one, of several who try", async () => {
      for (let round = 0; round < 3; round++) {
        const name = newName();
        const tries = new SharedArray("i", 2);
        const others = [1, 2, 3].map(() => start(work.tryToMake, name, tries));
        const outcomes = [];
        for (const other of others) outcomes.push(await other.result());
        assertEquals(outcomes.sort(), [
          "AlreadyExists",
          "AlreadyExists",
          "made",
        ]);
      }
    });

    if (flavour.endsWithMaker) {
      it("is gone with its maker, also one that was killed", async () => {
        const name = newName();
        assertEquals(await run(work.makeMemory, name), name);
        assertThrows(() => new SharedMemory({ name }), Deno.errors.NotFound);

        const ready = new SharedValue("i", 0);
        const maker = start(work.keepMemory, name, ready, true);
        await until(() => ready.value === 1);
        const memory = new SharedMemory({ name });
        const user = start(work.keepMemory, name, ready, false);
        await until(() => ready.value === 2);
        await maker.kill();
        // As long as somebody has it, it is there.
        memory.close();
        new SharedMemory({ name }).close();
        await user.kill();
        assertThrows(() => new SharedMemory({ name }), Deno.errors.NotFound);
      });
    }

    it("is not there after unlink(), and can be made again", () => {
      const name = newName();
      const memory = new SharedMemory({ create: true, size: 3, name });
      assertThrows(
        () => new SharedMemory({ create: true, size: 3, name }),
        Deno.errors.AlreadyExists,
        name,
      );
      const same = new SharedMemory({ name });
      same.unlink();
      memory.buf[0] = 5;
      assertEquals(same.buf[0], 5);
      assertThrows(
        () => new SharedMemory({ name }),
        Deno.errors.NotFound,
        name,
      );
      assertThrows(() => memory.unlink(), Deno.errors.NotFound);
      const again = new SharedMemory({ create: true, size: 4, name });
      assertEquals([again.size, again.buf[0]], [4, 0]);
      for (const each of [memory, same, again]) each.close();
      // Its maker is there still.
      new SharedMemory({ name }).close();
      again.unlink();
      assertThrows(() => again.unlink(), Deno.errors.NotFound);
    });

    it("cannot be used after close(), but by who has it still", () => {
      const memory = new SharedMemory({ create: true, size: 3 });
      const { buf } = memory;
      memory.close();
      memory.close();
      assertThrows(() => memory.buf, ShutDownError, "was closed");
      buf[0] = 5;
      {
        using same = new SharedMemory({ name: memory.name });
        assertEquals(same.buf[0], 5);
      }
      memory.unlink();
    });

    it("has a size and a name, or none is made", () => {
      for (const size of [0, -1, 1.5, NaN, "5"]) {
        assertThrows(
          () => new SharedMemory({ create: true, size: size as number }),
          RangeError,
          '"size" must be an integer > 0',
        );
      }
      assertThrows(
        () => new SharedMemory({ create: true, size: 2 ** 53 }),
        RangeError,
        '"size" is too large',
      );
      for (const name of ["a\0b", "a/b", "", "\ud800", 5, "x".repeat(201)]) {
        for (const create of [true, false]) {
          assertThrows(
            () =>
              new SharedMemory(
                { create, size: 5, name: name as string } as {
                  create: true;
                  size: 5;
                },
              ),
            TypeError,
            '"name" must',
          );
        }
      }
      const memories = [1, 2].map(() =>
        new SharedMemory({ create: true, size: 5 })
      );
      assertNotEquals(memories[0]!.name, memories[1]!.name);
      for (const memory of memories) {
        memory.close();
        memory.unlink();
      }
    });

    it("may have any other name", () => {
      for (const name of ["ä €😀", "x".repeat(200), " (deleted)", "a\nb"]) {
        const memory = new SharedMemory({ create: true, size: 5, name });
        const same = new SharedMemory({ name });
        same.buf[0] = 7;
        assertEquals([memory.buf[0], same.name], [7, name]);
        same.close();
        memory.unlink();
        memory.close();
      }
    });
  });
}
