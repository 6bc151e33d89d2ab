import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Buffer } from "node:buffer";
import { DataCloneError } from "../../errors.ts";
import { registerClass } from "../../internal/wire/classes.ts";
import { decode, decodeFrom } from "../../internal/wire/decode.ts";
import { encode, encodeInto } from "../../internal/wire/encode.ts";
import { MAX_SHAPES, shapeCount } from "../../internal/wire/shapes.ts";
import { MAX_DEPTH } from "../../internal/wire/tags.ts";
import { assertSame, sent } from "./support.ts";

const VALUE = [
  { id: 1, name: "task", text: "é".repeat(40), long: "日".repeat(3000) },
  { id: 2, name: "", text: "x".repeat(100), long: "\ud800" },
  new Uint8Array([1, 2, 3]),
  new Float64Array([1.5]),
  new Uint8Array([4, 5]).buffer,
  Array.from({ length: 3000 }, (_, i) => i / 3),
  Array.from({ length: 20 }, (_, i) => i),
  [2n ** 100n, 1.5, -0, new Date(5), new Map([["a", new Set([1])]])],
];

describe("encodeInto and decodeFrom", () => {
  const memories: Record<string, () => Uint8Array> = {
    "an ArrayBuffer": () => new Uint8Array(100_000),
    "a SharedArrayBuffer": () => new Uint8Array(new SharedArrayBuffer(100_000)),
    "a view with an offset": () =>
      new Uint8Array(new ArrayBuffer(110_000), 3, 100_001),
    "a resizable buffer": () =>
      new Uint8Array(new ArrayBuffer(100_000, { maxByteLength: 200_000 })),
    "memory that is not JavaScript's": () => {
      const pointer = Deno.UnsafePointer.of(outside);
      return new Uint8Array(
        Deno.UnsafePointerView.getArrayBuffer(pointer!, outside.length),
      );
    },
    "a Buffer": () => Buffer.alloc(100_000),
  };
  const outside = new Uint8Array(100_000);

  for (const [kind, make] of Object.entries(memories)) {
    it(`work on ${kind}, at any offset`, () => {
      for (const offset of [0, 1, 7, 1000]) {
        const memory = make();
        memory.fill(0xaa);
        const end = encodeInto(VALUE, memory, offset);
        assertEquals(memory.slice(offset, end).toHex(), encode(VALUE).toHex());
        assert(memory.subarray(0, offset).every((byte) => byte === 0xaa));
        assert(memory.subarray(end).every((byte) => byte === 0xaa));
        const copy = decodeFrom(memory, offset, end);
        memory.fill(0xff);
        assertSame(copy, VALUE);
      }
    });
  }

  it("say -1 where the value does not fit, and use the last byte where it does", () => {
    const shared = { s: 1 };
    for (
      const value of [...VALUE, VALUE, [shared, shared], 1, "a", "é".repeat(10)]
    ) {
      const { length } = encode(value);
      const step = Math.ceil(length / 200);
      for (let size = 0; size < length; size += step) {
        assertEquals(encodeInto(value, new Uint8Array(size), 0), -1);
      }
      assertEquals(encodeInto(value, new Uint8Array(length - 1), 0), -1);
      assertEquals(encodeInto(value, new Uint8Array(length + 5), 6), -1);
      const exact = new Uint8Array(length + 3);
      assertEquals(encodeInto(value, exact, 3), length + 3);
      assertSame(decodeFrom(exact, 3, exact.length), sent(value));
    }
  });

  it("read nothing outside of the message", () => {
    const bytes = encode([1, "abc"]);
    for (
      const [start, end] of [[0, bytes.length + 1], [-1, 2], [2, 1]] as const
    ) {
      assertThrows(() => decodeFrom(bytes, start, end), DataCloneError);
    }
    assertThrows(() => decodeFrom(bytes, 0, bytes.length - 1), DataCloneError);
  });
});

describe("encode", () => {
  it("gives bytes of their own, of any length", () => {
    for (const length of [0, 10, 20_000, 1_000_000]) {
      const bytes = encode("x".repeat(length));
      assertEquals(bytes.buffer.byteLength, bytes.length);
      const copy = bytes.slice();
      encode("y".repeat(length));
      assertEquals(bytes, copy);
    }
  });

  it("may be called while a message is written, and decode while one is read", () => {
    class Packed {
      constructor(readonly value: unknown) {}
    }
    registerClass(Packed, {
      encode: ({ value }) => encode(value),
      decode: (data) => new Packed(decode(data as Uint8Array)),
    });
    const shared = { x: "é".repeat(50) };
    const value = [
      { a: 1, b: shared },
      {
        get a() {
          assertThrows(() => encode([shared, shared, () => 1]));
          return encode([shared, shared]).length;
        },
        b: shared,
      },
      new Packed([
        shared,
        { a: 1, b: 2 },
        new Packed([shared, shared, { a: 3, b: 4 }]),
      ]),
      { a: 5, b: shared },
    ];
    const [first, second, packed, last] = sent(value);
    assertStrictEquals(first.b, last.b);
    assertEquals([first.a, last.a, second.a], [
      1,
      5,
      encode([shared, shared]).length,
    ]);
    const inner = packed.value[2].value;
    assertStrictEquals(inner[0], inner[1]);
    assertEquals([packed.value[1], inner[2]], [{ a: 1, b: 2 }, { a: 3, b: 4 }]);
  });
});

describe("depth", () => {
  class Link {
    constructor(readonly next: unknown) {}
  }
  class Packed extends Link {}
  registerClass(Link, { name: "depth.Link" });
  registerClass(Packed, {
    name: "depth.Packed",
    encode: ({ next }) => next,
    decode: (next) => new Packed(next),
  });
  const wraps: Record<string, (value: unknown) => unknown> = {
    "arrays": (value) => [value],
    "arrays with holes": (value) => [, value],
    "objects": (value) => ({ value }),
    "Maps": (value) => new Map([["k", value]]),
    "Maps by their keys": (value) => new Map([[value, 1]]),
    "Sets": (value) => new Set([value]),
    "errors by their cause": (cause) => new Error("x", { cause }),
    "instances": (value) => new Link(value),
    "instances with encode and decode": (value) => new Packed(value),
  };

  function nested(wrap: (value: unknown) => unknown, depth: number): unknown {
    let value: unknown = null;
    for (let i = 0; i < depth; i++) value = wrap(value);
    return value;
  }

  /** Calls `run` on a stack that is in use already. */
  function below(frames: number, run: () => void): void {
    if (frames === 0) run();
    else [0].forEach(() => below(frames - 1, run));
  }

  for (const [kind, wrap] of Object.entries(wraps)) {
    it(`is limited the same way for writing and reading, for ${kind}`, () => {
      const shared = {};
      below(1000, () => {
        sent(nested(wrap, MAX_DEPTH));
        sent([shared, shared, nested(wrap, MAX_DEPTH - 1)]);
      });
      assertThrows(
        () => encode(nested(wrap, MAX_DEPTH + 1)),
        DataCloneError,
        "nested more than",
      );
    });
  }

  it("of a message that nobody wrote is limited, too", () => {
    for (
      const wrap of [
        "81",
        "9f",
        "a1616b",
        "bf",
        "d81c81",
        "d9010281",
        "d90103a1",
        "c1",
        "d94d57",
        "d9010380",
      ]
    ) {
      const bytes = Uint8Array.fromHex(wrap.repeat(100_000));
      assertThrows(() => decode(bytes), DataCloneError);
    }
  });

  it("is an error of ours also where the stack ends first", () => {
    const value = nested(wraps.objects!, MAX_DEPTH);
    const bytes = encode(value);
    for (const run of [() => encode(value), () => decode(bytes)]) {
      const errors = new Set<string>();
      const dive = (): void => {
        try {
          run();
        } catch (error) {
          errors.add((error as Error).name);
          return;
        }
        try {
          dive();
        } catch {
          // The stack ended above.
        }
      };
      dive();
      assertEquals([...errors], ["DataCloneError"]);
      assertSame(sent({ a: [1] }), { a: [1] });
    }
  });

  it("holds in a Worker, whose stack is its own", async () => {
    const worker = new Worker(new URL("./depth_worker.ts", import.meta.url), {
      type: "module",
    });
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
    worker.terminate();
    assertEquals(answer, "ok");
  });
});

describe("what is remembered between messages", () => {
  it("is bounded for the shapes of objects", () => {
    for (let i = 0; i < 3 * MAX_SHAPES; i++) {
      const value = [{ [`key${i}`]: 1 }, { [`key${i}`]: 2, x: i }, {
        [`key${i}`]: 3,
      }];
      assertSame(sent(value), value);
      assert(shapeCount() <= MAX_SHAPES);
    }
    const before = shapeCount();
    sent(
      Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]),
      ),
    );
    sent({ ["x".repeat(1000)]: 1 });
    assert(shapeCount() - before < 50);
  });
});
