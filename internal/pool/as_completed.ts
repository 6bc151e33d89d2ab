import { TimeoutError } from "../../errors.ts";
import {
  callAll,
  type Callbacks,
  withCallback,
  withoutCallback,
} from "../callbacks.ts";
import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "../wait.ts";
import { Deque } from "./deque.ts";
import { eventualOf, type Future } from "./future.ts";
import { checkIterable } from "../check.ts";

/**
 * A future that is done, as {@linkcode asCompleted} gives it: to TypeScript it has
 * no `then`, because a `for await` loop would be taken to wait for its result.
 */
export type Completed<R> = Future<R> & {
  /** Not to be used: ask for `result()`. */
  readonly then: never;
};

/**
 * Gives futures one after the other as they are done, each once.
 *
 * Cancel safety: giving up leaves the futures as they are.
 *
 * @example The first result first
 * ```ts
 * import { asCompleted, ThreadPoolExecutor } from "@multi/processing/pool";
 * import { Event } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const event = new Event();
 * const late = (event: Event) => event.wait().then(() => "late");
 * const futures = [
 *   executor.submit(late, event),
 *   executor.submit((_: Event) => Promise.resolve("early"), event),
 * ];
 * const results: string[] = [];
 * for await (const future of asCompleted(futures)) {
 *   results.push(await future.result());
 *   await event.set();
 * }
 * assertEquals(results, ["early", "late"]);
 * ```
 *
 * @throws {TimeoutError} If time runs out before all are done.
 *
 * Python: `concurrent.futures.as_completed`.
 */
export function asCompleted<R, F extends Future<R> = Future<R>>(
  futures: Iterable<F>,
  options: WaitOptions = {},
): AsyncIterableIterator<F extends Future<infer T> ? Completed<T> : never> {
  checkIterable(futures, "wait", "futures");
  const done = new Completion(new Set<Future<unknown>>(futures), options);
  return done as unknown as ReturnType<typeof asCompleted<R, F>>;
}

/** No async generator: its `yield` would wait for the future's result. */
class Completion<R> implements AsyncIterableIterator<Future<R>> {
  readonly #count: number;
  readonly #signal: AbortSignal | undefined;
  readonly #timeout: number;
  readonly #end: number;
  readonly #done = new Deque<Future<R>>();
  /** What takes back the call of each that is not done. */
  readonly #calls = new Map<Future<R>, () => void>();
  #given = 0;
  /** What wakes those who wait: each looks again then. */
  #waiting: Callbacks<[]> = null;

  constructor(
    futures: ReadonlySet<Future<R>>,
    options: WaitOptions,
  ) {
    this.#count = futures.size;
    this.#timeout = timeoutOf(options);
    this.#signal = options.signal;
    this.#end = performance.now() + this.#timeout;
    for (const future of futures) {
      const eventual = eventualOf(future as Future<unknown>);
      const call = () => {
        this.#calls.delete(future);
        this.#done.push(future);
        callAll(this.#waiting);
      };
      this.#calls.set(future, () => eventual.forget(call));
      eventual.whenSettled(call);
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Future<R>, undefined>> {
    for (;;) {
      if (this.#given === this.#count) return { done: true, value: undefined };
      const future = this.#done.shift();
      if (future !== undefined) {
        this.#given++;
        return { done: false, value: future };
      }
      await this.#wait();
    }
  }

  return(): Promise<IteratorResult<Future<R>, undefined>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** It gives no more, as after the end of a generator. */
  #close(): void {
    this.#given = this.#count;
    for (const takeBack of this.#calls.values()) takeBack();
    this.#calls.clear();
    callAll(this.#waiting);
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = withCallback(this.#waiting, resolve);
    const timeout = Math.max(0, this.#end - performance.now());
    const options = { timeout, signal: this.#signal };
    const ended = await waitFor(promise, options).catch((error) => {
      this.#close();
      throw error;
    });
    this.#waiting = withoutCallback(this.#waiting, resolve);
    if (ended !== TIMED_OUT || this.#done.size > 0) return;
    const left = this.#count - this.#given;
    this.#close();
    throw new TimeoutError(
      `${left} (of ${this.#count}) futures are not done after ${this.#timeout} ms`,
    );
  }
}
