/** Killing coroutines, and waiting for their end. */

import { mustBe } from "../check.ts";
import { currentCoroutine } from "../context.ts";
import { timeoutOf, type WaitOptions } from "../wait.ts";
import type { Core } from "./core.ts";
import { resumeByThrowing } from "./drive.ts";

/** How to kill a coroutine, and how long to wait for its end. */
export interface KillOptions extends WaitOptions {
  /** What is thrown in it; by default a `GreenletExit`. */
  exception?: Error | undefined;
}

/** Kills them, and then waits as `wait` does. */
export function kill(
  cores: Iterable<Core>,
  options: KillOptions = {},
  wait: () => Promise<boolean>,
): Promise<boolean> {
  const current = currentCoroutine();
  let itself: Core | null = null;
  try {
    if (typeof options === "function" || options instanceof Error) {
      const what = "an object, such as { exception: new RangeError() }";
      throw mustBe("kill", "options", what, options);
    }
    timeoutOf(options);
    for (const core of [...cores]) {
      if (core === current) itself = core;
      else core.kill(options.exception, resumeByThrowing);
    }
    itself?.kill(options.exception, resumeByThrowing);
  } catch (error) {
    return Promise.reject(error);
  }
  // One that kills itself gets the exit where it waits for that, or else at its
  // next wait. So the wait must not begin before somebody waits for it.
  return itself === null || itself.isDone ? wait() : new LazyPromise(wait);
}

/** A promise of what is only begun when somebody waits for it. */
class LazyPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #begin: () => Promise<T>;

  constructor(begin: () => Promise<T>) {
    super(() => {});
    this.#begin = begin;
  }

  override then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#begin().then(onfulfilled, onrejected);
  }
}
