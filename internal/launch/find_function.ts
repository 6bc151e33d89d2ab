/** Finds, in a child, the function that a reference stands for. */

import { BootstrapError } from "../../errors.ts";
import type { FunctionReference } from "./function_reference.ts";
import { self } from "./identity.ts";
import { ownLoader } from "./loader.ts";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...args: any[]) => unknown;
type Namespace = Readonly<Record<string, unknown>>;

/** A function that was found, and what it throws made understandable. */
export interface FoundFunction {
  readonly call: AnyFunction;
  /**
   * Says more of an error where the function came as source text: also what to do,
   * where that is something else than for a target, and what the function is.
   */
  explain(error: unknown, cure?: string, role?: string): unknown;
}

/**
 * Looks for an export by name, then by source: in the modules of the
 * reference, then in what these import by name. What nobody exports may be
 * `known` otherwise, once these modules are loaded; the rest is made from its
 * source text.
 */
export async function findFunction(
  reference: FunctionReference,
  known: () => AnyFunction | null = () => null,
): Promise<FoundFunction> {
  for (const url of reference.modules) {
    const namespace = await load(url);
    const found = lookIn(namespace, reference, url);
    if (found) return { call: found, explain: (error) => error };
    if (reference.explicit) throw missing(namespace, reference, url);
  }
  const other = known();
  if (other) return { call: other, explain: (error) => error };
  const unresolved: string[] = [];
  for (const url of reference.modules) {
    const found = await lookInImports(url, reference, unresolved);
    if (found) return { call: found, explain: (error) => error };
  }
  return fromSource(reference, unresolved);
}

async function load(url: string): Promise<Namespace> {
  try {
    return await ownLoader().module(url);
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    throw new BootstrapError(
      `Cannot load ${shown(url)}, which may export the target: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
}

/** A module, as a message names it: a `data:` URL is its whole text. */
function shown(url: string): string {
  return /^data:.{80}/.test(url) ? `${url.slice(0, 60)}…` : url;
}

const sourceOf = (fn: unknown) => Function.prototype.toString.call(fn);

/**
 * The export that is meant: by name, by source, or the same one level deeper, in
 * modules that are exported as a whole (`export * as tools from …`).
 */
function lookIn(
  namespace: Namespace,
  reference: FunctionReference,
  url: string,
): AnyFunction | undefined {
  const { name } = reference;
  if (name !== "" && Object.hasOwn(namespace, name)) {
    const value = namespace[name];
    if (isSame(value, reference)) return value;
  }
  const exports = Object.entries(namespace);
  return oneOf(exports, reference, url) ??
    oneOf(exports.flatMap(exportsWithin), reference, url);
}

function isSame(
  value: unknown,
  { source }: FunctionReference,
): value is AnyFunction {
  return typeof value === "function" &&
    (source === null || sourceOf(value) === source);
}

/** What an export has itself to export, which only a module has. */
function exportsWithin(
  [key, value]: [string, unknown],
): [path: string, value: unknown][] {
  return isModule(value)
    ? Object.entries(value).map(([name, inner]) => [`${key}.${name}`, inner])
    : [];
}

/** A bundler makes an object of it that has nothing but getters, for good. */
function isModule(value: unknown): value is Namespace {
  if (typeof value !== "object" || value === null) return false;
  if (Reflect.get(value, Symbol.toStringTag) === "Module") return true;
  const properties = Object.values(Object.getOwnPropertyDescriptors(value));
  return properties.length > 0 &&
    properties.every((property) =>
      property.get && !property.set && !property.configurable
    );
}

/** The function of that source: of several, the one of that name. */
function oneOf(
  exports: readonly [path: string, value: unknown][],
  reference: FunctionReference,
  url: string,
): AnyFunction | undefined {
  /** Those of that source, each with where it is exported. */
  const found = new Map<AnyFunction, string[]>();
  for (const [path, value] of exports) {
    if (!isSame(value, reference)) continue;
    const paths = found.get(value);
    if (paths) paths.push(path);
    else found.set(value, [path]);
  }
  const isNamed = ([, paths]: [AnyFunction, string[]]) =>
    paths.some((path) => path.split(".").at(-1) === reference.name);
  const all = [...found];
  const named = all.filter(isNamed);
  const [only, ...others] = named.length > 0 ? named : all;
  if (others.length === 0) return only?.[0];
  throw new BootstrapError(
    `Cannot tell which function of ${shown(url)} is the target as the exports ${
      [only, ...others].map((one) => one![1][0]).join(", ")
    } have the same source: export a function of its own for each, such as \`export function work() { return ${
      only![1][0]
    }(); }\`, and use that as the target`,
  );
}

function missing(
  namespace: Namespace,
  { name }: FunctionReference,
  url: string,
): BootstrapError {
  if (name !== "" && typeof namespace[name] === "function") {
    return new BootstrapError(
      `Cannot use the export "${name}" of ${
        shown(url)
      } as it is another function than the target: pass as target what that module exports, or leave "module" out`,
    );
  }
  const exports = Object.keys(namespace).filter((key) =>
    typeof namespace[key] === "function"
  );
  return new BootstrapError(
    `Cannot find the target ${name === "" ? "" : `"${name}" `}in ${
      shown(url)
    } as it is not exported there: export it, or name the right module; the functions exported are ${
      exports.length > 0 ? exports.join(", ") : "none"
    }`,
  );
}

/** Bare specifiers that only the importing module can resolve are `unresolved`. */
async function lookInImports(
  url: string,
  reference: FunctionReference,
  unresolved: string[],
): Promise<AnyFunction | undefined> {
  const loader = ownLoader();
  let text: string;
  try {
    text = await loader.text(url);
  } catch {
    return; // not readable as text, such as a wasm module: no imports to follow
  }
  for (const specifier of namedImports(text, reference.name)) {
    const isRelative = /^\.{0,2}\//.test(specifier);
    const target = isRelative ? new URL(specifier, url).href : specifier;
    let namespace: Namespace;
    try {
      namespace = await loader.module(target);
    } catch (error) {
      if (error instanceof BootstrapError) throw error;
      // Else only its types were imported, so it is not in the graph.
      if (!isRelative) unresolved.push(specifier);
      continue;
    }
    const found = lookIn(namespace, reference, target);
    if (found) return found;
  }
}

/**
 * The modules that a module's text imports names from, those first where `name`
 * is one of the names.
 */
export function namedImports(text: string, name: string): string[] {
  // Strings are matched so that a "//" in one begins no comment.
  const code = text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\/\*[^]*?\*\//g,
    "$1",
  );
  const statements = code.matchAll(
    /\bimport\s+(?!type\s+[\w{*])([\w$\s{},*]+?)\s*\bfrom\s*["']([^"'\n]+)["']/g,
  );
  const first: string[] = [];
  const others: string[] = [];
  for (const [, names, specifier] of statements) {
    const mentions = name !== "" && names!.split(/[^\w$]+/).includes(name);
    (mentions ? first : others).push(specifier!);
  }
  return [...new Set([...first, ...others])];
}

/** The main modules that Deno makes up, which a child cannot import. */
const MADE_UP: Readonly<Record<string, string>> = {
  stdin: "was read from stdin",
  eval: "was given to deno eval",
  repl: "was typed into deno repl",
};

/** How the main module came to be, where a child cannot import it. */
function howMadeUp(): string | undefined {
  const found = /\/\$deno\$(\w+)\.\w+$/.exec(self().mainModule);
  return found ? MADE_UP[found[1]!] : undefined;
}

/** Why a target was not found, after its name. */
function whyNot(
  modules: readonly string[],
  unresolved: readonly string[],
  madeUp: string | undefined,
): string {
  const by = modules.length > 0 ? ` by ${modules.map(shown).join(" or ")}` : "";
  const [specifier] = unresolved;
  const unknown = specifier === undefined
    ? ""
    : ` (and what "${
      unresolved.join('", "')
    }" exports is not known here; if it is the target, name it by module: import.meta.resolve("${specifier}"))`;
  const notExported = `is not exported${by}${unknown}`;
  if (madeUp === undefined) return notExported;
  const program = `cannot be imported from a program that ${madeUp}`;
  return by === "" ? program : `${notExported}, and ${program}`;
}

/** Makes a function of its source text, which may be that of a method. */
function evaluate(source: string): AnyFunction {
  // Indirect, so that the text sees the globals and nothing of this module.
  const run = (text: string) => (0, eval)(`"use strict";(${text}\n)`);
  try {
    return run(source);
  } catch (error) {
    if (/\bsuper\s*[.[]/.test(source)) throw error; // it would be another one
    const object = run(`{${source}\n}`);
    const [key] = Reflect.ownKeys(object);
    const method = Object.getOwnPropertyDescriptor(object, key!)!.value;
    if (method === undefined) throw error; // it has a getter or a setter
    return method;
  }
}

function fromSource(
  { name, source, modules }: FunctionReference,
  unresolved: readonly string[],
): FoundFunction {
  const called = (role: string) => name === "" ? role : `${role} "${name}"`;
  const label = called("the target");
  const madeUp = howMadeUp();
  const why = whyNot(modules, unresolved, madeUp);
  const first = madeUp === undefined ? "" : "put the program into a file, and ";
  let call: AnyFunction;
  try {
    call = evaluate(source!);
  } catch (cause) {
    throw new BootstrapError(
      `Cannot use ${label} as it ${why}, and its source is no function by itself (a method that uses "super", perhaps, or a getter): ${first}export a function that calls it`,
      { cause },
    );
  }
  return {
    call,
    explain(
      error,
      cure = 'name its module by "module", or give it what it needs in "args"',
      role = "the target",
    ) {
      try {
        const out = error instanceof ReferenceError &&
          /^(\S+) is not defined$/.exec(error.message);
        if (!out) return error;
        const message = `${error.message}: ${
          called(role)
        } ${why}, so it was sent as its source text and does not see "${
          out[1]
        }"; ${first}export it, or ${cure}`;
        if (error.stack) {
          error.stack = error.stack.replace(error.message, message);
        }
        error.message = message;
      } catch {
        // It cannot be read, or not be changed.
      }
      return error;
    },
  };
}
