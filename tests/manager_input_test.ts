/** What a manager's dicts, lists and numbers take, and what they refuse. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Manager, type ValueProxy } from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

describe("a manager's list", () => {
  it("finds what is like that one", async () => {
    await using manager = new Manager();
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const [lock, dict] = [await manager.lock(), await manager.dict()];
    const items = [new Date(5), new Map([[1, 2]]), cyclic, lock, dict];
    const list = await manager.list<unknown>(items);
    for (const [i, item] of items.entries()) {
      assertEquals([await list.index(item), await list.count(item)], [i, 1]);
    }
    for (const other of [new Date(6), await manager.lock(), {}, [[]]]) {
      assertEquals(await list.index(other), -1);
      assertEquals(await list.remove(other), false);
    }
    assertEquals(await list.index(await manager.dict()), -1);
    for (const item of items) assertEquals(await list.remove(item), true);
    assertEquals(await list.length(), 0);
  });

  it("is searched from an index on, which may count from the end", async () => {
    await using manager = new Manager();
    const list = await manager.list([1, 2, 1, 3]);
    const found = [];
    for (const from of [0, 1, 3, 9, -1, -2, -3, -9]) {
      found.push(await list.index(1, from));
    }
    assertEquals(found, [0, 2, -1, -1, -1, 2, 2, 0]);
  });
});

describe("a manager's number", () => {
  it("is never another one than was given", async () => {
    await using manager = new Manager();
    const refused = [
      ["i", 1.5, RangeError, '"d" has fractions'],
      ["i", 2 ** 40, RangeError, "32 bits"],
      ["i", NaN, RangeError, "no integer"],
      ["i", "1", TypeError, "must be a number"],
      ["d", null, TypeError, "must be a number"],
      ["B", 256, RangeError, "8 bits"],
      ["B", -1, RangeError, "8 bits"],
      ["q", 2n ** 80n, RangeError, "64 bits"],
      ["q", 1, TypeError, "must be a bigint, 1n"],
    ] as const;
    for (const [typecode, number, error, message] of refused) {
      const zero = typecode === "q" ? 0n : 0;
      const bad = number as never;
      const value = await manager.value(typecode) as ValueProxy;
      const array = await manager.array(typecode, 1);
      for (
        const use of [
          () => manager.value(typecode, bad),
          () => value.set(bad),
          () => value.add(bad),
          () => manager.array(typecode, [zero, bad] as never[]),
          () => array.set(0, bad),
        ]
      ) await assertRejects(use, error, message);
      assertEquals([await value.get(), await array.slice()], [zero, [zero]]);
    }
  });

  it("wraps around where others are added to it", async () => {
    await using manager = new Manager();
    const byte = await manager.value("B", 255);
    assertEquals([await byte.add(2), await byte.get()], [255, 1]);
    const big = await manager.value("q", 2n ** 63n - 1n);
    await big.add(1n);
    assertEquals(await big.get(), -(2n ** 63n));
    const single = await manager.value("f", 0.5);
    await single.add(0.1);
    assertEquals(await single.get(), Math.fround(0.6));
  });

  it("comes in arrays that have a length", async () => {
    await using manager = new Manager();
    for (const length of [-1, 1.5, NaN]) {
      await assertRejects(
        () => manager.array("i", length),
        RangeError,
        `integer >= 0: current value is ${length}`,
      );
    }
    for (const bad of [null, {}]) {
      await assertRejects(
        () => manager.array("i", bad as never),
        TypeError,
        "it must be a length, or iterable",
      );
    }
    const floats = await manager.array("f", new Float64Array([0.5, 1]));
    assertEquals(await floats.slice(), [0.5, 1]);
    assertEquals(await (await manager.array("q", 2)).slice(), [0n, 0n]);
  });
});
