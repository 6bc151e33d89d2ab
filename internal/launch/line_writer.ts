/** Passes on what children write, by whole lines. */

import { plain } from "./last_words.ts";
import { type SyncWriter, writeAll } from "./write_all.ts";

/** After how long the beginning of a line is passed on without its end. */
const PARTIAL_LINE_MS = 50;
/** The longest beginning of a line that is held back. */
const LONGEST_HELD = 1 << 16;
const NEWLINE = 10;

/** Writes lines whole, so that those of several children do not mix. */
export class LineWriter {
  #held: Uint8Array[] = [];
  #heldLength = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tail = new Uint8Array();
  #tailLength: number;
  #out: SyncWriter;

  /** Whether it writes at all. */
  pass: boolean;

  /** Writes to `out`, and keeps the last `tailLength` bytes. */
  constructor(
    out: SyncWriter,
    tailLength: number,
    pass: boolean,
  ) {
    this.#out = out;
    this.#tailLength = tailLength;
    this.pass = pass;
  }

  /** Takes the next bytes. */
  write(bytes: Uint8Array): void {
    this.#keep(bytes);
    if (!this.pass) return;
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#hold(bytes.subarray(0, end));
      this.flush();
    }
    if (end < bytes.length) {
      this.#hold(bytes.slice(end));
      if (this.#heldLength > LONGEST_HELD) this.flush();
      else this.#timer ??= setTimeout(() => this.flush(), PARTIAL_LINE_MS);
    }
  }

  /** Writes what is held back. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const bytes of this.#held) writeAll(this.#out, bytes);
    this.#held = [];
    this.#heldLength = 0;
  }

  /** The end of what was written, without colours. */
  get lastWords(): string {
    return plain(new TextDecoder().decode(this.#tail)).trim();
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldLength += bytes.length;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#tailLength === 0) return;
    const joined = new Uint8Array(this.#tail.length + bytes.length);
    joined.set(this.#tail);
    joined.set(bytes, this.#tail.length);
    this.#tail = joined.slice(-this.#tailLength);
  }
}
