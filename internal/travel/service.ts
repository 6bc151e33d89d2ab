/**
 * What a class says of its objects that are shared: as memory within a family, and
 * served over a connection to who cannot look at that memory.
 */

import type { Handle } from "./handles.ts";
import type { Remote } from "./remote.ts";

/** What others may do with an object that is served to them. */
export interface Service<T extends object> {
  /** The methods that they may call as they are. */
  readonly methods: readonly string[];
  /**
   * Those that wait. Their last argument is `{ timeout }`; they get the signal
   * beside it which aborts when the caller takes the call back, or is gone.
   */
  readonly waiting?: readonly string[];
  /** Those that are done for this purpose, such as what the class has not itself. */
  readonly special?: Readonly<Record<string, SpecialMethod<T>>>;
  /** What is known of it at the other end without asking: `Barrier.parties`. */
  describe?(object: T): unknown;
  /**
   * A caller is gone that has called it: what that one holds of it is to be
   * treated as a dead thread's. `owner` was the context's when it called.
   */
  gone?(object: T, owner: object): void;
}

/** A method that exists for remote callers only. */
export type SpecialMethod<T extends object> = (
  object: T,
  args: readonly unknown[],
  signal: AbortSignal,
) => unknown;

/** A class of this library whose objects are shared. */
export interface SharedClass<T extends object> {
  /** Its name in messages. */
  readonly name: string;
  readonly class: abstract new (...args: never[]) => T;
  /**
   * Within the family: {@linkcode writeHandle}. Called more than once, maybe, for
   * one message: it must change nothing.
   */
  encode(object: T): Handle;
  /** Within the family: {@linkcode readHandle}. */
  decode(handle: Handle): T;
  /** What it has instead of a core, if it stands for one elsewhere. */
  remoteOf(object: T): Remote | null;
  /** Makes an object that stands for one elsewhere. */
  fromRemote(remote: Remote, description: unknown): T;
  /** `null`: it is memory, and what cannot look at that cannot have it. */
  readonly service: Service<T> | null;
}
