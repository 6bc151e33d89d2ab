/** Numbers in shared memory, plain, one behind the other. */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { keptBuffer } from "../memory/kept_buffer.ts";
import { itemsOf } from "./contents.ts";

/** What kind of numbers they are, as Python's `array` and `ctypes` call it. */
export type Typecode =
  | "b"
  | "B"
  | "h"
  | "H"
  | "i"
  | "I"
  | "q"
  | "Q"
  | "f"
  | "d";

/** What a number of that kind is in JavaScript. */
export type NumberOf<C extends Typecode> = C extends "q" | "Q" ? bigint
  : number;

/** The typed array that has numbers of that kind. */
export type TypedArrayOf<C extends Typecode> = {
  b: Int8Array;
  B: Uint8Array;
  h: Int16Array;
  H: Uint16Array;
  i: Int32Array;
  I: Uint32Array;
  q: BigInt64Array;
  Q: BigUint64Array;
  f: Float32Array;
  d: Float64Array;
}[C];

/** Any of these. */
export type NumberArray = TypedArrayOf<Typecode>;

const KINDS = {
  b: Int8Array,
  B: Uint8Array,
  h: Int16Array,
  H: Uint16Array,
  i: Int32Array,
  I: Uint32Array,
  q: BigInt64Array,
  Q: BigUint64Array,
  f: Float32Array,
  d: Float64Array,
} as const;

export const NUMBERS: ObjectType = defineType({
  code: 10,
  ends: 1,
  wordBytes: 0,
});

/** Makes so many, all of them 0. */
export function createNumbers(
  space: Space,
  typecode: Typecode,
  length: number,
): SharedObject {
  return space.create(NUMBERS, length * bytesEach(typecode));
}

/** How many bytes each of them has. */
export function bytesEach(typecode: Typecode): number {
  return KINDS[typecode].BYTES_PER_ELEMENT;
}

/** The numbers, for one who holds the object as long as it looks at them. */
export function viewOf(
  { space, offset, body }: SharedObject,
  typecode: Typecode,
  length: number,
): NumberArray {
  const Kind = KINDS[typecode];
  const bytes = length * Kind.BYTES_PER_ELEMENT;
  const memory = space.arena.bytes(offset + body * 4, bytes);
  const { buffer, byteOffset } = memory as Uint8Array<ArrayBuffer>;
  return new Kind(buffer, byteOffset, length) as NumberArray;
}

/** The numbers; as long as this or another view of their buffer is there, so is `core`. */
export function viewNumbers(
  { space, offset, body }: SharedObject,
  typecode: Typecode,
  length: number,
  core: object,
): NumberArray {
  const Kind = KINDS[typecode];
  const { buffer, start, keep } = keptBuffer(
    space.arena,
    offset + body * 4,
    Math.max(length, 1) * Kind.BYTES_PER_ELEMENT,
    core,
  );
  return keep(new Kind(buffer as ArrayBuffer, start, length) as NumberArray);
}

/** A typed array of that kind, of one's own: with so many, all of them 0, or these. */
export function ownNumbers(
  typecode: Typecode,
  lengthOrValues: number | ArrayLike<number | bigint>,
): NumberArray {
  const Kind = KINDS[typecode] as {
    new (length: number): NumberArray;
    from(values: ArrayLike<unknown>): NumberArray;
  };
  return typeof lengthOrValues === "number"
    ? new Kind(lengthOrValues)
    : Kind.from(lengthOrValues);
}

/** Checks that it is a typecode. */
export function checkTypecode(typecode: Typecode, what: string): void {
  if (typeof typecode === "string" && Object.hasOwn(KINDS, typecode)) return;
  throw new TypeError(
    `Cannot create ${what} as "typecode" must be one of ${
      Object.keys(KINDS).join(" ")
    }: current value is ${Deno.inspect(typecode)}`,
  );
}

/**
 * Checks what numbers are to be made, so many or these, and gives it as it can be
 * used; `what` is what becomes of them.
 */
export function checkNumbers<C extends Typecode>(
  typecode: C,
  lengthOrValues: number | Iterable<NumberOf<C>>,
  what: string,
): number | ArrayLike<NumberOf<C>> {
  checkTypecode(typecode, what);
  if (typeof lengthOrValues === "number") {
    const length = lengthOrValues;
    const most = Math.floor(Number.MAX_SAFE_INTEGER / bytesEach(typecode));
    if (Number.isInteger(length) && length >= 0 && length <= most) {
      return length;
    }
    throw new RangeError(
      `Cannot create ${what} as its length must be an integer >= 0: current value is ${length}`,
    );
  }
  const isTyped = ArrayBuffer.isView(lengthOrValues) &&
    !(lengthOrValues instanceof DataView);
  const values = isTyped
    ? lengthOrValues as unknown as ArrayLike<NumberOf<C>>
    : [...itemsOf(lengthOrValues, what, "a length, or iterable")];
  for (let i = 0; i < values.length; i++) checkNumber(typecode, values[i]);
  return values;
}

const probes = Object.fromEntries(
  Object.entries(KINDS).map(([code, Kind]) => [code, new Kind(1)]),
) as unknown as Record<Typecode, { 0: number | bigint }>;

/** Checks that a number can be one of that kind, without becoming another one. */
export function checkNumber(typecode: Typecode, value: unknown): void {
  checkKind(typecode, value);
  if (typecode === "f" || typecode === "d") return;
  const probe = probes[typecode];
  probe[0] = value as number;
  if (probe[0] === value) return;
  throw new RangeError(
    `Cannot share ${value} as a number of type "${typecode}": it does not fit into ${
      8 * bytesEach(typecode)
    } bits`,
  );
}

/**
 * Checks that a number can be added to one of that kind: that it is of the same
 * kind, but not whether it fits, so that one can subtract from an unsigned one.
 */
export function checkKind(typecode: Typecode, value: unknown): void {
  const isBigint = typecode === "q" || typecode === "Q";
  const isOne = isBigint
    ? typeof value === "bigint"
    : typeof value === "number";
  if (!isOne) {
    const wanted = isBigint ? "bigint" : "number";
    const hint = isBigint && Number.isInteger(value) ? `, ${value}n` : "";
    throw new TypeError(
      `Cannot share ${
        Deno.inspect(value)
      } as a number of type "${typecode}": it must be a ${wanted}${hint}`,
    );
  }
  if (isBigint || typecode === "f" || typecode === "d") return;
  if (Number.isInteger(value)) return;
  throw new RangeError(
    `Cannot share ${value} as a number of type "${typecode}": it is no integer; "d" has fractions`,
  );
}
