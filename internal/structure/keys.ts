/**
 * Keys of a dict, as bytes. Two keys are the same if a `Map` takes them for the
 * same, that is if their kinds and bytes are.
 */

/** What can be a key. */
export type DictKey = string | number | boolean | bigint;

const Kind = { LATIN1: 0, UTF16: 1, NUMBER: 2, BIGINT: 3, BOOLEAN: 4 } as const;
const KIND_BITS = 3;
const KINDS = 2 ** KIND_BITS - 1;
const MAX_BYTES = 2 ** 20;
const MAX_KEPT = 2 ** 14;

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/**
 * The key that is looked for. There is one for each thread: from the moment when
 * it is set until it is not needed any more, no user's code may run.
 */
export const wanted = {
  bytes: new Uint8Array(256),
  length: 0,
  /** The word of a cell that has its kind and length. */
  word: 0,
  hash: 0,
};

/** Sets the key that is looked for, in a dict with that seed. */
export function want(key: DictKey, seed: number): void {
  const kind = typeof key === "string" ? setText(key) : setOther(key);
  const { bytes, length } = wanted;
  wanted.word = length << KIND_BITS | kind;
  let hash = seed ^ kind;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ bytes[i]!, 0x01000193); // FNV-1a
  }
  // So that all bits depend on all (the end of MurmurHash3).
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  wanted.hash = hash ^ hash >>> 16;
}

function setText(text: string): number {
  const { length } = text;
  reserve(length);
  const { bytes } = wanted;
  wanted.length = length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0xff) return setUnits(text);
    bytes[i] = unit;
  }
  return Kind.LATIN1;
}

function setUnits(text: string): number {
  reserve(text.length * 2);
  const { bytes } = wanted;
  wanted.length = text.length * 2;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[i * 2] = unit;
    bytes[i * 2 + 1] = unit >>> 8;
  }
  return Kind.UTF16;
}

function setOther(key: DictKey): number {
  switch (typeof key) {
    case "number":
      float[0] = Number.isNaN(key) ? NaN : key + 0; // -0 is 0
      wanted.bytes.set(floatBytes);
      wanted.length = 8;
      return Kind.NUMBER;
    case "boolean":
      wanted.bytes[0] = Number(key);
      wanted.length = 1;
      return Kind.BOOLEAN;
    case "bigint":
      setText(key.toString(16));
      return Kind.BIGINT;
    default:
      throw refuse(key);
  }
}

function refuse(key: unknown): TypeError {
  return new TypeError(
    `Cannot use ${
      Deno.inspect(key)
    } as a key: it must be a string, number, boolean or bigint`,
  );
}

/** Checks that it can be a key. */
export function checkKey(key: unknown): asserts key is DictKey {
  switch (typeof key) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return;
  }
  throw refuse(key);
}

function reserve(length: number): void {
  if (length > MAX_BYTES) {
    throw new RangeError(
      `Cannot use a key of ${length} bytes: it may have ${MAX_BYTES} at most`,
    );
  }
  const { bytes } = wanted;
  if (length > bytes.length || bytes.length > MAX_KEPT) {
    wanted.bytes = new Uint8Array(Math.max(length, 256));
  }
}

/** Whether these bytes are those of the key that is looked for. */
export function isWanted(bytes: Uint8Array, start: number): boolean {
  const { bytes: others, length } = wanted;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== others[i]) return false;
  }
  return true;
}

/** How many bytes a key has, by the word of its cell. */
export function keyLength(word: number): number {
  return word >>> KIND_BITS;
}

const UNITS = 64;

/** The key whose bytes these are. */
export function readKey(
  word: number,
  bytes: Uint8Array,
  start: number,
): DictKey {
  const length = keyLength(word);
  switch (word & KINDS) {
    case Kind.NUMBER:
      for (let i = 0; i < 8; i++) floatBytes[i] = bytes[start + i]!;
      return float[0]!;
    case Kind.BOOLEAN:
      return bytes[start] === 1;
    case Kind.BIGINT:
      return readBigint(latin1(bytes, start, length));
    case Kind.UTF16:
      return utf16(bytes, start, length);
    default:
      return latin1(bytes, start, length);
  }
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i += UNITS) {
    const end = Math.min(i + UNITS, length);
    text += String.fromCharCode(...bytes.subarray(start + i, start + end));
  }
  return text;
}

function utf16(bytes: Uint8Array, start: number, length: number): string {
  let text = "";
  for (let i = start; i < start + length; i += 2) {
    text += String.fromCharCode(bytes[i]! | bytes[i + 1]! << 8);
  }
  return text;
}

function readBigint(text: string): bigint {
  return text.startsWith("-")
    ? -BigInt(`0x${text.slice(1)}`)
    : BigInt(`0x${text}`);
}
