import { classOf, type SendableClass, standIn } from "./classes.ts";
import { writeError } from "./error_values.ts";
import {
  UNBOX,
  writeBoxed,
  writeDate,
  writeRegExp,
  writeUrl,
} from "./leaves.ts";
import { writeBigint, writeNumber, writeNumbers } from "./numbers.ts";
import { out, writeByte, writeHead, writeTag } from "./output.ts";
import { writeIncomplete, writeReference } from "./references.ts";
import { firstShape, nextShape, type Shape } from "./shapes.ts";
import { writeSparse } from "./sparse.ts";
import {
  ARRAY,
  FALSE,
  HANDLE,
  JS_MAP,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  NULL,
  OBJECT,
  SET,
  SHAPE,
  SHAPE_KEYS,
  TRUE,
  UINT8,
  UNDEFINED,
  UNSIGNED,
} from "./tags.ts";
import { writeText } from "./text.ts";
import {
  entryStep,
  genuine,
  refuseObject,
  refusePrimitive,
  step,
  TOO_DEEP,
  Unsendable,
} from "./unsendable.ts";
import { viewTags, writeBuffer, writeView } from "./views.ts";

/** Writes a value. */
export function writeValue(value: unknown): void {
  switch (typeof value) {
    case "string":
      return writeText(value);
    case "number":
      if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
        return value >= 0
          ? writeHead(UNSIGNED, value)
          : writeHead(NEGATIVE, -1 - value);
      }
      return writeNumber(value);
    case "object":
      return value === null ? writeByte(NULL) : writeObject(value);
    case "boolean":
      return writeByte(value ? TRUE : FALSE);
    case "undefined":
      return writeByte(UNDEFINED);
    case "bigint":
      return writeBigint(value);
    default:
      throw refusePrimitive(value as symbol);
  }
}

function writeObject(object: object): void {
  if (writeReference(object)) return;
  if (++out.depth > MAX_DEPTH) throw TOO_DEEP;
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype) {
    writeFields(out.isPolluted ? ownFields(object) : object as Fields);
  } else if (
    Array.isArray(object) &&
    // That of any realm is an array, and that of a class is none.
    (prototype === Array.prototype || Array.isArray(prototype))
  ) {
    writeArray(object);
  } else {
    writeOther(object, prototype);
  }
  out.depth--;
}

type Fields = Record<string, unknown>;

/**
 * Writes an object as a map; from the second of a shape on, without the keys.
 *
 * The loops are `for in`, which takes a third of the time of going through
 * Object.keys, but also finds what is inherited: nothing may be.
 */
function writeFields(object: Fields): void {
  let length = 0;
  let shape: Shape | null = firstShape();
  for (const key in object) {
    if (++length > SHAPE_KEYS) shape = null;
    if (shape !== null) shape = nextShape(shape, key);
  }
  const isNumbered = length > 0 && length <= SHAPE_KEYS;
  const isKnown = shape !== null && shape.message === out.message;
  if (isKnown) {
    writeTag(SHAPE);
    writeHead(ARRAY, length + 1);
    writeHead(UNSIGNED, shape!.number);
  } else {
    writeHead(MAP, length);
  }
  let written = 0;
  for (const key in object) {
    if (!isKnown) writeText(key);
    try {
      writeValue(object[key]);
    } catch (error) {
      out.steps.push(step(key));
      throw error;
    }
    written++;
  }
  if (written !== length) throw CHANGED;
  if (isKnown || !isNumbered) return;
  if (shape !== null) {
    shape.message = out.message;
    shape.number = out.shapes;
  }
  out.shapes++;
}

/** The own fields of an object that inherits more, or may do so. */
function ownFields(object: object): Fields {
  return { __proto__: null, ...object };
}

/** Writes an object as a map, of no shape. */
function writeEntries(object: object): void {
  const entries = Object.entries(object);
  writeHead(MAP, entries.length);
  for (const [key, value] of entries) {
    writeText(key);
    try {
      writeValue(value);
    } catch (error) {
      out.steps.push(step(key));
      throw error;
    }
  }
}

/** From so many items on, numbers go as a typed array. */
const PACKED = 16;
/**
 * Longer arrays of numbers only are not searched for further properties, which
 * takes ten times as long as all the rest.
 */
const SEARCHED = 64;

function writeArray(array: readonly unknown[]): void {
  const { length } = array;
  const mayPack = length >= PACKED && typeof array[0] === "number";
  if (mayPack && length > SEARCHED && writeNumbers(array)) return;
  const keys = Object.keys(array);
  // The last key is a name if there is any, also where it makes up for a hole.
  if (
    keys.length !== length ||
    length > 0 && keys[length - 1] !== String(length - 1)
  ) {
    return writeSparse(array, keys, writeValue);
  }
  if (mayPack && length <= SEARCHED && writeNumbers(array)) return;
  writeHead(ARRAY, length);
  let i = 0;
  try {
    for (; i < length; i++) writeValue(array[i]);
  } catch (error) {
    out.steps.push(`[${i}]`);
    throw error;
  }
}

/** How objects with these prototypes are written. */
const WRITERS = new Map<object, (object: never) => void>([
  [Map.prototype, writeMap],
  [Set.prototype, writeSet],
  [Date.prototype, writeDate],
  [RegExp.prototype, writeRegExp],
  [URL.prototype, writeUrl],
  [ArrayBuffer.prototype, writeBuffer],
]);
for (const [prototype, tag] of viewTags) {
  WRITERS.set(
    prototype,
    (view: ArrayBufferView) => writeView(view, tag, writeValue),
  );
}
for (const prototype of UNBOX.keys()) {
  WRITERS.set(prototype, (box: object) => writeBoxed(box, writeValue));
}

function writeOther(object: object, prototype: object | null): void {
  if (prototype === null) return writeFields(object as Fields);
  if (isObjectPrototype(prototype)) return writeFields(ownFields(object));
  const write = WRITERS.get(prototype);
  if (write !== undefined) return write(object as never);
  const cls = classOf(prototype);
  if (cls !== undefined) return writeInstance(object, cls);
  if (Error.isError(object)) {
    return writeError(object, undefined, writeEntries);
  }
  if (object instanceof Uint8Array && object.constructor.name === "Buffer") {
    return writeView(object, UINT8, writeValue);
  }
  const other = standIn(object);
  if (other !== null) {
    return writeIncomplete(object, () => writeData(other.object, other.cls));
  }
  const base = classOf(Object.getPrototypeOf(prototype));
  throw refuseObject(
    object,
    base && `its base class ${base.name} is registered, but for itself only; `,
  );
}

/** Whether this is the Object.prototype of another realm. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "propertyIsEnumerable");
}

function writeMap(map: Map<unknown, unknown>): void {
  const size = genuine("Map", () => map.size);
  writeTag(JS_MAP);
  writeHead(MAP, size);
  let i = 0;
  for (const [key, value] of map) {
    try {
      writeValue(key);
    } catch (error) {
      out.steps.push(`.keys()[${i}]`);
      throw error;
    }
    try {
      writeValue(value);
    } catch (error) {
      out.steps.push(entryStep(key, i));
      throw error;
    }
    i++;
  }
  if (i !== size) throw CHANGED;
}

function writeSet(set: Set<unknown>): void {
  const size = genuine("Set", () => set.size);
  writeTag(SET);
  writeHead(ARRAY, size);
  let i = 0;
  for (const item of set) {
    try {
      writeValue(item);
    } catch (error) {
      out.steps.push(`.values()[${i}]`);
      throw error;
    }
    i++;
  }
  if (i !== size) throw CHANGED;
}

/** A getter somewhere inside may do that, and the length is already written. */
const CHANGED = new Unsendable(
  "an object that changes while it is read cannot be sent; send a copy",
);

function writeInstance(object: object, cls: SendableClass): void {
  switch (cls.kind) {
    case "error":
      return writeError(object as Error, cls, writeEntries);
    case "fields":
      writeTag(OBJECT);
      writeHead(ARRAY, 2);
      writeText(cls.name);
      return writeFields(ownFields(object));
    default:
      return writeIncomplete(object, () => writeData(object, cls));
  }
}

function writeData(object: object, cls: SendableClass): void {
  writeTag(cls.kind === "handle" ? HANDLE : OBJECT);
  writeHead(ARRAY, 2);
  writeText(cls.name);
  const data = cls.encode!(object as never);
  try {
    writeValue(data);
  } catch (error) {
    out.steps.push(".encode()");
    throw error;
  }
}
