import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError } from "../../errors.ts";
import { registerClass } from "../../internal/wire/classes.ts";
import { encode } from "../../internal/wire/encode.ts";
import { sent } from "./support.ts";

function refusal(value: unknown, root?: string): DataCloneError {
  const error = assertThrows(() => encode(value, root), DataCloneError);
  assert(error.message.startsWith(`${error.path}: `), error.message);
  assertStrictEquals(error.name, "DataCloneError");
  return error;
}

class Point {
  constructor(readonly x = 1) {}
}
class Base {}
class Derived extends Base {}
registerClass(Base);

const f = () => 1;

describe("codec: what cannot be sent", () => {
  it("is named by its path", () => {
    const cases: [unknown, string][] = [
      [f, "value"],
      [[1, f], "value[1]"],
      [{ a: { b: f } }, "value.a.b"],
      [{ "a b": f }, 'value["a b"]'],
      [{ 1: f }, 'value["1"]'],
      [{ "": f }, 'value[""]'],
      [{ é$_1: f }, "value.é$_1"],
      [[{ a: 1 }, { a: f }], "value[1].a"],
      [Array(20).fill(0).concat(f), "value[20]"],
      [Object.assign([, 1], { 5: f }), "value[5]"],
      [Object.assign([1], { x: f }), "value.x"],
      [new Map([["k", f]]), 'value.get("k")'],
      [new Map<unknown, unknown>([[1, 2], [3, f]]), "value.get(3)"],
      [new Map([[5n, f]]), "value.get(5n)"],
      [new Map([[{}, f]]), "value.values()[0]"],
      [new Map<unknown, unknown>([[1, 1], [f, 1]]), "value.keys()[1]"],
      [new Set([1, [f]]), "value.values()[1][0]"],
      [new Error("x", { cause: f }), "value.cause"],
      [new AggregateError([1, f]), "value.errors[1]"],
      [Object.assign(new Error("x"), { a: [f] }), "value.a[0]"],
      [Object.assign(new Base(), { a: [f] }), "value.a[0]"],
    ];
    for (const [value, path] of cases) {
      assertEquals(refusal(value).path, path);
      // The same where the message has to be written a second time.
      const twice = {};
      assertEquals(
        refusal([twice, twice, value]).path,
        path.replace("value", "value[2]"),
      );
    }
    const args = [{ onDone: f }];
    assertEquals(refusal(args, "args").path, "args[0].onDone");
  });

  it("is named with what to do instead", () => {
    const cases: [unknown, string][] = [
      [f, "a function cannot be sent; let the other side import it"],
      [class {}, "a function cannot be sent"],
      [Symbol("x"), "a symbol cannot be sent; send its description"],
      [Object(Symbol("x")), "a Symbol cannot be sent"],
      [Promise.resolve(), "a Promise cannot be sent; await it first"],
      [new WeakMap(), "a WeakMap cannot be sent; send a Map"],
      [new WeakRef({}), "a WeakRef cannot be sent; send what deref() gives"],
      [(function* () {})(), "a Generator cannot be sent; send an array"],
      [(async function* () {})(), "an AsyncGenerator cannot be sent; send an"],
      [[].values(), "an Array Iterator cannot be sent; send an array"],
      [new Map().keys(), "a Map Iterator cannot be sent; send an array"],
      [
        new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
        "a Module cannot be sent; send the bytes that it was compiled from",
      ],
      [new Blob(), "a Blob cannot be sent; send what its bytes() gives"],
      [new ReadableStream(), "a ReadableStream cannot be sent; read it"],
      [new URLSearchParams(), "a URLSearchParams cannot be sent; send its"],
      [new Intl.NumberFormat(), "a NumberFormat cannot be sent"],
      [new AbortController().signal, "an AbortSignal cannot be sent"],
      [
        new SharedArrayBuffer(1),
        "a SharedArrayBuffer cannot be sent; send a copy",
      ],
      [
        new Uint8Array(new SharedArrayBuffer(1)),
        "a view of a SharedArrayBuffer cannot be sent; send a copy",
      ],
      [
        new Point(),
        "an instance of class Point cannot be sent; register it with registerClass, or send a plain object",
      ],
      [new (class {})(), "an instance of an anonymous class cannot be sent"],
      [new (class List extends Array {})(), "an instance of class List cannot"],
      [new (class Bytes extends Uint8Array {})(), "an instance of class Bytes"],
      [new (class Dict extends Map {})(), "an instance of class Dict cannot"],
      [
        new Derived(),
        "an instance of class Derived cannot be sent; its base class Base is registered, but for itself only; register it",
      ],
      [Object.create({ a: 1 }), "an object with a prototype of its own"],
      [Object.create(Map.prototype), "an object that only inherits from Map"],
      [Object.create(Date.prototype), "only inherits from Date.prototype"],
      [Object.create(RegExp.prototype), "only inherits from RegExp"],
      [Object.create(ArrayBuffer.prototype), "only inherits from ArrayBuffer"],
      [Object.create(Int8Array.prototype), "only inherits from Int8Array"],
      [Object.create(String.prototype), "only inherits from String"],
      [Object.create(URL.prototype), "only inherits from URL"],
    ];
    for (const [value, text] of cases) {
      const { message } = refusal({ a: [value] });
      assert(message.startsWith("value.a[0]: "), message);
      assert(message.includes(text), `${message}\ndoes not say ${text}`);
    }
  });

  it("is a buffer that is no longer there", () => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
    const views = [new Uint8Array(buffer, 4), new DataView(buffer, 4, 4)];
    buffer.resize(2);
    for (const view of views) {
      assertEquals(refusal([view]).path, "value[0]");
    }
    const moved = new Uint8Array(8);
    moved.buffer.transfer();
    refusal(moved);
    refusal(moved.buffer);
  });

  it("is address space beyond reason", () => {
    const buffer = () => new ArrayBuffer(0, { maxByteLength: 2 ** 29 });
    assertEquals(sent([buffer(), buffer()]).length, 2);
    const { path } = refusal([buffer(), buffer(), buffer()]);
    assertEquals(path, "value[2]");
  });

  it("is nested too deep, which is said with the path in short", () => {
    for (const wrap of [(v: unknown) => [v], (v: unknown) => ({ v })]) {
      let value: unknown = 1;
      for (let i = 0; i < 100_000; i++) value = wrap(value);
      const { message, path } = refusal(value);
      assert(path.length < 100 && path.includes("…"), path);
      assert(message.includes("nested more than"), message);
    }
  });

  it("is an object that changes while it is read", () => {
    const map = new Map<string, unknown>();
    map.set("a", {
      get x() {
        return map.set("b", 1).size;
      },
    });
    assertEquals(refusal({ map }).path, "value.map");
    const set = new Set<unknown>();
    set.add({
      get x() {
        return set.add(1).size;
      },
    });
    assertEquals(refusal({ set }).path, "value.set");
    const object: Record<string, unknown> = {
      get x() {
        return delete object.y;
      },
      y: 1,
    };
    assertEquals(refusal({ object }).path, "value.object");
  });

  it("leaves an error that a getter throws as it is", () => {
    const error = new RangeError("mine");
    const value = {
      get x() {
        throw error;
      },
    };
    assertStrictEquals(assertThrows(() => encode([value])), error);
  });

  it("changes nothing for the messages after it", () => {
    const shared = { a: 1 };
    for (let i = 0; i < 3; i++) {
      refusal([shared, shared, f]);
      refusal([shared, f]);
      assertEquals(sent([shared, { a: 2 }]), [{ a: 1 }, { a: 2 }]);
    }
  });
});
