/** Proxies of objects of users' classes: they have the methods of those. */

import { currentContext, runAsOwner } from "../context.ts";
import type { Remote } from "../travel/remote.ts";
import { currentRoute } from "../travel/route.ts";
import type { SharedClass, SpecialMethod } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { classOf, registerHandle, standInBy } from "../wire/classes.ts";
import { isBuiltIn } from "../wire/unsendable.ts";
import { belongsWith, homeOf, locateHome } from "./homes.ts";

const NAME = "AutoProxy";

/** Never called from elsewhere: `then` would make a proxy a promise. */
const NEVER = new Set(["constructor", "then", "__proto__"]);

/** What is served of an object of a user's class. */
class Served {
  readonly object: object;
  readonly methods: ReadonlySet<string>;
  /** Whether one can go through it. */
  readonly iterates: boolean;

  constructor(object: object, exposed: readonly string[] | null) {
    this.object = object;
    this.iterates = isIterator(object);
    const names = exposed ??
      (this.iterates ? ["next", "return", "throw"] : publicMethods(object));
    this.methods = new Set(
      names.filter((name) => !NEVER.has(name) && isMethod(object, name)),
    );
  }
}

/** By the objects, with which they end, and by what may be called of them. */
const known = new WeakMap<object, Map<string, Served>>();

/** An object as it is to be sent: it is served. `null`: all its public methods. */
export function serve(
  object: object,
  exposed: readonly string[] | null,
): object {
  const key = exposed === null ? "" : JSON.stringify(exposed);
  let ways = known.get(object);
  if (ways === undefined) known.set(object, ways = new Map());
  let served = ways.get(key);
  if (served === undefined) {
    ways.set(key, served = new Served(object, exposed));
  }
  return served;
}

/** Whether it is what is to be sent of an object of a user's class. */
export function isServed(value: unknown): boolean {
  return value instanceof Served;
}

/** What stands for an object of a user's class elsewhere. */
export class AutoProxy {
}

const remotes = new WeakMap<object, Remote>();

function newAutoProxy(remote: Remote): AutoProxy {
  const proxy = new AutoProxy();
  remotes.set(proxy, remote);
  const { methods, iterates } = remote.description as {
    methods: string[];
    iterates: boolean;
  };
  const define = (name: PropertyKey, value: unknown) =>
    Object.defineProperty(proxy, name, { value });
  for (const method of methods) {
    if (NEVER.has(method)) continue;
    define(method, (...args: unknown[]) => remote.call(method, args));
  }
  if (iterates) define(Symbol.asyncIterator, () => iterate(remote));
  const close = () => remote.release();
  if (!methods.includes("close")) define("close", close);
  define(Symbol.dispose, close);
  return proxy;
}

async function* iterate(remote: Remote): AsyncGenerator<unknown> {
  let isDone = false;
  try {
    for (;;) {
      const step = await remote.call("next", []) as IteratorResult<unknown>;
      isDone = step.done ?? false;
      if (isDone) return step.value;
      yield step.value;
    }
  } finally {
    if (!isDone) await remote.call("return", [undefined]).catch(() => {});
  }
}

/** The names of an object's methods, its classes' included, but no private ones. */
function publicMethods(object: object): string[] {
  const names = new Set<string>();
  let level: object | null = object;
  while (level !== null && level !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (!name.startsWith("_")) names.add(name);
    }
    level = Object.getPrototypeOf(level);
  }
  return [...names];
}

/** Whether that is one; getters are not asked. */
function isMethod(object: object, name: string): boolean {
  let level: object | null = object;
  while (level !== null && level !== Object.prototype) {
    const property = Object.getOwnPropertyDescriptor(level, name);
    if (property !== undefined) return typeof property.value === "function";
    level = Object.getPrototypeOf(level);
  }
  return false;
}

/**
 * What to send of what others know by a proxy: they may call of it what they can
 * call by now, and nothing more.
 */
export function asSentOn(object: object): object {
  const ways = known.get(object);
  if (ways === undefined) return object;
  const keys = [...ways.keys()];
  const exposed = keys.includes("")
    ? null
    : [...new Set(keys.flatMap((key) => JSON.parse(key) as string[]))];
  return serve(object, exposed);
}

/** Whether it is an object that is no data, nor one of ours. */
export function isForeign(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  if (
    prototype === null || prototype === Object.prototype ||
    Array.isArray(value) || classOf(prototype) !== undefined
  ) return false;
  if (isIterator(value)) return true;
  const { constructor } = prototype;
  return typeof constructor !== "function" || !isBuiltIn(constructor);
}

function isIterator(value: object): boolean {
  return "next" in value && typeof value.next === "function" &&
    (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Calls a method of a user's object, as the owner that the caller is. */
function callOf(name: string): SpecialMethod<object> {
  return async (served, args) => {
    const { object } = served as Served;
    const { owner } = currentContext();
    return await runAsOwner(owner, async () => {
      const method = Reflect.get(object, name) as (
        ...args: unknown[]
      ) => unknown;
      const result = await Reflect.apply(method, object, args);
      if (!isForeign(result)) return result;
      belongsWith(object, result);
      return serve(result, null);
    });
  };
}

const shared: SharedClass<object> = {
  name: NAME,
  class: AutoProxy,
  encode: () => {
    throw new TypeError("An AutoProxy stands for what is elsewhere");
  },
  decode: () => {
    throw new TypeError("An AutoProxy is no memory");
  },
  remoteOf: (proxy) => remotes.get(proxy) ?? null,
  fromRemote: newAutoProxy,
  home: (served) => (served as Served).object,
  service: {
    methods: [],
    find: (served, name) =>
      (served as Served).methods.has(name) ? callOf(name) : undefined,
    describe(served) {
      const { methods, iterates } = served as Served;
      return { methods: [...methods], iterates };
    },
  },
};

registerHandle<Served>({
  name: NAME,
  class: Served,
  encode(served) {
    const route = currentRoute();
    if (route !== null) return route.send(shared, served, null);
    const description = shared.service!.describe!(served);
    return locateHome(NAME, served.object, served, description);
  },
  decode: () => {
    throw new TypeError("What is served is received as a proxy");
  },
});
registerShared(shared); // it is read as this one

// What has come as a proxy is used as itself here, and goes as a proxy again.
standInBy((object) =>
  known.has(object) && (currentRoute() !== null || homeOf(object) !== undefined)
    ? asSentOn(object)
    : null
);
