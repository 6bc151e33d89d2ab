/** What every `Manager` can make. */

import { newArray } from "./array_proxy.ts";
import { newDict } from "./dict_proxy.ts";
import { newList } from "./list_proxy.ts";
import { newNamespace } from "./namespace_proxy.ts";
import { newPool } from "./pool_proxy.ts";
import type { TypeEntry } from "./registry.ts";
import { newValue } from "./value_proxy.ts";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...args: any[]) => unknown;

const makers = new Map<string, AnyFunction>(Object.entries({
  dict: newDict,
  list: newList,
  namespace: newNamespace,
  value: newValue,
  array: newArray,
  pool: newPool,
}));

/** Called by the module of `Manager`, which knows the public classes. */
export function addBuiltins(more: Readonly<Record<string, AnyFunction>>): void {
  for (const [typeid, maker] of Object.entries(more)) {
    makers.set(typeid, maker);
  }
}

/** Their names, and how they are made. */
export function* builtinTypes(): Iterable<[typeid: string, entry: TypeEntry]> {
  for (const [typeid, callable] of makers) {
    yield [typeid, { callable, reference: null, key: null, exposed: null }];
  }
}
