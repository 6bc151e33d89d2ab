import type { NumberOf, Typecode } from "../structure/numbers.ts";
import { newNumbers, type Numbers, setNumber } from "./numbers.ts";
import {
  BaseProxy,
  call,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

const METHODS = {
  get: ({ array }, index: number) => array.at(index),
  set: (home, index: number, value: unknown) => {
    const { length } = home.array;
    const place = index < 0 ? length + index : index;
    if (!(Number.isInteger(place) && place >= 0 && place < length)) {
      throw new RangeError(
        `Cannot set index ${index} of an array of ${length} numbers`,
      );
    }
    setNumber(home, place, value);
  },
  slice: (
    { array },
    start?: number,
    end?: number,
  ) => [...array.slice(start, end)],
  length: ({ array }) => array.length,
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
   * @throws {TypeError} If it is not a number of their type.
   * @throws {RangeError} If there is none at that index, or it does not fit.
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
  return newHome(
    ArrayProxy,
    newNumbers(typecode, lengthOrValues, "an array"),
    METHODS,
  );
}
