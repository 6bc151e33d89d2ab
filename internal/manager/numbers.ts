/** Numbers of some kind, that are served. */

import {
  checkNumber,
  checkNumbers,
  type NumberArray,
  type NumberOf,
  ownNumbers,
  type Typecode,
} from "../structure/numbers.ts";

/** Numbers, and their kind. */
export interface Numbers {
  readonly typecode: Typecode;
  readonly array: NumberArray;
}

/** Makes numbers of a kind, which `what` is: so many, or these. */
export function newNumbers(
  typecode: Typecode,
  lengthOrValues: number | Iterable<NumberOf<Typecode>>,
  what: string,
): Numbers {
  const numbers = checkNumbers(typecode, lengthOrValues, what);
  return { typecode, array: ownNumbers(typecode, numbers) };
}

/** Sets one of them. */
export function setNumber(
  { typecode, array }: Numbers,
  index: number,
  value: unknown,
): void {
  checkNumber(typecode, value);
  array[index] = value as never;
}
