/** Who uses locks at the same time. */

import {
  Barrier,
  type BarrierOptions,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  Process,
  RLock,
  Semaphore,
} from "@multi/processing";
import { runAsOwner } from "../../internal/context.ts";
import type { LockFlavour } from "./locks.ts";

/** Makes what this library has, in memory that is shared. */
const make: LockFlavour["make"] = {
  lock: () => new Lock(),
  rLock: () => new RLock(),
  semaphore: (value?: number) => new Semaphore(value),
  boundedSemaphore: (value?: number) => new BoundedSemaphore(value),
  condition: (lock?: Lock | RLock) => new Condition(lock),
  event: () => new Event(),
  barrier: (parties: number, options?: BarrierOptions) =>
    new Barrier(parties, options),
};

/** Async functions of one thread, each an owner of its own. */
export const coroutines: LockFlavour = {
  name: "coroutines",
  start<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ) {
    const promise = runAsOwner({}, () => fn(...args));
    promise.catch(() => {});
    return { result: () => promise };
  },
  canDie: false,
  make,
};

/** Processes. */
export const processes: LockFlavour = {
  name: "processes",
  start<A extends unknown[], R>(
    target: (...args: A) => R | PromiseLike<R>,
    ...args: A
  ) {
    const process = new Process<A, R>({ target, args } as never);
    process.start();
    return {
      async result() {
        const result = await process.result();
        await process.join();
        return result;
      },
      async kill() {
        process.kill();
        await process.join();
      },
    };
  },
  canDie: true,
  make,
};
