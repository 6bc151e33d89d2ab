import { Kind } from "../pipe/channel.ts";
import { BUFFER, HEADER, readLength } from "../pipe/framing.ts";
import { MessageWriter } from "../pipe/message_writer.ts";
import type { Opener, Socket } from "../pipe/stream_channel.ts";
import { after, unref } from "../wait.ts";
import type { Transport } from "./transport.ts";

/**
 * After so long without anything to send, nothing is sent: a message that is
 * empty. The system, whose own data it is, finds out if the other host is gone,
 * and cannot mistake for that a program which is busy.
 */
const HEARTBEAT_MS = 15_000;
/** How long a closed end goes on writing what was sent before. */
const LINGER_MS = 5000;
const EMPTY = new Uint8Array();

/** Makes one out of a socket. */
export const openTransport: Opener<SocketTransport> = (
  socket,
  peer,
  maxLength,
) => new SocketTransport(socket, peer, maxLength);

/**
 * Messages over a socket, which is the transport's from now on. It keeps the
 * program alive only while it is held.
 */
export class SocketTransport implements Transport {
  onclose: (() => void) | null = null;
  /** Who is at the other end, for messages. */
  readonly peer: string;
  moved = 0;

  #receiver: ((message: Uint8Array) => void) | null = null;
  #socket: Socket;
  #writer: MessageWriter;
  #maxLength: number;
  #heartbeat: ReturnType<typeof setInterval>;
  #isQuiet = true;
  #closed = false;

  constructor(socket: Socket, peer: string, maxLength: number) {
    this.#socket = socket;
    this.peer = peer;
    this.#maxLength = maxLength;
    socket.unref();
    this.#writer = new MessageWriter(socket, {
      peer,
      maxLength,
      failed: () => this.#end(),
      partly: () => void this.moved++,
    });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    unref(this.#heartbeat);
  }

  get onmessage(): ((message: Uint8Array) => void) | null {
    return this.#receiver;
  }

  /** Nothing is read before. */
  set onmessage(receiver: ((message: Uint8Array) => void) | null) {
    const isFirst = this.#receiver === null;
    this.#receiver = receiver;
    if (isFirst) this.#read();
  }

  /** Whether the program goes on as long as the other end does. */
  hold(yes: boolean): void {
    if (this.#closed) return;
    if (yes) this.#socket.ref();
    else this.#socket.unref();
  }

  send(message: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#isQuiet = false;
    return this.#writer.sendBytes(message);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    if (this.#writer.isIdle) return this.#closeSocket();
    const cancel = after(LINGER_MS, () => this.#closeSocket(), false);
    this.#writer.flush().then(() => {
      cancel();
      this.#closeSocket();
    });
  }

  #beat(): void {
    if (this.#isQuiet) this.send(EMPTY).catch(() => this.#end());
    this.#isQuiet = true;
  }

  /** The stream has ended, or what came is no message. */
  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#closeSocket();
    this.onclose?.();
  }

  #closeSocket(): void {
    this.#writer.fail(() => new Error("closed"));
    try {
      this.#socket.close();
    } catch {
      // It was closed before, when the stream broke.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(BUFFER);
    let end = 0;
    try {
      for (;;) {
        const count = await this.#socket.read(buffer.subarray(end));
        if (count === null || this.#closed) break;
        end += count;
        let start = 0;
        while (end - start >= HEADER) {
          const length = readLength(buffer, start);
          if (buffer[start] !== Kind.BYTES || length > this.#maxLength) {
            return this.#end();
          }
          const from = start + HEADER;
          if (HEADER + length > buffer.length) {
            const message = await this.#readLong(
              length,
              buffer.subarray(from, end),
            );
            if (message === null || this.#closed) return this.#end();
            this.#receive(message);
            start = end;
          } else {
            if (from + length > end) break;
            this.#receive(buffer.subarray(from, from + length));
            start = from + length;
          }
          if (this.#closed) return;
        }
        buffer.copyWithin(0, start, end);
        end -= start;
      }
    } catch {
      // The other side has broken the connection, or this one has closed it.
    }
    this.#end();
  }

  /** A message that does not fit into the buffer; `null`: the stream has ended. */
  async #readLong(
    length: number,
    beginning: Uint8Array,
  ): Promise<Uint8Array | null> {
    // Its memory is taken as it comes: a length is quickly said.
    let message = new Uint8Array(Math.min(length, BUFFER * 16));
    message.set(beginning);
    for (let at = beginning.length; at < length;) {
      if (at === message.length) {
        const longer = new Uint8Array(Math.min(length, at * 2));
        longer.set(message);
        message = longer;
      }
      const count = await this.#socket.read(message.subarray(at));
      if (count === null) return null;
      at += count;
      this.moved++;
    }
    return message;
  }

  #receive(message: Uint8Array): void {
    if (message.length > 0) this.#receiver?.(message);
  }
}
