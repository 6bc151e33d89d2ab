/** The object that `local()` makes: another one for each who looks at it. */

import { mustBe } from "../check.ts";
import { currentLocals } from "../context.ts";

/**
 * A stand-in for what `init` makes, once for each thread and each coroutine
 * that uses it.
 */
export function localObject<T extends object>(init: () => T): T {
  const key = {};
  const own = (): T => {
    const locals = currentLocals();
    let value = locals.get(key) as T | undefined;
    if (value === undefined) {
      value = init();
      if (Object(value) !== value) {
        throw mustBe("make local object", "init()", "an object", value);
      }
      locals.set(key, value);
    }
    return value;
  };
  // What shows a stand-in asks what it was made of.
  Object.defineProperty(key, Symbol.for("Deno.customInspect"), {
    value: (inspect: typeof Deno.inspect, options: Deno.InspectOptions) =>
      inspect(own(), options),
    configurable: true,
  });
  return new Proxy(key, {
    get: (_, name) => bound(own(), name),
    set: (_, name, value) => Reflect.set(own(), name, value),
    has: (_, name) => Reflect.has(own(), name),
    deleteProperty: (_, name) => Reflect.deleteProperty(own(), name),
    ownKeys: () => Reflect.ownKeys(own()),
    getOwnPropertyDescriptor(_, name) {
      const descriptor = Reflect.getOwnPropertyDescriptor(own(), name);
      // Of itself the stand-in has no property, so it may show none that stays.
      return descriptor && { ...descriptor, configurable: true };
    },
    defineProperty: (_, name, descriptor) =>
      Reflect.defineProperty(own(), name, {
        ...descriptor,
        configurable: true,
      }),
    getPrototypeOf: () => Reflect.getPrototypeOf(own()),
    setPrototypeOf: (_, prototype) => Reflect.setPrototypeOf(own(), prototype),
    preventExtensions: () => false,
  }) as T;
}

/** Methods of a class, each bound once, by the object and the method. */
const methods = new WeakMap<object, WeakMap<object, unknown>>();

/**
 * A property. A method of a class is bound to the object itself, because the
 * stand-in has none of its private fields, and is no Map where that is one.
 */
function bound(value: object, name: string | symbol): unknown {
  const property = Reflect.get(value, name);
  if (
    typeof property !== "function" || name === "constructor" ||
    Object.hasOwn(value, name)
  ) return property;
  let ofValue = methods.get(value);
  if (ofValue === undefined) methods.set(value, ofValue = new WeakMap());
  let method = ofValue.get(property);
  if (method === undefined) {
    ofValue.set(property, method = property.bind(value));
  }
  return method;
}
