/** A channel over a socket. */

import { EOFError, ShutDownError } from "../../errors.ts";
import { after, type WaitOptions } from "../wait.ts";
import type { WaitSource } from "../waitable.ts";
import { type Channel, Kind } from "./channel.ts";
import { MessageReader } from "./message_reader.ts";
import type { MessageCodec } from "./message_codec.ts";
import { MessageWriter } from "./message_writer.ts";

/** How long a closed end goes on writing what was sent before. */
const LINGER_MS = 5000;

/** What a channel needs of a socket: a `Deno.Conn` has it. */
export interface Socket {
  /** Reads some bytes; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes; gives how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes both directions. */
  close(): void;
  /** Lets a pending read keep the program alive. */
  ref(): void;
  /** Lets the program end although a read is pending. */
  unref(): void;
}

/**
 * Makes a connection out of a socket at whose other end is `peer`, who may look at
 * the memory of this family, too.
 */
export type Opener<C> = (
  socket: Socket,
  peer: string,
  maxLength: number,
  isFamily: boolean,
) => C;

/**
 * Messages over a socket, which is the channel's from now on. It keeps the
 * program alive only while somebody waits to receive, and until what was sent is
 * written.
 */
export class StreamChannel implements Channel {
  readonly peer: string;
  readonly readable = true;
  readonly writable = true;

  #socket: Socket;
  #reader: MessageReader;
  #writer: MessageWriter;
  #closed = false;

  /**
   * @param peer Who is at the other end, for messages of errors.
   * @param maxLength The longest message that may come or go.
   */
  constructor(
    socket: Socket,
    peer: string,
    maxLength: number,
    codec?: MessageCodec,
  ) {
    this.#socket = socket;
    this.peer = peer;
    socket.unref();
    const failed = () => this.#closeSocket();
    this.#writer = new MessageWriter(socket, {
      peer,
      maxLength,
      failed,
      codec,
    });
    this.#reader = new MessageReader(socket, {
      peer,
      maxLength,
      failed,
      codec,
      waiting: (somebody) => somebody ? socket.ref() : socket.unref(),
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get source(): WaitSource {
    this.#checkOpen("wait for");
    return this.#reader;
  }

  sendObject(value: unknown): Promise<void> {
    this.#checkSending();
    return this.#writer.sendObject(value);
  }

  sendBytes(bytes: Uint8Array): Promise<void> {
    this.#checkSending();
    return this.#writer.sendBytes(bytes);
  }

  receiveObject(options: WaitOptions): Promise<unknown> {
    this.#checkOpen("receive from");
    return this.#reader.receive(Kind.OBJECT, options);
  }

  receiveBytes(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkOpen("receive from");
    const received = this.#reader.receive(Kind.BYTES, options);
    return received as Promise<Uint8Array<ArrayBuffer>>;
  }

  poll(options: WaitOptions): Promise<boolean> {
    this.#checkOpen("poll");
    return this.#reader.poll(options);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close(() => this.#shutDown("receive from"));
    if (this.#writer.isIdle) return this.#end();
    // Meanwhile what is being written keeps the program.
    const cancel = after(LINGER_MS, () => this.#end(), false);
    this.#writer.flush().then(() => {
      cancel();
      this.#end();
    });
  }

  #end(): void {
    this.#writer.fail(() => this.#shutDown("send to"));
    this.#closeSocket();
  }

  #closeSocket(): void {
    try {
      this.#socket.close();
    } catch {
      // It was closed before, when the stream broke.
    }
  }

  #shutDown(use: string): ShutDownError {
    return new ShutDownError(
      `Cannot ${use} the connection with ${this.peer} as it was closed on this side`,
    );
  }

  #checkOpen(use: string): void {
    if (this.#closed) throw this.#shutDown(use);
  }

  #checkSending(): void {
    this.#checkOpen("send to");
    // Sockets have both directions closed at once.
    if (this.#reader.isOver) {
      throw new EOFError(
        `Cannot send as the connection with ${this.peer} has ended`,
      );
    }
  }
}
