import { FLOAT64, TAG } from "./tags.ts";

const NOTHING = new Uint8Array();
const NO_FIELDS = {};

/**
 * The message that is being written.
 *
 * No store is checked: one behind the end of a typed array does nothing. So
 * `pos` is right where the message fits, and where it does not, it is behind the
 * end, by as much as is missing at most.
 */
export const out = {
  bytes: NOTHING as Uint8Array,
  pos: 0,
  /** How many objects are open. */
  depth: 0,
  /** Whether all plain objects inherit fields, as somebody has given them some. */
  isPolluted: false,
  /** The number of this message, of all that this thread has written. */
  message: 0,
  /** How many of its maps have a number as a shape. */
  shapes: 0,
  /** The address space that its resizable buffers will ask for. */
  reserved: 0,
  /** The way to what cannot be sent, last step first: collected by unwinding. */
  steps: [] as string[],
};
let messages = 0;

/** Begins to write a message, or to write it again. */
export function beginOutput(bytes: Uint8Array, pos: number): void {
  out.bytes = bytes;
  out.pos = pos;
  out.depth = 0;
  out.isPolluted = false;
  for (const _ in NO_FIELDS) out.isPolluted = true;
  out.message = ++messages;
  out.shapes = 0;
  out.reserved = 0;
  out.steps.length = 0;
}

/** Begins with a message inside of another one; the result restores that. */
export function setOutputAside(): () => void {
  const outer = { ...out };
  out.steps = [];
  return () => Object.assign(out, outer);
}

/** Lets go of the caller's memory. */
export function releaseOutput(): void {
  out.bytes = NOTHING;
}

/** Writes the head of an item: its kind, and a number or length. */
export function writeHead(kind: number, n: number): void {
  const { bytes } = out;
  let pos = out.pos;
  if (n < 24) {
    bytes[pos++] = kind | n;
  } else if (n < 0x100) {
    bytes[pos++] = kind | 24;
    bytes[pos++] = n;
  } else if (n < 0x10000) {
    bytes[pos++] = kind | 25;
    bytes[pos++] = n >> 8;
    bytes[pos++] = n;
  } else {
    if (n < 0x1_0000_0000) {
      bytes[pos++] = kind | 26;
    } else {
      bytes[pos++] = kind | 27;
      const high = Math.floor(n / 0x1_0000_0000);
      bytes[pos++] = high >> 24;
      bytes[pos++] = high >> 16;
      bytes[pos++] = high >> 8;
      bytes[pos++] = high;
    }
    bytes[pos++] = n >> 24;
    bytes[pos++] = n >> 16;
    bytes[pos++] = n >> 8;
    bytes[pos++] = n;
  }
  out.pos = pos;
}

/** Writes a tag; its content follows. */
export function writeTag(tag: number): void {
  writeHead(TAG, tag);
}

/** Writes an item that is whole in one byte. */
export function writeByte(byte: number): void {
  out.bytes[out.pos++] = byte;
}

// A DataView of the target would have to be made for each message.
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Writes a 64-bit float. */
export function writeFloat(value: number): void {
  float[0] = value;
  const { bytes, pos } = out;
  bytes[pos] = FLOAT64;
  // Every platform of this runtime is little-endian; CBOR is big-endian.
  for (let i = 0; i < 8; i++) bytes[pos + 1 + i] = floatBytes[7 - i]!;
  out.pos = pos + 9;
}

/** Writes the content of a byte string, whose head is written. */
export function writeContent(content: Uint8Array): void {
  if (out.pos + content.length <= out.bytes.length) {
    out.bytes.set(content, out.pos);
  }
  out.pos += content.length;
}
