/** The writing end of a program's stdin. */

/** Writes to a program until it reads no more. */
export class InputPipe {
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #stream: WritableStream<string | Uint8Array> | null = null;
  /** How many chunks were given to `stream` and not taken from it yet. */
  #waiting = 0;
  #onTaken: () => void = () => {};
  #closed = false;

  constructor(stdin: WritableStream<Uint8Array>) {
    this.#writer = stdin.getWriter();
    // Who writes or closes learns of it.
    this.#writer.closed.catch(() => {});
  }

  /** For the user, who may write to it before `finish()`. */
  get stream(): WritableStream<string | Uint8Array> {
    return this.#stream ??= new WritableStream({
      write: async (chunk) => {
        try {
          await this.#writer.write(bytesOf(chunk));
        } finally {
          this.#waiting--;
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
  }

  /** Whether nothing can be written any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Writes the rest after all that the user has written, and closes. */
  async finish(input: string | Uint8Array | null): Promise<void> {
    try {
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
    this.#closed = true;
    await this.#writer.close();
  }

  /** Gives up what has not been written. */
  async abort(reason?: unknown): Promise<void> {
    this.#closed = true;
    await this.#writer.abort(reason);
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

function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}
