/** What an object holds that stands for one elsewhere, instead of a core. */

import { ShutDownError, TimeoutError } from "../../errors.ts";
import { timeoutOf, type WaitOptions } from "../wait.ts";

/**
 * An object in another process, which serves it over a connection.
 *
 * A public class has either a core or one of these. Its async methods then go
 * through {@linkcode Remote.call}, its `…Sync` methods throw a `TypeError`
 * ({@linkcode noSync}).
 */
export interface Remote {
  /**
   * Calls one of the methods that the class serves ({@linkcode registerShared}).
   * Where the served method waits, its last argument is `{ timeout }`: the time
   * runs out there.
   *
   * Whose call it is, is the current context's owner (internal/context.ts), so
   * that an RLock there tells apart the coroutines and `withLock` callbacks here.
   *
   * Cancel safety: when the signal aborts, or the coroutine is killed, the call
   * is taken back there. It rejects with the reason; but where it had succeeded
   * already, the result is given, so that nothing is taken and lost.
   *
   * Where there is a limit (ms), a server that does not answer is waited for no
   * longer than that, nor after the signal has aborted. If it answers later, what
   * it has given goes back.
   *
   * @throws {NoAnswerError} If the limit is over, and there is no answer.
   * @throws {EOFError} If the other process is gone, or the connection.
   * @throws {ShutDownError} After {@linkcode Remote.release}.
   * @throws What the method throws there, with its stack.
   */
  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    limit?: number,
  ): Promise<unknown>;
  /**
   * Calls a method that does not wait, without an answer: it comes in its order
   * among the calls; only the other process knows whether it has failed.
   *
   * @throws {DataCloneError} If an argument cannot be sent.
   * @throws {EOFError} If the connection has ended.
   * @throws {ShutDownError} After {@linkcode Remote.release}.
   */
  tell(method: string, args: readonly unknown[]): void;
  /** Lets go of it: no more calls. Twice does nothing new. */
  release(): void;
  /** Whether that was done. */
  readonly isReleased: boolean;
  /** What its class has told of it ({@linkcode Service.describe}). */
  readonly description: unknown;
  /** A call has given this to nobody: it goes back there. */
  giveBack(method: string, result: unknown): void;
  /** What it is, once that is known: one that was to be reached first. */
  itself(): Remote;
  /** An owner that has called it has died. */
  gone(owner: object): void;
  /**
   * How it travels in a message to who is not at the other end of a route: as
   * how to reach it from there.
   */
  locate(): unknown;
  /** The same, for whoever may receive it; `null`: only this process can reach it. */
  whereabouts(): unknown;
}

/** One that is at the other end of a connection of this process. */
export interface Relay extends Remote {
  /**
   * How this thread finds again what goes through it, as long as the connection
   * lasts.
   */
  meet(): unknown;
}

/** The error of a call after {@linkcode Remote.release}. */
export function released(method: string): ShutDownError {
  return new ShutDownError(
    `Cannot use ${method}() of an object that was closed`,
  );
}

/** Somebody elsewhere does not answer, although the time of a call has run out. */
export class NoAnswerError extends TimeoutError {
  /** Who that is: `the manager at 127.0.0.1:8001`. */
  readonly peer: string;

  constructor(peer: string, method: string) {
    super(`Cannot wait for ${method}() any longer as ${peer} does not answer`);
    this.peer = peer;
  }
}

/**
 * Calls a method whose last argument is how long it waits.
 *
 * @param late What comes of it where nobody answers in time. Without it the answer
 * is waited for in any case: such as where it may take longer than that time.
 */
export async function callWaiting<R>(
  remote: Remote,
  method: string,
  args: readonly unknown[],
  options: WaitOptions = {},
  late?: (error: NoAnswerError) => R,
): Promise<R> {
  const time = timeoutOf(options);
  const { timeout, signal } = options;
  signal?.throwIfAborted();
  const limit = late && time;
  try {
    const all = [...args, { timeout }];
    return await remote.call(method, all, signal, limit) as R;
  } catch (error) {
    if (late !== undefined && error instanceof NoAnswerError) {
      return late(error);
    }
    throw error;
  }
}

/** The error of a `…Sync` method of an object that is elsewhere. */
export function noSync(what: string, method: string): TypeError {
  return new TypeError(
    `Cannot use ${method}() as this ${what} is served by another process, for which the thread cannot block: use await ${
      method.replace(/Sync$/, "")
    }()`,
  );
}
