import { DataCloneError } from "../../errors.ts";
import { MAX_DEPTH } from "./tags.ts";

/** Why a value cannot be sent; thrown where that is seen, deep inside of it. */
export class Unsendable {
  constructor(readonly reason: string) {}
}

/** Thrown where objects are nested too deep. */
export const TOO_DEEP = new Unsendable(
  `objects nested more than ${MAX_DEPTH} deep cannot be sent; ` +
    "send them in a flat list",
);

/** What `error` is to the user, where it was thrown on the way along `steps`. */
export function explain(
  error: unknown,
  root: string,
  steps: string[],
): unknown {
  const unsendable = isStackOverflow(error) ? TOO_DEEP : error;
  if (!(unsendable instanceof Unsendable)) return error; // a user's own
  const path = root + shorten(steps);
  return new DataCloneError(`${path}: ${unsendable.reason}`, { path });
}

/** Whether the stack was used up: the caller's part of it may be large. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError &&
    error.message === "Maximum call stack size exceeded";
}

const MAX_STEPS = 20;

function shorten(steps: string[]): string {
  if (steps.length <= MAX_STEPS) return steps.join("");
  const half = MAX_STEPS / 2;
  return steps.slice(0, half).join("") + "…" + steps.slice(-half).join("");
}

/** The step of a path from an object to what it has under a key. */
export function step(key: string): string {
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) && key.length < 100) {
    return `.${key}`;
  }
  return `[${quote(key)}]`;
}

/** The step from a Map to the value of entry `i`. */
export function entryStep(key: unknown, i: number): string {
  switch (typeof key) {
    case "string":
      return `.get(${quote(key)})`;
    case "number":
    case "boolean":
      return `.get(${key})`;
    case "bigint":
      return `.get(${key}n)`;
    default:
      return `.values()[${i}]`;
  }
}

function quote(key: string): string {
  return JSON.stringify(key.length < 100 ? key : `${key.slice(0, 99)}…`);
}

/** What to do instead of sending an instance of such a class. */
const CURES: Record<string, string> = {
  Promise: "await it first",
  Generator: "send an array of what it yields",
  AsyncGenerator: "send an array of what it yields",
  WeakMap: "send a Map",
  WeakSet: "send a Set",
  WeakRef: "send what deref() gives",
  Blob: "send what its bytes() gives",
  File: "send its name and what its bytes() gives",
  CryptoKey: "send what crypto.subtle.exportKey() gives",
  Module: "send the bytes that it was compiled from",
  ReadableStream: "read it, and send what it gives",
  WritableStream: "write to it on this side",
  Request: "send its url, method and headers",
  Response: "send what its bytes() gives",
  Headers: "send [...headers]",
  URLSearchParams: "send its toString()",
  SharedArrayBuffer: "send a copy of its bytes",
};

/** Why no value of this primitive type can be sent. */
export function refusePrimitive(value: symbol | (() => unknown)): Unsendable {
  return new Unsendable(
    typeof value === "symbol"
      ? "a symbol cannot be sent; send its description"
      : "a function cannot be sent; let the other side import it, and send data",
  );
}

/** Why this object cannot be sent. */
export function refuseObject(value: object, hint = ""): Unsendable {
  const cls = builtInName(value);
  if (cls !== null) {
    const article = /^[AEIOU](?!RL)/.test(cls) ? "an" : "a";
    const cure = cls.endsWith("Iterator")
      ? "send an array of what it gives"
      : CURES[cls] ?? "send its data as a plain object";
    return new Unsendable(`${article} ${cls} cannot be sent; ${cure}`);
  }
  const { constructor } = Object.getPrototypeOf(value);
  const what = typeof constructor !== "function" || constructor === Object
    ? "an object with a prototype of its own"
    : constructor.name === ""
    ? "an instance of an anonymous class"
    : `an instance of class ${constructor.name}`;
  return new Unsendable(
    `${what} cannot be sent; ` +
      `${hint}register it with registerClass, or send a plain object`,
  );
}

/** What `read` gives of an object that must really be one of that class. */
export function genuine<T>(cls: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw refuseFake(cls);
  }
}

/** Why an object is refused that has nothing of its class but the prototype. */
export function refuseFake(cls: string): Unsendable {
  return new Unsendable(
    `an object that only inherits from ${cls}.prototype cannot be sent; ` +
      "send a plain object",
  );
}

/** The name of the built-in class, or kind, of an object; null: it has none. */
function builtInName(value: object): string | null {
  const { constructor } = Object.getPrototypeOf(value);
  if (typeof constructor === "function" && !(value instanceof Iterator)) {
    return constructor !== Object && isBuiltIn(constructor)
      ? constructor.name
      : null;
  }
  // Generators and the iterators of built-in types have no class of their own.
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return kind === "Object" ? null : kind;
}

/** Whether a class is part of the language or the runtime. */
export function isBuiltIn(cls: { readonly name: string }): boolean {
  // What a program puts there itself is enumerable.
  const global = Object.getOwnPropertyDescriptor(globalThis, cls.name);
  return global?.enumerable === false &&
      Reflect.get(globalThis, cls.name) === cls ||
    Function.prototype.toString.call(cls).endsWith("{ [native code] }");
}
