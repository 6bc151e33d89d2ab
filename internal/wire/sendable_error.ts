/** What to send of an error that cannot be sent as it is. */

import { DataCloneError } from "../../errors.ts";
import { classOf } from "./classes.ts";
import { HIDDEN } from "./error_values.ts";
import { setHidden, setOwn } from "./properties.ts";
import { MAX_DEPTH } from "./tags.ts";
import { step, TOO_DEEP, Unsendable } from "./unsendable.ts";

/** Throws where a value cannot be sent, whose path begins with `root`. */
export type Check = (value: unknown, root: string) => void;

/**
 * Sends an error; of one that cannot be sent, a copy without what cannot be, which
 * says in its stack what that was; and in the place of one that cannot be read, or
 * is no error, why. So whoever waits for it hears something.
 */
export function sendReadable<T>(
  error: unknown,
  send: (error: unknown) => T,
  check: Check,
): T {
  let reason: { readonly why: unknown } | null = null;
  for (
    const make of [
      () => error,
      () => new Copier(check).copy(error, "error", 0),
      () => withoutFields(error, reason!.why),
      () => reason!.why,
      () => withoutFields(reason!.why),
    ]
  ) {
    try {
      return send(make());
    } catch (why) {
      reason ??= { why };
    }
  }
  const message = "error: it cannot be read, and neither can what says why";
  return send(new DataCloneError(message, { path: "error" }));
}

/** An error with nothing but its message and stack, and why, if there is a reason. */
export function withoutFields(error: unknown, why?: unknown): Error {
  const bare = bareOf(error);
  const leftOut = why === undefined ? [] : [`all else: ${textOf(why)}`];
  return withStack(bare, error as Error, leftOut);
}

/** How deep errors are copied within errors: each may have something deep, too. */
const DEEPEST = MAX_DEPTH / 2;

/** Copies an error, and those within it, but for what cannot be sent. */
class Copier {
  readonly #check: Check;
  readonly #copies = new Map<unknown, Error>();
  /**
   * What was checked, and what stands behind its path in why it cannot be sent; `null`:
   * it can be. Many errors may have the same in them, and that may be large.
   */
  readonly #checked = new Map<unknown, string | null>();

  constructor(check: Check) {
    this.#check = check;
  }

  copy(error: unknown, path: string, depth: number): Error {
    const known = this.#copies.get(error);
    if (known !== undefined) return known;
    if (depth > DEEPEST) throw TOO_DEEP;
    const copy = bareOf(error);
    this.#copies.set(error, copy); // it may refer to itself
    const leftOut: string[] = [];
    for (const [key, set] of propertiesOf(error as Error)) {
      if (Object.hasOwn(copy, key)) continue;
      const at = path + step(key);
      try {
        const value = Reflect.get(error as Error, key);
        const part = key === "errors" && Array.isArray(value)
          ? this.#all(value, at, depth + 2)
          : this.#part(value, at, depth + 1);
        set(copy, key, part);
      } catch (why) {
        leftOut.push(textOf(why, at));
      }
    }
    return withStack(copy, error as Error, leftOut);
  }

  #part(value: unknown, path: string, depth: number): unknown {
    const copies = isError(value);
    // What a user's encode() gives is no copy's.
    if (copies && classOf(Object.getPrototypeOf(value))?.kind !== "data") {
      return this.copy(value, path, depth);
    }
    const why = this.#whyNot(value, path);
    if (why === null) return value;
    if (copies) return this.copy(value, path, depth);
    throw new Unsendable(path + why);
  }

  #whyNot(value: unknown, path: string): string | null {
    const known = this.#checked.get(value);
    if (known !== undefined) return known;
    let why: string | null = null;
    try {
      this.#check(value, path);
    } catch (error) {
      why = textOf(error, path).slice(path.length);
    }
    this.#checked.set(value, why);
    return why;
  }

  /** The errors of an AggregateError, each at its place. */
  #all(errors: unknown[], path: string, depth: number): unknown[] {
    return errors.map((error, i) => {
      const at = `${path}[${i}]`;
      try {
        return this.#part(error, at, depth);
      } catch (why) {
        return new DataCloneError(textOf(why, at), { path: at });
      }
    });
  }
}

function isError(value: unknown): boolean {
  return Error.isError(value) || value instanceof Error;
}

/** What is sent of an error but its message and stack, and how it is set. */
function* propertiesOf(error: Error): Generator<[string, typeof setOwn]> {
  const fields = Object.keys(error);
  for (const key of fields) {
    if (key !== "message" && key !== "stack") yield [key, setOwn];
  }
  for (const key of HIDDEN) {
    if (Object.hasOwn(error, key) && !fields.includes(key)) {
      yield [key, setHidden];
    }
  }
}

/** An error that arrives as one of that class and message, with nothing else. */
function bareOf(value: unknown): Error {
  if (!isError(value)) throw new TypeError("it is no error");
  const error = value as Error;
  const prototype = Object.getPrototypeOf(error);
  const cls = classOf(prototype);
  const message = String(error.message);
  if (cls?.class === DOMException) return new DOMException(message, error.name);
  const bare = new Error(message);
  if (cls?.kind === "error") {
    if (!Object.hasOwn(error, "message")) {
      Reflect.deleteProperty(bare, "message");
    }
    return Object.setPrototypeOf(bare, prototype);
  }
  // It stays a stranger; what its class inherits may need more than is copied.
  setHidden(bare, "name", String(error.name));
  return Object.setPrototypeOf(bare, Object.create(Error.prototype));
}

/** Gives a copy the stack of an error, and what a person should know. */
function withStack(
  copy: Error,
  error: Error,
  leftOut: readonly string[],
): Error {
  let stack: string;
  try {
    stack = String(error.stack ?? copy);
  } catch (why) {
    stack = `${copy}\n    left out: ${textOf(why, "the stack")}`;
  }
  const lines = leftOut.map((text) => `\n    left out: ${text}`);
  setHidden(copy, "stack", stack + lines.join(""));
  return copy;
}

/** Why something cannot be sent, with where that stands. */
function textOf(why: unknown, path = ""): string {
  let text: string;
  try {
    text = why instanceof Unsendable
      ? why.reason
      : why instanceof DataCloneError
      ? why.message
      : String(why);
  } catch {
    text = "it cannot be read";
  }
  return text.startsWith(path) ? text : `${path}: ${text}`;
}
