/** Puts messages into a stream of bytes, as fast as the other side takes them. */

import { EOFError } from "../../errors.ts";
import { Kind } from "./channel.ts";
import { BUFFER, HEADER, writeHeader } from "./framing.ts";
import { FAMILY_CODEC, type MessageCodec } from "./message_codec.ts";

/** Where the bytes go. */
export interface ByteSink {
  /** Writes some of the bytes; gives how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What a writer is told at its beginning. */
export interface MessageWriterOptions {
  /** Who receives, for messages of errors. */
  readonly peer: string;
  /** The longest message that is sent. */
  readonly maxLength: number;
  /** By default that of the family. */
  readonly codec?: MessageCodec | undefined;
  /** Called when a message could be sent in part only: nothing can follow. */
  failed(): void;
  /** Called when a part of what is to be written has gone. */
  partly?(): void;
}

/** Bytes that go in one piece: messages, or a part of one. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** How far it is filled. */
  end: number;
  readonly written: PromiseWithResolvers<void>;
  /** Whether its memory is a buffer of ours, to be used again. */
  readonly isBuffer: boolean;
}

/** Spare buffers that are kept for chunks to come. */
const SPARES = 2;

/**
 * Writes messages in the order in which they are sent. They are encoded straight
 * into the buffer that is written next; while one is being written, the messages
 * of the meantime fill another.
 */
export class MessageWriter {
  #sink: ByteSink;
  #codec: MessageCodec;
  #options: MessageWriterOptions;
  /** What is to be written; the first one is being written. */
  #chunks: Chunk[] = [];
  /** The last chunk, while more may be added to it. */
  #open: Chunk | null = null;
  #spares: Uint8Array[] = [];
  #isWriting = false;
  /** Whether a value is being encoded, which may send another one. */
  #isEncoding = false;
  #failure: (() => Error) | null = null;

  /** Makes a writer, which has nothing to write yet. */
  constructor(sink: ByteSink, options: MessageWriterOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#codec = options.codec ?? FAMILY_CODEC;
  }

  /** Whether everything was written. */
  get isIdle(): boolean {
    return this.#chunks.length === 0;
  }

  /** Sends a value, which is encoded before this returns. */
  sendObject(value: unknown): Promise<void> {
    if (this.#failure) throw this.#failure();
    const isOuter = !this.#isEncoding;
    this.#isEncoding = true;
    try {
      // One that is sent by another one's getter leaves that one's chunk alone.
      const open = isOuter ? this.#open : null;
      const { chunk, end } = this.#encode(value, open);
      const length = end - chunk.end - HEADER;
      this.#checkLength(length);
      writeHeader(chunk.bytes, chunk.end, Kind.OBJECT, length);
      chunk.end = end;
      if (chunk !== open) this.#chunks.push(chunk);
      this.#open = isOuter && chunk === this.#chunks.at(-1) ? chunk : null;
      return chunk.written.promise;
    } finally {
      if (isOuter) {
        this.#isEncoding = false;
        this.#write();
      }
    }
  }

  /** Sends bytes, which must stay as they are until this has settled. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure();
    const { length } = bytes;
    this.#checkLength(length);
    const isSmall = HEADER + length <= BUFFER;
    let chunk = this.#withRoom(isSmall ? HEADER + length : HEADER);
    writeHeader(chunk.bytes, chunk.end, Kind.BYTES, length);
    chunk.end += HEADER;
    if (isSmall) {
      chunk.bytes.set(bytes, chunk.end);
      chunk.end += length;
    } else {
      chunk = newChunk(bytes, length);
      this.#chunks.push(chunk);
      this.#open = null;
    }
    this.#write();
    return chunk.written.promise;
  }

  /** Resolves when everything was written, or could not be. */
  async flush(): Promise<void> {
    while (!this.isIdle) await this.#chunks.at(-1)!.written.promise.catch(noop);
  }

  /** Nothing more can be written, or need be. */
  fail(reason: () => Error): void {
    this.#failure ??= reason;
    this.#open = null;
    for (const { written } of this.#chunks.splice(0)) {
      written.promise.catch(noop); // of some parts nobody has it
      written.reject(reason());
    }
  }

  #checkLength(length: number): void {
    const { maxLength } = this.#options;
    if (length <= maxLength) return;
    throw new RangeError(
      `Cannot send a message of ${length} bytes as "maxMessageSize" is ${maxLength}: send it in parts, or set that higher on both sides`,
    );
  }

  /**
   * Encodes a value, behind what is in `open` if it fits, else at the beginning
   * of another chunk. Gives the chunk, and where the value ends.
   */
  #encode(value: unknown, open: Chunk | null): { chunk: Chunk; end: number } {
    let chunk = open ?? this.#newChunk();
    while (true) {
      const end = this.#codec.encode(value, chunk.bytes, chunk.end + HEADER);
      if (end <= chunk.bytes.length) return { chunk, end };
      // Again, should a getter give more each time.
      const size = end - chunk.end;
      chunk = size <= BUFFER
        ? this.#newChunk()
        : newChunk(new Uint8Array(size));
    }
  }

  /** A chunk that may be added to, with room for so many bytes. */
  #withRoom(length: number): Chunk {
    const open = this.#isEncoding ? null : this.#open;
    if (open && open.end + length <= open.bytes.length) return open;
    const chunk = this.#newChunk();
    this.#chunks.push(chunk);
    this.#open = this.#isEncoding ? null : chunk;
    return chunk;
  }

  #newChunk(): Chunk {
    const bytes = this.#spares.pop() ?? new Uint8Array(BUFFER);
    return newChunk(bytes, 0, true);
  }

  async #write(): Promise<void> {
    if (this.#isWriting || this.#isEncoding) return;
    this.#isWriting = true;
    try {
      for (let chunk; (chunk = this.#chunks[0]);) {
        if (chunk === this.#open) this.#open = null;
        for (let at = 0; at < chunk.end;) {
          const rest = chunk.bytes.subarray(at, chunk.end);
          if (rest.length === 0) throw new TypeError("the bytes have gone");
          at += await this.#sink.write(rest);
          if (this.#failure) return;
          if (at < chunk.end) this.#options.partly?.();
        }
        this.#chunks.shift();
        chunk.written.resolve();
        if (chunk.isBuffer && this.#spares.length < SPARES) {
          this.#spares.push(chunk.bytes);
        }
      }
    } catch (cause) {
      this.#stop(cause);
    } finally {
      this.#isWriting = false;
    }
  }

  #stop(cause: unknown): void {
    const { peer } = this.#options;
    if (!(cause instanceof TypeError)) {
      return this.fail(() =>
        new EOFError(`Cannot send as ${peer} has closed the connection`, {
          cause,
        })
      );
    }
    this.fail(() =>
      new EOFError(
        `Cannot send any more to ${peer} as bytes were taken away while they were being sent: leave them alone until sendBytes() has settled`,
        { cause },
      )
    );
    this.#options.failed();
  }
}

function newChunk(bytes: Uint8Array, end = 0, isBuffer = false): Chunk {
  return { bytes, end, isBuffer, written: Promise.withResolvers() };
}

function noop(): void {}
