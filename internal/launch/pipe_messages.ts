/** Messages on a child's stdin: each after its length, 4 bytes, big-endian. */

import { LENGTH_BYTES } from "../wire/read_message.ts";

/** A message after its length; or the first bytes of a longer one. */
export function withLength(
  message: Uint8Array,
  length = message.length,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTH_BYTES + message.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(message, LENGTH_BYTES);
  return bytes;
}

/** Puts messages together again, however they were cut into chunks. */
export class MessageJoiner {
  /** How many parts of messages have come that were not their last. */
  moved = 0;
  #receive: (message: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  /** How many bytes there are, and how many are needed to go on. */
  #length = 0;
  #needed = LENGTH_BYTES;

  /** @param receive Called with each message. */
  constructor(receive: (message: Uint8Array) => void) {
    this.#receive = receive;
  }

  /** Takes the next bytes. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return void this.moved++;
    const bytes = this.#join();
    let at = 0;
    for (;;) {
      this.#needed = LENGTH_BYTES;
      if (bytes.length - at >= LENGTH_BYTES) {
        const view = new DataView(bytes.buffer, bytes.byteOffset + at);
        this.#needed += view.getUint32(0);
      }
      const end = at + this.#needed;
      if (bytes.length - at < LENGTH_BYTES || end > bytes.length) break;
      this.#receive(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#length = bytes.length - at;
  }

  #join(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0]!;
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}
