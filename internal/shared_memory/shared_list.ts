import { checkFunction, checkIterable, mustBe } from "../check.ts";
import { ownHome } from "../memory/home.ts";
import { callBack } from "../memory/users_code.ts";
import { itemsOf } from "../structure/contents.ts";
import { createList, List } from "../structure/list.ts";
import { NONE } from "../structure/values.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import { registerShared } from "../travel/shared_class.ts";
import { adopt, coreOf, enter, leave, sendable } from "./core.ts";
import { jsonOf, received, show, type ShowOptions } from "./within.ts";

let next: List | null = null;

/**
 * A list in shared memory, for all threads and processes that have it. Nobody
 * serves it: its methods wait for nobody, and are not async.
 *
 * A value is copied when it is put in, and when it is got: to change what was got
 * changes nothing in the list. It may be whatever can be sent.
 *
 * An index may be negative: it counts from the end then. Each method does what it
 * does at one moment; between two calls, others may have added and taken out. To
 * add and take out at the end takes the same time however long the list is,
 * anywhere else it takes longer the longer the list is.
 *
 * Whoever is killed while it changes the list leaves it as it was before, or as it
 * was to be, and in nobody's way.
 *
 * @example In two processes
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { SharedList } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const collect = (name: string, names: SharedList<string>) => {
 *   names.push(name);
 * };
 *
 * const names = new SharedList<string>();
 * const processes = ["Alice", "Bob"].map((name) =>
 *   new Process({ target: collect, args: [name, names] })
 * );
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals([...names].sort(), ["Alice", "Bob"]);
 * ```
 *
 * Python: `multiprocessing.Manager().list()`, without the manager.
 *
 * @typeParam V The values.
 */
export class SharedList<V> implements Iterable<V>, Disposable {
  #list: List | null;

  static {
    registerShared<SharedList<unknown>>({
      name: "SharedList",
      class: SharedList,
      encode: (list) => writeHandle(sendable(list.#list, "list").object, 0),
      decode(handle) {
        next = readHandle(handle, (object) => new List(object));
        return received(new SharedList());
      },
      remoteOf: () => null,
      fromRemote: () => new SharedList(),
      service: null,
    });
  }

  /**
   * Makes a list.
   *
   * @param values What is in it at first.
   * @throws {DataCloneError} If one of the values cannot be sent.
   * @throws {TypeError} If it is not iterable.
   */
  constructor(values?: Iterable<V>) {
    const given = next;
    next = null;
    this.#list = enter(given ?? adopt(new List(createList(ownHome().space))));
    if (values !== undefined) {
      this.#list.push([...itemsOf(values, "a shared list")]);
    }
  }

  /**
   * How many values there are: a snapshot, stale by the time it returns where
   * others add and take out.
   *
   * Python: `len(l)`.
   */
  get length(): number {
    return this.#core.length;
  }

  /**
   * The value at an index; `undefined` if there is none. Here and everywhere, an
   * index that is no integer is a `RangeError`.
   *
   * Python: `l[index]`.
   */
  at(index: number): V | undefined {
    const value = this.#core.get(integer(index));
    return value === NONE ? undefined : value as V;
  }

  /**
   * The same as {@linkcode SharedList.at}.
   *
   * Python: `l[index]`.
   */
  get(index: number): V | undefined {
    return this.at(index);
  }

  /**
   * Replaces the value at an index.
   *
   * @throws {RangeError} If there is none.
   * @throws {DataCloneError} If the new one cannot be sent.
   *
   * Python: `l[index] = value`.
   */
  set(index: number, value: V): this {
    if (!this.#core.set(integer(index), value)) {
      throw new RangeError(
        `Cannot set the value at ${index} as the list has none there: use push() or insert() to add one`,
      );
    }
    return this;
  }

  /**
   * Changes the value at an index, as {@linkcode SharedDict.update} does.
   *
   * @throws {RangeError} If there is none.
   * @throws {ProcessError} If `fn` changes this value itself whenever it is called.
   * @throws {TypeError} If `fn` is no function.
   *
   * @returns What was set.
   */
  update(index: number, fn: (value: V) => V): V {
    checkFunction(fn, "update the list", "fn");
    const value = callBack(() =>
      this.#core.update(integer(index), (value) => fn(value as V))
    );
    if (value !== NONE) return value as V;
    throw new RangeError(
      `Cannot update the value at ${index} as the list has none there`,
    );
  }

  /**
   * Adds values at the end, side by side.
   *
   * Python: `l.append(value)`, `l.extend(values)`.
   *
   * @returns The length then.
   */
  push(...values: V[]): number {
    return values.length === 0 ? this.length : this.#core.push(values);
  }

  /**
   * Adds a value at the end.
   *
   * Python: `l.append(value)`.
   */
  append(value: V): void {
    this.#core.push([value]);
  }

  /**
   * Adds values at the end, side by side.
   *
   * Python: `l.extend(values)`.
   */
  extend(values: Iterable<V>): void {
    checkIterable(values, "extend the list", "values");
    const all = [...values]; // by users' code, which may close the list
    this.#core.push(all);
  }

  /**
   * Takes out the value at an index, by default the last one, and gives it;
   * `undefined` if there is none. Of several that do so at the same time, each gets
   * another one.
   *
   * @throws {DataCloneError} If the value cannot be read here; then it stays.
   *
   * Python: `l.pop(index)`.
   */
  pop(index = -1): V | undefined {
    const value = this.#core.take(integer(index));
    return value === NONE ? undefined : value as V;
  }

  /**
   * Takes out the first value, and gives it; `undefined` if there is none.
   *
   * Python: `l.pop(0)`.
   */
  shift(): V | undefined {
    return this.pop(0);
  }

  /**
   * Puts values in the place of `deleteCount` ones from an index on, by default of
   * all that follow. As that of an array.
   *
   * Python: `l[start:start + deleteCount] = values`.
   *
   * @returns Those that were there.
   */
  splice(start: number, deleteCount = Infinity, ...values: V[]): V[] {
    return this.#core.splice(
      integer(start),
      integer(deleteCount),
      values,
    ) as V[];
  }

  /**
   * Puts a value before the one at an index.
   *
   * Python: `l.insert(index, value)`.
   */
  insert(index: number, value: V): void {
    this.#core.splice(integer(index), 0, [value]);
  }

  /**
   * The values from one index to another, all of one moment. As that of an array.
   *
   * Python: `l[start:end]`.
   */
  slice(start = 0, end = Infinity): V[] {
    return this.#core.slice(integer(start), integer(end)) as V[];
  }

  /**
   * Takes out all values, at one moment.
   *
   * Python: `l.clear()`.
   */
  clear(): void {
    this.#core.clear();
  }

  /**
   * The values, each as it is when it is got: what others add behind is seen, too.
   * For those of one moment, see {@linkcode SharedList.slice}.
   *
   * Python: `iter(l)`.
   */
  *values(): IterableIterator<V> {
    for (let i = 0;; i++) {
      const value = this.#core.get(i);
      if (value === NONE) return;
      yield value as V;
    }
  }

  /**
   * The same as {@linkcode SharedList.values}.
   *
   * Python: `iter(l)`.
   */
  [Symbol.iterator](): IterableIterator<V> {
    return this.values();
  }

  /** Calls `fn` for each value and its index. */
  forEach(fn: (value: V, index: number, list: this) => void): void {
    let index = 0;
    for (const value of this) fn(value, index++, this);
  }

  /**
   * What `JSON.stringify` makes JSON of: its values, all of one moment.
   *
   * @throws {TypeError} If the list is within itself.
   *
   * Python: `json.dumps(l[:])`.
   */
  toJSON(): V[] {
    return jsonOf(this, this.#core, () => this.slice());
  }

  /**
   * Lets go of it; all other methods then throw a {@linkcode ShutDownError}. Its
   * memory is free when nobody has it any more. That happens by itself too, some
   * time after the last one has forgotten it. Twice does nothing new.
   */
  close(): void {
    if (this.#list !== null) leave(this.#list);
    this.#list = null;
  }

  /** The same as {@linkcode SharedList.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What is shown of it in the console. */
  [Symbol.for("nodejs.util.inspect.custom")](
    depth: number,
    options: ShowOptions,
  ): object | string {
    return show(
      this,
      this.#list,
      depth,
      options,
      () => Shown.from(this.slice()),
    );
  }

  get #core(): List {
    return coreOf(this.#list, "list");
  }
}

/** An index, which a fraction or NaN is not; `Infinity` is behind all. */
function integer(n: number): number {
  if (typeof n !== "number") {
    throw mustBe("use the list", "index", "a number", n);
  }
  if (Number.isInteger(n) || Math.abs(n) === Infinity) return n;
  throw new RangeError(
    `Cannot use the list as an index must be an integer: current value is ${n}`,
  );
}

/** How it is shown: as an array of that name. */
const Shown = class SharedList<V> extends Array<V> {};
