import { classNamed, handleNamed, type SendableClass } from "./classes.ts";
import { readError } from "./error_values.ts";
import {
  expect,
  expectItems,
  expectSize,
  fail,
  follows,
  input,
  readArgument,
  readByte,
  readCount,
  readFloat,
  readLength,
} from "./input.ts";
import {
  readBoxed,
  readDate,
  readDateText,
  readExtendedTime,
  readRegExp,
  readUrl,
} from "./leaves.ts";
import { readBigint, readNumbers } from "./numbers.ts";
import { setOwn } from "./properties.ts";
import { readSparse } from "./sparse.ts";
import {
  ARRAY,
  BIGINT,
  BOXED,
  BREAK,
  BUFFER,
  DATE,
  DATE_TEXT,
  EXTENDED_TIME,
  HANDLE,
  JS_MAP,
  MAP,
  MAX_DEPTH,
  NEGATIVE_BIGINT,
  NUMBERS,
  OBJECT,
  REFERENCE,
  REGEXP,
  RESIZABLE,
  SET,
  SHAPE,
  SHAPE_KEYS,
  SHAREABLE,
  SPARSE,
  TAG,
  TEXT,
  URL_TEXT,
  VIEW,
  WTF8,
} from "./tags.ts";
import { expectText, readSurrogates, readText } from "./text.ts";
import {
  readBuffer,
  readBytes,
  readResizable,
  readView,
  readViewOfBuffer,
} from "./views.ts";

/** Reads a value. */
export function readValue(): unknown {
  const { bytes, pos } = input;
  if (pos >= input.end) fail("it ends too early");
  const head = bytes[pos]!;
  input.pos = pos + 1;
  const info = head & 31;
  switch (head >> 5) {
    case 0:
      return info < 24 ? info : readArgument(info);
    case 1:
      return info < 24 ? -1 - info : readNegative(info);
    case 2:
      return readBytes(info);
    case 3:
      return readText(info);
    case 4:
      return readArray(info);
    case 5:
      return readMap(info);
    case 6:
      return readTagged(info);
    default:
      return readSimple(info);
  }
}

function readNegative(info: number): number | bigint {
  const n = readArgument(info);
  return typeof n === "number" && n < Number.MAX_SAFE_INTEGER
    ? -1 - n
    : -1n - BigInt(n);
}

function readSimple(info: number): unknown {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
      return null;
    case 23:
      return undefined;
    case 25:
      return readFloat(2);
    case 26:
      return readFloat(4);
    case 27:
      return readFloat(8);
    case 31:
      return fail("a break where a value is expected");
    default:
      return fail(`the simple value ${info === 24 ? readByte() : info}`);
  }
}

/** What stands for an object until it is made. */
const UNMADE = Symbol("an object that is not made yet");

/** Begins to read an object that may hold others; returns its number, or -1. */
function open(): number {
  if (++input.depth > MAX_DEPTH) {
    fail(`objects nested more than ${MAX_DEPTH} deep`);
  }
  const number = input.opening;
  input.opening = -1;
  return number;
}

/** Lets what follows refer to the object of this number. */
function made(number: number, object: object): void {
  if (number !== -1) input.objects[number] = object;
}

function readArray(info: number): unknown[] {
  const number = open();
  const count = readCount(info);
  // Longer ones are not made with their length, which is only what somebody says.
  if (count < 0 || count > PRESIZED) return readLongArray(number, count);
  const array = new Array<unknown>(count);
  made(number, array);
  for (let i = 0; i < count; i++) array[i] = readValue();
  input.depth--;
  return array;
}

/** As much as the first `push` takes memory for anyway. */
const PRESIZED = 16;

function readLongArray(number: number, count: number): unknown[] {
  const array: unknown[] = [];
  made(number, array);
  for (let i = 0; follows(i, count); i++) array.push(readValue());
  input.depth--;
  return array;
}

type Fields = Record<string, unknown>;

/** Reads a map: an object, or a Map where a key is no text. */
function readMap(info: number): object {
  const number = open();
  const count = readCount(info, 2);
  let result: object = {};
  if (startsWithText(count)) {
    made(number, result);
    result = readEntries(count, result as Fields, setField);
  } else {
    result = new Map();
    made(number, result);
    readMapEntries(result as Map<unknown, unknown>, 0, count);
  }
  made(number, result); // if it has turned out to be a Map after all
  input.depth--;
  return result;
}

/** Whether the first key of a map may be a text: one with a tag may be, too. */
function startsWithText(count: number): boolean {
  if (count === 0 || input.pos >= input.end) return true;
  const head = input.bytes[input.pos]!;
  return (head & 0xe0) === TEXT || (head & 0xe0) === TAG || head === BREAK;
}

function setField(object: Fields, key: string, value: unknown): void {
  if (key === "__proto__") setOwn(object, key, value);
  else object[key] = value;
}

/** Reads a map's entries into an object, or all of them into a Map. */
function readEntries(
  count: number,
  object: Fields,
  set: (object: Fields, key: string, value: unknown) => void,
): object {
  const keys: string[] | null = count > 0 && count <= SHAPE_KEYS ? [] : null;
  for (let i = 0; follows(i, count); i++) {
    const key = readValue();
    if (typeof key !== "string") {
      const map = new Map<unknown, unknown>(Object.entries(object));
      map.set(key, readValue());
      return readMapEntries(map, i + 1, count);
    }
    keys?.push(key);
    set(object, key, readValue());
  }
  if (keys !== null) input.shapes.push(keys);
  return object;
}

function readMapEntries(
  map: Map<unknown, unknown>,
  from: number,
  count: number,
): Map<unknown, unknown> {
  for (let i = from; follows(i, count); i++) {
    const key = readValue();
    map.set(key, readValue());
  }
  return map;
}

/** Reads an object of the shape of an earlier one. */
function readShaped(): Fields {
  const number = open();
  const object: Fields = {};
  made(number, object);
  const keys = readShape();
  for (let i = 0; i < keys.length; i++) setField(object, keys[i]!, readValue());
  input.depth--;
  return object;
}

/** Reads of what shape the object is whose values follow. */
function readShape(): readonly string[] {
  const length = readLength(expect(ARRAY, "[shape, values…]"));
  const keys = input.shapes[expectSize("the number of a shape")];
  if (keys === undefined || keys.length !== length - 1) {
    return fail("a shape that was not there before");
  }
  return keys;
}

function readTagged(info: number): unknown {
  const tag = readArgument(info);
  switch (tag) {
    case SHAPE:
      return readShaped();
    case NUMBERS:
      return readNumbers();
    case SHAREABLE:
      return readShareable();
    case REFERENCE:
      return readReference();
    case OBJECT:
      return readInstance();
    case HANDLE:
      return readHandle();
    case JS_MAP:
      return readJsMap();
    case SET:
      return readSet();
    case SPARSE:
      return readArrayWithHoles();
    case BIGINT:
      return readBigint(false);
    case NEGATIVE_BIGINT:
      return readBigint(true);
    case DATE:
      return readDate(readValue);
    case DATE_TEXT:
      return readDateText();
    case EXTENDED_TIME:
      return readExtendedTime(readValue);
    case REGEXP:
      return readRegExp();
    case URL_TEXT:
      return readUrl();
    case WTF8:
      return readSurrogates();
    case BUFFER:
      return readBuffer();
    case RESIZABLE:
      return readResizable();
    case VIEW:
      return readSharingView();
    case BOXED:
      return readBoxed(readValue);
    default:
      return readView(tag) ?? fail(`the unknown tag ${tag}`);
  }
}

function readShareable(): unknown {
  if (input.opening !== -1) fail("an object with two numbers");
  const number = input.objects.push(UNMADE) - 1;
  input.opening = number;
  // Most objects of such a message come here: fewer calls save their stack.
  const head = readByte();
  if ((head & 0xe0) !== TAG) input.pos--;
  const value = (head & 0xe0) === TAG ? readTagged(head & 31) : readValue();
  input.opening = -1;
  input.objects[number] = value;
  return value;
}

function readReference(): unknown {
  const number = expectSize("the number of an object");
  if (number >= input.objects.length || input.objects[number] === UNMADE) {
    fail("a reference to an object that is not there");
  }
  return input.objects[number];
}

function readInstance(): object {
  const number = open();
  const length = readLength(expect(ARRAY, "[name, …]"));
  const cls = classNamed(expectText("the name of a class"));
  if (length !== (cls.kind === "error" ? 5 : 2)) {
    fail(`an instance of ${cls.name} that was not written as such`);
  }
  const instance = cls.kind === "error"
    ? readError(cls, (error) => made(number, error), readValue)
    : cls.kind === "fields"
    ? readFields(cls, number)
    : cls.decode!(readValue());
  input.depth--;
  return instance;
}

function readFields(cls: SendableClass, number: number): object {
  const object = Object.create(cls.class.prototype);
  made(number, object);
  const head = readByte();
  if ((head & 0xe0) === MAP) {
    if (readEntries(readCount(head & 31, 2), object, setOwn) === object) {
      return object;
    }
  } else if ((head & 0xe0) === TAG && readArgument(head & 31) === SHAPE) {
    for (const key of readShape()) setOwn(object, key, readValue());
    return object;
  }
  return fail(`fields of an instance of ${cls.name} expected`);
}

function readHandle(): object {
  open();
  expectItems(ARRAY, 2, "[name, data]");
  const cls = handleNamed(expectText("a name"));
  const object = cls.decode!(readValue());
  input.depth--;
  return object;
}

function readJsMap(): Map<unknown, unknown> {
  const number = open();
  const map = new Map<unknown, unknown>();
  made(number, map);
  readMapEntries(map, 0, readCount(expect(MAP, "a map"), 2));
  input.depth--;
  return map;
}

function readSet(): Set<unknown> {
  const number = open();
  const set = new Set<unknown>();
  made(number, set);
  const count = readCount(expect(ARRAY, "an array"));
  for (let i = 0; follows(i, count); i++) set.add(readValue());
  input.depth--;
  return set;
}

function readSharingView(): object {
  open();
  const view = readViewOfBuffer(readValue);
  input.depth--;
  return view;
}

function readArrayWithHoles(): unknown[] {
  const number = open();
  const array = readSparse((array) => made(number, array), readValue);
  input.depth--;
  return array;
}
