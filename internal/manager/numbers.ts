/** Numbers of some kind, that are served. */

import {
  checkTypecode,
  type NumberArray,
  ownNumbers,
  type Typecode,
} from "../structure/numbers.ts";

/** Makes numbers of a kind: so many, or these. */
export function newNumbers(
  typecode: Typecode,
  lengthOrValues: number | Iterable<number | bigint>,
): NumberArray {
  checkTypecode(typecode, "numbers");
  const isBig = typecode === "q" || typecode === "Q";
  const values = typeof lengthOrValues === "number"
    ? Array<number | bigint>(lengthOrValues).fill(isBig ? 0n : 0)
    : lengthOrValues;
  return ownNumbers(typecode, values as Iterable<number>);
}
