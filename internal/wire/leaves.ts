import { expect, expectItems, fail, follows, readCount } from "./input.ts";
import { writeHead, writeTag } from "./output.ts";
import { writeNumber } from "./numbers.ts";
import {
  ARRAY,
  BOXED,
  DATE,
  EXTENDED_TIME,
  MAP,
  REGEXP,
  URL_TEXT,
} from "./tags.ts";
import { expectText, writeText } from "./text.ts";
import { genuine } from "./unsendable.ts";

/** The keys of a map about a time (RFC 9581). */
const SECONDS = 1;
const MILLISECONDS = -3;

/** Writes a Date: in seconds, where these give the same time again. */
export function writeDate(date: Date): void {
  const time = genuine("Date", () => Date.prototype.getTime.call(date));
  if (Number.isNaN(time) || Math.round(time / 1000 * 1000) === time) {
    writeTag(DATE);
    return writeNumber(time / 1000);
  }
  const seconds = Math.floor(time / 1000);
  writeTag(EXTENDED_TIME);
  writeHead(MAP, 2);
  writeNumber(SECONDS);
  writeNumber(seconds);
  writeNumber(MILLISECONDS);
  writeNumber(time - seconds * 1000);
}

/** Reads a Date in seconds; `read` reads a value. */
export function readDate(read: () => unknown): Date {
  const seconds = read();
  if (typeof seconds !== "number") return fail("a Date of no number");
  return new Date(Math.round(seconds * 1000));
}

/** Reads a Date as a text (RFC 3339). */
export function readDateText(): Date {
  const date = new Date(expectText("the text of a Date"));
  return Number.isNaN(date.getTime()) ? fail("a text that is no Date") : date;
}

/** Reads a Date as a map; `read` reads a value. */
export function readExtendedTime(read: () => unknown): Date {
  const count = readCount(expect(MAP, "a map of a time"), 2);
  let time = 0;
  for (let i = 0; follows(i, count); i++) {
    const key = read();
    const value = read();
    const unit = key === SECONDS ? 1000 : key === MILLISECONDS ? 1 : NaN;
    if (typeof value !== "number" || Number.isNaN(unit)) {
      return fail("a Date by something else than seconds and milliseconds");
    }
    time += value * unit;
  }
  return new Date(time);
}

const { get: sourceOf } = Object.getOwnPropertyDescriptor(
  RegExp.prototype,
  "source",
)!;

/** Writes a RegExp. */
export function writeRegExp(regexp: RegExp): void {
  const source = genuine("RegExp", () => sourceOf!.call(regexp) as string);
  writeTag(REGEXP);
  writeHead(ARRAY, 2);
  writeText(source);
  writeText(regexp.flags);
}

/** Reads a RegExp. */
export function readRegExp(): RegExp {
  expectItems(ARRAY, 2, "[source, flags]");
  const source = expectText("the source of a RegExp");
  const flags = expectText("the flags of a RegExp");
  try {
    return new RegExp(source, flags);
  } catch {
    return fail("a RegExp that is none");
  }
}

/** Writes a URL. */
export function writeUrl(url: URL): void {
  const text = genuine("URL", () => url.href);
  writeTag(URL_TEXT);
  writeText(text);
}

/** Reads a URL. */
export function readUrl(): URL {
  const text = expectText("the text of a URL");
  return URL.parse(text) ?? fail("a URL that is none");
}

/** Writes a boxed primitive; `write` writes a value. */
export function writeBoxed(
  box: { valueOf(): unknown },
  write: (value: unknown) => void,
): void {
  const unbox = UNBOX.get(Object.getPrototypeOf(box))!;
  const value = genuine(box.constructor.name, () => unbox.call(box));
  writeTag(BOXED);
  write(value);
}

/** The prototypes of boxed primitives, with what opens them. */
export const UNBOX: ReadonlyMap<object, () => unknown> = new Map(
  [String, Number, Boolean, BigInt].map((
    { prototype },
  ) => [prototype as object, prototype.valueOf]),
);

/** Reads a boxed primitive; `read` reads a value. */
export function readBoxed(read: () => unknown): object {
  const value = read();
  if (value === null || value === undefined || typeof value === "object") {
    return fail("a box of no primitive");
  }
  return Object(value);
}
