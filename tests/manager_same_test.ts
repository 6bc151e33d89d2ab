/** Which items of a manager's list are alike. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RemoteError } from "@multi/processing";
import { same } from "../internal/manager/same.ts";
import { registerClass } from "../internal/wire/classes.ts";
import { decode } from "../internal/wire/decode.ts";
import { encode } from "../internal/wire/encode.ts";

/** Registered by its fields. */
class Point {
  constructor(readonly x: number, readonly y: number) {}
}
registerClass(Point);

/** Registered by what it gives, which its fields do not show. */
class Account {
  #owners: Set<string>;

  constructor(owners: Iterable<string>) {
    this.#owners = new Set(owners);
  }

  static {
    registerClass(Account, {
      encode: (account) => account.#owners,
      decode: (owners) => new Account(owners as Set<string>),
    });
  }
}

/** A Map with something more. */
class Named extends Map<string, number> {
  constructor(readonly name: string) {
    super();
  }

  static {
    registerClass(Named, {
      encode: (map) => map.name,
      decode: (name) => new Named(name as string),
    });
  }
}

class Refused extends Error {
  code = 1;
}
registerClass(Refused);

function copy<T>(value: T): T {
  return decode(encode(value)) as T;
}

function alike(a: unknown, b: unknown): boolean {
  const [x, y] = [copy(a), copy(b)];
  const result = same(x, y);
  assertEquals(same(y, x), result);
  return result;
}

/** One that is in itself, so many steps further in. */
function ring(length: number): unknown {
  const last: { next?: unknown } = {};
  let first = last;
  for (let i = 1; i < length; i++) first = { next: first };
  last.next = first;
  return first;
}

describe("what is sent", () => {
  it("is like its copies, and like nothing else", () => {
    const values: unknown[] = [
      null,
      undefined,
      0,
      1,
      NaN,
      "1",
      1n,
      true,
      [],
      [1],
      [1, 2],
      [[1], 2],
      {},
      { a: 1 },
      { a: undefined },
      { a: [1, { b: 2 }] },
      new Map(),
      new Map([[1, 2]]),
      new Map([[{ a: 1 }, 2]]),
      new Map([[{ a: 1 }, 3]]),
      new Set(),
      new Set([1]),
      new Set([{ a: 1 }]),
      new Set([{ a: 1 }, { a: 1 }]),
      new Set([{ a: 1 }, { a: 2 }]),
      new Date(5),
      new Date(6),
      new Date(NaN),
      /a/,
      /a/g,
      new URL("http://a/"),
      new URL("http://b/"),
      new ArrayBuffer(2),
      new ArrayBuffer(3),
      new Uint8Array([1, 2]),
      new Uint8Array([1, 3]),
      new Int8Array([1, 2]),
      new DataView(new ArrayBuffer(2)),
      Object(1),
      Object("1"),
      new Error("x"),
      new Error("y"),
      new Error("x", { cause: 1 }),
      new RangeError("x"),
      new AggregateError([new Error("x")], "x"),
      new RemoteError("x", { remoteName: "A" }),
      new RemoteError("x", { remoteName: "B" }),
      new DOMException("x", "AbortError"),
      new DOMException("x", "DataError"),
      new Refused("x"),
      Object.assign(new Refused("x"), { code: 2 }),
      new Point(1, 2),
      new Point(1, 3),
      new Account(["Alice"]),
      new Account(["Bob"]),
      new Named("a"),
      new Named("b"),
      ring(1),
      ring(2),
      [new Date(5), { set: new Set([/a/]) }],
    ];
    for (const [i, value] of values.entries()) {
      for (const [j, other] of values.entries()) {
        assertEquals(
          alike(value, other),
          i === j,
          Deno.inspect([value, other]),
        );
      }
    }
  });

  it("may have its parts in another order, or in one place", () => {
    assert(alike({ a: 1, b: 2 }, { b: 2, a: 1 }));
    assert(alike(new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]])));
    assert(alike(new Set([1, "a"]), new Set(["a", 1])));
    const [x, y] = [{ n: 1 }, { n: 2 }];
    assert(alike(new Set([x, y]), new Set([y, x])));
    assert(alike(new Map([[x, 1], [y, 2]]), new Map([[y, 2], [x, 1]])));
    assert(!alike(new Map([[x, 1], [y, 2]]), new Map([[y, 1], [x, 2]])));
    assert(alike([x, x], [{ n: 1 }, { n: 1 }]));
    assert(alike(new Account(["a", "b"]), new Account(["b", "a"])));
    assert(alike([0], [-0]));
  });

  it("does not depend on where an error was made", () => {
    const make = () => new RangeError("x", { cause: new Error("y") });
    const one = make();
    const other = (() => make())();
    assert(one.stack !== other.stack);
    assert(alike(one, other));
    const abort = () => new DOMException("x", "AbortError");
    const [first, second] = [abort(), (() => abort())()];
    assert(first.stack !== second.stack);
    assert(alike(first, second));
  });

  it("may contain itself, and be as deep as can be sent", () => {
    assert(alike(ring(499), ring(499)));
    assert(!alike(ring(498), ring(499)));
    const set = new Set<unknown>([1]);
    set.add(set);
    assert(alike(set, copy(set)));
    let [deep, other]: unknown[] = [1, 2];
    for (let i = 0; i < 499; i++) [deep, other] = [[deep], [other]];
    assert(alike(deep, deep));
    assert(!alike(deep, other));
  });
});
