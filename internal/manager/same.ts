/** Whether what was sent is like what is there: both are copies. */

import { classOf } from "../wire/classes.ts";
import { encode } from "../wire/encode.ts";
import { isForeign } from "./auto_proxy.ts";

/** The objects that are being compared, each with the other one. */
type Pairs = Map<object, object>;

/**
 * Whether two values have the same content. The fields of objects, and the entries of
 * Maps and Sets, may have any order. Where errors were made does not count. What is
 * no copy but the thing itself, such as a proxy or a Lock, is like itself alone.
 */
export function same(a: unknown, b: unknown, pairs?: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  pairs ??= new Map();
  // One that is a part of itself is like one that is so at the same place.
  if (pairs.has(a) || pairs.has(b)) return pairs.get(a) === b;
  pairs.set(a, b).set(b, a);
  const result = isSameObject(a, b, pairs);
  pairs.delete(a);
  pairs.delete(b);
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSameObject(a: object, b: object, pairs: Pairs): boolean {
  const prototype = Object.getPrototypeOf(a);
  if (prototype === null || prototype === Object.prototype) {
    return haveSameFields(a, b, pairs);
  }
  const cls = classOf(prototype);
  switch (cls?.kind) {
    case "handle":
      return false;
    case "fields":
      return haveSameFields(a, b, pairs);
    case "error":
      return areSameErrors(a as Error, b as Error, pairs);
    case "data":
      return same(cls!.encode!(a as never), cls!.encode!(b as never), pairs);
  }
  if (Array.isArray(a)) return haveSameItems(a, b as unknown[], pairs);
  if (a instanceof Map) return haveSameEntries(a, b as typeof a, pairs);
  if (a instanceof Set) {
    return haveSameEntries(asMap(a), asMap(b as typeof a), pairs);
  }
  // A Date, an ArrayBuffer: there are no other values in it.
  return !isForeign(a) && haveSameBytes(encode(a), encode(b));
}

function haveSameItems(
  a: readonly unknown[],
  b: readonly unknown[],
  pairs: Pairs,
): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (!same(a[i], b[i], pairs)) return false;
  return true;
}

function haveSameFields(
  a: object,
  b: object,
  pairs: Pairs,
  names: (object: object) => string[] = Object.keys,
): boolean {
  const keys = names(a);
  return keys.length === names(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      same(Reflect.get(a, key), Reflect.get(b, key), pairs)
    );
}

function areSameErrors(a: Error, b: Error, pairs: Pairs): boolean {
  // A DOMException has these in its prototype.
  return a.name === b.name && a.message === b.message &&
    haveSameFields(
      a,
      b,
      pairs,
      (error) =>
        Object.getOwnPropertyNames(error).filter((name) => name !== "stack"),
    );
}

function asMap(set: Iterable<unknown>): Map<unknown, undefined> {
  return new Map(Array.from(set, (item) => [item, undefined]));
}

function haveSameEntries(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  pairs: Pairs,
): boolean {
  if (a.size !== b.size) return false;
  const objects = [...b.keys()].filter(isObject);
  for (const [key, value] of a) {
    if (isObject(key)) {
      const index = objects.findIndex((other) =>
        same(key, other, pairs) && same(value, b.get(other), pairs)
      );
      if (index === -1) return false;
      objects.splice(index, 1);
    } else if (!b.has(key) || !same(value, b.get(key), pairs)) return false;
  }
  return true;
}

function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
