import { ownHome } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { type NumberCell, numberCell } from "../structure/number_cell.ts";
import {
  checkKind,
  checkNumber,
  checkTypecode,
  createNumbers,
  type NumberOf,
  type Typecode,
} from "../structure/numbers.ts";
import { RLock } from "../sync/lock.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Handle } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { adopt } from "./core.ts";

/** A handle, with what else there is to know. */
type ValueHandle = readonly [...Handle, typecode: Typecode, lock: RLock];

class ValueCore {
  readonly object: SharedObject;
  readonly cell: NumberCell;

  constructor(object: SharedObject, typecode: Typecode) {
    this.object = object;
    this.cell = numberCell(object, typecode);
  }
}

let next: { core: ValueCore; lock: RLock } | null = null;

/**
 * A number in shared memory, for all threads and processes that have it.
 *
 * To read, to write and to {@linkcode SharedValue.add} are one moment each: nobody
 * ever sees half of a number. `value.value += 1` is two of them, between which
 * others may write: use `add`, or take the lock that belongs to it.
 *
 * Its typecode says what kind of number it is:
 *
 * | typecode       | numbers                                         |
 * | -------------- | ----------------------------------------------- |
 * | `"b"` `"B"`    | integers of 8 bits, with a sign and without one |
 * | `"h"` `"H"`    | of 16 bits                                      |
 * | `"i"` `"I"`    | of 32 bits                                      |
 * | `"q"` `"Q"`    | of 64 bits, as `bigint`                         |
 * | `"f"` `"d"`    | floating point, of 32 and 64 bits               |
 *
 * @example Counting in two processes
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { SharedValue } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const count = (value: SharedValue<"i">) => {
 *   for (let i = 0; i < 1000; i++) value.add(1);
 * };
 *
 * const value = new SharedValue("i", 0);
 * const processes = [1, 2].map(() =>
 *   new Process({ target: count, args: [value] })
 * );
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals(value.value, 2000);
 * ```
 *
 * @example With its lock
 * ```ts
 * import { SharedValue } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const balance = new SharedValue("d", 10);
 * await balance.getLock().withLock(() => {
 *   balance.value = balance.value * 1.5;
 * });
 * assertEquals(balance.value, 15);
 * ```
 *
 * Python: `multiprocessing.Value`. What does not fit is an error here, where
 * `ctypes` cuts it off.
 *
 * @typeParam C The typecode.
 */
export class SharedValue<C extends Typecode = Typecode> {
  readonly #typecode: C;
  readonly #core: ValueCore;
  #lock: RLock | null;

  static {
    registerShared<SharedValue>({
      name: "SharedValue",
      class: SharedValue,
      encode(value) {
        const { object } = value.#core;
        const handle: ValueHandle = [
          ...writeHandle(object, 0),
          value.typecode,
          value.getLock(),
        ];
        return handle as unknown as Handle;
      },
      decode(handle) {
        const [, , , , typecode, lock] = handle as unknown as ValueHandle;
        const core = readHandle(
          handle,
          (object) => new ValueCore(object, typecode),
        );
        next = { core, lock };
        return new SharedValue(typecode);
      },
      remoteOf: () => null,
      fromRemote: () => new SharedValue("d"),
      service: null,
    });
  }

  /**
   * Makes one.
   *
   * @param typecode What kind of number it is.
   * @param initial The number at first; by default 0.
   * @throws {TypeError} If the typecode is none, or the number of another type.
   * @throws {RangeError} If the number does not fit.
   *
   * Python: `multiprocessing.Value(typecode, initial)`.
   */
  constructor(typecode: C, initial?: NumberOf<C>) {
    const given = next;
    next = null;
    this.#typecode = typecode;
    if (given !== null) {
      this.#core = given.core;
      this.#lock = given.lock;
      return;
    }
    checkTypecode(typecode, "a shared value");
    if (initial !== undefined) checkNumber(typecode, initial);
    const object = createNumbers(ownHome().space, typecode, 1);
    this.#core = adopt(new ValueCore(object, typecode));
    this.#lock = null;
    if (initial !== undefined) this.#core.cell.set(initial);
  }

  /** What kind of number it is. */
  get typecode(): C {
    return this.#typecode;
  }

  /**
   * The number as it is now. To set it is an error where it does not fit.
   *
   * @throws {TypeError} If it is set to something else than a number of its type.
   * @throws {RangeError} If it is set to one that does not fit.
   *
   * Python: `value.value`.
   */
  get value(): NumberOf<C> {
    return this.#core.cell.get() as NumberOf<C>;
  }

  set value(value: NumberOf<C>) {
    checkNumber(this.typecode, value);
    this.#core.cell.set(value);
  }

  /**
   * Adds to the number, without a lock: no addition is lost. To subtract, add what
   * is less than 0, to numbers without a sign too.
   *
   * Where the sum does not fit, integers wrap around, in silence: 255 and 1 are 0
   * in a `"B"`, 0 and -1 are 255.
   *
   * @throws {TypeError} If it is a `bigint` where the type has numbers, or the other
   * way round.
   * @throws {RangeError} If it is no integer and its type has nothing else.
   *
   * @returns The number before.
   */
  add(value: NumberOf<C>): NumberOf<C> {
    checkKind(this.typecode, value);
    return this.#core.cell.add(value) as NumberOf<C>;
  }

  /**
   * The lock that belongs to it: the same for all who have it. Nothing here takes
   * it by itself.
   *
   * Python: `value.get_lock()`.
   */
  getLock(): RLock {
    return this.#lock ??= new RLock();
  }

  /** What `JSON.stringify` makes JSON of: the number. */
  toJSON(): NumberOf<C> {
    return this.value;
  }

  /** What is shown of it in the console. */
  [Symbol.for("Deno.customInspect")](
    inspect: typeof Deno.inspect,
    options: Deno.InspectOptions,
  ): string {
    return `SharedValue(${this.typecode}) ${inspect(this.value, options)}`;
  }
}
