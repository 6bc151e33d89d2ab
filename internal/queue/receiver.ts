/** How a thread receives from a pipe. */

import { EOFError, TimeoutError } from "../../errors.ts";
import { throwIfKilled } from "../context.ts";
import type { Line } from "../memory/waits.ts";
import { given } from "../pace.ts";
import type { Direction } from "../structure/pipe.ts";
import { BYTES, Seal } from "../structure/ring_words.ts";
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from "../wait.ts";
import type { WaitSource } from "../waitable.ts";
import { Inbox, NOTHING, NotLoaded, OTHER } from "./inbox.ts";

/** Who is at the other end, for messages. */
export const PEER = "the other end of the pipe";

/** What was taken, in a box, as it may be `undefined`. */
interface Taken {
  readonly value: unknown;
}

/** The receiving at an end. */
export class Receiver implements WaitSource {
  readonly core: object;
  readonly line: Line;
  readonly #incoming: Direction;
  readonly #inbox: Inbox;

  /**
   * @param core Is not collected while somebody waits.
   * @param taken Called when a message was taken.
   */
  constructor(
    core: object,
    incoming: Direction,
    line: Line,
    taken: () => void,
  ) {
    this.core = core;
    this.#incoming = incoming;
    this.line = line;
    this.#inbox = new Inbox(incoming.ring.gets, taken);
  }

  receiveObject(options: WaitOptions): Promise<unknown> {
    return this.#receive(this.#takeObject, options);
  }

  receiveBytes(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#receive(this.#takeBytes, options) as Promise<
      Uint8Array<ArrayBuffer>
    >;
  }

  /** Takes back a message that somebody elsewhere was given and did not take. */
  putBack(message: unknown, isBytes: boolean): void {
    this.#inbox.putBack([message], isBytes);
    this.line.lookNow();
  }

  receiveObjectSync(options: SyncWaitOptions): unknown {
    try {
      const taken = this.line.waitSync(this.#takeObject, options);
      if (taken === undefined) throw nothingCame(options);
      return taken.value;
    } catch (error) {
      throw error instanceof NotLoaded ? error.error : error;
    }
  }

  async poll(options: WaitOptions): Promise<boolean> {
    const ready = await this.line.wait(this.#look, options) ?? false;
    return await given(ready);
  }

  ready(): boolean {
    this.line.checkOpen();
    return this.#inbox.held > 0 || this.#incoming.filled.ready();
  }

  whenReady(signal: AbortSignal): Promise<unknown> {
    return this.line.wait(this.#look, { signal });
  }

  #receive(
    attempt: () => Taken | undefined,
    options: WaitOptions,
  ): Promise<unknown> {
    try {
      if (this.line.isEmpty) {
        timeoutOf(options);
        options.signal?.throwIfAborted();
        throwIfKilled();
        this.line.checkOpen();
        const taken = attempt();
        if (taken !== undefined) return given(taken.value);
      }
    } catch (error) {
      if (!(error instanceof NotLoaded)) return Promise.reject(error);
    }
    return this.#receiveLater(attempt, options);
  }

  async #receiveLater(
    attempt: () => Taken | undefined,
    options: WaitOptions,
  ): Promise<unknown> {
    for (;;) {
      try {
        const taken = await this.line.wait(attempt, options);
        if (taken === undefined) throw nothingCame(options);
        return await given(taken.value);
      } catch (error) {
        if (!(error instanceof NotLoaded)) throw error;
        await this.#inbox.load();
      }
    }
  }

  readonly #look = (): true | undefined => this.ready() || undefined;

  readonly #takeObject = (): Taken | undefined =>
    this.#take(() => this.#inbox.take(0), "bytes come next: use recvBytes()");

  readonly #takeBytes = (): Taken | undefined =>
    this.#take(
      () => this.#inbox.takeBytes(BYTES),
      "a value comes next: use recv()",
    );

  #take(take: () => unknown, instead: string): Taken | undefined {
    const { seal } = this.#incoming.ring; // before one looks
    const value = take();
    if (value === OTHER) {
      throw new TypeError(`Cannot receive this from ${PEER} as ${instead}`);
    }
    if (value !== NOTHING) return { value };
    if (seal !== Seal.OPEN) throw ended("receive from");
    return undefined;
  }
}

function nothingCame({ timeout }: SyncWaitOptions): TimeoutError {
  return new TimeoutError(`Nothing came from ${PEER} within ${timeout} ms`);
}

/** The error of an end whose other end is closed. */
export function ended(use: string): EOFError {
  return new EOFError(
    `Cannot ${use} ${PEER} as whoever had it has closed the connection, or has died`,
  );
}
