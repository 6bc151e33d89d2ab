/** What a coroutine is: its state, who waits for its end, how it is killed. */

import { GreenletExit, ProcessError } from "../../errors.ts";
import { mustBe } from "../check.ts";
import { type Context, type Coroutine, currentCoroutine } from "../context.ts";
import {
  callAll,
  type Callbacks,
  hasCallback,
  withCallback,
  withoutCallback,
} from "../callbacks.ts";
import { watchFailure } from "./failures.ts";
import { SETTLED } from "./turns.ts";

/** How far a coroutine is. */
export const NEW = 0;
/** It is to start when its turn comes. */
export const SCHEDULED = 1;
/** It has begun, and not ended. */
export const RUNNING = 2;
/** It has returned. */
export const RETURNED = 3;
/** It has thrown. */
export const FAILED = 4;
/** It has thrown the `GreenletExit` that it was killed by, or one of its own. */
export const EXITED = 5;

/** The generator that a coroutine runs, of either kind. */
export type Body =
  | Generator<unknown, unknown, void>
  | AsyncGenerator<unknown, unknown, void>;

/** By what coroutines were killed: which of them, with each. */
const exits = new WeakMap<Error, WeakSet<Core>>();

const NONE: readonly unknown[] = [];

let made = 0;

/**
 * A coroutine. It is its own context: who owns the locks that are taken in it,
 * unless a `withLock` runs, is itself.
 *
 * Everything is as lazy as can be, because there may be 100,000.
 */
export class Core implements Coroutine, Context {
  /** The `Greenlet` that stands for it. */
  greenlet!: object;
  /** What it calls. */
  readonly fn: (...args: never[]) => unknown;
  /** With what; none once it has. */
  args: readonly unknown[];
  state:
    | typeof NEW
    | typeof SCHEDULED
    | typeof RUNNING
    | typeof RETURNED
    | typeof FAILED
    | typeof EXITED = NEW;
  /** What it returned, or threw. */
  outcome: unknown = null;
  /** The generator, if it is one. */
  body: Body | null = null;
  /** Whether the generator is between being resumed and yielding. */
  inside = false;
  /** Which of its drivers is the one; 0 where it is the pump. */
  driver = 0;
  /** The kill that no wait has thrown yet. */
  pending: Error | null = null;
  /** How many wait for its end, who may ask for its error then. */
  held = 0;
  /** Whether somebody has got its error, or it has been reported. */
  told = false;

  /** Its name; as long as nobody has asked for it, its number. */
  #name: string | number = ++made;
  #locals: WeakMap<object, unknown> | null = null;
  #ended: PromiseWithResolvers<void> | null = null;
  #links: Callbacks<[Core]> = null;
  #stops: Callbacks<[Error]> = null;

  constructor(
    fn: (...args: never[]) => unknown,
    args: readonly unknown[],
  ) {
    this.fn = fn;
    this.args = args;
  }

  get owner(): this {
    return this;
  }

  get coroutine(): this {
    return this;
  }

  get name(): string {
    if (typeof this.#name === "number") this.#name = `Greenlet-${this.#name}`;
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }

  /** Its name, and its function's, for messages. */
  get title(): string {
    return this.fn.name ? `${this.name} (${this.fn.name})` : this.name;
  }

  /** Calls its function, once. */
  call(): unknown {
    const { fn, args } = this;
    this.args = NONE;
    return fn(...args as never[]);
  }

  get locals(): WeakMap<object, unknown> {
    return this.#locals ??= new WeakMap();
  }

  get isDone(): boolean {
    return this.state >= RETURNED;
  }

  /** Resolves when it has ended, in whichever way. */
  get ended(): Promise<void> {
    if (this.isDone) return SETTLED;
    return (this.#ended ??= Promise.withResolvers()).promise;
  }

  /** Keeps its error from being reported until {@linkcode release}. */
  hold(): void {
    this.held++;
  }

  release(): void {
    this.held--;
    if (this.state === FAILED) watchFailure(this);
  }

  /** Its error, if it has failed; that is then not reported. */
  takeError(): unknown {
    this.told = true;
    return this.outcome;
  }

  /** Refuses that it waits for itself, but to throw what it killed itself by. */
  refuseItself(): void {
    if (currentCoroutine() !== this || this.isDone) return;
    if (this.pending !== null) return;
    throw new ProcessError(
      `Cannot wait for ${this.title} in itself as it would never end: use link()`,
    );
  }

  /** Calls back at once when it ends; not if it has. `false`: it will already. */
  link(callback: (core: Core) => void): boolean {
    if (hasCallback(this.#links, callback)) return false;
    this.#links = withCallback(this.#links, callback);
    return true;
  }

  unlink(callback: (core: Core) => void): void {
    this.#links = withoutCallback(this.#links, callback);
  }

  finish(value: unknown): void {
    this.#end(RETURNED, value);
  }

  fail(error: unknown): void {
    // Another's exit, which came out of waiting for that one, is an error here.
    const exited = error instanceof GreenletExit &&
      (exits.get(error)?.has(this) ?? true);
    this.#end(exited ? EXITED : FAILED, error);
    if (!exited) watchFailure(this);
  }

  #end(state: typeof this.state, outcome: unknown): void {
    this.state = state;
    this.outcome = outcome;
    this.body = null;
    this.pending = null;
    this.args = NONE;
    this.#ended?.resolve();
    const links = this.#links;
    this.#links = null;
    callAll(links, this);
  }

  throwIfKilled(): void {
    const exit = this.pending;
    if (exit === null) return;
    this.pending = null;
    throw exit;
  }

  onKill(callback: (exit: Error) => void): () => void {
    this.#stops = withCallback(this.#stops, callback);
    return () => this.#stops = withoutCallback(this.#stops, callback);
  }

  keepKill(exit: Error): void {
    if (!this.isDone) this.pending ??= exit;
  }

  /**
   * Kills it: before it has begun, it never does; a generator that has yielded
   * is resumed by `resume`, which throws the exit in it; anything else throws it
   * out of the waits that it is in, or else out of its next one.
   */
  kill(
    exception: Error | undefined,
    resume: (core: Core, exit: Error) => void,
  ): void {
    if (exception !== undefined && !(exception instanceof Error)) {
      const what = "an Error, such as new RangeError()";
      throw mustBe("kill", "exception", what, exception);
    }
    if (this.isDone) return;
    const exit = exception ?? new GreenletExit(`${this.title} was killed`);
    const killed = exits.get(exit) ?? new WeakSet();
    exits.set(exit, killed.add(this));
    const stops = this.#stops;
    this.#stops = null;
    const stopped = callAll(stops, exit);
    if (this.state !== RUNNING) {
      this.fail(exit);
    } else if (this.body !== null && !this.inside && this.driver > 0) {
      resume(this, exit);
    } else if (!stopped || this.#isPlainGenerator()) {
      // The pump throws it in the next step. (A plain generator that kills
      // itself is in no wait: its helpers are.)
      this.pending = exit;
    }
  }

  #isPlainGenerator(): boolean {
    return this.body !== null && Symbol.iterator in this.body;
  }
}
