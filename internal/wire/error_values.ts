import type { SendableClass } from "./classes.ts";
import { expect, fail, follows, readCount } from "./input.ts";
import { writeByte, writeHead, writeTag } from "./output.ts";
import { setHidden, setOwn } from "./properties.ts";
import { ARRAY, MAP, OBJECT, UNDEFINED } from "./tags.ts";
import { expectText, writeText } from "./text.ts";

/** The properties of errors, beside message and stack, that are not enumerable. */
export const HIDDEN = ["name", "cause", "errors", "error", "suppressed"];
/** As what an error of an unknown class arrives. */
const REMOTE_ERROR = "processing.RemoteError";

/**
 * Writes an error, of a class that the other side should know, or else as a
 * RemoteError; `writeMap` writes an object as a map.
 */
export function writeError(
  error: Error,
  cls: SendableClass | undefined,
  writeMap: (object: object) => void,
): void {
  const fields: Record<string, unknown> = { ...error };
  const hidden: Record<string, unknown> = {};
  for (const key of HIDDEN) {
    if (Object.hasOwn(error, key) && !Object.hasOwn(fields, key)) {
      hidden[key] = Reflect.get(error, key);
    }
  }
  let message = Object.hasOwn(error, "message") ? error.message : undefined;
  const isDomException = cls?.class === DOMException;
  if (isDomException) message = error.message;
  if (cls === undefined) {
    message = error.message; // may be inherited, from a class that stays behind
    fields.remoteName = String(error.name);
    delete fields.name;
    delete hidden.name;
  }
  delete fields.message; // it and the stack may have been made enumerable
  delete fields.stack;
  writeTag(OBJECT);
  writeHead(ARRAY, 5);
  writeText(cls?.name ?? REMOTE_ERROR);
  writeOptionalText(message);
  writeOptionalText(error.stack);
  if (isDomException) writeText(error.name);
  else writeMap(hidden);
  writeMap(fields);
}

function writeOptionalText(text: unknown): void {
  if (text === undefined) writeByte(UNDEFINED);
  else writeText(String(text));
}

/**
 * Reads what follows the name of an error's class. `made` is told of the error
 * before its properties are read, which may refer to it; `read` reads a value.
 */
export function readError(
  cls: SendableClass,
  made: (error: Error) => void,
  read: () => unknown,
): Error {
  const message = readOptionalText(read);
  const stack = readOptionalText(read);
  const isDomException = cls.class === DOMException;
  const name = isDomException ? expectText("a name") : "";
  const error = withoutStack(() =>
    isDomException ? new DOMException(message, name) : Reflect.construct(
      Error,
      message === undefined ? [] : [message],
      cls.class,
    )
  );
  if (stack !== undefined) error.stack = stack;
  made(error);
  if (!isDomException) readProperties(error, setHidden, read);
  readProperties(error, setOwn, read);
  return error;
}

function readOptionalText(read: () => unknown): string | undefined {
  const text = read();
  if (text !== undefined && typeof text !== "string") fail("a text expected");
  return text;
}

/** Capturing the stack here would cost most of the time, for nothing. */
function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function readProperties(
  object: object,
  set: (object: object, key: string, value: unknown) => void,
  read: () => unknown,
): void {
  const count = readCount(expect(MAP, "a map of properties"), 2);
  for (let i = 0; follows(i, count); i++) {
    const key = read();
    if (typeof key !== "string") fail("a name of a property expected");
    set(object, key, read());
  }
}
