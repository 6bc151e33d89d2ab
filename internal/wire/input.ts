import { DataCloneError } from "../../errors.ts";
import { BREAK, INDEFINITE, TAG, UNSIGNED } from "./tags.ts";

const NOTHING = new Uint8Array();

/** The message that is being read, up to `end`. */
export const input = {
  bytes: NOTHING as Uint8Array,
  pos: 0,
  end: 0,
  /** How many objects are open. */
  depth: 0,
  /** The objects that can be referred to, by their numbers. */
  objects: [] as unknown[],
  /** The number of the object that begins here, or -1. */
  opening: -1,
  /** The keys of the maps that were read, by their numbers as shapes. */
  shapes: [] as (readonly string[])[],
  /** The address space that its resizable buffers have asked for. */
  reserved: 0,
};

/** Begins to read a message. */
export function beginInput(bytes: Uint8Array, pos: number, end: number): void {
  // The `slice` of a Buffer would be a view of the same memory.
  input.bytes = bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  input.pos = pos;
  input.end = end;
  input.depth = 0;
  input.opening = -1;
  input.reserved = 0;
}

/** Begins with a message inside of another one; the result restores that. */
export function setInputAside(): () => void {
  const outer = { ...input };
  input.objects = [];
  input.shapes = [];
  return () => Object.assign(input, outer);
}

/** Lets go of the caller's memory, and of what was read. */
export function releaseInput(): void {
  input.bytes = NOTHING;
  // To set the length is not free, even if it is 0.
  if (input.objects.length > 0) input.objects.length = 0;
  if (input.shapes.length > 0) input.shapes.length = 0;
}

/** Throws what is wrong with the message, with the place. */
export function fail(what: string): never {
  throw new DataCloneError(
    `Cannot read this message: ${what}, at byte ${input.pos}`,
  );
}

/** Reads one byte. */
export function readByte(): number {
  if (input.pos >= input.end) fail("it ends too early");
  return input.bytes[input.pos++]!;
}

function readUint(length: number): number {
  const { bytes, pos } = input;
  if (length > input.end - pos) fail("it ends too early");
  let n = 0;
  for (let i = 0; i < length; i++) n = n * 256 + bytes[pos + i]!;
  input.pos = pos + length;
  return n;
}

/** Reads the number that belongs to a head with these low bits. */
export function readArgument(info: number): number | bigint {
  if (info < 24) return info;
  if (info < 27) return readUint(1 << (info - 24));
  if (info > 27) fail(`a head with the reserved bits ${info}`);
  const high = readUint(4);
  const low = readUint(4);
  return high < 2 ** 21
    ? high * 2 ** 32 + low
    : BigInt(high) << 32n | BigInt(low);
}

/**
 * Reads the length that belongs to a head with these low bits. What it counts
 * has `size` bytes at least, so a length beyond the message is seen before
 * memory is taken for it.
 */
export function readLength(info: number, size = 1): number {
  const n = info < 24 ? info : readArgument(info);
  if (typeof n === "bigint" || n * size > input.end - input.pos) {
    fail(`a length of ${n}, which is more than follows`);
  }
  return n;
}

/** As {@linkcode readLength}, and -1 where a break ends the items. */
export function readCount(info: number, size = 1): number {
  return info === INDEFINITE ? -1 : readLength(info, size);
}

/** Whether item `i` of `count` follows; a break is read. */
export function follows(i: number, count: number): boolean {
  if (count >= 0) return i < count;
  if (input.pos < input.end && input.bytes[input.pos] === BREAK) {
    input.pos++;
    return false;
  }
  return true;
}

/** Reads the head of an item that must be of this kind; gives its low bits. */
export function expect(kind: number, what: string): number {
  const byte = readByte();
  if ((byte & 0xe0) !== kind) {
    input.pos--;
    fail(`${what} expected`);
  }
  return byte & 31;
}

/** Reads the head of an array of exactly `length` items. */
export function expectItems(kind: number, length: number, what: string): void {
  if (readLength(expect(kind, what)) !== length) fail(`${what} expected`);
}

/** Reads a tag. */
export function expectTag(what: string): number | bigint {
  return readArgument(expect(TAG, what));
}

/** Reads an item that must be an integer which is not negative. */
export function expectSize(what: string): number {
  const size = readArgument(expect(UNSIGNED, what));
  return typeof size === "number" ? size : fail(`${what} that is too large`);
}

/** Gives the next `length` bytes, which lie in the caller's memory. */
export function peekBytes(length: number): Uint8Array {
  return input.bytes.subarray(input.pos, input.pos + length);
}

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);
const single = new Float32Array(float.buffer);

/** Reads a float of 2, 4 or 8 bytes. */
export function readFloat(size: number): number {
  const { bytes, pos } = input;
  if (size > input.end - pos) fail("it ends too early");
  input.pos = pos + size;
  if (size === 2) return halfFloat(bytes[pos]! << 8 | bytes[pos + 1]!);
  // Every platform of this runtime is little-endian; CBOR is big-endian.
  for (let i = 0; i < size; i++) floatBytes[size - 1 - i] = bytes[pos + i]!;
  return size === 4 ? single[0]! : float[0]!;
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
