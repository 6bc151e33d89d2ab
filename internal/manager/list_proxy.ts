import { itemsOf } from "../structure/contents.ts";
import { same } from "./same.ts";
import {
  BaseProxy,
  beforeEach,
  call,
  type Methods,
  newHome,
  type Reading,
  registerProxy,
  update,
} from "./side.ts";

interface Home {
  items: unknown[];
  /** How often it was changed. */
  version: number;
}

/** An index that may be counted from the end. */
function at({ items }: Home, index: number): number {
  return index < 0 ? items.length + index : index;
}

/** One where there is an item. */
function existing(home: Home, index: number): number {
  const place = at(home, index);
  if (Number.isInteger(place) && place >= 0 && place < home.items.length) {
    return place;
  }
  throw new RangeError(
    `Cannot use index ${index} of a list of ${home.items.length} items`,
  );
}

function read(home: Home, index: number): Reading<unknown> {
  return [home.items[existing(home, index)], home.version];
}

function indexOf(home: Home, value: unknown, from: number = 0): number {
  const first = at(home, from);
  return home.items.findIndex((item, i) => i >= first && same(item, value));
}

/** As Python orders what it can: numbers by value, texts by their characters. */
function compare(a: unknown, b: unknown): number {
  const [x, y] = [a as number, b as number];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** What changes the list. */
const CHANGING = {
  set: (home, index: number, value: unknown) => {
    home.items[existing(home, index)] = value;
  },
  extend: ({ items }, values: unknown[]) => {
    for (const value of values) items.push(value);
    return items.length;
  },
  pop: (home, index?: number) => {
    const { items } = home;
    if (items.length === 0) return undefined;
    return items.splice(existing(home, index ?? -1), 1)[0];
  },
  insert: (home, index: number, value: unknown) => {
    home.items.splice(index, 0, value);
  },
  splice: ({ items }, start: number, count?: number, ...values: unknown[]) =>
    items.splice(start, count ?? Infinity, ...values),
  remove: (home, value: unknown) => {
    const index = indexOf(home, value);
    if (index !== -1) home.items.splice(index, 1);
    return index !== -1;
  },
  reverse: ({ items }) => void items.reverse(),
  sort: ({ items }) => void items.sort(compare),
  clear: (home) => {
    home.items = [];
  },
} satisfies Methods<Home>;

const READING = {
  get: ({ items }, index: number) => items.at(index),
  length: ({ items }) => items.length,
  slice: ({ items }, start?: number, end?: number) => items.slice(start, end),
  index: indexOf,
  count: ({ items }, value: unknown) =>
    items.filter((item) => same(item, value)).length,
  read,
  // What it is now, if somebody was faster.
  replace: (home, index: number, version: number, value: unknown) => {
    const now = read(home, index);
    if (now[1] !== version) return now;
    home.items[at(home, index)] = value;
    home.version++;
    return null;
  },
} satisfies Methods<Home>;

const METHODS: Methods<Home> = {
  ...READING,
  ...beforeEach<Home>(CHANGING, (home) => {
    home.version++;
  }),
};

/**
 * A list that a {@linkcode Manager} serves. Everything is async: it is elsewhere.
 * Indices below 0 count from the end, as in Python.
 *
 * What is got is a copy, and to change it changes nothing in the list; but what is
 * itself a proxy is the same wherever it is got.
 *
 * @example A list in a list
 * ```ts
 * import { type ListProxy, Manager } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const inner = await manager.list([1, 2]);
 * const outer = await manager.list<ListProxy<number>>([inner]);
 * await (await outer.get(0))!.append(3);
 * assertEquals(await inner.slice(), [1, 2, 3]);
 * ```
 *
 * Python: `multiprocessing.managers.ListProxy`.
 *
 * @typeParam T The items.
 */
export class ListProxy<T = unknown> extends BaseProxy
  implements AsyncIterable<T> {
  /**
   * The item at an index; `undefined` where there is none.
   *
   * Python: `l[index]`.
   */
  get(index: number): Promise<T | undefined> {
    return call(this, "get", index);
  }

  /**
   * Sets the item at an index.
   *
   * @throws {RangeError} If there is none.
   *
   * Python: `l[index] = value`.
   */
  async set(index: number, value: T): Promise<void> {
    await call(this, "set", index, value);
  }

  /**
   * Changes the item at an index: `fn` gets it, and what it returns is set. No
   * change by others is lost: `fn` runs here, and if the list has been changed
   * meanwhile, it is called again.
   *
   * @returns What was set.
   * @throws {RangeError} If there is no such item.
   *
   * Python: `l[index] = f(l[index])` under a lock.
   */
  update(
    index: number,
    fn: (value: T) => T | PromiseLike<T>,
  ): Promise<T> {
    return update(this, index, fn);
  }

  /**
   * How many items there are: a snapshot, stale by the time it is here.
   *
   * Python: `len(l)`.
   */
  length(): Promise<number> {
    return call(this, "length");
  }

  /**
   * Adds items at the end, and gives the new length.
   *
   * Python: `l.extend(values)`.
   */
  push(...values: T[]): Promise<number> {
    return call(this, "extend", values);
  }

  /**
   * Adds an item at the end.
   *
   * Python: `l.append(value)`.
   */
  async append(value: T): Promise<void> {
    await call(this, "extend", [value]);
  }

  /**
   * Adds items at the end, all at one moment.
   *
   * Python: `l.extend(values)`.
   */
  async extend(values: Iterable<T>): Promise<void> {
    await call(this, "extend", [...values]);
  }

  /**
   * Takes an item out, by default the last; `undefined` if the list is empty.
   *
   * @throws {RangeError} If there is none at that index.
   *
   * Python: `l.pop(index)`.
   */
  pop(index: number = -1): Promise<T | undefined> {
    return call(this, "pop", index);
  }

  /** Takes the first item out; `undefined` if the list is empty. */
  shift(): Promise<T | undefined> {
    return call(this, "pop", 0);
  }

  /**
   * Puts an item before the one at an index.
   *
   * Python: `l.insert(index, value)`.
   */
  async insert(index: number, value: T): Promise<void> {
    await call(this, "insert", index, value);
  }

  /**
   * Takes out the first item that is like that one, as {@linkcode ListProxy.index}
   * says; `false`: there is none.
   *
   * Python: `l.remove(value)`, which throws where there is none.
   */
  remove(value: T): Promise<boolean> {
    return call(this, "remove", value);
  }

  /**
   * Takes items out, puts others in their place, and gives those that were taken.
   *
   * Python: `l[start:end] = values`.
   */
  splice(start: number, deleteCount?: number, ...values: T[]): Promise<T[]> {
    return call(this, "splice", start, deleteCount, ...values);
  }

  /**
   * The items from `start` up to `end`; by default all.
   *
   * Python: `l[start:end]`.
   */
  slice(start?: number, end?: number): Promise<T[]> {
    return call(this, "slice", start, end);
  }

  /**
   * The items, followed by others: an array, which is here.
   *
   * Python: `l + others`.
   */
  async concat(others: Iterable<T>): Promise<T[]> {
    return [...await this.slice(), ...others];
  }

  /**
   * The items so many times: an array, which is here.
   *
   * Python: `l * count`.
   */
  async repeat(count: number): Promise<T[]> {
    const items = await this.slice();
    return Array.from({ length: Math.max(count, 0) }, () => items).flat(
      1,
    ) as T[];
  }

  /**
   * Where the first item is that is like that one, from an index on; -1: nowhere.
   *
   * Items are copies: so those with the same content are alike, and the fields of
   * objects and the entries of Maps and Sets may have any order. A proxy, a Lock or
   * the like is like itself alone.
   *
   * Python: `l.index(value)`, which throws where there is none.
   */
  index(value: T, from?: number): Promise<number> {
    return call(this, "index", value, from);
  }

  /**
   * How many items are like that one, as {@linkcode ListProxy.index} says.
   *
   * Python: `l.count(value)`.
   */
  count(value: T): Promise<number> {
    return call(this, "count", value);
  }

  /**
   * Turns it round.
   *
   * Python: `l.reverse()`.
   */
  async reverse(): Promise<void> {
    await call(this, "reverse");
  }

  /**
   * Sorts it: numbers by value, texts by their characters.
   *
   * Python: `l.sort()`.
   */
  async sort(): Promise<void> {
    await call(this, "sort");
  }

  /**
   * Takes all items out.
   *
   * Python: `l.clear()`.
   */
  async clear(): Promise<void> {
    await call(this, "clear");
  }

  /** The items, all of the moment at which this begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* await this.slice();
  }

  static {
    registerProxy<ListProxy, Home>("ListProxy", ListProxy, METHODS);
  }
}

/** A list here. */
export function newList(items: Iterable<unknown> = []): ListProxy {
  return newHome(
    ListProxy,
    { items: [...itemsOf(items, "a list")], version: 0 },
    METHODS,
  );
}
