import * as ours from "../../errors.ts";

type ErrorClass = new (...args: never[]) => Error;

/**
 * The error classes that every process knows, with their names in messages.
 * Ours and Deno's have a prefix, to leave their names to the user's.
 */
export function errorClasses(): [name: string, cls: ErrorClass][] {
  return [
    ...BUILT_IN.filter((name) => name in globalThis).map((name) =>
      [name, Reflect.get(globalThis, name)] as [string, ErrorClass]
    ),
    ...withPrefix("Deno.errors", Deno.errors),
    ...withPrefix("processing", ours),
  ];
}

const BUILT_IN = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
  "SuppressedError", // not in every runtime
  "DOMException",
];

function withPrefix(
  prefix: string,
  classes: Record<string, unknown>,
): [string, ErrorClass][] {
  return Object.entries(classes).map((
    [name, cls],
  ) => [`${prefix}.${name}`, cls as ErrorClass]);
}
