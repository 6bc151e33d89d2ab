/**
 * Python's `multiprocessing`, `threading`, `subprocess`, `concurrent.futures`
 * and gevent, for Deno.
 *
 * ```ts
 * import { Process } from "@multi/processing";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({ target: (n: number) => n ** 2, args: [12] });
 * process.start();
 * assertEquals(await process.result(), 144);
 * ```
 *
 * @module
 */

export * from "./coroutine.ts";
export * from "./errors.ts";
export * from "./logging.ts";
export * from "./manager.ts";
export * from "./pipe.ts";
export * from "./pool.ts";
export * from "./process.ts";
export * from "./shared_memory.ts";
export * from "./queue.ts";
export * as subprocess from "./subprocess.ts";
export * from "./sync.ts";
export * from "./thread.ts";
