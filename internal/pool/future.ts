import { TimeoutError } from "../../errors.ts";
import { checkFunction, mustBe } from "../check.ts";
import type { WaitOptions } from "../wait.ts";
import { callBack } from "./calls.ts";
import { cancellation, isCancellation } from "./cancellation.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Eventual } from "./eventual.ts";
import type { Task } from "./task.ts";

/** What stands behind futures. */
const eventuals = new WeakMap<object, Eventual>();

/** What stands behind a future; a `TypeError` for anything else. */
export function eventualOf(future: Future<unknown>): Eventual {
  const eventual = eventuals.get(future);
  if (eventual !== undefined) return eventual;
  throw mustBe("wait", "futures", "futures of executors", future);
}

/**
 * What a call will have given that an executor was told to make.
 *
 * @example Asking, and taking back
 * ```ts
 * import { ThreadPoolExecutor } from "@multi/processing/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(1);
 * const future = executor.submit((a: number, b: number) => a ** b, 2, 10);
 * assertEquals(await future.result(), 1024);
 * assertEquals([future.done(), future.cancel()], [true, false]);
 * ```
 *
 * Python: `concurrent.futures.Future`.
 *
 * @typeParam R What it gives.
 */
export class Future<R> implements PromiseLike<R> {
  readonly #eventual: Eventual;
  readonly #dispatcher: Dispatcher;
  readonly #task: Task | null;

  /** @ignore Made by an executor only. */
  constructor(eventual: Eventual, dispatcher: Dispatcher, task: Task | null) {
    this.#eventual = eventual;
    this.#dispatcher = dispatcher;
    this.#task = task;
    eventuals.set(this, eventual);
  }

  /**
   * What the call has returned.
   *
   * Cancel safety: giving up leaves the call as it is; one may ask again.
   *
   * @throws What the call has thrown.
   * @throws {CancelledError} If it was taken back.
   * @throws {TimeoutError} If time ran out.
   *
   * Python: `concurrent.futures.Future.result`.
   */
  async result(options: WaitOptions = {}): Promise<R> {
    await this.#wait(options);
    return this.#eventual.take() as R;
  }

  /**
   * What the call has thrown; `null`, if it has returned.
   *
   * Cancel safety: giving up leaves the call as it is; one may ask again.
   *
   * @throws {CancelledError} If it was taken back.
   * @throws {TimeoutError} If time ran out.
   *
   * Python: `concurrent.futures.Future.exception`.
   */
  async exception(options: WaitOptions = {}): Promise<unknown> {
    await this.#wait(options);
    const { ok, value } = this.#eventual.outcome!;
    if (this.cancelled()) throw value;
    return ok ? null : value;
  }

  /**
   * Takes the call back, if no worker has begun it; whether it is taken back.
   *
   * Python: `concurrent.futures.Future.cancel`.
   */
  cancel(): boolean {
    const task = this.#task;
    if (task !== null && this.#eventual.outcome === null) {
      this.#dispatcher.cancel(
        task,
        cancellation(`Task ${task.id} (${task.fn.name}) was cancelled`),
      );
    }
    return this.cancelled();
  }

  /**
   * Whether it was taken back.
   *
   * Python: `concurrent.futures.Future.cancelled`.
   */
  cancelled(): boolean {
    const { outcome } = this.#eventual;
    return outcome !== null && !outcome.ok && isCancellation(outcome.value);
  }

  /**
   * Whether a worker has begun it, and not ended, as far as is known here.
   *
   * Python: `concurrent.futures.Future.running`.
   */
  running(): boolean {
    return this.#task !== null && this.#dispatcher.hasBegun(this.#task);
  }

  /**
   * Whether it has ended, or was taken back.
   *
   * Python: `concurrent.futures.Future.done`.
   */
  done(): boolean {
    return this.#eventual.outcome !== null;
  }

  /**
   * Calls back, with this, when it has ended; soon, if it has already. Those that
   * are added first are called first; what one throws, or rejects with, is printed,
   * and the others are called all the same.
   *
   * Python: `concurrent.futures.Future.add_done_callback`.
   */
  addDoneCallback(callback: (future: Future<R>) => unknown): void {
    checkFunction(callback, "call back", "callback");
    this.#eventual.whenSettled(() =>
      callBack(callback, this, "a callback of a future")
    );
  }

  /** Calls back with what {@linkcode Future.result} gives: it can be awaited. */
  then<T = R, E = never>(
    fulfilled?: ((value: R) => T | PromiseLike<T>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return (this.#eventual.value() as Promise<R>).then(fulfilled, rejected);
  }

  async #wait(options: WaitOptions): Promise<void> {
    if (await this.#eventual.wait(options)) return;
    throw new TimeoutError(
      `The future was not done within ${options.timeout} ms; it goes on`,
    );
  }
}
