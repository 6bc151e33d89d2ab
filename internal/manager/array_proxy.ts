import type {
  NumberArray as Numbers,
  NumberOf,
  Typecode,
} from "../structure/numbers.ts";
import { newNumbers } from "./numbers.ts";
import {
  BaseProxy,
  call,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

const METHODS = {
  get: (home, index: number) => home.at(index),
  set: (home, index: number, value: never) => {
    const place = index < 0 ? home.length + index : index;
    if (!(Number.isInteger(place) && place >= 0 && place < home.length)) {
      throw new RangeError(
        `Cannot set index ${index} of an array of ${home.length} numbers`,
      );
    }
    home[place] = value;
  },
  slice: (home, start?: number, end?: number) => [...home.slice(start, end)],
  length: (home) => home.length,
} satisfies Methods<Numbers>;

/**
 * An array of numbers that a {@linkcode Manager} serves. Its length stays as it is.
 * Indices below 0 count from the end, as in Python.
 *
 * @example Numbers
 * ```ts
 * import { Manager } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const array = await manager.array("i", [1, 2, 3]);
 * await array.set(-1, 7);
 * assertEquals(await array.slice(), [1, 2, 7]);
 * ```
 *
 * Python: `multiprocessing.managers.ArrayProxy`.
 *
 * @typeParam C Which kind of numbers.
 */
export class ArrayProxy<C extends Typecode = Typecode> extends BaseProxy
  implements AsyncIterable<NumberOf<C>> {
  /**
   * The number at an index; `undefined` where there is none.
   *
   * Python: `a[index]`.
   */
  get(index: number): Promise<NumberOf<C> | undefined> {
    return call(this, "get", index);
  }

  /**
   * Sets the number at an index.
   *
   * @throws {RangeError} If there is none.
   *
   * Python: `a[index] = value`.
   */
  async set(index: number, value: NumberOf<C>): Promise<void> {
    await call(this, "set", index, value);
  }

  /**
   * The numbers from `start` up to `end`; by default all.
   *
   * Python: `a[start:end]`.
   */
  slice(start?: number, end?: number): Promise<NumberOf<C>[]> {
    return call(this, "slice", start, end);
  }

  /**
   * How many there are.
   *
   * Python: `len(a)`.
   */
  length(): Promise<number> {
    return call(this, "length");
  }

  /** The numbers, all of the moment at which this begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<
    NumberOf<C>,
    void,
    undefined
  > {
    yield* await this.slice();
  }

  static {
    registerProxy<ArrayProxy, Numbers>("ArrayProxy", ArrayProxy, METHODS);
  }
}

/** An array here. */
export function newArray(
  typecode: Typecode,
  lengthOrValues: number | Iterable<number | bigint>,
): ArrayProxy {
  return newHome(ArrayProxy, newNumbers(typecode, lengthOrValues), METHODS);
}
