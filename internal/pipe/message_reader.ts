/** Takes messages out of a stream of bytes, for those who wait for them. */

import { EOFError, ProcessError, TimeoutError } from "../../errors.ts";
import { throwIfKilled } from "../context.ts";
import { breathe } from "../turn.ts";
import { TIMED_OUT, timeoutOf, type WaitOptions } from "../wait.ts";
import { WaitQueue } from "../wait_queue.ts";
import type { WaitSource } from "../waitable.ts";
import { Kind } from "./channel.ts";
import { BUFFER, HEADER, readLength } from "./framing.ts";
import { FAMILY_CODEC, type MessageCodec } from "./message_codec.ts";

/** Where the bytes come from. */
export interface ByteSource {
  /** Reads some bytes; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
}

/** What a reader is told at its beginning. */
export interface MessageReaderOptions {
  /** Who sends, for messages of errors. */
  readonly peer: string;
  /** The longest message that is taken. */
  readonly maxLength: number;
  /** By default that of the family. */
  readonly codec?: MessageCodec | undefined;
  /** Called when somebody begins to wait, and when nobody does any more. */
  waiting(somebody: boolean): void;
  /** Called when what comes is no message, and nothing can come any more. */
  failed(): void;
}

const EMPTY = new Uint8Array();

/**
 * Reads one message ahead, and no further: the rest stays with the sender. So
 * whether something is there can be asked without waiting, and that the other
 * end is gone is seen although nobody receives.
 *
 * The message at the head lies in `#bytes` from `#start` on, as far as `#end` it
 * has been read. `#bytes` is the buffer, or, for a message that does not fit in
 * there, memory of just its length, without the header.
 */
export class MessageReader implements WaitSource {
  #source: ByteSource;
  #options: MessageReaderOptions;

  #buffer = new Uint8Array(BUFFER);
  #bytes = this.#buffer;
  #start = 0;
  #end = 0;
  /** The kind of the message at the head; 0: its header has not been read yet. */
  #kind = 0;
  #length = 0;

  /** Why nothing more comes. */
  #over: (() => Error) | null = null;
  #isReading = false;
  /** Whether a message is being decoded: the buffer must stay as it is. */
  #isDecoding = false;
  #isAwaited = false;

  #receivers = new WaitQueue<unknown, Kind>(() => this.#count());
  #pollers = new WaitQueue<void>(() => this.#count());

  /** Begins to read. */
  constructor(source: ByteSource, options: MessageReaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#readAhead();
  }

  /** Whether nothing more comes behind what is there already. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** Gives the next message, which must be of this kind. */
  receive(kind: Kind, options: WaitOptions): Promise<unknown> {
    const timeout = timeoutOf(options);
    throwIfKilled();
    options.signal?.throwIfAborted();
    if (this.#receivers.size === 0) {
      if (this.#isComplete) return Promise.resolve(this.#takeAtOnce(kind));
      if (this.#over) throw this.#over();
    }
    return this.#receivers.wait(kind, options, (waiting) => {
      const { peer } = this.#options;
      waiting.reject(
        new TimeoutError(`Nothing came from ${peer} within ${timeout} ms`),
      );
    });
  }

  #takeAtOnce(kind: Kind): unknown {
    try {
      return this.#take(kind);
    } finally {
      this.#readHeader();
      this.#serve(); // somebody may have asked within the decoding
      this.#readAhead();
    }
  }

  /** Waits until a message is there, or the end. */
  async poll(options: WaitOptions): Promise<boolean> {
    timeoutOf(options);
    throwIfKilled();
    options.signal?.throwIfAborted();
    if (this.ready()) {
      await breathe();
      return true;
    }
    return await this.#pollers.wait(undefined, options) !== TIMED_OUT;
  }

  ready(): boolean {
    return this.#isComplete || this.#over !== null;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    if (!this.ready()) await this.#pollers.wait(undefined, { signal });
  }

  /** Nothing more is wanted; those who wait are told why. */
  close(reason: () => Error): void {
    this.#bytes = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#kind = 0;
    this.#finish(reason);
  }

  get #isComplete(): boolean {
    return this.#kind !== 0 && this.#end - this.#start >= this.#length;
  }

  #finish(reason: () => Error): void {
    this.#over = reason;
    this.#serve();
  }

  async #readAhead(): Promise<void> {
    if (this.#isReading || this.#isDecoding) return;
    this.#isReading = true;
    try {
      while (!this.#over && !this.#isComplete) {
        const count = await this.#source.read(this.#room());
        if (this.#over) return;
        if (count === null) return this.#finish(this.#endOfStream());
        this.#end += count;
        this.#readHeader();
        this.#serve();
      }
    } catch (cause) {
      if (!this.#over) this.#finish(this.#endOfStream(cause));
    } finally {
      this.#isReading = false;
    }
  }

  /** Where the next bytes go. */
  #room(): Uint8Array {
    if (this.#bytes === this.#buffer) {
      if (this.#start === this.#end) this.#start = this.#end = 0;
      else if (this.#start > BUFFER / 2) {
        this.#buffer.copyWithin(0, this.#start, this.#end);
        this.#end -= this.#start;
        this.#start = 0;
      }
    }
    return this.#bytes.subarray(this.#end);
  }

  /** Reads the header of the message at the head, as soon as it is there. */
  #readHeader(): void {
    if (this.#kind !== 0 || this.#end - this.#start < HEADER) return;
    const { peer, maxLength } = this.#options;
    const kind = this.#bytes[this.#start]!;
    const length = readLength(this.#bytes, this.#start);
    if (kind !== Kind.OBJECT && kind !== Kind.BYTES) {
      return this.#fail(`what came from ${peer} is no message`);
    }
    if (length > maxLength) {
      return this.#fail(
        `a message of ${length} bytes came from ${peer}, and "maxMessageSize" is ${maxLength}`,
      );
    }
    this.#start += HEADER;
    try {
      if (this.#start + length > BUFFER) this.#makeRoom(length);
    } catch {
      return this.#fail(`there is no memory for ${length} bytes from ${peer}`);
    }
    this.#kind = kind;
    this.#length = length;
  }

  /** Makes room for a message that does not fit where its beginning is. */
  #makeRoom(length: number): void {
    const begun = this.#buffer.subarray(this.#start, this.#end);
    if (length <= BUFFER) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      this.#bytes = new Uint8Array(length);
      this.#bytes.set(begun);
    }
    this.#start = 0;
    this.#end = begun.length;
  }

  /** Gives messages to those who wait for them, and tells them of the end. */
  #serve(): void {
    while (this.#isComplete) {
      const receiver = this.#receivers.first;
      if (!receiver) break;
      try {
        receiver.resolve(this.#take(receiver.wish));
      } catch (error) {
        receiver.reject(error);
      }
      this.#readHeader(); // of the next one, which may be none
    }
    if (this.#over && !this.#isComplete) this.#receivers.rejectAll(this.#over);
    if (this.ready()) this.#pollers.resolveAll();
  }

  /** Takes the message at the head; one of another kind stays. */
  #take(kind: Kind): unknown {
    if (kind !== this.#kind) {
      throw new TypeError(
        kind === Kind.OBJECT
          ? "Cannot receive a value as the next message is bytes: use recvBytes()"
          : "Cannot receive bytes as the next message is a value: use recv()",
      );
    }
    const bytes = this.#bytes;
    const start = this.#start;
    const end = start + this.#length;
    this.#kind = 0;
    if (bytes === this.#buffer) this.#start = end;
    else {
      this.#bytes = this.#buffer;
      this.#start = this.#end = 0;
    }
    this.#isDecoding = true;
    try {
      if (kind === Kind.OBJECT) {
        return (this.#options.codec ?? FAMILY_CODEC).decode(bytes, start, end);
      }
      return bytes === this.#buffer ? bytes.slice(start, end) : bytes;
    } finally {
      this.#isDecoding = false;
    }
  }

  /** What came is no message, so what follows cannot be understood, either. */
  #fail(what: string): void {
    const reason = () => new ProcessError(`Cannot receive any more as ${what}`);
    this.#finish(reason);
    this.#options.failed();
  }

  #endOfStream(cause?: unknown): () => Error {
    const { peer } = this.#options;
    const where = this.#kind !== 0 || this.#end > this.#start
      ? ", in the middle of a message"
      : "";
    return () =>
      new EOFError(
        `Cannot receive any more as ${peer} has closed the connection${where}`,
        { cause },
      );
  }

  #count(): void {
    const somebody = this.#receivers.size + this.#pollers.size > 0;
    if (somebody === this.#isAwaited) return;
    this.#isAwaited = somebody;
    this.#options.waiting(somebody);
  }
}
