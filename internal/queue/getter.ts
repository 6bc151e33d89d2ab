/** How a thread gets from a queue. */

import { EmptyError, ShutDownError } from "../../errors.ts";
import { checkInteger } from "../check.ts";
import { throwIfKilled } from "../context.ts";
import type { Line } from "../memory/waits.ts";
import { given } from "../pace.ts";
import type { Ring } from "../structure/ring.ts";
import { Seal } from "../structure/ring_words.ts";
import type { SyncWaitOptions, WaitOptions } from "../wait.ts";
import { Inbox, NOTHING, NotLoaded } from "./inbox.ts";

const ANY = -1;

/** The getting thread. */
export class Getter {
  readonly core: object;
  readonly line: Line;
  readonly inbox: Inbox;
  readonly #ring: Ring;

  /**
   * @param core Is not collected while somebody waits.
   * @param taken Called when so many were taken.
   */
  constructor(
    core: object,
    ring: Ring,
    line: Line,
    taken: (count: number) => void,
  ) {
    this.core = core;
    this.line = line;
    this.inbox = new Inbox(ring.gets, taken);
    this.#ring = ring;
  }

  get(options?: WaitOptions): Promise<unknown> {
    try {
      if (options === undefined && this.line.isEmpty) {
        throwIfKilled();
        const item = this.#takeNow();
        if (item !== NOTHING) return given(item);
      }
    } catch (error) {
      if (!(error instanceof NotLoaded)) return Promise.reject(error);
    }
    return this.#getLater(options);
  }

  getSync(options: SyncWaitOptions = {}): unknown {
    try {
      const taken = this.line.waitSync(this.#attempt, options);
      if (taken === undefined) throw stayedEmpty(options);
      return taken.item;
    } catch (error) {
      throw error instanceof NotLoaded ? error.error : error;
    }
  }

  async getMany(max: number, options: WaitOptions = {}): Promise<unknown[]> {
    checkInteger(max, "get so many items", "max", 1);
    const items = await this.#wait(() => this.#attemptMany(max), options);
    if (items === undefined) throw stayedEmpty(options);
    return await given(items);
  }

  async #getLater(options: WaitOptions | undefined): Promise<unknown> {
    const taken = await this.#wait(this.#attempt, options);
    if (taken === undefined) throw stayedEmpty(options!);
    return await given(taken.item);
  }

  async #wait<R>(
    attempt: () => R | undefined,
    options: WaitOptions | undefined,
  ): Promise<R | undefined> {
    for (;;) {
      try {
        return await this.line.wait(attempt, options);
      } catch (error) {
        if (!(error instanceof NotLoaded)) throw error;
        await this.inbox.load();
      }
    }
  }

  readonly #attempt = (): { item: unknown } | undefined => {
    const { seal } = this.#ring; // before one looks: there may be a last item
    const item = this.#takeNow();
    if (item !== NOTHING) return { item };
    if (seal !== Seal.OPEN) throw cannotGet();
    return undefined;
  };

  #attemptMany(max: number): unknown[] | undefined {
    const { seal } = this.#ring;
    if (seal === Seal.BOTH && this.inbox.held === 0) throw cannotGet();
    const items = this.inbox.takeMany(max);
    if (items.length > 0) return items;
    if (seal !== Seal.OPEN) throw cannotGet();
    return undefined;
  }

  #takeNow(): unknown {
    if (this.#ring.seal === Seal.BOTH && this.inbox.held === 0) {
      throw cannotGet();
    }
    return this.inbox.take(ANY);
  }
}

function stayedEmpty({ timeout }: SyncWaitOptions): EmptyError {
  return new EmptyError(
    timeout === 0
      ? "Cannot get from the queue as it is empty"
      : `Cannot get from the queue as it has been empty for ${timeout} ms`,
  );
}

function cannotGet(): ShutDownError {
  return new ShutDownError(
    "Cannot get from the queue as it has been shut down, and is empty",
  );
}
