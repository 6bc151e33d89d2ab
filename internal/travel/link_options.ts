/** How a connection is used over which two processes use each other's objects. */

import type { Exported } from "./exports.ts";
import type { Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** How a connection is used. */
export interface LinkOptions {
  /** Who is at the other end, for messages: `Process-1 (pid 123)`. */
  readonly peer: string;
  /** The object that the other end has from the beginning. */
  readonly root?: { shared: SharedClass<object>; object: object };
  /** Whether somebody waits for an answer whom the program should go on for. */
  waiting?(yes: boolean): void;
  /** The connection has ended; with a reason, if what came was no message. */
  ended?(reason: Error | null): void;
  /** What could not be told to anybody. */
  trouble?(error: unknown): void;
  /** How what is at the other end, and that object stands for, can be reached. */
  locate?(object: object, remote: Remote): unknown;
  /**
   * Whether each end tells the other one where it finds what stands for an object
   * elsewhere, so that the other one can go there itself: one of them is a manager.
   */
  readonly introduces?: boolean;
  /**
   * What the other end has sent by that id, where that end is in this thread, too:
   * its own objects are used as themselves.
   */
  sentHere?(id: number): Exported | undefined;
  /** Loads all modules that have classes of shared objects. */
  loadAll?(): Promise<unknown>;
  /** Loads what may register a user's class that is not known yet. */
  loadClasses?(): Promise<unknown>;
  readonly limits?: Partial<Limits>;
}

/** What the other end may cost. */
export interface Limits {
  /** The longest message, in bytes, either way. */
  readonly maxMessageSize: number;
  /** How many of its calls may be going on. */
  readonly maxCalls: number;
  /** How many objects of ours it may use. */
  readonly maxObjects: number;
  /** How many bytes may wait for it to read them. */
  readonly maxBacklog: number;
}
