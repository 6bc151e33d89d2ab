import { checkFunction } from "../check.ts";
import { ownHome } from "../memory/home.ts";
import { callBack } from "../memory/users_code.ts";
import { pairsOf } from "../structure/contents.ts";
import { createDict, Dict } from "../structure/dict.ts";
import type { DictKey } from "../structure/keys.ts";
import { NONE } from "../structure/values.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import { registerShared } from "../travel/shared_class.ts";
import { adopt, coreOf, enter, leave, sendable } from "./core.ts";
import { jsonOf, received, show, type ShowOptions } from "./within.ts";

/** What a {@linkcode SharedDict} can begin with. */
export type DictEntries<V, K = string> =
  | Iterable<readonly [key: K & DictKey, value: V]>
  | Readonly<Record<string, V>>;

let next: Dict | null = null;

/**
 * A dict in shared memory: values under keys, for all threads and processes that
 * have it. Nobody serves it: each looks for itself, which takes a microsecond. So
 * its methods wait for nobody, and are not async.
 *
 * A value is copied when it is set, and when it is got: to change what was got
 * changes nothing in the dict. It may be whatever can be sent, a {@linkcode Lock} or
 * another dict too. A key is a string, a number, a boolean or a bigint; two are the
 * same if a `Map` says so.
 *
 * Each method does what it does at one moment, so the calls on one key have one
 * order for all. What spans several calls is not protected: use
 * {@linkcode SharedDict.update}, or a lock around them.
 *
 * The keys have the order in which they came, as in a `Map`. Whoever goes through
 * them while others add and delete gets the keys that were there at the beginning.
 *
 * Whoever is killed while it changes the dict leaves it as it was before, or as it
 * was to be, and in nobody's way.
 *
 * @example In two processes
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { SharedDict } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const count = (words: string[], counts: SharedDict<number>) => {
 *   for (const word of words) counts.update(word, (n = 0) => n + 1);
 * };
 *
 * const counts = new SharedDict<number>();
 * const processes = [["a", "b", "a"], ["b", "a"]].map((words) =>
 *   new Process({ target: count, args: [words, counts] })
 * );
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals([counts.get("a"), counts.get("b")], [3, 2]);
 * ```
 *
 * Python: `multiprocessing.Manager().dict()`, without the manager.
 *
 * @typeParam V The values.
 * @typeParam K The keys: a {@linkcode DictKey}. It is not declared to be one, as what
 * is given at first would then be all that there may be: `"http"`, and not `string`.
 */
export class SharedDict<V, K = string>
  implements Iterable<[key: K, value: V]>, Disposable {
  #dict: Dict | null;

  static {
    registerShared<SharedDict<unknown>>({
      name: "SharedDict",
      class: SharedDict,
      encode: (dict) => writeHandle(sendable(dict.#dict, "dict").object, 0),
      decode(handle) {
        next = readHandle(handle, (object) => new Dict(object));
        return received(new SharedDict());
      },
      remoteOf: () => null,
      fromRemote: () => new SharedDict(),
      service: null,
    });
  }

  /**
   * Makes a dict.
   *
   * @example With entries
   * ```ts
   * import { SharedDict } from "@multi/processing/shared_memory";
   * import { assertEquals } from "@std/assert";
   *
   * const ports = new SharedDict<number>({ http: 80, https: 443 });
   * assertEquals([...ports], [["http", 80], ["https", 443]]);
   * assertEquals(new SharedDict(ports).get("http"), 80);
   * ```
   *
   * @param entries What is in it at first: pairs, or the fields of an object.
   * @throws {DataCloneError} If one of the values cannot be sent.
   * @throws {TypeError} If it is something else, or a key is none of those that
   * can be.
   */
  constructor(entries?: DictEntries<V, K>) {
    const given = next;
    next = null;
    this.#dict = enter(given ?? adopt(new Dict(createDict(ownHome().space))));
    if (entries === undefined) return;
    for (const [key, value] of pairsOf(entries, "a shared dict")) {
      this.#dict.set(key, value);
    }
  }

  /**
   * How many keys there are: a snapshot, stale by the time it returns where others
   * add and delete.
   *
   * Python: `len(d)`.
   */
  get size(): number {
    return this.#core.size;
  }

  /**
   * The value of a key; `undefined` where it is not there.
   *
   * @throws {DataCloneError} If the value cannot be read here, such as an instance
   * of a class that is not registered.
   *
   * Python: `d.get(key)`.
   */
  get(key: K & DictKey): V | undefined;
  /**
   * The value of a key, or what is given instead where it is not there.
   *
   * Python: `d.get(key, default)`.
   */
  get<D>(key: K & DictKey, otherwise: D): V | D;
  get(key: K & DictKey, otherwise?: unknown): unknown {
    const value = this.#core.get(key);
    return value === NONE ? otherwise : value;
  }

  /**
   * Sets the value of a key.
   *
   * @throws {DataCloneError} If it cannot be sent; the dict is as before.
   * @throws {RangeError} If there is no shared memory left for it.
   * @throws {TypeError} If the key is none of those that can be.
   *
   * Python: `d[key] = value`.
   */
  set(key: K & DictKey, value: V): this {
    this.#core.set(key, value);
    return this;
  }

  /**
   * Whether a key is there.
   *
   * Python: `key in d`.
   */
  has(key: K & DictKey): boolean {
    return this.#core.has(key);
  }

  /**
   * Deletes a key.
   *
   * Python: `del d[key]`.
   *
   * @returns Whether it was there.
   */
  delete(key: K & DictKey): boolean {
    return this.#core.delete(key);
  }

  /**
   * Deletes a key, and gives the value that it had; `undefined` if it was not there.
   * Of several that do so at the same time, one gets the value.
   *
   * @throws {DataCloneError} If the value cannot be read here; then it stays.
   *
   * Python: `d.pop(key, None)`.
   */
  pop(key: K & DictKey): V | undefined;
  /**
   * Deletes a key, and gives the value that it had, or what is given instead.
   *
   * Python: `d.pop(key, default)`.
   */
  pop<D>(key: K & DictKey, otherwise: D): V | D;
  pop(key: K & DictKey, otherwise?: unknown): unknown {
    const value = this.#core.take(key);
    return value === NONE ? otherwise : value;
  }

  /**
   * The value of a key, which is set first where it is not there. Of several that
   * do so at the same time, all get the same.
   *
   * Python: `d.setdefault(key, value)`.
   */
  setdefault(key: K & DictKey, value: V): V {
    return this.#core.setDefault(key, value) as V;
  }

  /**
   * Changes the value of a key: `fn` gets the value (`undefined` where the key is
   * not there), and what it returns is set. No change by others is lost: if the
   * value has been changed meanwhile, `fn` is called again with the new one.
   *
   * So `fn` should be quick, and do nothing but compute. It holds no lock: it may
   * use the dict itself, but for changing this key, and if it is slow, or its process dies in it, others are
   * not held up. Whoever has been overtaken a few times is let through by the
   * others, if its `fn` takes less than 100 ms.
   *
   * @example Counting
   * ```ts
   * import { SharedDict } from "@multi/processing/shared_memory";
   * import { assertEquals } from "@std/assert";
   *
   * const counts = new SharedDict<number>();
   * assertEquals(counts.update("apples", (n = 0) => n + 5), 5);
   * assertEquals(counts.update("apples", (n = 0) => n + 5), 10);
   * ```
   *
   * Python: `d[key] = f(d[key])` under a lock; it is not Python's `dict.update`.
   *
   * @returns What was set.
   * @throws {ProcessError} If `fn` changes this key itself whenever it is called.
   * @throws {TypeError} If `fn` is no function.
   */
  update(key: K & DictKey, fn: (value: V | undefined) => V): V {
    checkFunction(fn, "update the dict", "fn");
    return callBack(() =>
      this.#core.update(
        key,
        (value) => fn(value === NONE ? undefined : value as V),
      )
    ) as V;
  }

  /**
   * Deletes all keys, at one moment.
   *
   * Python: `d.clear()`.
   */
  clear(): void {
    this.#core.clear();
  }

  /**
   * The keys, in the order in which they came. All of them are read and sorted at
   * the first one, however few are taken.
   *
   * Python: `d.keys()`.
   */
  keys(): IterableIterator<K> {
    return (this.#core.keys() as K[]).values();
  }

  /**
   * The values, in the order of the keys: each as it is when it is got. Keys that
   * have been deleted meanwhile are left out. The keys are read at the first one,
   * all of them.
   *
   * Python: `d.values()`.
   */
  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /**
   * The keys with their values: see {@linkcode SharedDict.values}.
   *
   * Python: `d.items()`.
   */
  *entries(): IterableIterator<[key: K, value: V]> {
    for (const key of this.#core.keys()) {
      const value = this.#core.get(key);
      if (value !== NONE) yield [key as K, value as V];
    }
  }

  /**
   * The same as {@linkcode SharedDict.entries}.
   *
   * Python: `d.items()`.
   */
  [Symbol.iterator](): IterableIterator<[key: K, value: V]> {
    return this.entries();
  }

  /** Calls `fn` for each key and its value. */
  forEach(fn: (value: V, key: K, dict: this) => void): void {
    for (const [key, value] of this.entries()) fn(value, key, this);
  }

  /**
   * What `JSON.stringify` makes JSON of: its entries as the fields of an object.
   *
   * @throws {TypeError} If the dict is within itself.
   *
   * Python: `json.dumps(d.copy())`.
   */
  toJSON(): Record<string, V> {
    return jsonOf(this, this.#core, () => Object.fromEntries(this));
  }

  /**
   * Lets go of it; all other methods then throw a {@linkcode ShutDownError}. Its
   * memory is free when nobody has it any more. That happens by itself too, some
   * time after the last one has forgotten it. Twice does nothing new.
   */
  close(): void {
    if (this.#dict !== null) leave(this.#dict);
    this.#dict = null;
  }

  /** The same as {@linkcode SharedDict.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What is shown of it in the console. */
  [Symbol.for("nodejs.util.inspect.custom")](
    depth: number,
    options: ShowOptions,
  ): object | string {
    return show(this, this.#dict, depth, options, () => new Shown(this));
  }

  get #core(): Dict {
    return coreOf(this.#dict, "dict");
  }
}

/** How it is shown: as a Map of that name. */
const Shown = class SharedDict<V, K> extends Map<K, V> {
  override get [Symbol.toStringTag](): string {
    return "SharedDict";
  }
};
