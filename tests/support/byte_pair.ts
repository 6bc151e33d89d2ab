/** Two ends of a stream of bytes, in memory. */

/** One end. */
export interface ByteEnd {
  read(target: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  /** Nothing more is written at this end. */
  end(): void;
  /** What was written at this end so far. */
  readonly written: number[];
}

class OneWay {
  readonly written: number[] = [];
  #rest: number[] = [];
  #ended = false;
  #more = Promise.withResolvers<void>();

  write(bytes: Uint8Array, most: number): Promise<number> {
    const part = [...bytes.subarray(0, most)];
    this.written.push(...part);
    this.#rest.push(...part);
    this.#wake();
    return Promise.resolve(part.length);
  }

  async read(target: Uint8Array, most: number): Promise<number | null> {
    while (this.#rest.length === 0) {
      if (this.#ended) return null;
      await this.#more.promise;
    }
    const part = this.#rest.splice(0, Math.min(most, target.length));
    target.set(part);
    return part.length;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** Both ends; so many bytes at most are read or written at a time. */
export function bytePair(most = Infinity): [ByteEnd, ByteEnd] {
  const [there, back] = [new OneWay(), new OneWay()];
  const end = (out: OneWay, from: OneWay): ByteEnd => ({
    read: (target) => from.read(target, most),
    write: (bytes) => out.write(bytes, most),
    end: () => out.end(),
    written: out.written,
  });
  return [end(there, back), end(back, there)];
}

/** Reads exactly so many bytes. */
export async function readExactly(
  end: Pick<ByteEnd, "read">,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await end.read(bytes.subarray(at));
    if (count === null) throw new Error(`the end, after ${at} bytes`);
    at += count;
  }
  return bytes;
}
