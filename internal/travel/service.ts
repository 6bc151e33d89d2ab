/**
 * What a class says of its objects that are shared: as memory within a family, and
 * served over a connection to who cannot look at that memory.
 */

import type { ArenaGrant } from "../memory/arena.ts";
import type { Remote } from "./remote.ts";

/** How a message within a family tells of an end of an object. */
export type Handle = readonly [
  index: number,
  uid: number,
  end: number,
  /** Where it lies; 0: in the memory of the family. */
  arena: ArenaGrant | 0,
];

/** How a message tells of an object elsewhere to who is not connected with it. */
export interface Located {
  readonly at: unknown;
}

/** What others may do with an object that is served to them. */
export interface Service<T extends object> {
  /** The methods that they may call as they are. */
  readonly methods: readonly string[];
  /**
   * Those that wait. Their last argument is `{ timeout }`; they get the signal
   * beside it which aborts when the caller takes the call back, or is gone.
   */
  readonly waiting?: readonly string[];
  /** Those that are there for remote callers only. */
  readonly special?: Readonly<Record<string, SpecialMethod<T>>>;
  /** Those of these that do not wait, and so get no signal. */
  readonly quick?: Readonly<Record<string, QuickMethod<T>>>;
  /** Where what can be called differs from one object to the next. */
  find?(object: T, method: string): SpecialMethod<T> | undefined;
  /** What is known of it at the other end without asking: `Barrier.parties`. */
  describe?(object: T): unknown;
  /**
   * Methods that take something, and how to give back what one has taken: its
   * caller was gone, or was killed, before it had the result.
   */
  readonly giveBack?: Readonly<
    Record<string, (object: T, result: unknown) => unknown>
  >;
  /**
   * Whether it only passes on what it is given, as copies: then nobody here has the
   * objects that come out of its methods, nor keeps those that go in.
   */
  readonly carries?: true;
  /** The other end has let go of one that is there for it only, or has died. */
  left?(object: T): void;
  /**
   * A caller has died that had called it: what that one holds of it is to be
   * treated as a dead thread's. `owner` was the context's when it called.
   */
  gone?(object: T, owner: object): void;
  /** Whether `gone` would have anything to do. */
  holds?(object: T, owner: object): boolean;
}

/**
 * What a remote caller calls. It is called as the owner that the caller is there;
 * who asks for that after an `await` has to remember it.
 */
export type SpecialMethod<T extends object> = (
  object: T,
  args: readonly unknown[],
  signal: AbortSignal,
) => unknown;

/** A {@linkcode SpecialMethod} that does not wait. */
export type QuickMethod<T extends object> = (
  object: T,
  args: readonly unknown[],
) => unknown;

/** A class of this library whose objects are shared. */
export interface SharedClass<T extends object> {
  /** Its name in messages. */
  readonly name: string;
  readonly class: abstract new (...args: never[]) => T;
  /**
   * Within the family: {@linkcode writeHandle}; or where it can be reached. Called
   * more than once, maybe, for one message: it must change nothing.
   */
  encode(object: T): Handle | Located;
  /** Within the family: {@linkcode readHandle}. */
  decode(handle: Handle): T;
  /** What it has instead of a core, if it stands for one elsewhere. */
  remoteOf(object: T): Remote | null;
  /** Whether it was closed here, and has neither by now. */
  isClosed?(object: T): boolean;
  /** Another object for the same one, where each is closed for itself. */
  another?(object: T): T;
  /** Makes an object that stands for one elsewhere. */
  fromRemote(remote: Remote, description: unknown): T;
  /** Whom it stands for at home, where what is served is not the object itself. */
  home?(object: T): object;
  /** `null`: it is memory, and what cannot look at that cannot have it. */
  readonly service: Service<T> | null;
}
