import { fieldsOf } from "../structure/contents.ts";
import {
  BaseProxy,
  call,
  type Methods,
  newHome,
  registerProxy,
} from "./side.ts";

type Home = Map<string, unknown>;

function checked(name: unknown): string {
  if (typeof name === "string") return name;
  throw new TypeError(
    `Cannot use ${Deno.inspect(name)} as a name: it must be a string`,
  );
}

const METHODS = {
  get: (home, name: string) => home.get(checked(name)),
  set: (home, name: string, value: unknown) =>
    void home.set(checked(name), value),
  delete: (home, name: string) => home.delete(checked(name)),
  entries: (home) => [...home],
} satisfies Methods<Home>;

/**
 * Names with values that a {@linkcode Manager} serves.
 *
 * @example Settings
 * ```ts
 * import { Manager } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const settings = await manager.namespace({ level: 3 });
 * await settings.set("level", 4);
 * assertEquals(await settings.get("level"), 4);
 * ```
 *
 * Python: `multiprocessing.managers.NamespaceProxy`, whose names are attributes.
 *
 * @typeParam T The names, with the types of their values.
 */
export class NamespaceProxy<
  // deno-lint-ignore no-explicit-any
  T extends object = Record<string, any>,
> extends BaseProxy {
  /**
   * The value of a name; `undefined` where it has none.
   *
   * Python: `namespace.name`.
   */
  get<K extends keyof T & string>(name: K): Promise<T[K]> {
    return call(this, "get", name);
  }

  /**
   * Gives a name a value.
   *
   * @throws {TypeError} If the name is no string.
   *
   * Python: `namespace.name = value`.
   */
  async set<K extends keyof T & string>(name: K, value: T[K]): Promise<void> {
    await call(this, "set", name, value);
  }

  /**
   * Takes a name away; `false`: it was not there.
   *
   * Python: `del namespace.name`.
   */
  delete(name: keyof T & string): Promise<boolean> {
    return call(this, "delete", name);
  }

  /**
   * Those names that do not begin with `_`, with their values, as a text.
   *
   * Python: `str(namespace)`.
   */
  async describe(): Promise<string> {
    const entries = await call<[string, unknown][]>(this, "entries");
    const shown = entries.filter(([name]) => !name.startsWith("_"))
      .map(([name, value]) => `${name}=${Deno.inspect(value)}`);
    return `Namespace(${shown.sort().join(", ")})`;
  }

  static {
    registerProxy<NamespaceProxy, Home>(
      "NamespaceProxy",
      NamespaceProxy,
      METHODS,
    );
  }
}

/** A namespace here. */
export function newNamespace(names: unknown = {}): NamespaceProxy {
  return newHome(
    NamespaceProxy,
    new Map(fieldsOf(names, "a namespace")),
    METHODS,
  );
}
