/** Who uses locks at the same time. */

import {
  Barrier,
  type BarrierOptions,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  type Manager,
  RLock,
  Semaphore,
  Thread,
} from "@multi/processing";
import { runAsOwner } from "../../internal/context.ts";
import { Crew } from "../support/crew.ts";
import { follow } from "../support/followed.ts";
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

const crew = new Crew({});

/** Processes. */
export const processes: LockFlavour = {
  name: "processes",
  start: (target, ...args) => crew.start(target, ...args),
  end: () => crew.end(),
  canDie: true,
  make,
};

/** Threads. */
export const threads: LockFlavour = {
  name: "threads",
  start: (target, ...args) => follow(new Thread({ target, args } as never)),
  canDie: true,
  make,
};

/** Processes that cannot look at this one's memory: it serves them. */
export function lonely(crew: Crew): LockFlavour {
  return {
    name: "processes without ffi",
    start: (target, ...args) => crew.start(target, ...args),
    end: () => crew.end(),
    canDie: true,
    make,
  };
}

/** Processes that use what a manager serves, as this one does. */
export function managed(manager: Manager, crew: Crew): LockFlavour {
  return {
    name: "processes by a manager",
    start: (target, ...args) => crew.start(target, ...args),
    end: () => crew.end(),
    canDie: true,
    lacksActions: "no code travels to a manager",
    make: {
      lock: () => manager.lock(),
      rLock: () => manager.rLock(),
      semaphore: (value) => manager.semaphore(value),
      boundedSemaphore: (value) => manager.boundedSemaphore(value),
      condition: (lock) => manager.condition(lock),
      event: () => manager.event(),
      barrier: (parties, options) => manager.barrier(parties, options),
    },
  };
}
