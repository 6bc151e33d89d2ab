import {
  expect,
  expectItems,
  expectSize,
  fail,
  follows,
  readCount,
} from "./input.ts";
import { out, writeHead, writeTag } from "./output.ts";
import { setOwn } from "./properties.ts";
import { ARRAY, MAP, SPARSE, UNSIGNED } from "./tags.ts";
import { writeText } from "./text.ts";
import { step } from "./unsendable.ts";

/** Writes an array with holes or names, by its keys; `write` writes a value. */
export function writeSparse(
  array: readonly unknown[],
  keys: readonly string[],
  write: (value: unknown) => void,
): void {
  writeTag(SPARSE);
  writeHead(ARRAY, 2);
  writeHead(UNSIGNED, array.length);
  writeHead(MAP, keys.length);
  for (const key of keys) {
    if (isIndex(key)) writeHead(UNSIGNED, Number(key));
    else writeText(key);
    try {
      write(Reflect.get(array, key));
    } catch (error) {
      out.steps.push(isIndex(key) ? `[${key}]` : step(key));
      throw error;
    }
  }
}

/**
 * Reads an array with holes or names. `made` is told of it before its items are
 * read, which may refer to it; `read` reads one.
 */
export function readSparse(
  made: (array: unknown[]) => void,
  read: () => unknown,
): unknown[] {
  expectItems(ARRAY, 2, "[length, items]");
  const length = expectSize("the length of an array");
  const count = readCount(expect(MAP, "a map of items"), 2);
  const array = newSparse(length, count);
  made(array);
  for (let i = 0; follows(i, count); i++) {
    const key = read();
    const value = read();
    if (typeof key === "number" && Object.is(key, key >>> 0) && key < length) {
      array[key] = value;
    } else if (typeof key === "string" && !isIndex(key) && key !== "length") {
      setOwn(array, key, value);
    } else {
      fail("an item that is not within its array");
    }
  }
  return array;
}

const MAX_LENGTH = 2 ** 32 - 1;

/** An array with this length, which takes memory for so many items only. */
function newSparse(length: number, count: number): unknown[] {
  if (length > MAX_LENGTH) fail(`an array of length ${length}`);
  const array: unknown[] = [];
  // With so great a length it becomes a hash table, and then stays one.
  if (length > 16 + 4 * count) array.length = MAX_LENGTH;
  array.length = length;
  return array;
}

/** Whether a key is the index of an item. */
function isIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return String(index) === key && index < MAX_LENGTH;
}
