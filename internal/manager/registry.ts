/** What a manager's class can make. */

import { RemoteError } from "../../errors.ts";
import {
  type FunctionReference,
  isClass,
  referTo,
} from "../launch/function_reference.ts";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...args: any[]) => unknown;

/** What is known of a name. */
export interface TypeEntry {
  /** Makes what is served; `null`: only the server knows how. */
  readonly callable: AnyFunction | null;
  /** How a child finds that; an error where none could. */
  readonly reference: FunctionReference | Error | null;
  /** The methods that may be called; `null`: all public ones. */
  readonly exposed: readonly string[] | null;
}

/** Names, and what they stand for. */
export type Registry = ReadonlyMap<string, TypeEntry>;

/** What a class can make itself, apart from what it inherits. */
const ownTypes = new WeakMap<object, Map<string, TypeEntry>>();

/** Makes an entry; called from the user's module, which is looked up by the call. */
export function newEntry(
  typeid: string,
  callable: unknown,
  exposed: unknown,
): TypeEntry {
  if (callable !== undefined && typeof callable !== "function") {
    throw new TypeError(
      `Cannot register "${typeid}" as "callable" must be a function: current value is ${
        Deno.inspect(callable, { depth: 0 })
      }`,
    );
  }
  if (typeof callable === "function" && isClass(callable)) {
    const { name } = callable;
    throw new TypeError(
      `Cannot register "${typeid}" as "callable" is a class: give a function, such as (...args) => new ${name}(...args)`,
    );
  }
  if (
    exposed !== undefined &&
    !(Array.isArray(exposed) &&
      exposed.every((name) => typeof name === "string"))
  ) {
    throw new TypeError(
      `Cannot register "${typeid}" as "exposed" must be an array of names: current value is ${
        Deno.inspect(exposed)
      }`,
    );
  }
  return {
    callable: callable as AnyFunction ?? null,
    reference: callable === undefined ? null : tryReference(callable),
    exposed: exposed === undefined ? null : [...exposed],
  };
}

/** Only a manager that is started in a child needs it. */
function tryReference(callable: unknown): FunctionReference | Error {
  try {
    return referTo(callable, "callable");
  } catch (error) {
    return error as Error;
  }
}

/** Adds a name to a class. */
export function addType(cls: object, typeid: string, entry: TypeEntry): void {
  let types = ownTypes.get(cls);
  if (types === undefined) ownTypes.set(cls, types = new Map());
  types.set(typeid, entry);
}

/** All that a class can make, and those that it extends. */
export function typesOf(cls: object | null): Map<string, TypeEntry> {
  if (cls === null || cls === Function.prototype) return new Map();
  const types = typesOf(Object.getPrototypeOf(cls));
  for (const [typeid, entry] of ownTypes.get(cls) ?? []) {
    types.set(typeid, entry);
  }
  return types;
}

/** The entry of a name that is served. */
export function servedType(
  registry: Registry,
  typeid: string,
  where: string,
): TypeEntry & { callable: AnyFunction } {
  const entry = registry.get(typeid);
  if (entry !== undefined && entry.callable !== null) {
    return entry as TypeEntry & { callable: AnyFunction };
  }
  const names = [...registry].filter(([, { callable }]) => callable !== null)
    .map(([name]) => name);
  throw new RemoteError(
    `Cannot get ${
      JSON.stringify(typeid.slice(0, 100))
    } from the manager at ${where} as it does not serve that: it serves ${
      names.length > 0 ? names.join(", ") : "nothing"
    }`,
    { remoteName: "RemoteError" },
  );
}
