/** The reading end of a program's stdout or stderr. */

/** Bytes as the runtime gives them, and takes them anywhere. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** How bytes become text. */
export interface TextForm {
  readonly encoding: string;
  readonly errors: "strict" | "replace";
}

/** Keeps the program alive, and lets go of it: see `Child`. */
export interface Holder {
  hold(): void;
  release(): void;
}

/** Reads what a program writes, for the user or to the end. */
export class OutputPipe {
  #reader: ReadableStreamDefaultReader<Bytes>;
  /** Says of what it is when it cannot be decoded. */
  #name: string;
  /** `null`: bytes stay bytes. */
  #decoder: TextDecoder | null;
  #stream: ReadableStream<string | Bytes> | null = null;
  #collecting: Promise<void> | null = null;
  #chunks: (string | Bytes)[] = [];

  /** @throws {RangeError} If there is no such encoding. */
  constructor(
    output: ReadableStream<Bytes>,
    name: string,
    form: TextForm | null,
  ) {
    this.#decoder = form && decoderOf(form);
    this.#reader = output.getReader();
    this.#reader.closed.catch(() => {});
    this.#name = name;
  }

  /** For the user, who may read of it before `collect()`. */
  streamFor(holder: Holder): ReadableStream<string | Bytes> {
    return this.#stream ??= new ReadableStream({
      pull: async (controller) => {
        if (this.#collecting !== null) {
          throw new TypeError(
            `Cannot read ${this.#name} as communicate() reads it`,
          );
        }
        holder.hold();
        try {
          const chunk = await this.#next();
          if (chunk !== null) controller.enqueue(chunk);
          else controller.close();
        } finally {
          holder.release();
        }
      },
      cancel: () => this.cancel(),
    }, { highWaterMark: 0 });
  }

  /** Reads what is left, to the end; what cannot be decoded is an error then. */
  collect(): Promise<void> {
    return this.#collecting ??= this.#collect();
  }

  /** What has been collected until now. */
  get collected(): string | Bytes {
    if (this.#decoder !== null) return this.#chunks.join("");
    if (this.#chunks.length !== 1) {
      this.#chunks = [concat(this.#chunks as Bytes[])];
    }
    return this.#chunks[0]!;
  }

  /** Reads no more: the program's next write fails. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  async #collect(): Promise<void> {
    try {
      for (;;) {
        const chunk = await this.#next();
        if (chunk === null) return;
        this.#chunks.push(chunk);
      }
    } catch (error) {
      // It is read to its end all the same, or the program would wait.
      while (!(await this.#reader.read()).done);
      throw error;
    }
  }

  /** The next piece; `null` at the end. */
  async #next(): Promise<string | Bytes | null> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      const decoder = this.#decoder;
      if (decoder === null) return done ? null : value;
      const text = this.#decode(decoder, value);
      // Bytes may be the beginning of a character whose end comes later.
      if (text !== "") return text;
      if (done) return null;
    }
  }

  #decode(decoder: TextDecoder, bytes: Bytes | undefined): string {
    try {
      return bytes === undefined
        ? decoder.decode()
        : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new TypeError(
        `Cannot decode ${this.#name} as ${decoder.encoding}: read bytes, or set "errors" to "replace"`,
        { cause: error },
      );
    }
  }
}

/** The decoder of a form. */
export function decoderOf({ encoding, errors }: TextForm): TextDecoder {
  if (errors !== "strict" && errors !== "replace") {
    throw new TypeError(
      `Cannot decode text as "errors" must be "strict" or "replace": current value is ${
        Deno.inspect(errors)
      }`,
    );
  }
  // What the program wrote is given as it is: a mark at its beginning too.
  const options = { fatal: errors === "strict", ignoreBOM: true };
  try {
    return new TextDecoder(encoding, options);
  } catch (cause) {
    throw new RangeError(
      `Cannot decode text as there is no "encoding" ${
        Deno.inspect(encoding)
      }: use one of the web's, such as "utf-8", "latin1" or "utf-16le"`,
      { cause },
    );
  }
}

function concat(chunks: readonly Bytes[]): Bytes {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
