/**
 * Messages between other text: how a child that has no permission at all
 * reports to its parent, on the standard error stream that it also prints on.
 *
 * ```text
 *   16 bytes   the key, known to the parent and this child only
 *    1 byte    1: the last frame of its message, 0: more follow
 *    2 bytes   how many bytes follow, big-endian
 *    …         that part of the message
 * ```
 *
 * A frame is one write of at most PIPE_BUF bytes, which the system never mixes
 * with those of others. So frames stand whole between the lines that the child
 * and its own subprocesses write, and whatever is no frame is their text.
 */

/** The length of a key in bytes. */
export const KEY_LENGTH = 16;
const HEADER_LENGTH = KEY_LENGTH + 3;
/** POSIX promises 512; Linux has 4096, macOS 512. A write up to this is atomic. */
const PIPE_BUF = Deno.build.os === "linux" ? 4096 : 512;
const MAX_BODY = PIPE_BUF - HEADER_LENGTH;

/** A key for one child: random, and beginning with what no text contains. */
export function newKey(): Uint8Array<ArrayBuffer> {
  const key = crypto.getRandomValues(new Uint8Array(KEY_LENGTH));
  key[0] = 0xFF; // is in no UTF-8, so that no line is held back to see more
  return key;
}

/** Writes one message as frames; `write` writes all of its bytes in one call. */
export function writeFrames(
  key: Uint8Array,
  message: Uint8Array,
  write: (frame: Uint8Array) => void,
): void {
  const frame = new Uint8Array(
    HEADER_LENGTH + Math.min(message.length, MAX_BODY),
  );
  frame.set(key);
  let start = 0;
  do {
    const part = message.subarray(start, start + MAX_BODY);
    start += part.length;
    frame[KEY_LENGTH] = start === message.length ? 1 : 0;
    frame[KEY_LENGTH + 1] = part.length >> 8;
    frame[KEY_LENGTH + 2] = part.length;
    frame.set(part, HEADER_LENGTH);
    write(frame.subarray(0, HEADER_LENGTH + part.length));
  } while (start < message.length);
}

/** Where a {@linkcode FrameReader} puts what it has read. */
export interface FrameSink {
  /** A whole message. */
  message(bytes: Uint8Array<ArrayBuffer>): void;
  /** A part of a message has come, and not its last one. */
  part?: (() => void) | undefined;
  /** Bytes that belong to no frame. */
  text(bytes: Uint8Array): void;
}

/** Tells frames from text in a stream of bytes, however it is cut into chunks. */
export class FrameReader {
  #key: Uint8Array;
  #sink: FrameSink;
  /** What may be the beginning of a frame. */
  #rest: Uint8Array = new Uint8Array();
  #parts: Uint8Array[] = [];

  constructor(key: Uint8Array, sink: FrameSink) {
    this.#key = key;
    this.#sink = sink;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let from = 0;
    while (from < bytes.length) {
      const start = this.#findKey(bytes, from);
      if (start > from) this.#sink.text(bytes.subarray(from, start));
      from = start;
      if (bytes.length - start < HEADER_LENGTH) break;
      const length = bytes[start + KEY_LENGTH + 1]! << 8 |
        bytes[start + KEY_LENGTH + 2]!;
      const end = start + HEADER_LENGTH + length;
      if (bytes.length < end) break;
      this.#parts.push(bytes.slice(start + HEADER_LENGTH, end));
      if (bytes[start + KEY_LENGTH] === 1) this.#finishMessage();
      else this.#sink.part?.();
      from = end;
    }
    this.#rest = bytes.slice(from);
  }

  /** The stream has ended: what looked like the beginning of a frame was text. */
  end(): void {
    if (this.#rest.length > 0) this.#sink.text(this.#rest);
    this.#rest = new Uint8Array();
  }

  #finishMessage(): void {
    const message = new Uint8Array(
      this.#parts.reduce((sum, part) => sum + part.length, 0),
    );
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#sink.message(message);
  }

  /** Where the key stands, or where its beginning stands at the end, or the end. */
  #findKey(bytes: Uint8Array, from: number): number {
    const key = this.#key;
    for (
      let at = bytes.indexOf(key[0]!, from);
      at !== -1;
      at = bytes.indexOf(key[0]!, at + 1)
    ) {
      const length = Math.min(KEY_LENGTH, bytes.length - at);
      let same = 1;
      while (same < length && bytes[at + same] === key[same]) same++;
      if (same === length) return at;
    }
    return bytes.length;
  }
}
