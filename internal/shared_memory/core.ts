/** How the public classes of this folder have what they stand for. */

import { ShutDownError } from "../../errors.ts";
import { type Home, homeIn, ownHome } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { Unsendable } from "../wire/unsendable.ts";

/** What all JavaScript objects of this thread share that stand for one object. */
export interface Core {
  readonly object: SharedObject;
  /** Whether it is kept though nobody uses it. */
  readonly isKept?: boolean;
}

/** How many of these use a core that can be closed. */
const users = new WeakMap<Core, number>();

/** The core of an object that this thread has made. */
export function adopt<C extends Core>(core: C): C {
  return homeOf(core.object).holdings.adopt(core.object, 0, core);
}

/** One more uses it. */
export function enter<C extends Core>(core: C): C {
  users.set(core, (users.get(core) ?? 0) + 1);
  return core;
}

/** One that has entered uses it no more; after the last one it is let go of. */
export function leave(core: Core): void {
  users.set(core, users.get(core)! - 1);
  const isUsed = () => users.get(core) !== 0 || core.isKept === true;
  homeOf(core.object).holdings.letGo(core.object, 0, isUsed);
}

function homeOf(object: SharedObject): Home {
  const home = ownHome();
  return object.space === home.space ? home : homeIn(object.space.arena.grant);
}

/** The core of one that may have been closed. */
export function coreOf<C extends Core>(core: C | null, what: string): C {
  if (core !== null) return core;
  throw new ShutDownError(
    `Cannot use the ${what} as it was closed in this thread`,
  );
}

/** The core of one that is to be sent. */
export function sendable<C extends Core>(core: C | null, what: string): C {
  if (core !== null) return core;
  throw new Unsendable(`a ${what} that was closed cannot be sent`);
}
