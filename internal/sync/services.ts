/** What other processes may do with locks and their like that are served to them. */

import { currentContext, runFor } from "../context.ts";
import type { Service } from "../travel/service.ts";
import type { WaitOptions } from "../wait.ts";
import type { BarrierCore } from "./barrier_core.ts";
import type { ConditionCore } from "./condition_core.ts";
import type { Core } from "./core.ts";

/** Who, of those elsewhere, has taken a lock, and how often. */
const holders = new WeakMap<Core, Map<object, number>>();

function holdersOf(core: Core): Map<object, number> {
  let map = holders.get(core);
  if (map === undefined) holders.set(core, map = new Map());
  return map;
}

function released(core: Core, owner: object): void {
  const map = holdersOf(core);
  const count = map.get(owner) ?? 0;
  if (count > 1) map.set(owner, count - 1);
  else if (count === 1) map.delete(owner);
  // It passes from hand to hand: nobody's death says anything.
  else map.clear();
}

/** Those elsewhere who wait at a condition or barrier, and whether they are gone. */
class Visitors<O extends object> {
  #waiting = new WeakMap<O, Map<object, { gone: boolean }>>();

  has(object: O, owner: object): boolean {
    return this.#waiting.get(object)?.has(owner) ?? false;
  }

  /** Calls `fn`, in which this owner waits; `gone` if it has died meanwhile. */
  async wait<R>(
    object: O,
    owner: object,
    fn: () => Promise<R>,
    gone: () => void,
  ): Promise<R> {
    let owners = this.#waiting.get(object);
    if (owners === undefined) this.#waiting.set(object, owners = new Map());
    const visit = { gone: false };
    owners.set(owner, visit);
    try {
      return await fn();
    } finally {
      if (owners.get(owner) === visit) owners.delete(owner);
      if (visit.gone) gone();
    }
  }

  /** An owner is gone; `false`: it does not wait. */
  gone(object: O, owner: object): boolean {
    const visit = this.#waiting.get(object)?.get(owner);
    if (visit !== undefined) visit.gone = true;
    return visit !== undefined;
  }
}

/** The services of locks of all kinds. */
export function lockService<T extends object>(
  coreOf: (lock: T) => Core,
): Service<T> & Required<Pick<Service<T>, "special">> {
  return {
    methods: ["locked"],
    special: {
      async acquire(lock, [repair, options], signal) {
        const core = coreOf(lock);
        const { owner } = currentContext();
        const { timeout } = options as WaitOptions;
        const taken = await core.take(repair as boolean, { timeout, signal });
        if (taken === undefined) return null;
        const map = holdersOf(core);
        map.set(owner, (map.get(owner) ?? 0) + 1);
        return taken;
      },
      release(lock) {
        const core = coreOf(lock);
        core.releaseSync();
        released(core, currentContext().owner);
      },
      abandon(lock) {
        const core = coreOf(lock);
        holdersOf(core).delete(currentContext().owner);
        core.abandon();
      },
    },
    giveBack: {
      acquire(lock, taken) {
        const core = coreOf(lock);
        if (taken === null) return;
        released(core, currentContext().owner);
        if (taken === "abandoned") core.abandon();
        else core.releaseSync();
      },
    },
    holds: (lock, owner) => holdersOf(coreOf(lock)).has(owner),
    gone(lock, owner) {
      const core = coreOf(lock);
      const map = holdersOf(core);
      const count = map.get(owner) ?? 0;
      map.delete(owner);
      for (let i = 0; i < count; i++) core.abandon();
    },
  };
}

/** The service of conditions. */
export function conditionService<T extends object>(
  coreOf: (condition: T) => ConditionCore,
): Service<T> {
  const lock = lockService<T>((condition) => coreOf(condition).lock);
  const visitors = new Visitors<ConditionCore>();
  return {
    ...lock,
    methods: ["locked", "notify"],
    special: {
      ...lock.special,
      wait(condition, [options], signal) {
        const core = coreOf(condition);
        const { owner } = currentContext();
        const { timeout } = options as WaitOptions;
        // Meanwhile the lock is not this owner's.
        const held = holdersOf(core.lock);
        const count = held.get(owner);
        held.delete(owner);
        return visitors.wait(core, owner, async () => {
          try {
            return await core.wait({ timeout, signal });
          } finally {
            if (count !== undefined) held.set(owner, count);
          }
        }, () => {
          // It had left the lock when it died, and so nothing half done.
          held.delete(owner);
          runFor(owner, () => core.lock.isHeld() && core.lock.leave());
        });
      },
    },
    holds: (condition, owner) =>
      lock.holds!(condition, owner) || visitors.has(coreOf(condition), owner),
    gone(condition, owner) {
      visitors.gone(coreOf(condition), owner);
      lock.gone!(condition, owner);
    },
  };
}

/** The service of barriers: a party that dies breaks it. */
export function barrierService<T extends object>(
  coreOf: (barrier: T) => BarrierCore,
): Service<T> {
  const visitors = new Visitors<BarrierCore>();
  return {
    methods: ["reset", "abort", "nWaiting", "broken"],
    special: {
      wait(barrier, [options], signal) {
        const core = coreOf(barrier);
        const { owner } = currentContext();
        const { timeout } = options as WaitOptions;
        return visitors.wait(
          core,
          owner,
          () => core.wait({ timeout, signal }),
          () => {},
        );
      },
    },
    describe: (barrier) => coreOf(barrier).parties,
    holds: (barrier, owner) => visitors.has(coreOf(barrier), owner),
    gone(barrier, owner) {
      if (visitors.gone(coreOf(barrier), owner)) coreOf(barrier).abortSync();
    },
  };
}
