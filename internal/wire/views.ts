import {
  expect,
  expectItems,
  expectSize,
  fail,
  follows,
  input,
  peekBytes,
  readCount,
  readLength,
} from "./input.ts";
import { out, writeByte, writeContent, writeHead, writeTag } from "./output.ts";
import { seeBuffer } from "./references.ts";
import {
  ARRAY,
  BUFFER,
  BYTES,
  DATA_VIEW,
  MAX_RESERVED,
  NULL,
  RESIZABLE,
  UINT8,
  UNSIGNED,
  VIEW,
} from "./tags.ts";
import { genuine, refuseFake, Unsendable } from "./unsendable.ts";

type View = ArrayBufferView<ArrayBufferLike>;
interface ViewClass {
  readonly BYTES_PER_ELEMENT?: number;
  readonly prototype: View;
  new (buffer: ArrayBuffer, offset?: number, length?: number): View;
}

/** The classes of views by their tags; all but the last are of RFC 8746. */
const CLASSES = new Map<number | bigint, ViewClass>([
  [UINT8, Uint8Array],
  [68, Uint8ClampedArray],
  [69, Uint16Array],
  [70, Uint32Array],
  [71, BigUint64Array],
  [72, Int8Array],
  [77, Int16Array],
  [78, Int32Array],
  [79, BigInt64Array],
  [84, Float16Array],
  [85, Float32Array],
  [86, Float64Array],
  [DATA_VIEW, DataView],
]);

/** The prototypes of views, with the tags of their classes. */
export const viewTags: ReadonlyMap<object, number> = new Map(
  [...CLASSES].map(([tag, { prototype }]) => [prototype, tag as number]),
);

/** Writes a typed array or DataView; `write` writes the buffer it refers to. */
export function writeView(
  view: View,
  tag: number,
  write: (buffer: ArrayBufferLike) => void,
): void {
  if (!ArrayBuffer.isView(view)) throw refuseFake(CLASSES.get(tag)!.name);
  const { buffer } = view;
  if (buffer instanceof SharedArrayBuffer) {
    throw new Unsendable(
      "a view of a SharedArrayBuffer cannot be sent; send a copy: view.slice()",
    );
  }
  const length = lengthOf(view);
  const grows = buffer.resizable && tracksLength(view);
  if (!grows && !seeBuffer(buffer)) {
    if (tag !== UINT8) writeTag(tag);
    writeHead(BYTES, view.byteLength);
    return writeContent(bytesOf(view));
  }
  writeTag(VIEW);
  writeHead(ARRAY, 4);
  writeHead(UNSIGNED, tag);
  write(buffer);
  writeHead(UNSIGNED, view.byteOffset);
  if (grows) writeByte(NULL);
  else writeHead(UNSIGNED, length);
}

/** The number of items of a view, which must lie within its buffer. */
function lengthOf(view: View): number {
  try {
    if (view instanceof DataView) return view.byteLength;
    const { length } = view as Uint8Array;
    if (length === 0) (view as Uint8Array).keys(); // throws if it is outside
    return length;
  } catch {
    throw new Unsendable(
      "a view whose buffer was transferred or has shrunk cannot be sent; " +
        "send it before that, or send a copy",
    );
  }
}

function bytesOf(view: View): Uint8Array {
  return view instanceof Uint8Array
    ? view
    : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * Whether a view of a resizable buffer goes on to its end, wherever that is.
 * Nothing tells, but what it does when the buffer shrinks: that of a copy.
 */
function tracksLength(view: View): boolean {
  try {
    const copy = structuredClone(view);
    const buffer = copy.buffer as ArrayBuffer;
    const { byteLength } = copy;
    buffer.resize(byteLength > 0 ? copy.byteOffset : buffer.maxByteLength);
    // Now one of a fixed length is outside, or has still no bytes.
    lengthOf(copy);
    return byteLength > 0 || copy.byteLength > 0;
  } catch {
    return false;
  }
}

/** Writes an ArrayBuffer, where it is not written already. */
export function writeBuffer(buffer: ArrayBuffer): void {
  if (genuine("ArrayBuffer", () => buffer.detached)) {
    throw new Unsendable(
      "an ArrayBuffer that was transferred cannot be sent; send it before that",
    );
  }
  seeBuffer(buffer);
  if (buffer.resizable) {
    out.reserved += buffer.maxByteLength;
    if (out.reserved > MAX_RESERVED) {
      throw new Unsendable(
        `resizable buffers of more than ${MAX_RESERVED} bytes in all ` +
          "cannot be sent; make their maxByteLength smaller",
      );
    }
    writeTag(RESIZABLE);
    writeHead(ARRAY, 2);
  } else {
    writeTag(BUFFER);
  }
  writeHead(BYTES, buffer.byteLength);
  writeContent(new Uint8Array(buffer));
  if (buffer.resizable) writeHead(UNSIGNED, buffer.maxByteLength);
}

/** Reads a byte string into memory of its own. */
export function readBytes(info: number): Uint8Array<ArrayBuffer> {
  const count = readCount(info);
  if (count >= 0) return copyBytes(count);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; follows(i, count); i++) {
    const part = copyBytes(readLength(expect(BYTES, "a part of the bytes")));
    parts.push(part);
    length += part.length;
  }
  const bytes = new Uint8Array(length);
  for (const part of parts.toReversed()) bytes.set(part, length -= part.length);
  return bytes;
}

function copyBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = input.bytes.slice(input.pos, input.pos + length);
  input.pos += length;
  return bytes;
}

function expectBytes(): Uint8Array<ArrayBuffer> {
  return readBytes(expect(BYTES, "the bytes of a buffer"));
}

/** Reads the content of such a tag; undefined if it is none of a view. */
export function readView(tag: number | bigint): View | undefined {
  const cls = CLASSES.get(tag);
  if (cls === undefined) return undefined;
  const bytes = expectBytes();
  if (cls === Uint8Array) return bytes;
  if (bytes.length % (cls.BYTES_PER_ELEMENT ?? 1) !== 0) {
    fail("a typed array that ends within an item");
  }
  return new cls(bytes.buffer);
}

/** Reads the content of the tag of buffers. */
export function readBuffer(): ArrayBuffer {
  return expectBytes().buffer;
}

/** Reads the content of the tag of resizable buffers. */
export function readResizable(): ArrayBuffer {
  expectItems(ARRAY, 2, "[bytes, maxByteLength]");
  const bytes = peekBytes(readLength(expect(BYTES, "the bytes of a buffer")));
  input.pos += bytes.length;
  const maxByteLength = expectSize("a maxByteLength");
  input.reserved += maxByteLength;
  if (maxByteLength < bytes.length || input.reserved > MAX_RESERVED) {
    fail(`a resizable buffer of at most ${maxByteLength} bytes`);
  }
  try {
    const buffer = new ArrayBuffer(bytes.length, { maxByteLength });
    new Uint8Array(buffer).set(bytes);
    return buffer;
  } catch {
    return fail(`no memory for a buffer of ${maxByteLength} bytes`);
  }
}

/** Reads the content of the tag of views of a buffer, which `read` reads. */
export function readViewOfBuffer(read: () => unknown): View {
  expectItems(ARRAY, 4, "[tag, buffer, offset, length]");
  const cls = CLASSES.get(expectSize("a tag"));
  const buffer = read();
  const offset = expectSize("an offset");
  if (cls === undefined || !(buffer instanceof ArrayBuffer)) {
    return fail("a view of no known class, or of no buffer");
  }
  const length = readNull() ? undefined : expectSize("a length");
  try {
    return new cls(buffer, offset, length);
  } catch {
    return fail("a view that does not lie within its buffer");
  }
}

function readNull(): boolean {
  const isNull = input.pos < input.end && input.bytes[input.pos] === NULL;
  if (isNull) input.pos++;
  return isNull;
}
