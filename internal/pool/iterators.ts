/**
 * Iterators that users have written, looked at as `for…of` does: one whose `next()`
 * gives no object would otherwise never end.
 */

import { mustBe } from "../check.ts";

/** An iterator, of either kind; a `TypeError` where it cannot be asked. */
export function checkIterator<
  I extends Iterator<unknown> | AsyncIterator<unknown>,
>(
  iterator: I,
  name: string,
): I {
  if (isObject(iterator) && typeof iterator.next === "function") {
    return iterator;
  }
  throw mustBe("map", name, "iterated by what has a next()", iterator);
}

/** What its `next()` has given; a `TypeError` where that says nothing. */
export function checkStep(
  step: IteratorResult<unknown>,
  name: string,
): IteratorResult<unknown> {
  if (isObject(step)) return step;
  throw mustBe("map", name, "iterated by a next() that gives objects", step);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null ||
    typeof value === "function";
}
