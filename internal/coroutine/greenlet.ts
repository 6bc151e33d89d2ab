/** Coroutines as programs see them. */

import { ProcessError, TimeoutError } from "../../errors.ts";
import { checkFunction, checkMilliseconds } from "../check.ts";
import { currentCoroutine } from "../context.ts";
import { after, TIMED_OUT, waitFor, type WaitOptions } from "../wait.ts";
import { Core, EXITED, FAILED, NEW, RETURNED } from "./core.ts";
import { reportCallback } from "./failures.ts";
import { kill, type KillOptions } from "./kill.ts";
import { schedule } from "./schedule.ts";

/**
 * What a function gives as a coroutine: what a generator returns in the end, or
 * else its value or its promise's.
 */
export type Outcome<F> = F extends
  | Generator<unknown, infer R, never>
  | AsyncGenerator<unknown, infer R, never> ? R
  : Awaited<F>;

let make: <R>(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
) => Greenlet<R>;

/** The state of a greenlet; a `TypeError` for anything else. */
export let coreOf: (greenlet: Greenlet) => Core;

/**
 * A coroutine that {@linkcode spawn} has made. To await it is to {@linkcode get}
 * its result. (So what an async function returns is never a greenlet: return an
 * array or an object that has it.)
 *
 * @example A result, and an error
 * ```ts
 * import { sleep, spawn } from "@multi/processing/coroutine";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const six = spawn(async (n: number) => {
 *   await sleep(1);
 *   return 2 * n;
 * }, 3);
 * const fails = spawn(() => {
 *   throw new RangeError("too much");
 * });
 * assertEquals(await six, 6);
 * await assertRejects(() => fails.get(), RangeError, "too much");
 * ```
 *
 * Python: `gevent.Greenlet`.
 *
 * @typeParam R The type of its result.
 */
export class Greenlet<R = unknown> implements PromiseLike<R> {
  #core: Core;
  /** What `link` calls back, and what takes that back. */
  #links: Map<(greenlet: never) => unknown, () => void> | null = null;

  static {
    make = (fn, args) => new Greenlet(fn, args);
    coreOf = (greenlet) => {
      if (Object(greenlet) === greenlet && #core in greenlet) {
        return greenlet.#core;
      }
      throw new TypeError(
        `Cannot wait for coroutines as one is no Greenlet: current value is ${
          Deno.inspect(greenlet, { depth: 0 })
        }`,
      );
    };
  }

  private constructor(
    fn: (...args: never[]) => unknown,
    args: readonly unknown[],
  ) {
    this.#core = new Core(fn, args);
    this.#core.greenlet = this;
  }

  /** Its name, for messages; by default `Greenlet-1`, `Greenlet-2` … */
  get name(): string {
    return this.#core.name;
  }
  set name(name: string) {
    this.#core.name = name;
  }

  /** Whether it waits for its turn to begin, or has begun, and has not ended. */
  get started(): boolean {
    return this.#core.state !== NEW && !this.#core.isDone;
  }

  /** What it returned; `null` if it has not, or has failed. */
  get value(): R | null {
    const { state, outcome } = this.#core;
    return state === RETURNED ? outcome as R : null;
  }

  /**
   * What it has thrown, which counts as asked for: it will not be reported. The
   * `GreenletExit` if it was killed. `null` if it has not ended, or has returned.
   */
  get exception(): Error | null {
    const core = this.#core;
    if (core.state !== FAILED && core.state !== EXITED) return null;
    const outcome = core.takeError();
    if (outcome instanceof Error) return outcome;
    return new ProcessError(`${core.title} has thrown what is no error`, {
      cause: outcome,
    });
  }

  /** Whether it has ended, in whichever way. */
  ready(): boolean {
    return this.#core.isDone;
  }

  /** Whether it has ended by returning; not if it was killed. */
  successful(): boolean {
    return this.#core.state === RETURNED;
  }

  /**
   * Waits until it has ended; `false` if the time ran out before. Its error is
   * not thrown, and counts as not asked for: see {@linkcode exception}.
   *
   * Cancel safety: giving up leaves it running.
   *
   * @throws {ProcessError} If it would wait for itself.
   */
  async join(options?: WaitOptions): Promise<boolean> {
    const core = this.#core;
    core.refuseItself();
    core.hold();
    try {
      return await waitFor(core.ended, options) !== TIMED_OUT;
    } finally {
      core.release();
    }
  }

  /**
   * Its result, when it has ended; its error if it has failed.
   *
   * Cancel safety: giving up leaves it running.
   *
   * @throws {TimeoutError} If the time ran out before it had ended.
   * @throws {GreenletExit} If it was killed.
   * @throws {ProcessError} If it would wait for itself.
   */
  async get(options?: WaitOptions): Promise<R> {
    const core = this.#core;
    core.refuseItself();
    core.hold();
    try {
      if (await waitFor(core.ended, options) === TIMED_OUT) {
        throw new TimeoutError(
          `Cannot get the result of ${core.title} as it has not ended within ${options?.timeout} ms: it goes on`,
        );
      }
      if (core.state !== RETURNED) throw core.takeError();
      return core.outcome as R;
    } finally {
      core.release();
    }
  }

  /** {@linkcode get}, for `await`. */
  then<A = R, B = never>(
    onfulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(onfulfilled, onrejected);
  }

  /**
   * Ends it: one that has not begun never will; in a generator, `yield` throws
   * the exit; in an async function, a wait of this package's does, the one that
   * it is in or else its next one. (In an async generator, `yield promise` waits
   * as `await` does, and throws when that is over.) So its `finally` blocks run,
   * and may wait. Waits until it has ended; `false` if the time ran out before. Nothing is
   * done to one that has ended.
   *
   * One that kills itself, and waits for that, gets the exit there.
   *
   * Cancel safety: giving up leaves it killed.
   *
   * Python: `gevent.Greenlet.kill`. Here it is killed, and its end is not waited
   * for, where the promise is not awaited.
   */
  kill(options?: KillOptions): Promise<boolean> {
    return kill([this.#core], options, () => this.join(options));
  }

  /**
   * Calls back with this greenlet, once, when it has ended; soon if it has.
   *
   * Python: `gevent.Greenlet.link`.
   */
  link(callback: (greenlet: this) => unknown): void {
    checkFunction(callback, "link", "callback");
    if (!this.#links?.has(callback)) void this.#callBack(callback);
  }

  /** Takes back {@linkcode link}. */
  unlink(callback: (greenlet: this) => unknown): void {
    this.#links?.get(callback)?.();
    this.#links?.delete(callback);
  }

  /** Its name, and its function's: `<Greenlet(Greenlet-1 (work))>`. */
  toString(): string {
    return `<Greenlet(${this.#core.title})>`;
  }

  /** Shows it as what it is at this moment. */
  [Symbol.for("Deno.customInspect")](
    inspect: typeof Deno.inspect,
    options: Deno.InspectOptions,
  ): string {
    const { name, started } = this;
    const fn = this.#core.fn.name ? { fn: this.#core.fn.name } : {};
    const outcome = this.ready() ? { outcome: this.#core.outcome } : {};
    return `Greenlet ${inspect({ name, ...fn, started, ...outcome }, options)}`;
  }

  async #callBack(callback: (greenlet: this) => unknown) {
    const core = this.#core;
    const links = this.#links ??= new Map();
    // (In a promise of its own, of which nothing is left when it is taken back.)
    const { promise: ended, resolve } = Promise.withResolvers<Core>();
    links.set(callback, () => core.unlink(resolve));
    if (core.isDone) resolve(core);
    else core.link(resolve);
    await ended;
    if (!links.delete(callback)) return;
    try {
      await callback(this);
    } catch (error) {
      reportCallback(this.#core.title, error);
    }
  }
}

/**
 * Makes a coroutine of a function, async function, generator function or async
 * generator function. It starts when it gets its turn, not within this call.
 *
 * In a generator, `yield` lets the others run; `yield promise` waits for the
 * promise, and throws where that rejects. Values come from `await`, not from
 * `yield`: a plain generator that needs them is better an async one.
 *
 * An error that nobody asks for, by `get`, `await` or `exception`, is reported
 * on stderr, once, with the coroutine's name; the program goes on.
 *
 * @example Coroutines take turns
 * ```ts
 * import { joinall, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * function* count(name: string) {
 *   for (let i = 1; i <= 2; i++) {
 *     seen.push(name + i);
 *     yield;
 *   }
 *   return name;
 * }
 * const greenlets = await joinall([spawn(count, "a"), spawn(count, "b")]);
 * assertEquals(seen, ["a1", "b1", "a2", "b2"]);
 * assertEquals(greenlets.map((greenlet) => greenlet.value), ["a", "b"]);
 * ```
 *
 * Python: `gevent.spawn`.
 */
export function spawn<A extends unknown[], F>(
  fn: (...args: A) => F,
  ...args: NoInfer<A>
): Greenlet<Outcome<F>> {
  const greenlet = prepare<Outcome<F>>(fn, args);
  schedule(coreOf(greenlet));
  return greenlet;
}

/**
 * {@linkcode spawn}, after so many milliseconds; not if it is killed before.
 *
 * @example Later, or never
 * ```ts
 * import { spawnLater } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * let rang = false;
 * const alarm = spawnLater(60_000, () => {
 *   rang = true;
 * });
 * await alarm.kill();
 * assertEquals([alarm.ready(), rang], [true, false]);
 * ```
 *
 * Python: `gevent.spawn_later`.
 */
export function spawnLater<A extends unknown[], F>(
  ms: number,
  fn: (...args: A) => F,
  ...args: NoInfer<A>
): Greenlet<Outcome<F>> {
  checkMilliseconds(ms, "spawn a coroutine later", "ms", "Infinity: never");
  const greenlet = prepare<Outcome<F>>(fn, args);
  const core = coreOf(greenlet);
  const cancel = after(ms, () => {
    forget();
    schedule(core);
  });
  const forget = core.onKill(cancel);
  return greenlet;
}

/** A greenlet that nothing has scheduled yet. */
export function prepare<R>(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): Greenlet<R> {
  checkFunction(fn, "spawn a coroutine", "fn");
  return make(fn, args);
}

/**
 * The coroutine that runs this code, or that has called it and waits for it;
 * `null` outside of any.
 *
 * @example Within a coroutine, and outside
 * ```ts
 * import { getcurrent, spawn } from "@multi/processing/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = spawn(() => [getcurrent()]);
 * assertEquals(await greenlet, [greenlet]);
 * assertEquals(getcurrent(), null);
 * ```
 *
 * Python: `gevent.getcurrent`, which gives the main greenlet there.
 */
export function getcurrent(): Greenlet | null {
  return currentCoroutine()?.greenlet as Greenlet | undefined ?? null;
}
