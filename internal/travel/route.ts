/** How objects travel in messages to who cannot look at the memory they lie in. */

import { DataCloneError } from "../../errors.ts";
import { by, currentWay } from "../wire/envelope.ts";
import { Unsendable } from "../wire/unsendable.ts";
import type { LinkOptions } from "./link_options.ts";
import type { Relay, Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";
import type { Transport } from "./transport.ts";

/** One end of a connection, as to the objects in its messages. */
export interface Route {
  /** {@linkcode LinkOptions.introduces}: one of the ends is a manager. */
  readonly introduces?: boolean;
  /** What to send of an object, which may itself stand for one elsewhere. */
  send(
    shared: SharedClass<object>,
    object: object,
    remote: Remote | null,
  ): unknown;
  /** The object that was meant if it is one of ours, or what stands for it. */
  receive(shared: SharedClass<object>, data: unknown): object;
}

/**
 * The other end's objects that were found in a message, by their ids; `null`: there
 * were none, as in most. Until it is read to its end, they are held by this: they are
 * not sent again.
 */
export interface Findings {
  objects: Map<number, object> | null;
  /** Whether nobody here keeps what is in it; see {@linkcode Service.carries}. */
  isCarried?: boolean;
}

/**
 * Whose those objects in a message are that are not the other end's: somebody's here,
 * or nobody's, as they were made for the other end; or there can be none.
 */
export type Contents = "own" | "given" | "none";

/** A route that writes and reads messages, and counts what is in them. */
export interface LinkEnd extends Route {
  /** Writes a value; by default with objects of somebody here. */
  encode(
    value: unknown,
    root: string,
    contents?: Contents,
  ): Uint8Array<ArrayBuffer>;
  /** Throws where a value cannot be sent. */
  check(value: unknown, root: string, contents?: Contents): void;
  /** Reads a value; one that is read again, with what was found in it before. */
  decode(bytes: Uint8Array, found?: Findings): unknown;
  /** Ends it. */
  close(): void;
}

/** Makes one end of a connection over which objects are used. */
export type LinkMaker = (transport: Transport, options: LinkOptions) => LinkEnd;

let maker: LinkMaker | null = null;

/** Called where links are made: where there are objects that need them. */
export function linkBy(means: LinkMaker): void {
  maker = means;
}

/** Makes one end of a connection, where an object was seen that needs it. */
export function openLink(transport: Transport, options: LinkOptions): LinkEnd {
  return maker!(transport, options);
}

/** Who reads a message that goes over no route, if it is not the family. */
const THREAD = "thread";
const STRANGERS = "strangers";

/** The route of the message that is being written or read; `null`: none. */
export function currentRoute(): Route | null {
  const way = currentWay() as Route | string | null;
  return typeof way === "object" ? way : null;
}

/** Writes or reads a message that goes over a route. */
export function over<R>(route: Route, fn: () => R): R {
  return by(route, fn);
}

/** Writes what another thread of this process is to read, and nobody else. */
export function forThread<R>(write: () => R): R {
  return by(THREAD, write);
}

/** Writes or reads what goes to or comes from another program. */
export function forStrangers<R>(work: () => R): R {
  return by(STRANGERS, work);
}

/** Whether who reads and who writes look at one memory. */
export function sharesMemory(): boolean {
  const way = currentWay();
  return way === null || way === THREAD;
}

/** Refuses what only this thread can find again, where another one is to. */
export function checkMayMeet(): void {
  const way = currentWay();
  if (typeof way !== "string") return;
  throw new Unsendable(
    way === THREAD
      ? "what another process serves cannot be sent to a thread, as this thread alone can reach that process: start the program with --allow-ffi (on Linux), let the thread connect to a Manager, or pass on what comes through a queue that is made here"
      : "what another process serves cannot be sent to another program, as this thread alone can reach that process: let both connect to a Manager",
  );
}

/** Finds again what {@linkcode Remote.locate} has told of. */
export type Locator = (
  shared: SharedClass<object>,
  where: readonly unknown[],
) => object;

const locators = new Map<string, Locator>();

/** Called by who can find what is told of in that way. */
export function locateBy(way: string, means: Locator): void {
  locators.set(way, means);
}

/** The object that stands for what can be reached there. */
export function locateFrom(shared: SharedClass<object>, at: unknown): object {
  const [way, ...where] = Array.isArray(at) ? at : [];
  const locator = locators.get(way);
  if (locator !== undefined) return locator(shared, where);
  throw new DataCloneError(
    `Cannot receive a ${shared.name} as it is served by another process, which cannot be reached from here`,
  );
}

/**
 * What to use of an object that is told of in that way, and that who has told of it
 * would pass calls on to.
 */
export type Follower = (
  shared: SharedClass<object>,
  at: unknown,
  relay: Relay,
) => Remote;

let follower: Follower = (_shared, _at, relay) => relay;

/** Called by who can go there. */
export function followBy(means: Follower): void {
  follower = means;
}

/** What to use of what can be reached there, or else by who has sent it. */
export function follow(...told: Parameters<Follower>): Remote {
  return follower(...told);
}

/** Why an object cannot be sent over a route that is memory and nothing else. */
export function unreachable(what = "this"): Unsendable {
  if (currentWay() === STRANGERS) {
    return new Unsendable(
      `${what} is memory, and cannot be sent to a program that cannot look at it: use what a Manager serves, to which both connect`,
    );
  }
  return new Unsendable(
    currentRoute()?.introduces
      ? `${what} is memory, and cannot be sent to a manager or by one: use what a Manager serves, such as its dict() or array()`
      : `${what} is memory, and cannot be sent to who cannot look at this memory: start the process with --allow-ffi, as this one must be (on Linux), or use what a Manager serves`,
  );
}
