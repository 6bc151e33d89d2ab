/** What a manager's dicts, lists and numbers take, and what they refuse. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type DictKey, Manager, type ValueProxy } from "@multi/processing";
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

const NOT_SENT_AT_ONCE = "await Array.fromAsync() makes an array of it";

describe("what a manager makes", () => {
  it("is made of nothing else than it can be", async () => {
    await using manager = new Manager();
    const dict = await manager.dict({ a: 1 });
    const list = await manager.list([1]);
    const refused = [
      [() => manager.dict(dict as never), NOT_SENT_AT_ONCE],
      [() => manager.dict(new Date() as never), "a plain object, or pairs"],
      [() => manager.dict(null as never), "of null: it must be"],
      [() => manager.dict([1] as never), "as 1 is no pair"],
      [() => manager.dict([["a"]] as never), 'as [ "a" ] is no pair'],
      [() => manager.dict([[{}, 1]] as never), "Cannot use {} as a key"],
      [() => manager.list(5 as never), "of 5: it must be iterable"],
      [() => manager.list(null as never), "of null: it must be iterable"],
      [() => manager.list(list as never), NOT_SENT_AT_ONCE],
      [() => manager.namespace(dict), "of DictProxy {}: it must be a plain"],
      [() => manager.namespace([1]), "it must be a plain object"],
    ] as const;
    for (const [make, message] of refused) {
      await assertRejects(make, TypeError, message);
    }
    const copy = await manager.dict(await Array.fromAsync(dict));
    assertEquals(await copy.entries(), [["a", 1]]);
    const bare = Object.assign(Object.create(null), { b: 2 });
    assertEquals(await (await manager.dict(bare)).keys(), ["b"]);
    assertEquals(await (await manager.list("ab")).slice(), ["a", "b"]);
  });
});

describe("a manager's dict", () => {
  it("has keys that can be got again", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<number>();
    for (const bad of [{ a: 1 }, null, undefined, new Date(5)] as never[]) {
      for (
        const use of [
          () => dict.get(bad),
          () => dict.set(bad, 1),
          () => dict.has(bad),
          () => dict.delete(bad),
          () => dict.pop(bad),
          () => dict.setdefault(bad, 1),
          () => dict.update(bad, () => 1),
        ]
      ) await assertRejects(use, TypeError, "as a key");
    }
    assertEquals(await dict.size(), 0);
    const keys = [1, "1", 1n, true, NaN];
    const all = await manager.dict<string, DictKey>(
      keys.map((key) => [key, typeof key] as const),
    );
    for (const key of keys) assertEquals(await all.get(key), typeof key);
  });
});

describe("a manager's namespace", () => {
  it("has names that are strings", async () => {
    await using manager = new Manager();
    const names = await manager.namespace();
    const bad = 5 as never;
    for (
      const use of [
        () => names.get(bad),
        () => names.set(bad, 1),
        () => names.delete(bad),
      ]
    ) await assertRejects(use, TypeError, "Cannot use 5 as a name");
    assertEquals(await names.describe(), "Namespace()");
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

  it("is subtracted from by what need not fit itself", async () => {
    await using manager = new Manager();
    const byte = await manager.value("B", 5);
    assertEquals([await byte.add(-1), await byte.get()], [5, 4]);
    const big = await manager.value("Q", 5n);
    assertEquals([await big.add(-1n), await big.get()], [5n, 4n]);
    for (const bad of [0.5, NaN]) {
      await assertRejects(() => byte.add(bad), RangeError, "no integer");
    }
    for (const value of [byte, big]) {
      await assertRejects(() => value.add("1" as never), TypeError);
    }
    assertEquals(await byte.get(), 4);
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
