import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { runInNewContext } from "node:vm";
import { Buffer } from "node:buffer";
import { encode } from "../../internal/wire/encode.ts";
import { assertSame, sent } from "./support.ts";

/** Values that arrive as structuredClone copies them. */
const CLONED: Record<string, unknown[]> = {
  "numbers": [
    ...[0, -0, 1, -1, 23, 24, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31],
    ...[2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64, 1e300, 5e-324],
    ...[-24, -25, -256, -257, -(2 ** 31), -(2 ** 32), -(2 ** 32) - 1],
    ...[-(2 ** 53) + 1, -(2 ** 53), 1.5, -0.1, NaN, Infinity, -Infinity],
  ],
  "bigints": [
    ...[0n, 1n, -1n, 255n, 256n, -256n, -257n, 2n ** 53n, 2n ** 64n],
    ...[-(2n ** 64n), -(2n ** 64n) - 1n, 3n ** 1000n, -(3n ** 1000n)],
  ],
  "primitives": [undefined, null, true, false],
  "texts": [
    ...["", "a", "é", "日本", "😀", "\0", "\ufeffbom", "\ufffd", "a\ufffdé"],
    ...[23, 24, 31, 32, 63, 64, 255, 256, 65535, 65536].flatMap((n) => [
      "x".repeat(n),
      "é".repeat(n),
      "x".repeat(n - 1) + "日",
      "日".repeat(n),
    ]),
  ],
  "texts with lone surrogates": [
    ...["\ud800", "\udc00a", "a\udbff", "\ud83d\ude00\ud83d", "é\udfff日"],
    "x".repeat(100) + "\ud800",
  ],
  "arrays": [[], [1], [[], [[]]], [undefined, null], Array(3).fill("a")],
  "arrays with holes and names": [
    [, 1],
    [1, ,],
    [, ,],
    Object.assign([1, 2], { x: 3 }),
    Object.assign([1, , 3], { x: 3 }),
    Object.assign([, 1], { "-1": 1, "1.5": 2, "01": 3, "4294967295": 4 }),
    Object.assign([], { x: 1 }),
    Object.assign([1, ,], { "01": 3 }),
    withLength(0, 2 ** 32 - 1),
    withLength(1e9, 0),
    withLength(70, 1000, 3),
    Object.defineProperty([], "__proto__", field(1)),
  ],
  "arrays of numbers": [
    ...[15, 16, 17, 64, 65, 1023, 1024, 1025, 5000].flatMap((length) => [
      Array.from({ length }, (_, i) => i - 5),
      Array.from({ length }, (_, i) => i / 7),
      Array.from({ length }, (_, i) => i === 9 ? -0 : i),
      Array.from({ length }, (_, i) => i === 9 ? 2 ** 31 : i),
      Array.from({ length }, (_, i) => i === length - 1 ? "end" : i),
      Array.from({ length }, (_, i) => i === length - 1 ? undefined : i),
    ]),
    Object.assign(Array(20).fill(1), { x: 1 }),
    withLength(20, 21, 1),
  ],
  "a RegExp match": [/(?<letter>a)(b)?/.exec("xa"), "ab".match(/b/)],
  "plain objects": [
    ...[{}, { a: 1 }, { "": 0 }, { b: 1, a: 2 }, { 2: 1, 1: 2, x: 3 }],
    ...[{ toString: 1, constructor: 2, hasOwnProperty: 3 }],
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])),
    Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`k${i}`, i])),
    { ["x".repeat(100)]: 1, "日本": 2, "\ud800": 3 },
  ],
  "objects of one shape": [
    [{ a: 1, b: 2 }, { a: 3, b: 4 }, { b: 1, a: 2 }, { a: 1 }, { a: 5, b: 6 }],
    { a: { a: { a: 1 } }, b: { a: 2 } },
    Array.from({ length: 50 }, (_, i) => ({ [`k${i % 7}`]: { x: i } })),
    ["x".repeat(100), "y"].map((key) => [{ [key]: 1 }, { [key]: 2 }]),
  ],
  "Map and Set": [
    ...[new Map(), new Set(), new Set(["a", 1, NaN, new Set()])],
    new Map<unknown, unknown>([["a", 1], [1, "a"], [{ x: 1 }, new Map()]]),
  ],
  "Date": [
    ...[0, 1, 999, 1000, -1, 1.7e12, 1.7e12 + 1, 8.64e15, -8.64e15, NaN],
    ...[8.64e15 - 1, 8.64e15 - 7, -8.64e15 + 3, 253402300799999],
  ].map((time) => new Date(time)),
  "RegExp": [
    /a/,
    /[/\\]\n/dgimsuy,
    /\p{L}/v,
    new RegExp(""),
  ],
  "boxed primitives": [
    ...[Object(1n), new String("é"), new Number(-0), new Boolean(false)],
  ],
  "typed arrays": [
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array],
    ...[Int32Array, Uint32Array, Float16Array, Float32Array, Float64Array],
  ].flatMap((cls) => [new cls(0), new cls([1, -2, 300, 0.5])]).concat([
    new BigInt64Array([1n, -1n]),
    new BigUint64Array([2n ** 64n - 1n]),
  ] as never[]),
  "buffers": [
    ...[new ArrayBuffer(0), new Uint8Array([1, 2]).buffer],
    ...[new DataView(new ArrayBuffer(3)), resizable(3, 9), resizable(0, 0)],
  ],
};

function field(value: unknown) {
  return { value, writable: true, enumerable: true, configurable: true };
}

function withLength(
  at: number,
  length: number,
  item: unknown = "x",
): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  if (at < 2 ** 32 - 1) array[at] = item;
  return array;
}

function resizable(length: number, maxByteLength: number): ArrayBuffer {
  const buffer = new ArrayBuffer(length, { maxByteLength });
  new Uint8Array(buffer).fill(7);
  return buffer;
}

describe("codec", () => {
  for (const [kind, values] of Object.entries(CLONED)) {
    it(`gives ${kind} back as structuredClone does`, () => {
      for (const value of values) {
        assertSame(sent(value), structuredClone(value));
        assertSame(sent([value]), structuredClone([value]));
        const twice = { first: value, second: [value] };
        assertSame(sent(twice), structuredClone(twice));
      }
    });
  }

  it("sends what several kinds of messages have in a row", () => {
    const all = Object.values(CLONED);
    assertSame(sent(all), structuredClone(all));
  });

  it("keeps cycles through all that can hold them", () => {
    const object: Record<string, unknown> = { list: [], map: new Map() };
    object.self = object;
    (object.list as unknown[]).push(object, object.map, [object.list]);
    (object.map as Map<unknown, unknown>).set(object.map, object)
      .set("set", new Set([object]));
    object.sparse = Object.assign([, object], { object });
    assertSame(sent(object), structuredClone(object));
    const set = new Set();
    set.add(set).add([set]);
    assertSame(sent(set), structuredClone(set));
  });

  it("keeps what is shared, and only that", () => {
    const leaf = { x: 1 };
    const tree = Array.from({ length: 50 }, (_, i) => i % 10 ? { i } : leaf);
    assertSame(sent(tree), structuredClone(tree));
    const [a, b] = sent([{ x: 1 }, { x: 1 }]);
    assertNotStrictEquals(a, b);
  });

  it("does not visit what is shared again and again", () => {
    let value: unknown = [];
    for (let i = 0; i < 100; i++) value = [value, value];
    const copy = sent(value);
    assertStrictEquals(copy[0], copy[1]);
  });

  it("gives plain objects without a prototype, or of another realm, as plain ones", () => {
    assertSame(sent({ __proto__: null, a: 1 }), { a: 1 });
    const foreign = runInNewContext("({ a: [1, { b: 2 }], m: /x/.exec('x') })");
    assertSame(sent({ a: foreign.a }), { a: [1, { b: 2 }] });
    assertEquals(sent(foreign).m.index, 0);
  });

  it("reads getters, and leaves out symbols and what is not enumerable", () => {
    const value = Object.defineProperty(
      {
        get a() {
          return [1];
        },
        [Symbol("s")]: 1,
      },
      "hidden",
      { value: 1 },
    );
    assertSame(sent(value), { a: [1] });
  });

  it("takes __proto__ as a key like any other", () => {
    const value = JSON.parse(
      '[{"__proto__":{"x":1}},{"__proto__":2,"a":1},{"__proto__":3,"a":1}]',
    );
    assertSame(sent(value), value);
    assertEquals(sent(value[0]).x, undefined);
  });

  it("is not misled by fields that all objects inherit", () => {
    Object.defineProperty(Object.prototype, "polluted", {
      ...field(1),
      enumerable: true,
    });
    try {
      const copy = sent([{ a: 1 }, { __proto__: null, b: 2 }]);
      assertEquals(copy.map(Object.keys), [["a"], ["b"]]);
    } finally {
      delete (Object.prototype as Record<string, unknown>).polluted;
    }
  });

  it("gives a URL back", () => {
    assertSame(
      sent(new URL("https://a.b/c?d#e")),
      new URL("https://a.b/c?d#e"),
    );
  });

  it("sends a Buffer as its bytes", () => {
    assertSame(sent(Buffer.from("abc")), new Uint8Array([97, 98, 99]));
  });

  it("sends of a view only its own bytes", () => {
    const large = new Uint8Array(100_000).fill(1);
    assert(encode(large.subarray(5, 10)).length < 20);
    const copy = sent([
      large.subarray(5, 10),
      new Uint16Array(large.buffer.slice(0, 4)),
    ]);
    assertEquals(copy[0].buffer.byteLength, 5);
    assertSame(
      sent(new DataView(large.buffer, 7, 3)),
      new DataView(new Uint8Array([1, 1, 1]).buffer),
    );
  });

  it("keeps the buffer that several views share, once", () => {
    const { buffer } = new Uint8Array(1000);
    const other = new Uint8Array([1, 2, 3]);
    for (
      const value of [
        [new Uint8Array(buffer, 4, 8), new Float64Array(buffer, 8, 2)],
        [buffer, new DataView(buffer, 1, 2)],
        [new Int16Array(buffer, 2), buffer, other.subarray(1), buffer],
        [
          new Int8Array(buffer),
          new Int8Array(other.buffer),
          buffer,
          other.buffer,
        ],
      ]
    ) {
      const copy = sent(value);
      assertSame(copy, structuredClone(value));
      const whole = copy.find((v: object) => v instanceof ArrayBuffer) ??
        copy[0].buffer;
      for (const view of copy) {
        if (view.byteLength > 3 && ArrayBuffer.isView(view)) {
          assertStrictEquals(view.buffer, whole);
        }
      }
      assert(encode(value).length < 1100);
    }
    const [view, rest] = sent([
      new Uint8Array(buffer, 4, 8),
      new Float64Array(buffer, 8, 2),
    ]);
    assertEquals([view.byteOffset, view.length, rest.byteOffset, rest.length], [
      4,
      8,
      8,
      2,
    ]);
    view[4] = 0xff;
    assertEquals(new Uint8Array(rest.buffer)[8], 0xff);
  });

  it("keeps views that grow with their buffer", () => {
    type Cls = new (buffer: ArrayBuffer, offset?: number) => ArrayBufferView;
    for (const cls of [Uint8Array, Float64Array, DataView] as Cls[]) {
      for (
        const [length, max] of [[16, 64], [16, 16], [8, 8], [8, 64], [
          0,
          64,
        ]] as const
      ) {
        const view = new cls(resizable(length, max), 0);
        const copy = sent(view);
        assertEquals(copy.byteLength, length);
        copy.buffer.resize(max);
        assertEquals(copy.byteLength, max, `${cls.name} ${length} of ${max}`);
      }
    }
    const fixed = sent(new Uint8Array(resizable(16, 64), 0, 16));
    assertEquals(fixed.buffer.resizable, false);
    const buffer = resizable(16, 64);
    const [a, b] = sent([
      new Uint8Array(buffer, 0, 16),
      new Uint8Array(buffer, 8),
    ]);
    a.buffer.resize(32);
    assertEquals([a.length, b.length], [16, 24]);
  });

  it("gives memory of its own, never that of the message", () => {
    const bytes = encode([
      new Uint8Array([1, 2, 3]),
      new Uint8Array([4]).buffer,
    ]);
    const copy = sent([new Uint8Array([1, 2, 3]), new Uint8Array([4]).buffer]);
    bytes.fill(0);
    assertSame(copy, [new Uint8Array([1, 2, 3]), new Uint8Array([4]).buffer]);
  });
});
