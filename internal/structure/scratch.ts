/**
 * Memory of this thread's own in which messages are written before they are put,
 * and to which they are copied before they are read: users' code, which runs while
 * a message is encoded or decoded, must not run while a lock is held.
 */

const FIRST_BYTES = 2 ** 14;
/** Larger memory is not kept for the next message. */
const MAX_KEPT = 2 ** 21;

/** Memory as words and as bytes. */
export class Scratch {
  words: Int32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  /** How many bytes the content has that was written there last. */
  length = 0;

  constructor(bytes: number) {
    this.words = new Int32Array(bytes + 3 >>> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** Lets go of what is in it, if it has more than `most` bytes; it has `bytes` then. */
  shrink(most: number, bytes = most): void {
    if (this.bytes.length <= most) return;
    this.words = new Int32Array(bytes >>> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** Makes it as large as that at least; keeps the first `kept` bytes. */
  grow(bytes: number, kept = 0): void {
    if (bytes <= this.bytes.length) return;
    const size = Math.max(bytes, this.bytes.length * 2);
    const words = new Int32Array(size + 3 >>> 2);
    const all = new Uint8Array(words.buffer);
    if (kept > 0) all.set(this.bytes.subarray(0, kept));
    this.words = words;
    this.bytes = all;
  }
}

let kept: Scratch | null = null;

/** Some memory, to be given back. A message within another one has its own. */
export function takeScratch(): Scratch {
  const scratch = kept ?? new Scratch(FIRST_BYTES);
  kept = null;
  return scratch;
}

/** Gives it back. */
export function giveBack(scratch: Scratch): void {
  scratch.shrink(MAX_KEPT, FIRST_BYTES);
  kept = scratch;
}
