import {
  checkKind,
  type NumberOf,
  type Typecode,
} from "../structure/numbers.ts";
import { newNumbers, type Numbers, setNumber } from "./numbers.ts";
import {
  BaseProxy,
  call,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

const METHODS = {
  get: ({ array }) => array[0],
  set: (home, value: unknown) => setNumber(home, 0, value),
  add: ({ typecode, array }, value: never) => {
    checkKind(typecode, value);
    const before = array[0]!;
    array[0] = (before as number + value) as never;
    return before;
  },
} satisfies Methods<Numbers>;

/**
 * A number that a {@linkcode Manager} serves.
 *
 * @example Counting
 * ```ts
 * import { Manager } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const value = await manager.value("i", 40);
 * assertEquals(await value.add(2), 40);
 * assertEquals(await value.get(), 42);
 * ```
 *
 * Python: `multiprocessing.managers.ValueProxy`.
 *
 * @typeParam C Which kind of number.
 */
export class ValueProxy<C extends Typecode = Typecode> extends BaseProxy {
  /**
   * The number.
   *
   * Python: `value.get()`.
   */
  get(): Promise<NumberOf<C>> {
    return call(this, "get");
  }

  /**
   * Sets the number.
   *
   * @throws {TypeError} If it is not a number of its type.
   * @throws {RangeError} If it does not fit.
   *
   * Python: `value.set(number)`.
   */
  async set(value: NumberOf<C>): Promise<void> {
    await call(this, "set", value);
  }

  /**
   * Adds to the number, so that nothing that others add is lost; to subtract, add
   * what is less than 0. Integers wrap around where the sum does not fit.
   *
   * @throws {TypeError} If it is a `bigint` where the type has numbers, or the other
   * way round.
   * @throws {RangeError} If it is no integer and its type has nothing else.
   *
   * @returns The number before.
   */
  add(value: NumberOf<C>): Promise<NumberOf<C>> {
    return call(this, "add", value);
  }

  static {
    registerProxy<ValueProxy, Numbers>("ValueProxy", ValueProxy, METHODS);
  }
}

/** A number here. */
export function newValue(
  typecode: Typecode,
  initial: number | bigint = typecode === "q" || typecode === "Q" ? 0n : 0,
): ValueProxy {
  return newHome(
    ValueProxy,
    newNumbers(typecode, [initial], "a value"),
    METHODS,
  );
}
