import { pairsOf } from "../structure/contents.ts";
import { checkKey, type DictKey } from "../structure/keys.ts";
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

interface Entry {
  value: unknown;
  /** Tells whether it was changed; no two changes of a dict have the same. */
  version: number;
}

/** Where a key is not there. */
const ABSENT = 0;

class Home {
  readonly entries = new Map<DictKey, Entry>();
  #version = ABSENT;

  set(key: DictKey, value: unknown): void {
    this.entries.set(key, { value, version: ++this.#version });
  }

  pairs(): [DictKey, unknown][] {
    return [...this.entries].map(([key, { value }]) => [key, value]);
  }
}

function read({ entries }: Home, key: DictKey): Reading<unknown> {
  const entry = entries.get(key);
  return [entry?.value, entry?.version ?? ABSENT];
}

/** What is done with one key. */
const KEYED = {
  get: ({ entries }, key: DictKey, otherwise?: unknown) => {
    const entry = entries.get(key);
    return entry === undefined ? otherwise : entry.value;
  },
  set: (home, key: DictKey, value: unknown) => home.set(key, value),
  has: ({ entries }, key: DictKey) => entries.has(key),
  delete: ({ entries }, key: DictKey) => entries.delete(key),
  pop: ({ entries }, key: DictKey, otherwise?: unknown) => {
    const entry = entries.get(key);
    entries.delete(key);
    return entry === undefined ? otherwise : entry.value;
  },
  setdefault: (home, key: DictKey, value: unknown) => {
    const entry = home.entries.get(key);
    if (entry !== undefined) return entry.value;
    home.set(key, value);
    return value;
  },
  read,
  // What it is now, if somebody was faster.
  replace: (home, key: DictKey, version: number, value: unknown) => {
    const now = read(home, key);
    if (now[1] !== version) return now;
    home.set(key, value);
    return null;
  },
} satisfies Methods<Home>;

const METHODS: Methods<Home> = {
  ...beforeEach<Home>(KEYED, (_home, key) => checkKey(key)),
  size: ({ entries }) => entries.size,
  keys: ({ entries }) => [...entries.keys()],
  values: (home) => home.pairs().map(([, value]) => value),
  entries: (home) => home.pairs(),
  clear: ({ entries }) => entries.clear(),
};

/**
 * A dict that a {@linkcode Manager} serves. Everything is async: it is elsewhere.
 *
 * What is got is a copy, and to change it changes nothing in the dict; but what is
 * itself a proxy (a {@linkcode ListProxy}, a Lock) is the same wherever it is got.
 *
 * @example Counting in several processes
 * ```ts
 * import { type DictProxy, Manager, Process } from "@multi/processing";
 * import { assertEquals } from "@std/assert";
 *
 * const count = async (words: string[], counts: DictProxy<number>) => {
 *   for (const word of words) await counts.update(word, (n = 0) => n + 1);
 * };
 *
 * await using manager = new Manager();
 * const counts = await manager.dict<number>();
 * const processes = [["a", "b", "a"], ["b", "a"]].map((words) =>
 *   new Process({ target: count, args: [words, counts] })
 * );
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals([await counts.get("a"), await counts.get("b")], [3, 2]);
 * ```
 *
 * Python: `multiprocessing.managers.DictProxy`.
 *
 * @typeParam V The values.
 * @typeParam K The keys.
 */
export class DictProxy<V = unknown, K extends DictKey = string>
  extends BaseProxy
  implements AsyncIterable<[key: K, value: V]> {
  /**
   * The value of a key; `undefined` where it is not there.
   *
   * Python: `d.get(key)`.
   */
  get(key: K): Promise<V | undefined>;
  /**
   * The value of a key, or what is given instead where it is not there.
   *
   * Python: `d.get(key, default)`.
   */
  get<D>(key: K, otherwise: D): Promise<V | D>;
  get(key: K, otherwise?: unknown): Promise<unknown> {
    return call(this, "get", key, otherwise);
  }

  /**
   * Sets the value of a key.
   *
   * @throws {DataCloneError} If it cannot be sent; the dict is as before.
   * @throws {TypeError} If the key is none of those that can be.
   *
   * Python: `d[key] = value`.
   */
  async set(key: K, value: V): Promise<void> {
    await call(this, "set", key, value);
  }

  /**
   * Whether a key is there.
   *
   * Python: `key in d`.
   */
  has(key: K): Promise<boolean> {
    return call(this, "has", key);
  }

  /**
   * Deletes a key; `false`: it was not there.
   *
   * Python: `del d[key]`.
   */
  delete(key: K): Promise<boolean> {
    return call(this, "delete", key);
  }

  /**
   * Deletes a key, and gives the value that it had; `undefined` if it was not there.
   * Of several that do so at the same time, one gets the value.
   *
   * Python: `d.pop(key, None)`.
   */
  pop(key: K): Promise<V | undefined>;
  /**
   * Deletes a key, and gives the value that it had, or what is given instead.
   *
   * Python: `d.pop(key, default)`.
   */
  pop<D>(key: K, otherwise: D): Promise<V | D>;
  pop(key: K, otherwise?: unknown): Promise<unknown> {
    return call(this, "pop", key, otherwise);
  }

  /**
   * The value of a key, which is set first where it is not there. Of several that
   * do so at the same time, all get the same.
   *
   * Python: `d.setdefault(key, value)`.
   */
  setdefault(key: K, value: V): Promise<V> {
    return call(this, "setdefault", key, value);
  }

  /**
   * Changes the value of a key: `fn` gets the value (`undefined` where the key is
   * not there), and what it returns is set. No change by others is lost: `fn` runs
   * here, and if the value has been changed meanwhile, it is called again with the
   * new one. So it should do nothing but compute.
   *
   * Python: `d[key] = f(d[key])` under a lock; it is not Python's `dict.update`.
   *
   * @returns What was set.
   */
  update(
    key: K,
    fn: (value: V | undefined) => V | PromiseLike<V>,
  ): Promise<V> {
    return update(this, key, fn);
  }

  /**
   * How many keys there are: a snapshot, stale by the time it is here.
   *
   * Python: `len(d)`.
   */
  size(): Promise<number> {
    return call(this, "size");
  }

  /**
   * The keys, in the order in which they came.
   *
   * Python: `d.keys()`.
   */
  keys(): Promise<K[]> {
    return call(this, "keys");
  }

  /**
   * The values, in the order of the keys.
   *
   * Python: `d.values()`.
   */
  values(): Promise<V[]> {
    return call(this, "values");
  }

  /**
   * The keys with their values, all of one moment.
   *
   * Python: `d.items()`.
   */
  entries(): Promise<[key: K, value: V][]> {
    return call(this, "entries");
  }

  /**
   * Deletes all keys.
   *
   * Python: `d.clear()`.
   */
  async clear(): Promise<void> {
    await call(this, "clear");
  }

  /**
   * The keys with their values, all of the moment at which this begins.
   *
   * Python: `d.items()`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<
    [key: K, value: V],
    void,
    undefined
  > {
    yield* await this.entries();
  }

  static {
    registerProxy<DictProxy, Home>("DictProxy", DictProxy, METHODS);
  }
}

/** A dict here, of pairs, or the fields of an object. */
export function newDict(entries: unknown = []): DictProxy {
  const home = new Home();
  for (const [key, value] of pairsOf(entries, "a dict")) home.set(key, value);
  return newHome(DictProxy, home, METHODS);
}
