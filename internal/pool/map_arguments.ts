/** What a map of an executor is given: iterables, and maybe options behind them. */

import {
  checkInteger,
  checkIterable,
  checkMilliseconds,
  isAsyncIterable,
  isIterable,
  isPlain,
  mustBe,
} from "../check.ts";
import { checkIterator, checkStep } from "./iterators.ts";

/** How the items of a map of an executor are done. */
export interface ExecutorMapOptions {
  /**
   * Milliseconds from the call on: where a result is asked for later, and is not
   * there, or not there by then, that is a `TimeoutError`, and the map has ended.
   * What was not begun is taken back.
   */
  timeout?: number | undefined;
  /** How many items a worker gets at a time; by default 1. */
  chunksize?: number | undefined;
}

/** The same, checked. */
export interface MapArguments {
  readonly iterables: readonly Iterable<unknown>[];
  readonly timeout: number;
  readonly chunksize: number | undefined;
}

/** Tells them apart: options are a plain object, which is no iterable. */
export function mapArguments(given: readonly unknown[]): MapArguments {
  const last = given.at(-1);
  const hasOptions = given.length > 1 && isPlain(last) && !isIterable(last) &&
    !isAsyncIterable(last);
  const iterables = hasOptions ? given.slice(0, -1) : given;
  for (const [i, iterable] of iterables.entries()) {
    checkIterable(iterable, "map", nameOf(i));
  }
  return {
    iterables: iterables as readonly Iterable<unknown>[],
    ...checked(hasOptions ? last : {}),
  };
}

function checked(
  options: ExecutorMapOptions,
): Omit<MapArguments, "iterables"> {
  const { timeout = Infinity, chunksize, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw mustBe(
      "map",
      "options",
      `{ timeout, chunksize }, of which "${other}" is none`,
      options,
    );
  }
  return {
    timeout: checkMilliseconds(timeout, "map", "timeout"),
    chunksize: chunksize === undefined
      ? undefined
      : checkInteger(chunksize, "map", "chunksize", 1),
  };
}

/** The first item of each, then the second of each, until one has no more. */
export function* zip(
  iterables: readonly Iterable<unknown>[],
): Generator<unknown[]> {
  const iterators: Iterator<unknown>[] = [];
  try {
    for (const [i, iterable] of iterables.entries()) {
      iterators.push(checkIterator(iterable[Symbol.iterator](), nameOf(i)));
    }
    for (;;) {
      const items: unknown[] = [];
      for (const [i, iterator] of iterators.entries()) {
        const { done, value } = checkStep(iterator.next(), nameOf(i));
        if (done) return;
        items.push(value);
      }
      if (items.length === 0) return;
      yield items;
    }
  } finally {
    for (const iterator of iterators) iterator.return?.();
  }
}

function nameOf(i: number): string {
  return `iterables[${i}]`;
}
