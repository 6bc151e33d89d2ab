/**
 * What dicts and lists do with all that is in them: show it, or give it as JSON.
 * They may have themselves in them, or each other. Each time they are read they
 * are other JavaScript objects, so nobody else sees that it goes in a circle.
 */

import type { Core } from "./core.ts";

/** Those that are being read, each in the one before. */
let around: readonly Core[] = [];
/** For an object that was read then: in which it is. */
const paths = new WeakMap<object, readonly Core[]>();

/** Notes in what an object is that was received. */
export function received<T extends object>(object: T): T {
  if (around.length > 0) paths.set(object, around);
  return object;
}

/** What `read` gives of an object's core; `null`: the object is within itself. */
function readWithin<T>(
  object: object,
  core: Core,
  read: () => T,
): T | null {
  const outer = around;
  const path = paths.get(object) ?? [];
  if (path.includes(core)) return null;
  around = [...path, core];
  try {
    return read();
  } finally {
    around = outer;
  }
}

/** What is to become the JSON of a dict or list. */
export function jsonOf<T>(object: object, core: Core, read: () => T): T {
  const json = readWithin(object, core, read);
  if (json !== null) return json;
  throw new TypeError(
    `Cannot make JSON of a ${object.constructor.name} that is within itself`,
  );
}

/** What Node's and Deno's `inspect` tell an object that says what is shown of it. */
export interface ShowOptions {
  stylize(text: string, style: string): string;
}

/** What the console is to show instead of a dict or list: a text, or an object. */
export function show<T extends object>(
  object: object,
  core: Core | null,
  depth: number,
  { stylize }: ShowOptions,
  read: () => T,
): T | string {
  const { name } = object.constructor;
  if (core === null) return `${name} (closed)`;
  if (depth < 0) return stylize(`[${name}]`, "special");
  return readWithin(object, core, read) ?? stylize("[Circular]", "special");
}
