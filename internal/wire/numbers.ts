import {
  expect,
  expectTag,
  fail,
  input,
  peekBytes,
  readLength,
} from "./input.ts";
import { out, writeFloat, writeHead, writeTag } from "./output.ts";
import {
  BIGINT,
  BYTES,
  FLOAT64_ARRAY,
  INT32,
  NEGATIVE,
  NEGATIVE_BIGINT,
  NUMBERS,
  UNSIGNED,
} from "./tags.ts";

/** Writes a number: an integer where it is a safe one, else a float. */
export function writeNumber(value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) writeFloat(value);
  else if (value >= 0) writeHead(UNSIGNED, value);
  else writeHead(NEGATIVE, -1 - value);
}

/** Writes a bigint, as its bytes also where it is small: it is no number. */
export function writeBigint(value: bigint): void {
  const negative = value < 0n;
  let digits = (negative ? -1n - value : value).toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  writeTag(negative ? NEGATIVE_BIGINT : BIGINT);
  const length = digits.length / 2;
  writeHead(BYTES, length);
  for (let i = 0; i < length; i++) {
    out.bytes[out.pos + i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  }
  out.pos += length;
}

/** Reads the content of a bigint's tag. */
export function readBigint(negative: boolean): bigint {
  const length = readLength(expect(BYTES, "the bytes of a bigint"));
  let digits = "0x0";
  for (const byte of peekBytes(length)) {
    digits += byte.toString(16).padStart(2, "0");
  }
  try {
    const value = BigInt(digits);
    input.pos += length;
    return negative ? -1n - value : value;
  } catch {
    return fail("a bigint that is too large");
  }
}

// Arrays of numbers only go as typed arrays inside, a block at a time, through
// memory that is aligned, which the message is not.
const BLOCK = 1024;
const floats = new Float64Array(BLOCK);
const ints = new Int32Array(floats.buffer);
const raw = new Uint8Array(floats.buffer);

/** Writes an array without holes, and returns true, if it has only numbers. */
export function writeNumbers(array: readonly unknown[]): boolean {
  const { length } = array;
  let areInts = true;
  for (let i = 0; i < length; i++) {
    const item = array[i];
    if (typeof item !== "number") return false;
    if (areInts && ((item | 0) !== item || item === 0 && 1 / item < 0)) {
      areInts = false;
    }
  }
  const block: Int32Array | Float64Array = areInts ? ints : floats;
  const size = block.BYTES_PER_ELEMENT;
  writeTag(NUMBERS);
  writeTag(areInts ? INT32 : FLOAT64_ARRAY);
  writeHead(BYTES, length * size);
  const fits = out.pos + length * size <= out.bytes.length;
  for (let i = 0; fits && i < length; i += BLOCK) {
    const items = Math.min(BLOCK, length - i);
    // `set` is by far the fastest way to unpack an array of numbers.
    block.set(
      (items === length ? array : array.slice(i, i + items)) as number[],
    );
    out.bytes.set(
      items * size === raw.length ? raw : raw.subarray(0, items * size),
      out.pos + i * size,
    );
  }
  out.pos += length * size;
  return true;
}

/** Longer arrays are not made with their length: they would be made sparse. */
const MAX_PRESIZED = 2 ** 24;

/** Reads the content of the tag of arrays of numbers. */
export function readNumbers(): number[] {
  const tag = expectTag("a typed array");
  if (tag !== INT32 && tag !== FLOAT64_ARRAY) fail("an array of no numbers");
  const size = tag === INT32 ? 4 : 8;
  const bytes = readLength(expect(BYTES, "the bytes of an array"));
  if (bytes % size !== 0) fail("an array that ends within an item");
  const length = bytes / size;
  const array = length <= MAX_PRESIZED ? new Array<number>(length) : [];
  for (let i = 0; i < length; i += BLOCK) {
    const items = Math.min(BLOCK, length - i);
    raw.set(peekBytes(items * size));
    input.pos += items * size;
    // Two loops, so that each sees one type only.
    if (size === 4) { for (let k = 0; k < items; k++) array[i + k] = ints[k]!; }
    else for (let k = 0; k < items; k++) array[i + k] = floats[k]!;
  }
  return array;
}
