/** One number in shared memory, which is read, written and added to at one moment. */

import type { SharedObject } from "../memory/objects.ts";
import { type Typecode, viewOf } from "./numbers.ts";

type Integers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

/** The first of the numbers that an object is. */
export interface NumberCell {
  get(): number | bigint;
  set(value: number | bigint): void;
  /** Gives what was there before. */
  add(value: number | bigint): number | bigint;
}

/** The one number that an object is. */
export function numberCell(
  object: SharedObject,
  typecode: Typecode,
): NumberCell {
  const view = viewOf(object, typecode, 1);
  const { buffer, byteOffset } = view;
  if (typecode === "f") {
    return new SingleCell(new Int32Array(buffer, byteOffset, 1));
  }
  if (typecode === "d") {
    return new DoubleCell(
      view as Float64Array,
      new BigInt64Array(buffer, byteOffset, 1),
    );
  }
  return new IntegerCell(view as Integers);
}

class IntegerCell implements NumberCell {
  readonly #view: Integers;

  constructor(view: Integers) {
    this.#view = view;
  }

  get(): number {
    return Atomics.load(this.#view, 0);
  }

  set(value: number): void {
    Atomics.store(this.#view, 0, value);
  }

  add(value: number): number {
    return Atomics.add(this.#view, 0, value);
  }
}

class SingleCell implements NumberCell {
  readonly #bits: Int32Array;

  constructor(bits: Int32Array) {
    this.#bits = bits;
  }

  get(): number {
    singleBits[0] = Atomics.load(this.#bits, 0);
    return single[0]!;
  }

  set(value: number): void {
    single[0] = value;
    Atomics.store(this.#bits, 0, singleBits[0]!);
  }

  add(value: number): number {
    for (;;) {
      const bits = Atomics.load(this.#bits, 0);
      singleBits[0] = bits;
      const old = single[0]!;
      single[0] = old + value;
      const next = singleBits[0]!;
      if (Atomics.compareExchange(this.#bits, 0, bits, next) === bits) {
        return old;
      }
    }
  }
}

class DoubleCell implements NumberCell {
  readonly #view: Float64Array;
  readonly #bits: BigInt64Array;

  constructor(view: Float64Array, bits: BigInt64Array) {
    this.#view = view;
    this.#bits = bits;
  }

  // Eight bytes at a multiple of eight are read and written at once; by way of a
  // bigint it would take ten times as long.

  get(): number {
    return this.#view[0]!;
  }

  set(value: number): void {
    this.#view[0] = value;
  }

  add(value: number): number {
    for (;;) {
      const bits = Atomics.load(this.#bits, 0);
      doubleBits[0] = bits;
      const old = double[0]!;
      double[0] = old + value;
      const next = doubleBits[0]!;
      if (Atomics.compareExchange(this.#bits, 0, bits, next) === bits) {
        return old;
      }
    }
  }
}
