/** The calls that this process has made to the other end of a connection. */

import { ProcessError, ShutDownError } from "../../errors.ts";
import {
  type Coroutine,
  currentContext,
  currentCoroutine,
} from "../context.ts";
import { holdsProgram } from "../wait.ts";
import { OwnNumbers } from "./owners.ts";
import { Patience } from "./patience.ts";
import {
  type CallHead,
  callHeadLength,
  Kind,
  writeCallHead,
  writeNumbers,
} from "./protocol.ts";
import { SHORT } from "./transport.ts";

/** What calls need of their connection. */
export interface CallOptions {
  /** @returns Where it is not known to have gone: a promise for that. */
  post(message: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /**
   * Writes a call; its head is left to the caller. Getters may run meanwhile: so
   * `check` throws behind them if it is not to go out.
   */
  encodeCall(
    head: number,
    args: readonly unknown[],
    check: () => void,
  ): Uint8Array<ArrayBuffer>;
  /** Writes a message with a value; its head is left to the caller. */
  encodeBehind(
    head: number,
    value: unknown,
    root: string,
  ): Uint8Array<ArrayBuffer>;
  /** Whether a call is being waited for that the program should go on for. */
  waiting(yes: boolean): void;
  /** What nobody wanted could not be given back. */
  trouble(error: unknown): void;
  /** {@linkcode Transport.moved} */
  moved(): number;
  /** The error of a call that has waited for its answer for too long. */
  noAnswer(method: string): Error;
}

/** A call that waits for its answer. */
class Pending implements CallHead {
  readonly call: number;
  readonly object: number;
  readonly owner: number;
  readonly method: string;
  /** Whether the program goes on for it. */
  readonly holds: boolean;
  /**
   * What stands for the object here, and whose call it is: they are not collected
   * before the answer, as the other end would be told that they are gone.
   */
  readonly holders: readonly [remote: object, owner: object];
  answer!: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;
  /** What ends the wait by itself. */
  patience: Patience | null = null;
  /** With what it is to be rejected, once it is known to have been taken back. */
  reason: unknown = undefined;
  isCancelled = false;
  /** Whoever waited was killed, and is told of nothing any more. */
  isUnwanted = false;
  hasEnded = false;

  constructor(
    call: number,
    object: number,
    owner: number,
    method: string,
    holds: boolean,
    holders: readonly [remote: object, owner: object],
  ) {
    this.call = call;
    this.object = object;
    this.owner = owner;
    this.method = method;
    this.holds = holds;
    this.holders = holders;
  }
}

/**
 * For so many microtasks the program still goes on after the last answer: who got
 * it often calls again at once. To let it end, and hold it again, for every call
 * would take a good part of the time of a call.
 */
const LINGERS = 4;

/** Calls that wait for their answers. */
export class OutgoingCalls {
  #options: CallOptions;
  #pending = new Map<number, Pending>();
  #owners: OwnNumbers;
  /** So many numbers calls have had, and which of them are free. */
  #numbers = 0;
  #free: number[] = [];
  /** The longest message to or from an object, if it is long. */
  #longest = new WeakMap<object, number>();
  /** How many of them nobody waits for any more, by their objects. */
  #unwanted = new Map<number, number>();
  /** What is to be done when there are none of an object. */
  #whenQuiet = new Map<number, () => void>();
  /** How many of them the program goes on for. */
  #holds = 0;
  /** Whether the connection was told that the program is to go on. */
  #isHeld = false;
  /** How many microtasks are left until it is told otherwise; 0: none is queued. */
  #lingers = 0;
  #failure: ((method: string) => Error) | null = null;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#owners = new OwnNumbers((owner) => {
      if (this.#failure === null) {
        options.post(writeNumbers(Kind.FORGET, owner));
      }
    });
  }

  /**
   * Calls a method there; see {@linkcode Remote.call}.
   *
   * @param holder What stands for the object here.
   * @param limit After so long, or when the signal has aborted, it is given up if
   * the other end does not answer; without one it is waited for.
   */
  call(
    holder: object,
    object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    limit: number | undefined,
  ): Promise<unknown> {
    try {
      const coroutine = currentCoroutine();
      const check = () => {
        coroutine?.throwIfKilled();
        signal?.throwIfAborted();
        if (this.#failure !== null) throw this.#failure(method);
      };
      check();
      const { encodeCall, post } = this.#options;
      const { owner } = currentContext();
      const message = encodeCall(callHeadLength(method), args, check);
      const pending = new Pending(
        this.#free.pop() ?? ++this.#numbers,
        object,
        this.#owners.of(owner),
        method,
        holdsProgram(signal),
        [holder, owner],
      );
      pending.answer = new Promise<unknown>((resolve, reject) => {
        pending.resolve = resolve;
        pending.reject = reject;
      });
      this.#pending.set(pending.call, pending);
      if (pending.holds) this.#hold();
      writeCallHead(message, Kind.CALL, pending);
      const { length } = message;
      this.#measure(holder, length);
      const sent = post(message);
      if (pending.hasEnded) return pending.answer; // it could not be sent
      if (signal !== undefined || coroutine !== null || limit !== undefined) {
        const patience = this.#patience(pending, signal, coroutine, limit);
        pending.patience = patience;
        if (length > SHORT) sent?.then(() => patience.restart(), () => {});
      }
      return pending.answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Calls a method there; see {@linkcode Remote.tell}. */
  tell(object: number, method: string, args: readonly unknown[]): void {
    if (this.#failure !== null) throw this.#failure(method);
    this.#post(
      Kind.TELL,
      { call: 0, object, owner: this.#owner(), method },
      args,
      "args",
    );
  }

  /**
   * It has succeeded, with this value of so many bytes; which goes back if nobody
   * wants it.
   */
  succeed(call: number, value: unknown, bytes: number): void {
    const pending = this.#take(call);
    this.#measure(pending.holders[0], bytes);
    if (!pending.isUnwanted) return pending.resolve(value);
    this.#giveBack(pending, value);
    this.#forgetUnwanted(pending);
  }

  /** A long result of it is being written. */
  expect(call: number, bytes: number): void {
    const pending = this.#pending.get(call);
    if (pending === undefined) throw new ProcessError("nobody called that");
    this.#measure(pending.holders[0], bytes);
    pending.patience?.restart();
  }

  /** A result has been passed on to nobody. */
  giveBack(object: number, method: string, value: unknown): void {
    this.#giveBack({ call: 0, object, owner: this.#owner(), method }, value);
  }

  /** What stands for an object was closed: who waits ends, and has taken nothing. */
  leave(holder: object): void {
    for (const pending of this.#pending.values()) {
      if (pending.holders[0] !== holder) continue;
      this.#abandon(
        pending,
        new ShutDownError(
          `Cannot go on with ${pending.method}() as the object was closed`,
        ),
      );
    }
  }

  /**
   * Calls back when no more results can come of an object which nobody wants, and
   * which so would have to go back to it.
   */
  whenQuiet(object: number, callback: () => void): void {
    if (!this.#unwanted.has(object)) return callback();
    const others = this.#whenQuiet.get(object);
    this.#whenQuiet.set(object, () => {
      others?.();
      callback();
    });
  }

  /** An owner has died that may have called. */
  gone(owner: object): void {
    const number = this.#owners.find(owner);
    if (number !== undefined) {
      this.#options.post(writeNumbers(Kind.DEAD, number));
    }
  }

  /** It has failed. */
  fail(call: number, error: unknown): void {
    const pending = this.#take(call);
    pending.reject(error);
    this.#forgetUnwanted(pending);
  }

  /** It was taken back. */
  cancelled(call: number): void {
    const pending = this.#take(call);
    if (!pending.isCancelled) throw new ProcessError("nobody cancelled that");
    pending.reject(pending.reason);
    this.#forgetUnwanted(pending);
  }

  /** Nothing more will come; `reason` makes an error for a call of that method. */
  end(reason: (method: string) => Error): void {
    this.#failure = reason;
    for (const pending of this.#pending.values()) {
      this.#finish(pending);
      pending.reject(reason(pending.method));
    }
    this.#pending.clear();
  }

  /** Resolves when all that were made by now have their answers. */
  answered(): Promise<unknown> {
    const answers = [...this.#pending.values()].map(({ answer }) => answer);
    return Promise.allSettled(answers);
  }

  /** How many there are. */
  get size(): number {
    return this.#pending.size;
  }

  #cancel(pending: Pending, reason: unknown): void {
    if (pending.isCancelled) return;
    pending.isCancelled = true;
    pending.reason = reason;
    this.#options.post(writeNumbers(Kind.CANCEL, pending.call));
  }

  #giveBack(head: CallHead, value: unknown): void {
    try {
      this.#post(Kind.GIVE_BACK, head, value, "result");
    } catch (error) {
      this.#options.trouble(error);
    }
  }

  #post(
    kind: typeof Kind.TELL | typeof Kind.GIVE_BACK,
    head: CallHead,
    value: unknown,
    root: string,
  ): void {
    const { encodeBehind, post } = this.#options;
    const message = encodeBehind(callHeadLength(head.method), value, root);
    writeCallHead(message, kind, head);
    post(message);
  }

  /** Whose call it is. */
  #owner(): number {
    return this.#owners.of(currentContext().owner);
  }

  #take(call: number): Pending {
    const pending = this.#pending.get(call);
    if (pending === undefined) throw new ProcessError("nobody called that");
    this.#pending.delete(call);
    this.#free.push(call);
    this.#finish(pending);
    return pending;
  }

  /** What ends its wait by itself. */
  #patience(
    pending: Pending,
    signal: AbortSignal | undefined,
    coroutine: Coroutine | null,
    limit: number | undefined,
  ): Patience {
    const { moved, noAnswer } = this.#options;
    const [holder] = pending.holders;
    return new Patience({
      signal,
      coroutine,
      limit,
      moved,
      bytes: () => this.#longest.get(holder) ?? 0,
      cancel: (reason) => this.#cancel(pending, reason),
      abandon: (reason) => this.#abandon(pending, reason),
      giveUp: () => {
        const { isCancelled, reason, method } = pending;
        this.#abandon(pending, isCancelled ? reason : noAnswer(method));
      },
    });
  }

  /** A message has gone to an object, or has come from it. */
  #measure(holder: object, bytes: number): void {
    if (bytes <= SHORT || bytes <= (this.#longest.get(holder) ?? 0)) return;
    this.#longest.set(holder, bytes);
  }

  /** Rejects it at once: if it succeeds all the same, that goes back. */
  #abandon(pending: Pending, reason: unknown): void {
    if (pending.isUnwanted) return;
    pending.isUnwanted = true;
    const { object } = pending;
    this.#unwanted.set(object, (this.#unwanted.get(object) ?? 0) + 1);
    pending.isCancelled = true;
    pending.reason = reason;
    this.#options.post(writeNumbers(Kind.ABANDON, pending.call));
    this.#finish(pending);
    pending.reject(reason);
  }

  /** An answer has come that nobody wanted, and is dealt with. */
  #forgetUnwanted({ isUnwanted, object }: Pending): void {
    if (!isUnwanted) return;
    const left = this.#unwanted.get(object)! - 1;
    if (left > 0) return void this.#unwanted.set(object, left);
    this.#unwanted.delete(object);
    const callback = this.#whenQuiet.get(object);
    this.#whenQuiet.delete(object);
    callback?.();
  }

  /** Nobody waits for it any more. */
  #finish(pending: Pending): void {
    if (pending.hasEnded) return;
    pending.hasEnded = true;
    pending.patience?.end();
    if (!pending.holds || --this.#holds > 0 || this.#lingers > 0) return;
    this.#lingers = LINGERS;
    queueMicrotask(this.#linger);
  }

  #hold(): void {
    this.#holds++;
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#options.waiting(true);
  }

  readonly #linger = (): void => {
    if (this.#holds > 0) this.#lingers = 0;
    else if (--this.#lingers > 0) queueMicrotask(this.#linger);
    else {
      this.#isHeld = false;
      this.#options.waiting(false);
    }
  };
}
