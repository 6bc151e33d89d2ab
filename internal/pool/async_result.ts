import { ProcessError, TimeoutError } from "../../errors.ts";
import type { WaitOptions } from "../wait.ts";
import type { Eventual } from "./eventual.ts";

/**
 * What comes of a call that was given to a pool: a promise that one can ask.
 *
 * @example Asking
 * ```ts
 * import { ThreadPool } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new ThreadPool(1);
 * const result = pool.applyAsync((a: number, b: number) => a * b, [6, 7]);
 * assertEquals(await result.get({ timeout: 10_000 }), 42);
 * assertEquals([result.ready(), result.successful()], [true, true]);
 * assertEquals(await result, 42);
 * ```
 *
 * Python: `multiprocessing.pool.AsyncResult`.
 *
 * @typeParam R What it gives.
 */
export class AsyncResult<R> implements PromiseLike<R> {
  readonly #eventual: Eventual;

  /** @ignore Made by a pool only. */
  constructor(eventual: Eventual) {
    this.#eventual = eventual;
  }

  /**
   * What the call has returned.
   *
   * Cancel safety: giving up leaves the task as it is; it goes on, and one may
   * ask again.
   *
   * @throws What the call has thrown.
   * @throws {TimeoutError} If time ran out.
   *
   * Python: `multiprocessing.pool.AsyncResult.get`.
   */
  async get(options: WaitOptions = {}): Promise<R> {
    if (!await this.#eventual.wait(options)) {
      throw new TimeoutError(
        `The task gave no result within ${options.timeout} ms; it goes on`,
      );
    }
    return this.#eventual.take() as R;
  }

  /**
   * Waits until the call has ended, however; `false`: time ran out first.
   *
   * Cancel safety: giving up changes nothing.
   *
   * Python: `multiprocessing.pool.AsyncResult.wait`.
   */
  wait(options: WaitOptions = {}): Promise<boolean> {
    return this.#eventual.wait(options);
  }

  /**
   * Whether the call has ended, as far as is known here.
   *
   * Python: `multiprocessing.pool.AsyncResult.ready`.
   */
  ready(): boolean {
    return this.#eventual.outcome !== null;
  }

  /**
   * Whether it has ended without an error.
   *
   * @throws {ProcessError} If it has not ended.
   *
   * Python: `multiprocessing.pool.AsyncResult.successful`.
   */
  successful(): boolean {
    const { outcome } = this.#eventual;
    if (outcome === null) {
      throw new ProcessError(
        "Cannot say whether the task was successful as it has not ended: await it first",
      );
    }
    return outcome.ok;
  }

  /** Calls back with what {@linkcode AsyncResult.get} gives: it can be awaited. */
  then<T = R, E = never>(
    fulfilled?: ((value: R) => T | PromiseLike<T>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return (this.#eventual.value() as Promise<R>).then(fulfilled, rejected);
  }
}
