/** What values, arrays, dicts and lists do in one process, and with its end. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  Process,
  ProcessError,
  registerClass,
  SharedArray,
  SharedDict,
  SharedList,
  SharedMemory,
  SharedValue,
  ShutDownError,
  type Typecode,
} from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { over } from "../internal/travel/route.ts";
import { encode } from "../internal/wire/encode.ts";
import { forgetArrays, forgetMemory } from "./fixtures/forgets.ts";
import * as work from "./fixtures/shared_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { numbers } from "./support/numbers.ts";
import { deno, pathOf } from "./support/run.ts";

/** Closes its dict when it is read. */
class Closing {
  constructor(readonly dict: SharedDict<unknown>) {}
}

async function inProcess<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  const process = new Process({ target, args } as never);
  process.start();
  const result = await process.result();
  await process.join();
  return result as R;
}

/** How much of the memory is taken, when what was closed has been let go of. */
async function taken(): Promise<number> {
  await Promise.resolve();
  const { space } = ownHome();
  space.member.sweepDead();
  return space.allocator.taken();
}

describe("a shared value", () => {
  nothingLeft();

  it("is 0 at first, or what is given", () => {
    assertEquals(new SharedValue("d").value, 0);
    assertEquals(new SharedValue("Q").value, 0n);
    assertEquals(new SharedValue("f", 0.1).value, Math.fround(0.1));
    assertEquals(new SharedValue("d", -0).value, -0);
    assert(Number.isNaN(new SharedValue("d", NaN).value));
  });

  it("gives what was there before an addition, and wraps around", () => {
    const byte = new SharedValue("B", 250);
    assertEquals([byte.add(10), byte.value], [250, 4]);
    const short = new SharedValue("h", 32767);
    assertEquals([short.add(1), short.value], [32767, -32768]);
    const long = new SharedValue("Q", 2n ** 64n - 1n);
    assertEquals([long.add(2n), long.value], [2n ** 64n - 1n, 1n]);
    const double = new SharedValue("d", 0.5);
    assertEquals([double.add(-2), double.value], [0.5, -1.5]);
    const single = new SharedValue("f", 0.5);
    assertEquals([single.add(0.25), single.value], [0.5, 0.75]);
  });

  it("is subtracted from, without a sign too, by what need not fit itself", () => {
    const cases: [
      Typecode,
      number | bigint,
      number | bigint,
      number | bigint,
    ][] = [
      ["B", 5, -1, 4],
      ["H", 5, -5, 0],
      ["I", 5, -1, 4],
      ["I", 0, -1, 2 ** 32 - 1],
      ["Q", 5n, -1n, 4n],
      ["b", -100, 200, 100],
      ["i", -(2 ** 31), 2 ** 32 - 1, 2 ** 31 - 1],
      ["q", -(2n ** 63n), 2n ** 64n - 1n, 2n ** 63n - 1n],
    ];
    for (const [typecode, first, added, sum] of cases) {
      const value = new SharedValue(typecode, first as never);
      assertEquals([value.add(added as never), value.value], [first, sum]);
    }
    const value = new SharedValue("I", 5);
    for (const no of [0.5, NaN, Infinity]) {
      assertThrows(() => value.add(no), RangeError, "it is no integer");
    }
    assertEquals(value.value, 5);
  });

  it("takes no number that would become another one", () => {
    const cases: [Typecode, unknown, string][] = [
      ["b", 128, "does not fit into 8 bits"],
      ["B", -1, "does not fit into 8 bits"],
      ["i", 2 ** 31, "does not fit into 32 bits"],
      ["i", 1.5, 'it is no integer; "d" has fractions'],
      ["I", NaN, "no integer"],
      ["q", 2n ** 63n, "does not fit into 64 bits"],
    ];
    for (const [typecode, number, message] of cases) {
      assertThrows(
        () => new SharedValue(typecode, number as never),
        RangeError,
        message,
      );
      const value = new SharedValue(typecode);
      assertThrows(() => value.value = number as never, RangeError, message);
      assertEquals(Number(value.value), 0);
    }
  });

  it("takes nothing that is no number of its type", () => {
    for (const [typecode, no] of [["i", 5n], ["d", "5"], ["q", 5]] as const) {
      assertThrows(() => new SharedValue(typecode, no as never), TypeError);
      const value = new SharedValue(typecode);
      assertThrows(() => value.add(no as never), TypeError);
    }
    assertThrows(
      () => new SharedValue("q", 5 as never),
      TypeError,
      "it must be a bigint, 5n",
    );
    for (const typecode of ["x", "", "toString", undefined, 5]) {
      assertThrows(
        () => new SharedValue(typecode as never),
        TypeError,
        '"typecode" must be one of b B h H i I q Q f d',
      );
    }
  });

  it("is shown as what it is", () => {
    const value = new SharedValue("i", 5);
    assertThrows(() => (value as { typecode: string }).typecode = "d");
    assertEquals(Deno.inspect(value), "SharedValue(i) 5");
  });
});

describe("a shared array", () => {
  nothingLeft();

  it("is made of a length, of numbers, or of another one", () => {
    assertEquals([...new SharedArray("i", 3)], [0, 0, 0]);
    assertEquals([...new SharedArray("q", [1n, -2n])], [1n, -2n]);
    assertEquals([...new SharedArray("B", new Set([1, 2]))], [1, 2]);
    assertEquals([...new SharedArray("d", new Float64Array([0.5]))], [0.5]);
    assertEquals([...new SharedArray("f", new SharedArray("b", [7]))], [7]);
    assertEquals([...new SharedArray("d", [])], []);
    assertEquals(new SharedArray("d", 0).length, 0);
  });

  it("is indexed as a typed array, and is one memory with its own", () => {
    const array = new SharedArray("h", [1, 2, 3]);
    array[0] = 5;
    array.array[1] = 6;
    assertEquals([array[0], array[1], array[2], array[3]], [
      5,
      6,
      3,
      undefined,
    ]);
    array[3] = 9;
    array[0] = 65536 + 7; // cut off, as there
    assertEquals([...array], [7, 6, 3]);
    assertEquals([array.length, array.typecode], [3, "h"]);
    assertInstanceOf(array, SharedArray);
    assertInstanceOf(array.array, Int16Array);
    assert(array.array === array.array);
    assertEquals(Atomics.add(array.array, 2, 4), 3);
    assertEquals(Deno.inspect(array), "SharedArray Int16Array(3) [ 7, 6, 7 ]");
  });

  it("is refused where it makes no sense", () => {
    for (const length of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
      assertThrows(() => new SharedArray("d", length), RangeError, "length");
    }
    assertThrows(() => new SharedArray("B", [1, 256]), RangeError, "8 bits");
    assertThrows(() => new SharedArray("B", ["1" as never]), TypeError);
    assertThrows(() => new SharedArray("x" as never, 5), TypeError);
    assertThrows(
      () => new SharedArray("d", null as never),
      TypeError,
      "of null: it must be a length, or iterable",
    );
    assertThrows(() => new SharedArray("d", 2 ** 40), RangeError, "full");
  });

  it("has its memory as long as somebody looks at it", async () => {
    const process = new Process({
      target: forgetArrays,
      v8Flags: ["--expose-gc"],
    });
    process.start();
    assertEquals(await process.result(), [false, true, true]);
    await process.join();
  });
});

describe("a shared dict", () => {
  nothingLeft();

  it("has keys of all kinds that a Map tells apart", () => {
    const keys = [
      "",
      "1",
      1,
      1n,
      true,
      "true",
      false,
      0,
      "é",
      "\u{1f600}",
      "\ud800",
      1.5,
      NaN,
      Infinity,
      -(2n ** 100n),
      "x".repeat(3000),
    ];
    const dict = new SharedDict<number, string | number | bigint | boolean>();
    for (const [i, key] of keys.entries()) dict.set(key, i);
    assertEquals([...dict.keys()], keys);
    for (const [i, key] of keys.entries()) assertEquals(dict.get(key), i);
    dict.set(-0, 99);
    assertEquals([dict.get(0), dict.size], [99, keys.length]);
    for (const key of [null, undefined, {}, Symbol(), []]) {
      assertThrows(() => dict.get(key as never), TypeError, "as a key");
    }
    const long = "x".repeat(2 ** 20 + 1);
    assertThrows(() => dict.set(long, 1), RangeError, "a key of 1048577 bytes");
  });

  it("is made of pairs or fields, and a list of items", () => {
    for (const bad of [null, 5, new Date(), [1], [["a", 1, 2]]] as never[]) {
      const message = "Cannot create a shared dict";
      assertThrows(() => new SharedDict(bad), TypeError, message);
    }
    for (const bad of [null, 5, {}] as never[]) {
      const message = "Cannot create a shared list of";
      assertThrows(() => new SharedList(bad), TypeError, message);
    }
  });

  it("does what Map and dict do", () => {
    const dict = new SharedDict<number>([["a", 1], ["b", 2]]);
    assertEquals([dict.get("a"), dict.get("x"), dict.get("x", 7)], [
      1,
      undefined,
      7,
    ]);
    assertEquals([dict.setdefault("a", 5), dict.setdefault("c", 5)], [1, 5]);
    assertEquals([dict.pop("c"), dict.pop("c"), dict.pop("c", 0)], [
      5,
      undefined,
      0,
    ]);
    assertEquals([dict.delete("b"), dict.delete("b")], [true, false]);
    assertEquals(dict.set("b", 3).set("a", 4), dict);
    assertEquals([...dict.entries()], [["a", 4], ["b", 3]]);
    assertEquals([...dict.values()], [4, 3]);
    const seen: unknown[] = [];
    dict.forEach((value, key, of) => seen.push(value, key, of === dict));
    assertEquals(seen, [4, "a", true, 3, "b", true]);
    assertEquals(Deno.inspect(dict), 'SharedDict(2) { "a" => 4, "b" => 3 }');
    dict.clear();
    assertEquals([dict.size, [...dict]], [0, []]);
    const none = new SharedDict<undefined>({ a: undefined });
    assertEquals([none.has("a"), none.get("a", 5 as never)], [true, undefined]);
  });

  it("copies what is set and got", () => {
    const dict = new SharedDict<number[]>();
    const value = [1];
    dict.set("a", value);
    value.push(2);
    dict.get("a")!.push(3);
    assertEquals(dict.get("a"), [1]);
  });

  it("is as before where a value cannot be sent", () => {
    const dict = new SharedDict<unknown>({ a: 1 });
    const error = assertThrows(
      () => dict.set("a", { f() {} }),
      DataCloneError,
    );
    assertEquals(error.path, "value.f");
    assertThrows(
      () => dict.update("a", () => Promise.resolve()),
      DataCloneError,
    );
    assertThrows(() => dict.update("a", 5 as never), TypeError, '"fn" must be');
    const list = new SharedList([1]);
    assertThrows(() => list.update(0, 5 as never), TypeError, '"fn" must be');
    assertThrows(() => dict.setdefault("b", () => {}), DataCloneError);
    assertThrows(
      () =>
        dict.update("a", () => {
          throw new Error("fn's own");
        }),
      Error,
      "fn's own",
    );
    assertEquals([...dict], [["a", 1]]);
  });

  it("can be used by who is used by it", () => {
    const dict = new SharedDict<unknown>({ a: 1, b: 2 });
    const value = {
      get now() {
        dict.set("b", 3);
        return dict.get("b");
      },
    };
    dict.set("a", value);
    assertEquals(dict.get("a"), { now: 3 });
    assertEquals(
      dict.update(
        "a",
        () => dict.update("b", () => dict.get("b") as number + 1),
      ),
      4,
    );
    assertEquals([...dict], [["a", 4], ["b", 4]]);
    // What it was given was no more there: it is asked again.
    let calls = 0;
    dict.update("a", (n) => {
      if (calls++ === 0) dict.set("a", 10);
      return n as number + 1;
    });
    assertEquals([dict.get("a"), calls], [11, 2]);
  });

  it("says so where an update changes its own key again and again", () => {
    const dict = new SharedDict<number>({ a: 0, b: 0 });
    const message = '"fn" itself has changed it';
    assertThrows(() => dict.update("a", null as never), TypeError, '"fn"');
    const changes: ((n?: number) => unknown)[] = [
      (n = 0) => dict.set("a", n + 1),
      () => dict.update("a", (n = 0) => n + 1),
      () => dict.pop("a") ?? dict.set("a", 0),
    ];
    for (const change of changes) {
      assertThrows(
        () =>
          dict.update("a", (n = 0) => {
            change(n);
            return n + 1;
          }),
        ProcessError,
        message,
      );
      // Nothing is left of it.
      dict.set("a", 5);
      assertEquals(dict.update("a", (n = 0) => n + 1), 6);
    }
    const list = new SharedList([1, 2]);
    assertThrows(
      () =>
        list.update(0, (n) => {
          list.push(list.shift()!);
          return n;
        }),
      ProcessError,
      message,
    );
    assertEquals(list.length, 2);
  });

  it("goes through the keys that there were", () => {
    const dict = new SharedDict<number>({ a: 1, b: 2, c: 3 });
    const seen: string[] = [];
    for (const [key] of dict) {
      seen.push(key);
      dict.delete("b");
      dict.set(`new ${key}`, 5);
    }
    assertEquals(seen, ["a", "c"]);
  });

  it("leaves to others what it cannot read here", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const dict = new SharedDict<unknown>();
    const list = new SharedList<unknown>();
    await inProcess(work.putSecret, dict, list);
    for (const use of [() => dict.get("secret"), () => dict.pop("secret")]) {
      assertThrows(use, DataCloneError, 'class "Secret" is not registered');
      assert(dict.has("secret"));
    }
    for (const use of [() => list.at(1), () => list.pop(1)]) {
      assertThrows(use, DataCloneError, 'class "Secret" is not registered');
      assertEquals([list.length, list.at(0), list.at(2)], [3, 1, 3]);
    }
    assertEquals(dict.delete("secret"), true);
  });

  it("keeps what is in it, as long as it is in it", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const before = await taken();
    const dict = new SharedDict<unknown>();
    const list = new SharedList<unknown>();
    const empty = await taken();
    await inProcess(work.putLocks, dict, list);
    assertGreater(await taken(), empty + 40 * 256);
    for (const key of [...dict.keys()].slice(0, 10)) dict.set(key, null);
    for (let i = 0; i < 10; i++) dict.delete(`key ${i + 10}`);
    list.clear();
    dict.clear();
    assert(await taken() <= empty + 17 * 256);
    dict.close();
    list.close();
    assertEquals(await taken(), before);
  });

  it("cannot be used after close(), but by others", async () => {
    const before = await taken();
    const dict = new SharedDict<number>({ a: 1 });
    const outer = new SharedDict<SharedDict<number>>({ dict });
    const same = outer.get("dict")!;
    dict.close();
    dict.close();
    for (
      const use of [
        () => dict.get("a"),
        () => dict.size,
        () => [...dict],
        () => dict.clear(),
      ]
    ) assertThrows(use, ShutDownError, "as it was closed");
    const error = assertThrows(
      () => outer.set("closed", dict),
      DataCloneError,
    );
    assertStringIncludes(error.message, "a dict that was closed");
    assertEquals(Deno.inspect(dict), "SharedDict (closed)");
    assertEquals(same.get("a"), 1);
    same.close();
    outer.get("dict")!.close();
    outer.close();
    assertEquals(await taken(), before);
  });

  it("may be closed by whoever is called by it", async () => {
    let closing: SharedDict<unknown> | null = null;
    registerClass(Closing, {
      encode({ dict }) {
        closing = dict;
        return null;
      },
      decode() {
        closing!.close();
        return new Closing(closing!);
      },
    });
    const before = await taken();
    const uses: ((dict: SharedDict<unknown>) => unknown)[] = [
      (dict) =>
        dict.update("a", () => {
          dict.close();
          return 2;
        }),
      (dict) =>
        dict.set("a", {
          get a() {
            dict.close();
            return 1;
          },
        }),
      (dict) => {
        dict.set("closing", new Closing(dict));
        return dict.pop("closing");
      },
    ];
    for (const use of uses) {
      const dict = new SharedDict<unknown>({ a: 1 });
      use(dict);
      assertThrows(() => dict.get("a"), ShutDownError);
    }
    for (
      const shared of [new SharedDict({ a: 1, b: 2 }), new SharedList([1, 2])]
    ) {
      assertThrows(() => {
        for (const _ of shared) shared.close();
      }, ShutDownError);
    }
    const list = new SharedList<unknown>();
    const values = (function* () {
      yield 1;
      list.close();
      yield 2;
    })();
    assertThrows(() => list.extend(values), ShutDownError);
    assertEquals(await taken(), before);
  });

  it("is given back at once when it is closed", () => {
    const { allocator } = ownHome().space;
    const before = allocator.taken();
    for (let i = 0; i < 100; i++) {
      using dict = new SharedDict<unknown>({ large: "x".repeat(100_000) });
      using list = new SharedList<unknown>(["x".repeat(100_000)]);
      assertEquals([dict.size, list.length], [1, 1]);
    }
    assertEquals(allocator.taken(), before);
  });

  it("may have values of any size", () => {
    using dict = new SharedDict<Uint8Array>();
    const large = new Uint8Array(20_000_000).fill(7);
    dict.set("a", large);
    assertEquals(dict.get("a")!.length, large.length);
    assertEquals(dict.pop("a")!.at(-1), 7);
    assertEquals(dict.size, 0);
  });

  it("knows its types", () => {
    const dict: SharedDict<number> = new SharedDict({ a: 1 });
    const pairs: SharedDict<string, number> = new SharedDict([[1, "a"]]);
    const number: number | undefined = dict.get("a");
    const text: string | null = pairs.get(1, null);
    const list: SharedList<boolean> = new SharedList([true]);
    const long: bigint = new SharedValue("q", 5n).value;
    const ints: Int32Array = new SharedArray("i", [1, 2]).array;
    assertEquals([number, text, list.pop(), long, ints[1]], [
      1,
      "a",
      true,
      5n,
      2,
    ]);
    const words = new SharedDict([["a", 1]]);
    words.set("any", 2);
    // @ts-expect-error a date is no key
    assertThrows(() => words.get(new Date()), TypeError);
    // @ts-expect-error nor here
    assertThrows(() => new SharedDict([[new Date(), 1]]), TypeError);
  });

  it("stays within bounds, whatever comes and goes", async () => {
    using dict = new SharedDict<number>();
    const random = numbers(5);
    const before = await taken();
    let most = 0;
    for (let i = 0; i < 300_000; i++) {
      const key = `key ${random(1000)}`;
      if (random(2) === 0) dict.set(key, i);
      else dict.delete(key);
      if (i % 10_000 === 0) most = Math.max(most, await taken() - before);
    }
    assert(most < 200_000, `${most} bytes`);
  });
});

describe("a shared list", () => {
  nothingLeft();

  it("does what an array and a Python list do", () => {
    const list = new SharedList(["a", "b"]);
    assertEquals([list.push("c", "d"), list.push()], [4, 4]);
    list.append("e");
    list.extend(["f"]);
    assertEquals([list.at(0), list.get(-1), list.at(6), list.at(-7)], [
      "a",
      "f",
      undefined,
      undefined,
    ]);
    assertEquals(list.set(-1, "F").set(0, "A"), list);
    assertEquals(list.update(1, (text) => text.toUpperCase()), "B");
    assertEquals(list.slice(), ["A", "B", "c", "d", "e", "F"]);
    assertEquals([list.slice(1, 3), list.slice(-2), list.slice(4, 1)], [
      ["B", "c"],
      ["e", "F"],
      [],
    ]);
    assertEquals([list.pop(), list.shift(), list.pop(1), list.pop(99)], [
      "F",
      "A",
      "c",
      undefined,
    ]);
    list.insert(0, "first");
    list.insert(-1, "before the last");
    list.insert(99, "last");
    assertEquals([...list], [
      "first",
      "B",
      "d",
      "before the last",
      "e",
      "last",
    ]);
    assertEquals(list.splice(1, 2, "x"), ["B", "d"]);
    assertEquals(list.splice(3), ["e", "last"]);
    const seen: unknown[] = [];
    list.forEach((value, index) => seen.push(index, value));
    assertEquals(seen, [0, "first", 1, "x", 2, "before the last"]);
    assertEquals(
      Deno.inspect(list),
      'SharedList(3) [ "first", "x", "before the last" ]',
    );
    list.clear();
    assertEquals([list.length, list.pop(), list.slice()], [0, undefined, []]);
  });

  it("is as before where something is wrong", () => {
    const list = new SharedList<unknown>([1]);
    assertThrows(() => list.set(1, 5), RangeError, "use push() or insert()");
    assertThrows(() => list.update(-2, () => 5), RangeError, "at -2");
    assertThrows(() => list.push(1, () => {}), DataCloneError);
    assertThrows(() => list.splice(0, 1, Symbol()), DataCloneError);
    assertThrows(() => list.set(0, () => {}), DataCloneError);
    for (const no of [0.5, NaN]) {
      assertThrows(() => list.at(no), RangeError, "must be an integer");
      assertThrows(() => list.splice(no, 1), RangeError, "must be an integer");
    }
    assertThrows(() => list.at("0" as never), TypeError, "must be a number");
    assertThrows(() => list.update(0, null as never), TypeError, '"fn"');
    assertEquals(list.slice(), [1]);
    list.close();
    list.close();
    assertThrows(() => list.length, ShutDownError, "the list as it was closed");
    assertEquals(Deno.inspect(list), "SharedList (closed)");
  });

  it("takes and gives any number of values at once", () => {
    // One that looks through all for each of them would take minutes.
    const many = Array.from({ length: 100_000 }, (_, i) => i);
    using list = new SharedList(many);
    list.push(...many);
    list.extend(many);
    assertEquals(list.length, 300_000);
    assertEquals(list.splice(100_000, 100_000, ...many), many);
    assertEquals(list.splice(0, 200_000), [...many, ...many]);
    assertEquals(list.slice(), many);
  });

  it("gives its memory back", async () => {
    const before = await taken();
    const list = new SharedList<unknown>();
    const empty = await taken();
    for (let i = 0; i < 10_000; i++) list.push({ i });
    assertGreater(await taken(), empty + 10_000 * 64);
    while (list.length > 0) list.pop();
    assert(await taken() < empty + 2000);
    list.extend(new Array(1000).fill("x"));
    list.close();
    assertEquals(await taken(), before);
  });
});

describe("what is memory", () => {
  nothingLeft();

  it("cannot be sent to who cannot look at it", () => {
    const route = {
      introduces: false,
      send: () => null,
      receive: () => ({}),
    };
    const toManager = { ...route, introduces: true };
    const memory = new SharedMemory({ create: true, size: 1 });
    for (
      const object of [
        memory,
        new SharedValue("d"),
        new SharedArray("d", 1),
        new SharedDict(),
        new SharedList(),
      ]
    ) {
      const error = assertThrows(
        () => over(route, () => encode({ object })),
        DataCloneError,
        "start the process with --allow-ffi",
      );
      assertEquals(error.path, "value.object");
      assertStringIncludes(error.message, `a ${object.constructor.name} is`);
      assertStringIncludes(error.message, "Manager");
      assertThrows(
        () => over(toManager, () => encode({ object })),
        DataCloneError,
        "sent to a manager or by one: use what a Manager serves",
      );
    }
    memory.unlink();
    memory.close();
  });

  it("is found by any program of this user that has ffi", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    using memory = new SharedMemory({ create: true, size: 77 });
    memory.buf[0] = 5;
    const open = (...flags: string[]) =>
      deno([
        "run",
        "-q",
        "--no-prompt",
        ...flags,
        pathOf("tests/fixtures/opens_memory.ts"),
        memory.name,
      ]);
    const { stdout, stderr } = await open("--allow-ffi");
    assertEquals([stdout, stderr, memory.buf[1]], ["77\n", "", 6]);
    const without = await open();
    assertStringIncludes(without.stderr, "NotFound: Cannot find shared memory");
    assertStringIncludes(without.stderr, "without --allow-ffi");
    memory.unlink();
    const late = await open("--allow-ffi");
    assertStringIncludes(late.stderr, "NotFound");
  });

  it("goes back to the system when nobody looks at it any more", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const process = new Process({
      target: forgetMemory,
      v8Flags: ["--expose-gc"],
    });
    process.start();
    assertEquals(await process.result(), [true, true, true]);
    await process.join();
  });

  it("can be used by threads of a process without ffi", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "--no-prompt",
      "--allow-read",
      pathOf("tests/fixtures/shares_without_ffi.ts"),
    ]);
    assertEquals([code, stdout, stderr], [0, "ok\n", ""]);
  });
});
