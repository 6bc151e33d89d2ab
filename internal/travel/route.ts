/** How objects travel in messages to who cannot look at the memory they lie in. */

import { DataCloneError } from "../../errors.ts";
import type { Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** One end of a connection, as to the objects in its messages. */
export interface Route {
  /** What to send of an object, which may itself stand for one elsewhere. */
  send(
    shared: SharedClass<object>,
    object: object,
    remote: Remote | null,
  ): unknown;
  /** The object that was meant if it is one of ours, or what stands for it. */
  receive(shared: SharedClass<object>, data: unknown): object;
}

let route: Route | null = null;

/** The route of the message that is being written or read; `null`: in the family. */
export function currentRoute(): Route | null {
  return route;
}

/** Writes or reads a message that goes over a route. */
export function over<R>(way: Route | null, fn: () => R): R {
  const outer = route;
  route = way;
  try {
    return fn();
  } finally {
    route = outer;
  }
}

/** Finds again what {@linkcode Remote.locate} has told of. */
export type Locator = (shared: SharedClass<object>, at: unknown) => object;

let locator: Locator | null = null;

/** Called by who can find objects elsewhere. */
export function locateBy(means: Locator): void {
  locator = means;
}

/** The object that stands for what can be reached there. */
export function locateFrom(shared: SharedClass<object>, at: unknown): object {
  if (locator !== null) return locator(shared, at);
  throw new DataCloneError(
    `Cannot receive a ${shared.name} as it is served by another process, which cannot be reached from here`,
  );
}
