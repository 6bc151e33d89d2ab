/** The writing end of a program's stdin. */

import { waitFor } from "../wait.ts";

/** How often is asked whether a pipe goes on that may end without a sign. */
const LOOK_MS = 20;

/** Writes to a program until it reads no more. */
export class InputPipe {
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #stream: WritableStream<string | Uint8Array> | null = null;
  /** The last one that the user has taken of `stream`. */
  #ownWriter: WritableStreamDefaultWriter<string | Uint8Array> | null = null;
  /** How many chunks were given to `stream` and not taken from it yet. */
  #waiting = 0;
  #onTaken: () => void = () => {};
  #closed = false;
  #onClosed = Promise.withResolvers<void>();

  constructor(stdin: WritableStream<Uint8Array>) {
    this.#writer = stdin.getWriter();
    // Who writes or closes learns of it.
    this.#writer.closed.catch(() => {});
  }

  /** For the user, who may write to it before `finish()`. */
  get stream(): WritableStream<string | Uint8Array> {
    return this.#stream ??= this.#makeStream();
  }

  #makeStream(): WritableStream<string | Uint8Array> {
    const stream = new WritableStream<string | Uint8Array>({
      write: async (chunk) => {
        try {
          await this.#writer.write(bytesOf(chunk));
          this.#waiting--;
        } catch (error) {
          this.#waiting = 0; // the others are never taken
          if (isBroken(error)) this.#setClosed();
          throw error;
        } finally {
          this.#onTaken();
        }
      },
      close: () => this.close(),
      abort: (reason) => this.abort(reason),
    }, {
      highWaterMark: 1,
      size: () => {
        this.#waiting++;
        return 1;
      },
    });
    const { getWriter } = stream;
    stream.getWriter = () => this.#ownWriter = getWriter.call(stream);
    return stream;
  }

  /** Whether nothing can be written any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a stream is piped into it: that has it locked by no writer seen here. */
  get isPiped(): boolean {
    return !this.#closed && this.#stream?.locked === true && !this.#isOwn();
  }

  #isOwn(): boolean {
    try {
      return this.#ownWriter?.desiredSize !== undefined;
    } catch {
      return false; // it was released
    }
  }

  /**
   * Writes the rest after all that the user has written, and closes. A stream that
   * is piped into it is waited for, until the program has `ended`.
   */
  async finish(
    input: string | Uint8Array | null,
    ended?: Promise<unknown>,
  ): Promise<void> {
    try {
      if (ended !== undefined) await this.#pipedIn(ended);
      await this.#allTaken();
      if (!this.#closed && input !== null && input.length > 0) {
        await this.#writer.write(bytesOf(input));
      }
      await this.close();
    } catch (error) {
      // A program need not read what it is given.
      if (!isBroken(error)) throw error;
    }
  }

  /** Closes it; the program reads its end. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#setClosed();
    try {
      await this.#writer.close();
    } catch (error) {
      // Where writing has failed before, the reason is what that has failed by.
      throw await this.#writer.closed.then(() => error, (first) => first);
    }
  }

  /** Gives up what has not been written. */
  async abort(reason?: unknown): Promise<void> {
    this.#setClosed();
    await this.#writer.abort(reason);
  }

  #setClosed(): void {
    this.#closed = true;
    this.#onClosed.resolve();
  }

  async #pipedIn(ended: Promise<unknown>): Promise<void> {
    let goesOn = true;
    const over = Promise.race([this.#onClosed.promise, ended])
      .catch(() => {})
      .then(() => goesOn = false);
    // Of a pipe that is not to close it one learns its end only by looking.
    while (goesOn && this.isPiped) await waitFor(over, { timeout: LOOK_MS });
  }

  async #allTaken(): Promise<void> {
    while (this.#waiting > 0) {
      await new Promise<void>((resolve) => this.#onTaken = resolve);
    }
  }
}

/** Whether an error says that nobody reads any more. */
export function isBroken(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

/** What is sent of a chunk. */
export function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return new TextEncoder().encode(chunk);
  throw new TypeError(
    `Cannot send input as it must be a string or a Uint8Array: current value is ${
      Deno.inspect(chunk, { depth: 0 })
    }`,
  );
}
