import {
  expect,
  fail,
  follows,
  input,
  peekBytes,
  readCount,
  readLength,
} from "./input.ts";
import { out, writeContent, writeHead, writeTag } from "./output.ts";
import { BYTES, TEXT, WTF8 } from "./tags.ts";

const encoder = new TextEncoder();
// Not `fatal`, which is four times slower: what is malformed becomes U+FFFD, and
// only a text that has one is read again, strictly.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/** For shorter texts a loop over the characters is faster than a call. */
const LOOP = 64;

/** Writes a text, as WTF-8 where it has lone surrogates. */
export function writeText(text: string): void {
  const { length } = text;
  if (length >= LOOP) return writeLongText(text);
  const { bytes } = out;
  let pos = out.pos;
  if (length < 24) {
    bytes[pos++] = TEXT | length;
  } else {
    bytes[pos++] = TEXT | 24;
    bytes[pos++] = length;
  }
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return writeLongText(text);
    bytes[pos + i] = unit;
  }
  out.pos = pos + length;
}

function writeLongText(text: string): void {
  if (!text.isWellFormed()) return writeSurrogates(text);
  const start = out.pos;
  // Most texts are ASCII, whose length is known before they are encoded.
  writeHead(TEXT, text.length);
  const { read, written } = encoder.encodeInto(
    text,
    out.bytes.subarray(out.pos),
  );
  if (read < text.length) {
    out.pos += text.length * 3; // it does not fit, and needs no more than this
    return;
  }
  if (written > text.length) {
    const guessed = out.pos;
    const content = start + headLength(written);
    if (content > guessed && content + written <= out.bytes.length) {
      out.bytes.copyWithin(content, guessed, guessed + written);
    }
    out.pos = start;
    writeHead(TEXT, written);
  }
  out.pos += written;
}

function headLength(n: number): number {
  return n < 24 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : n < 2 ** 32 ? 5 : 9;
}

/** UTF-8 that also has the lone ones of the code units that come in pairs. */
function writeSurrogates(text: string): void {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) {
      bytes.push(code);
    } else if (code < 0x800) {
      bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
    } else if (code < 0x10000) {
      bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    } else {
      bytes.push(
        0xf0 | code >> 18,
        0x80 | code >> 12 & 63,
        0x80 | code >> 6 & 63,
        0x80 | code & 63,
      );
    }
  }
  writeTag(WTF8);
  writeHead(BYTES, bytes.length);
  writeContent(Uint8Array.from(bytes));
}

/** Reads the text whose head has these low bits. */
export function readText(info: number): string {
  const count = readCount(info);
  if (count >= 0) return count <= CACHED ? readShortText(count) : decode(count);
  let text = "";
  for (let i = 0; follows(i, count); i++) {
    text += decode(readLength(expect(TEXT, "a part of a text")));
  }
  return text;
}

/** Reads an item that must be a text. */
export function expectText(what: string): string {
  return readText(expect(TEXT, what));
}

// The same few texts come again and again: names of fields, mostly. The row of a
// text, found by its hash, has the length and bytes of the last one that fell
// there, which are compared before that is given again.
const CACHED = 31;
const ROWS = 2048;
const cachedTexts = new Array<string>(ROWS).fill("");
const cachedBytes = new Uint8Array(ROWS * (1 + CACHED));

function readShortText(length: number): string {
  const { bytes, pos } = input;
  let hash = length;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash, 31) + bytes[pos + i]! | 0;
  }
  const row = (hash ^ hash >>> 15) & ROWS - 1;
  const start = row * (1 + CACHED);
  if (cachedBytes[start] === length) {
    let i = 0;
    while (i < length && cachedBytes[start + 1 + i] === bytes[pos + i]) i++;
    if (i === length) {
      input.pos = pos + length;
      return cachedTexts[row]!;
    }
  }
  const text = makeShortText(length);
  cachedBytes[start] = length;
  for (let i = 0; i < length; i++) cachedBytes[start + 1 + i] = bytes[pos + i]!;
  cachedTexts[row] = text;
  return text;
}

/** A list for the characters of a text, by its length: kept, as that is faster. */
const unitsOf: number[][] = Array.from({ length: CACHED + 1 }, () => []);

function makeShortText(length: number): string {
  const { bytes, pos } = input;
  const units = unitsOf[length]!;
  for (let i = 0; i < length; i++) {
    const byte = bytes[pos + i]!;
    if (byte > 0x7f) return decode(length);
    units[i] = byte;
  }
  input.pos = pos + length;
  return String.fromCharCode.apply(null, units);
}

/** The decoder is ten times slower where it reads from shared memory. */
const unshared = new Uint8Array(4096);

function decode(length: number): string {
  let bytes = peekBytes(length);
  if (
    length <= unshared.length && bytes.buffer instanceof SharedArrayBuffer
  ) {
    unshared.set(bytes);
    bytes = unshared.subarray(0, length);
  }
  const text = decoder.decode(bytes);
  if (text.includes("\ufffd")) {
    try {
      strictDecoder.decode(bytes);
    } catch {
      fail("a text that is not valid UTF-8");
    }
  }
  input.pos += length;
  return text;
}

/** Reads the content of the tag of texts with lone surrogates. */
export function readSurrogates(): string {
  const length = readLength(expect(BYTES, "the bytes of a text"));
  const bytes = peekBytes(length);
  let text = "";
  for (let i = 0; i < length;) {
    const first = bytes[i++]!;
    const more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let code = more === 0 ? first : first & 0x3f >> more;
    for (let k = 0; k < more; k++) {
      const next = bytes[i++] ?? 0;
      if (next >> 6 !== 2) fail("a text that is not valid WTF-8");
      code = code << 6 | next & 63;
    }
    if (
      code < LEAST[more]! || code > 0x10ffff || first > 0xf7 ||
      first >> 6 === 2
    ) fail("a text that is not valid WTF-8");
    text += String.fromCodePoint(code);
  }
  input.pos += length;
  return text;
}

/** The smallest character that takes so many bytes more. */
const LEAST = [0, 0x80, 0x800, 0x10000];
