import { fail } from "@std/assert";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";

/** What arrives of a value. */
// deno-lint-ignore no-explicit-any
export function sent(value: unknown): any {
  return decode(encode(value));
}

/** The bytes that hexadecimal digits say; spaces are for the reader. */
export function hex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(digits.replaceAll(" ", ""));
}

/**
 * Asserts that two values are the same to whoever looks at them: prototypes,
 * keys and their order, attributes, holes, -0, contents, and which of the
 * objects inside are one and the same.
 */
export function assertSame(actual: unknown, expected: unknown): void {
  compare(actual, expected, "value", new Map());
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  pairs: Map<object, object>,
): void {
  if (!isObject(a) || !isObject(b)) {
    if (!Object.is(a, b)) {
      fail(`${path}: ${Deno.inspect(a)} instead of ${Deno.inspect(b)}`);
    }
    return;
  }
  const known = pairs.get(b);
  if (known !== undefined) {
    if (known !== a) fail(`${path}: another object where it was the same`);
    return;
  }
  pairs.set(b, a);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) {
    fail(`${path}: another prototype`);
  }
  compareContent(a, b, path, pairs);
  const keys = Reflect.ownKeys(b).filter((key) => typeof key === "string");
  const actualKeys = Reflect.ownKeys(a).filter((key) =>
    typeof key === "string"
  );
  if (actualKeys.join("\n") !== keys.join("\n")) {
    fail(`${path}: keys ${actualKeys} instead of ${keys}`);
  }
  if (ArrayBuffer.isView(b)) return;
  for (const key of keys) {
    const x = Object.getOwnPropertyDescriptor(a, key)!;
    const y = Object.getOwnPropertyDescriptor(b, key)!;
    if (
      x.enumerable !== y.enumerable || x.writable !== y.writable ||
      x.configurable !== y.configurable
    ) fail(`${path}.${key}: other attributes`);
    compare(Reflect.get(a, key), Reflect.get(b, key), `${path}.${key}`, pairs);
  }
}

function compareContent(
  a: object,
  b: object,
  path: string,
  pairs: Map<object, object>,
): void {
  if (b instanceof Map || b instanceof Set) {
    const x = [...(a as Map<unknown, unknown>).entries()].flat();
    const y = [...b.entries()].flat();
    compare(x.length, y.length, `${path}.size × 2`, pairs);
    y.forEach((_, i) => compare(x[i], y[i], `${path} entry ${i >> 1}`, pairs));
  } else if (ArrayBuffer.isView(b)) {
    const view = a as Uint8Array;
    compare(view.byteLength, b.byteLength, `${path}.byteLength`, pairs);
    compare(bytes(view), bytes(b), `${path} bytes`, pairs);
  } else if (b instanceof ArrayBuffer) {
    const buffer = a as ArrayBuffer;
    compare(buffer.resizable, b.resizable, `${path}.resizable`, pairs);
    compare(buffer.maxByteLength, b.maxByteLength, `${path}.max`, pairs);
    compare(
      bytes(new Uint8Array(buffer)),
      bytes(new Uint8Array(b)),
      path,
      pairs,
    );
  } else if (b instanceof RegExp || b instanceof URL) {
    compare(String(a), String(b), path, pairs);
  } else if (b instanceof DOMException) {
    const error = a as DOMException;
    compare(error.name, b.name, `${path}.name`, pairs);
    compare(error.message, b.message, `${path}.message`, pairs);
    compare(error.code, b.code, `${path}.code`, pairs);
  } else if (
    b instanceof Date || b instanceof Number || b instanceof String ||
    b instanceof Boolean || b instanceof BigInt
  ) {
    compare(a.valueOf(), b.valueOf(), path, pairs);
  }
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return new Uint8Array(buffer, byteOffset, byteLength).toHex();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null ||
    typeof value === "function";
}
