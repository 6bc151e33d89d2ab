/** What users give to make lists, dicts and numbers of. */

/** The items to make `what` of, which is told to be `wanted` where they are none. */
export function itemsOf<T>(
  items: Iterable<T>,
  what: string,
  wanted = "iterable, such as an array",
): Iterable<T> {
  if (typeof items?.[Symbol.iterator] === "function") return items;
  throw refuse(items, what, wanted);
}

function refuse(value: unknown, what: string, wanted: string): TypeError {
  const isAsync = typeof value === "object" && value !== null &&
    Symbol.asyncIterator in value;
  const hint = isAsync ? "; await Array.fromAsync() makes an array of it" : "";
  return new TypeError(
    `Cannot create ${what} of ${
      Deno.inspect(value)
    }: it must be ${wanted}${hint}`,
  );
}
