/** What users give to make lists, dicts and numbers of. */

import { isIterable, isPlain } from "../check.ts";
import { checkKey, type DictKey } from "./keys.ts";

/** The items to make `what` of, which is told to be `wanted` where they are none. */
export function itemsOf<T>(
  items: Iterable<T>,
  what: string,
  wanted = "iterable, such as an array",
): Iterable<T> {
  if (isIterable(items)) return items;
  throw refuse(items, what, wanted + cure(items));
}

/** The keys and values to make `what` of: pairs, or the fields of an object. */
export function* pairsOf(
  entries: unknown,
  what: string,
): Iterable<readonly [key: DictKey, value: unknown]> {
  if (!isIterable(entries)) {
    const wanted = "a plain object, or pairs [key, value]";
    return yield* fieldsOf(entries, what, wanted + cure(entries));
  }
  for (const pair of entries) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(
        `Cannot create ${what} as ${
          Deno.inspect(pair)
        } is no pair [key, value]`,
      );
    }
    const [key, value] = pair;
    checkKey(key);
    yield [key, value];
  }
}

/** The fields to make `what` of. */
export function fieldsOf(
  object: unknown,
  what: string,
  wanted = "a plain object",
): [name: string, value: unknown][] {
  if (isPlain(object)) return Object.entries(object);
  throw refuse(object, what, wanted);
}

function refuse(value: unknown, what: string, wanted: string): TypeError {
  return new TypeError(
    `Cannot create ${what} of ${Deno.inspect(value)}: it must be ${wanted}`,
  );
}

/** What to do with what one can go through, but not at once. */
function cure(value: unknown): string {
  return typeof value === "object" && value !== null &&
      Symbol.asyncIterator in value
    ? "; await Array.fromAsync() makes an array of it"
    : "";
}
