import { ownHome } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import {
  checkNumbers,
  createNumbers,
  type NumberArray,
  type NumberOf,
  type Typecode,
  type TypedArrayOf,
  viewNumbers,
} from "../structure/numbers.ts";
import { RLock } from "../sync/lock.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Handle } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { adopt } from "./core.ts";

/** A handle, with what else there is to know. */
type ArrayHandle = readonly [
  ...Handle,
  typecode: Typecode,
  length: number,
  lock: RLock,
];

class ArrayCore {
  readonly object: SharedObject;
  readonly view: NumberArray;

  constructor(object: SharedObject, typecode: Typecode, length: number) {
    this.object = object;
    this.view = viewNumbers(object, typecode, length, this);
  }
}

/** What belongs to an array, which has no private fields: see the constructor. */
interface Parts {
  readonly core: ArrayCore;
  readonly typecode: Typecode;
  lock: RLock | null;
}

const parts = new WeakMap<object, Parts>();
let next: Parts | null = null;

/**
 * Numbers in shared memory, for all threads and processes that have it: as many
 * as it is made with.
 *
 * `array[i]` reads and writes a number as fast as in a typed array; and
 * {@linkcode SharedArray.array} *is* a typed array of the same memory, with all
 * that those can do. As there, what is written and does not fit is cut off, and a
 * number is read and written at one moment, but `array[i] += 1` is two of them: use
 * `Atomics.add(array.array, i, 1)`, or the lock that belongs to the array.
 *
 * The memory is there as long as somebody has the array, or a typed array of it.
 *
 * @example In another process
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { SharedArray } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const double = (numbers: SharedArray<"d">) => {
 *   for (let i = 0; i < numbers.length; i++) numbers[i]! *= 2;
 * };
 *
 * const numbers = new SharedArray("d", [0.5, 1, 1.5]);
 * const process = new Process({ target: double, args: [numbers] });
 * process.start();
 * await process.join();
 * assertEquals([...numbers], [1, 2, 3]);
 * assertEquals(numbers.array.subarray(1), new Float64Array([2, 3]));
 * ```
 *
 * Python: `multiprocessing.Array`. Slices are those of `.array`.
 *
 * @typeParam C The typecode: see {@linkcode SharedValue}.
 */
export class SharedArray<C extends Typecode = Typecode>
  implements Iterable<NumberOf<C>> {
  /** The number at an index; `undefined` where there is none. */
  [index: number]: NumberOf<C>;

  static {
    registerShared<SharedArray>({
      name: "SharedArray",
      class: SharedArray,
      encode(array) {
        const { core, typecode } = parts.get(array)!;
        const handle: ArrayHandle = [
          ...writeHandle(core.object, 0),
          typecode,
          core.view.length,
          array.getLock(),
        ];
        return handle as unknown as Handle;
      },
      decode(handle) {
        const [, , , , typecode, length, lock] =
          handle as unknown as ArrayHandle;
        const core = readHandle(
          handle,
          (object) => new ArrayCore(object, typecode, length),
        );
        next = { core, typecode, lock };
        return new SharedArray(typecode, length);
      },
      remoteOf: () => null,
      fromRemote: () => new SharedArray("d", 0),
      service: null,
    });
  }

  /**
   * Makes an array.
   *
   * @param typecode What kind of numbers they are.
   * @param lengthOrValues How many, all of them 0; or the numbers.
   * @throws {TypeError} If the typecode is none, or a number of another type.
   * @throws {RangeError} If a number does not fit, the length is no integer >= 0, or
   * there is not so much shared memory.
   *
   * Python: `multiprocessing.Array(typecode, size_or_initializer)`.
   */
  constructor(
    typecode: C,
    lengthOrValues: number | Iterable<NumberOf<C>>,
  ) {
    const given = next ?? make(typecode, lengthOrValues);
    next = null;
    // The object itself is a typed array, with another prototype: so an index is
    // as fast as it is there. (A Proxy takes a hundred times as long.)
    const { buffer, byteOffset, length } = given.core.view;
    const Kind = given.core.view.constructor as new (
      ...args: unknown[]
    ) => NumberArray;
    const array = new Kind(buffer, byteOffset, length);
    Object.setPrototypeOf(array, new.target.prototype);
    parts.set(array, given);
    return array as unknown as this;
  }

  /** What kind of numbers they are. */
  get typecode(): C {
    return parts.get(this)!.typecode as C;
  }

  /**
   * How many numbers there are.
   *
   * Python: `len(array)`.
   */
  get length(): number {
    return parts.get(this)!.core.view.length;
  }

  /**
   * The numbers as a typed array: not a copy, but the same memory.
   *
   * Python: `array.get_obj()`.
   */
  get array(): TypedArrayOf<C> {
    return parts.get(this)!.core.view as TypedArrayOf<C>;
  }

  /**
   * The lock that belongs to it: the same for all who have it. Nothing here takes
   * it by itself.
   *
   * Python: `array.get_lock()`.
   */
  getLock(): RLock {
    return parts.get(this)!.lock ??= new RLock();
  }

  /**
   * The numbers, each as it is when it is got.
   *
   * Python: `iter(array)`.
   */
  [Symbol.iterator](): IterableIterator<NumberOf<C>> {
    return this.array.values() as IterableIterator<NumberOf<C>>;
  }

  /** What is shown of it in the console. */
  [Symbol.for("Deno.customInspect")](
    inspect: typeof Deno.inspect,
    options: Deno.InspectOptions,
  ): string {
    return `SharedArray ${inspect(this.array, options)}`;
  }
}

function make<C extends Typecode>(
  typecode: C,
  lengthOrValues: number | Iterable<NumberOf<C>>,
): Parts {
  const numbers = checkNumbers(typecode, lengthOrValues, "a shared array");
  const length = typeof numbers === "number" ? numbers : numbers.length;
  const object = createNumbers(ownHome().space, typecode, length);
  const core = adopt(new ArrayCore(object, typecode, length));
  if (typeof numbers !== "number") core.view.set(numbers as never);
  return { core, typecode, lock: null };
}
