/**
 * Memory that processes and threads share, and what lies in it: numbers, dicts and
 * lists.
 *
 * | class                      | what it is                                      |
 * | -------------------------- | ----------------------------------------------- |
 * | {@linkcode SharedValue}    | a number, with atomic addition                  |
 * | {@linkcode SharedArray}    | numbers, as fast as a typed array               |
 * | {@linkcode SharedDict}     | values under keys                               |
 * | {@linkcode SharedList}     | values in a row                                 |
 * | {@linkcode SharedMemory}   | bytes with a name, for processes of any origin  |
 *
 * They are sent as arguments, results, or in messages, and are then the same ones
 * there. Nothing of them waits for anybody: they are used without `await`.
 *
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { SharedArray, SharedDict } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * const measure = (samples: SharedArray<"d">, result: SharedDict<number>) => {
 *   result.set("max", Math.max(...samples));
 * };
 *
 * const samples = new SharedArray("d", [3, 1, 4, 1, 5]);
 * const result = new SharedDict<number>();
 * const process = new Process({ target: measure, args: [samples, result] });
 * process.start();
 * await process.join();
 * assertEquals(result.get("max"), 5);
 * ```
 *
 * Their memory is free again when nobody has them any more, whatever anybody died
 * of.
 *
 * Permissions: between processes, `--allow-ffi`, on Linux; a process without it
 * cannot be sent them (a `Manager` serves dicts, lists and values to those). Between
 * threads of one process, none.
 *
 * Python: `multiprocessing.Value`, `Array`, `Manager().dict()`, `Manager().list()`
 * and `multiprocessing.shared_memory`.
 *
 * @module
 */

export { SharedArray } from "./internal/shared_memory/shared_array.ts";
export { SharedDict } from "./internal/shared_memory/shared_dict.ts";
export type { DictEntries } from "./internal/shared_memory/shared_dict.ts";
export { SharedList } from "./internal/shared_memory/shared_list.ts";
export { SharedMemory } from "./internal/shared_memory/shared_memory.ts";
export type {
  AttachSharedMemoryOptions,
  CreateSharedMemoryOptions,
} from "./internal/shared_memory/shared_memory.ts";
export { SharedValue } from "./internal/shared_memory/shared_value.ts";
export type { DictKey } from "./internal/structure/keys.ts";
export type {
  NumberOf,
  Typecode,
  TypedArrayOf,
} from "./internal/structure/numbers.ts";
