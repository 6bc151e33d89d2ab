/** Checks what a user has given: what is wrong is said in the user's own words. */

/** Checks a number, and gives it: a whole one within bounds. */
export function checkInteger(
  value: number,
  cannot: string,
  name: string,
  least: number,
  most = Infinity,
): number {
  if (typeof value !== "number") {
    throw mustBe(cannot, name, "a number", value);
  }
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const bounds = most === Infinity ? `>= ${least}` : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot ${cannot} as "${name}" must be an integer ${bounds}: current value is ${value}`,
  );
}

/** Checks a time, and gives it; `hint` says what the least and the longest one mean. */
export function checkMilliseconds(
  value: number,
  cannot: string,
  name: string,
  hint = "Infinity: no limit",
): number {
  if (typeof value !== "number") {
    throw mustBe(cannot, name, "a number of milliseconds", value);
  }
  if (value >= 0) return value;
  throw new RangeError(
    `Cannot ${cannot} as "${name}" must be >= 0 (${hint}): current value is ${value}`,
  );
}

/** Checks what is either so or not so, unless it is left away. */
export function checkBoolean(
  value: unknown,
  cannot: string,
  name: string,
): void {
  if (isLeftAway(value) || typeof value === "boolean") return;
  throw mustBe(cannot, name, "a boolean", value);
}

/** Checks what may abort something, unless it is left away: `null` is no time, either. */
export function checkSignal(value: unknown, cannot: string): void {
  if (value === undefined) return;
  const throwIfAborted = (value as AbortSignal | null)?.throwIfAborted;
  if (typeof throwIfAborted === "function") return;
  throw mustBe(cannot, "signal", "an AbortSignal", value);
}

/** Whether that is no value, in whose place stands the default. */
export function isLeftAway(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Checks a function. */
export function checkFunction(
  value: unknown,
  cannot: string,
  name: string,
): void {
  if (typeof value === "function") return;
  throw mustBe(cannot, name, "a function", value);
}

/** Checks what has several things in it. */
export function checkIterable(
  value: unknown,
  cannot: string,
  name: string,
): asserts value is Iterable<unknown> {
  if (isIterable(value)) return;
  throw mustBe(cannot, name, "iterable, such as an array", value);
}

/** Whether one can go through it. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof (value as Iterable<unknown>)?.[Symbol.iterator] === "function";
}

/** Whether it is an object that has nothing but fields. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Checks what a function is to be called with each of, at once or as it comes. */
export function checkItems(
  items: unknown,
): asserts items is Iterable<unknown> | AsyncIterable<unknown> {
  if (!isAsyncIterable(items)) checkIterable(items, "map", "items");
}

/** Whether one can go through it as it comes. */
export function isAsyncIterable(
  value: unknown,
): value is AsyncIterable<unknown> {
  return typeof (value as AsyncIterable<unknown>)?.[Symbol.asyncIterator] ===
    "function";
}

/** Checks options, of which `form` is an example. */
export function checkOptions(
  options: unknown,
  cannot: string,
  form: string,
): void {
  if (typeof options === "object" && options !== null) return;
  throw mustBe(cannot, "options", `an object, such as ${form}`, options);
}

/** The names of all options that there are. */
export type OptionNames<O extends object> = Readonly<Record<keyof O, true>>;

/**
 * Refuses an option whose name is another way to write one that there is, as
 * `capture_output`: it would have no effect. What has no such name may be there for
 * somebody else.
 */
export function checkNames(
  options: object,
  names: Readonly<Record<string, true>>,
  cannot: string,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const plain = plainName(name);
    const meant = Object.keys(names).find((name) => plainName(name) === plain);
    if (meant === undefined) continue;
    throw new TypeError(
      `Cannot ${cannot} as there is no option "${name}": write "${meant}"`,
    );
  }
}

function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The error of what is of a wrong type. */
export function mustBe(
  cannot: string,
  name: string,
  what: string,
  value: unknown,
): TypeError {
  return new TypeError(
    `Cannot ${cannot} as "${name}" must be ${what}: current value is ${
      Deno.inspect(value, { depth: 0 })
    }`,
  );
}
