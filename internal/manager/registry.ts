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
  /** As what it is registered; `null`: as nothing that a child could know. */
  readonly key: string | null;
  /** The methods that may be called; `null`: all public ones. */
  readonly exposed: readonly string[] | null;
}

/** Names, and what they stand for. */
export type Registry = ReadonlyMap<string, TypeEntry>;

/** What a class can make itself, apart from what it inherits. */
const ownTypes = new WeakMap<object, Map<string, TypeEntry>>();

/**
 * What was registered by whoever loads the same modules, by where and as what.
 *
 * A callable that is not exported, as most arrow functions are not, a manager's child
 * finds here: it has loaded the module, and so registered its own. It must be the
 * only one of its kind in both processes, or else it could be another one, as with
 * classes that a factory makes: `null` stands for several.
 */
const registered = new Map<string, AnyFunction | null>();

function keyOf(
  cls: { readonly name: string },
  typeid: string,
  { source, modules: [module] }: FunctionReference,
): string | null {
  return module === undefined
    ? null
    : JSON.stringify([module, cls.name, typeid, source]);
}

/** What alone is registered in this process as that. */
export function registeredAs(key: string | null): AnyFunction | null {
  return key === null ? null : registered.get(key) ?? null;
}

/** Makes an entry; called from the user's module, which is looked up by the call. */
export function newEntry(
  cls: { readonly name: string },
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
  const reference = callable === undefined ? null : tryReference(callable);
  return {
    callable: callable as AnyFunction ?? null,
    reference,
    key: reference === null || reference instanceof Error
      ? null
      : keyOf(cls, typeid, reference),
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
  const { key, callable } = entry;
  if (key === null) return;
  const isOnly = !registered.has(key) || registered.get(key) === callable;
  registered.set(key, isOnly ? callable : null);
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
