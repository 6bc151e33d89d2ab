/** The calls that the other end of a connection has made to this process. */

import { CancelledError, ProcessError, ShutDownError } from "../../errors.ts";
import { runFor } from "../context.ts";
import { makeQuiet } from "../wait.ts";
import { sendReadable } from "../wire/sendable_error.ts";
import type { Exported } from "./exports.ts";
import {
  carries,
  giveBackTo,
  leaveBy,
  methodOf,
  type ServedMethod,
  takes,
} from "./methods.ts";
import { GivenResults } from "./given_results.ts";
import { Callers } from "./owners.ts";
import {
  ANSWER_HEAD,
  type CallHead,
  Kind,
  writeAnswerHead,
  writeNumbers,
} from "./protocol.ts";
import type { Contents } from "./route.ts";

/** What served calls need of their connection. */
export interface ServingOptions {
  /**
   * @param failed Called if it cannot have arrived.
   * @returns Where it is not known to have gone: a promise for that.
   */
  post(
    message: Uint8Array<ArrayBuffer>,
    failed?: () => void,
  ): void | Promise<void>;
  /**
   * Writes a message with a value; its head is left to the caller. Before one is
   * written that is long, it tells how long it may be.
   */
  encodeBehind(
    head: number,
    value: unknown,
    root: string,
    contents?: Contents,
    tell?: (bytes: number) => void,
  ): Uint8Array<ArrayBuffer>;
  /** What is in the message that was written last. */
  sent(): readonly Exported[];
  /** Throws where a value cannot be sent. */
  check(value: unknown, root: string): void;
  /** The object that has this id. */
  find(id: number): Exported | undefined;
  /** Somebody has given back what nobody wanted, and that has failed. */
  trouble(error: unknown): void;
  /** How many calls may be going on. */
  readonly most: number;
}

/** A call that is going on; the controller is there if it can be taken back. */
interface Served {
  readonly controller: AbortController | null;
  /** Whether the caller takes nothing of it any more. */
  isAbandoned: boolean;
}

/** Calls that are being done. */
export class IncomingCalls {
  #options: ServingOptions;
  #served = new Map<number, Served>();
  #given = new GivenResults();
  #callers = new Callers<Exported>(({ object, shared }, owner) =>
    shared.service!.holds?.(object, owner) ?? false
  );
  #ended = false;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** Does what is asked, and answers when that is done. */
  call(head: CallHead, args: unknown): void {
    if (this.#served.has(head.call)) {
      throw new ProcessError("two calls have one number");
    }
    this.#given.settle(head.call);
    const exported = this.#options.find(head.object);
    let method: ServedMethod;
    try {
      method = this.#methodOf(exported, head);
      if (!Array.isArray(args)) throw new TypeError("arguments are an array");
      if (this.#served.size >= this.#options.most) throw this.#tooMany();
    } catch (error) {
      return this.fail(head.call, error);
    }
    const controller = method.waits ? new AbortController() : null;
    const signal = controller?.signal;
    if (signal !== undefined) makeQuiet(signal);
    const { object, shared, remote } = exported!;
    const owner = this.#callers.get(head.owner);
    if (remote !== null || shared.service!.gone !== undefined) {
      this.#callers.calls(owner, exported!);
    }
    this.#served.set(head.call, { controller, isAbandoned: false });
    exported!.uses++;
    let result: unknown;
    let isLate: boolean;
    try {
      result = runFor(owner, () => method.call(object, args, signal));
      isLate = isThenable(result); // may run a getter
    } catch (error) {
      return this.#rejected(head, exported!, signal, error);
    }
    if (!isLate) return this.#done(head, exported!, owner, result);
    Promise.resolve(result).then(
      (value) => this.#done(head, exported!, owner, value),
      (error) => this.#rejected(head, exported!, signal, error),
    );
  }

  /** Does what is told; what it gives goes back. */
  tell(head: CallHead, args: unknown): void {
    const exported = this.#options.find(head.object);
    if (exported === undefined) return;
    const owner = this.#callers.get(head.owner);
    this.#quietly(async () => {
      if (!Array.isArray(args)) throw new TypeError("arguments are an array");
      const { object, remote } = exported;
      if (remote !== null) {
        return runFor(owner, () => remote.tell(head.method, args));
      }
      const { waits, call } = methodOf(exported, head.method);
      if (waits) throw new ProcessError(`${head.method}() has to be called`);
      const result = await runFor(owner, () => call(object, args, undefined));
      this.#giveBack(head, exported, owner, result);
    });
  }

  /** The caller wants it no more. */
  cancel(call: number): void {
    // If it is unknown, the answer is on its way.
    this.#served.get(call)?.controller?.abort(
      new CancelledError("The caller has taken back this call"),
    );
  }

  /** The same, and it takes nothing of it any more. */
  abandon(call: number): void {
    const served = this.#served.get(call);
    if (served === undefined) return this.#given.abandon(call);
    served.isAbandoned = true;
    this.cancel(call);
  }

  /** The caller could not take what it was given. */
  takeBack(head: CallHead, result: unknown): void {
    this.#given.settle(head.call);
    const exported = this.#options.find(head.object);
    if (exported === undefined) return;
    this.#giveBack(head, exported, this.#callers.get(head.owner), result);
  }

  /** An owner will call no more. */
  forget(owner: number): void {
    this.#callers.forget(owner);
  }

  /** An owner has died. */
  die(number: number): void {
    for (const [exported, owner] of this.#callers.die(number)) {
      this.#leave(exported, owner);
    }
  }

  /** The other end uses an object no more. */
  leave(exported: Exported): void {
    this.#callers.leave(exported);
    exported.isLeft = true;
    this.#closeUnused(exported);
  }

  /** Answers that it could not be done. */
  fail(call: number, error: unknown): void {
    if (this.#ended) return;
    const { encodeBehind, check } = this.#options;
    const message = sendReadable(
      error,
      (error) => encodeBehind(ANSWER_HEAD, error, "error"),
      check,
    );
    this.#answer(message, Kind.ERROR, call);
  }

  /** The other end is gone: nobody wants anything any more. */
  end(): void {
    this.#ended = true;
    const reason = new CancelledError("The caller is gone");
    for (const { controller } of this.#served.values()) {
      controller?.abort(reason);
    }
    this.#given.end();
    for (const [exported, owner] of this.#callers.end()) {
      this.#leave(exported, owner);
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#served.size;
  }

  #methodOf(
    exported: Exported | undefined,
    { method: name }: CallHead,
  ): ServedMethod {
    if (exported === undefined) {
      throw new ShutDownError(
        `Cannot call ${name}() of an object that is no more`,
      );
    }
    return methodOf(exported, name);
  }

  #tooMany(): ProcessError {
    const { most } = this.#options;
    return new ProcessError(
      `Cannot make more than ${most} calls at a time over one connection: wait for some of them`,
    );
  }

  #done(
    head: CallHead,
    exported: Exported,
    owner: object,
    result: unknown,
  ): void {
    const { isAbandoned } = this.#served.get(head.call)!;
    this.#served.delete(head.call);
    if (this.#ended || isAbandoned) {
      this.#giveBack(head, exported, owner, result);
      this.#cancelled(head.call);
      return this.#release([exported]);
    }
    let message: Uint8Array<ArrayBuffer>;
    try {
      message = this.#options.encodeBehind(
        ANSWER_HEAD,
        result,
        "result",
        carries(exported) ? "given" : "own",
        (bytes) =>
          this.#options.post(writeNumbers(Kind.LONG, head.call, bytes)),
      );
    } catch (error) {
      this.#giveBack(head, exported, owner, result);
      this.fail(head.call, error);
      return this.#release([exported]);
    }
    if (!takes(exported, head.method)) {
      this.#answer(message, Kind.RESULT, head.call);
      return this.#release([exported]);
    }
    const sent = this.#options.sent();
    for (const one of sent) one.uses++;
    const giveBack = once(() => {
      for (const one of sent) {
        if (one.original === null) one.isGiven = false; // somebody here has it again
      }
      this.#giveBack(head, exported, owner, result);
    });
    this.#given.add(head.call, giveBack);
    const going = this.#answer(message, Kind.RESULT, head.call, giveBack);
    const gone = () => this.#release([exported, ...sent]);
    if (going instanceof Promise) going.then(gone, gone);
    else gone();
  }

  /** A call needs these no more. */
  #release(used: readonly Exported[]): void {
    for (const exported of used) {
      exported.uses--;
      this.#closeUnused(exported);
    }
  }

  /** Closes one that was there for the other end only, and is of no use any more. */
  #closeUnused({ isLeft, isGiven, uses, shared, object }: Exported): void {
    if (!isLeft || !isGiven || uses > 0) return;
    this.#quietly(() => shared.service!.left?.(object));
  }

  #answer(
    message: Uint8Array<ArrayBuffer>,
    kind: typeof Kind.RESULT | typeof Kind.ERROR,
    call: number,
    failed?: () => void,
  ): void | Promise<void> {
    writeAnswerHead(message, kind, call);
    return this.#options.post(message, failed);
  }

  #cancelled(call: number): void {
    if (!this.#ended) this.#options.post(writeNumbers(Kind.CANCELLED, call));
  }

  #rejected(
    { call }: CallHead,
    exported: Exported,
    signal: AbortSignal | undefined,
    error: unknown,
  ): void {
    this.#served.delete(call);
    if (signal?.aborted && error === signal.reason) this.#cancelled(call);
    else this.fail(call, error);
    this.#release([exported]);
  }

  #giveBack(
    { method }: CallHead,
    exported: Exported,
    owner: object,
    result: unknown,
  ): void {
    this.#quietly(() =>
      runFor(owner, () => giveBackTo(exported, method, result))
    );
  }

  #leave(exported: Exported, owner: object): void {
    this.#quietly(() => leaveBy(exported, owner));
  }

  /** Does what nobody waits for. */
  #quietly(fn: () => unknown): void {
    const { trouble } = this.#options;
    try {
      const result = fn();
      if (isThenable(result)) result.then(undefined, trouble);
    } catch (error) {
      trouble(error);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** Does it the first time only. */
function once(fn: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    fn();
  };
}
