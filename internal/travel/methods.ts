/** Which methods of a shared class others can call, and how. */

import type { Service, SharedClass } from "./service.ts";

/** A method as it is called for somebody else. */
export interface ServedMethod {
  /** Whether it is given a signal, and so can be taken back. */
  readonly waits: boolean;
  call(
    object: object,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): unknown;
}

const methodsOf = new WeakMap<SharedClass<object>, Map<string, ServedMethod>>();

/** The method of that name which others may call; `undefined`: there is none. */
export function findMethod(
  shared: SharedClass<object>,
  object: object,
  name: string,
): ServedMethod | undefined {
  const service = shared.service!;
  let methods = methodsOf.get(shared);
  if (methods === undefined) {
    methodsOf.set(shared, methods = methodsIn(service));
  }
  const method = methods.get(name);
  if (method !== undefined) return method;
  const found = service.find?.(object, name);
  return found && { waits: true, call: found as ServedMethod["call"] };
}

/** A table of what is named: what is only inherited is not in it. */
function methodsIn(service: Service<object>): Map<string, ServedMethod> {
  const methods = new Map<string, ServedMethod>();
  for (const name of service.methods) {
    methods.set(name, {
      waits: false,
      call: (object, args) => callMethod(object, name, args),
    });
  }
  for (const name of service.waiting ?? []) {
    methods.set(name, {
      waits: true,
      call: (object, args, signal) =>
        callMethod(object, name, withSignal(args, signal)),
    });
  }
  for (const [name, call] of Object.entries(service.quick ?? {})) {
    methods.set(name, { waits: false, call: call as ServedMethod["call"] });
  }
  for (const [name, call] of Object.entries(service.special ?? {})) {
    methods.set(name, { waits: true, call: call as ServedMethod["call"] });
  }
  return methods;
}

function callMethod(
  object: object,
  name: string,
  args: readonly unknown[],
): unknown {
  const method = Reflect.get(object, name) as (...args: unknown[]) => unknown;
  return Reflect.apply(method, object, args);
}

/** The arguments, with the signal beside the time-out in the last of them. */
function withSignal(
  args: readonly unknown[],
  signal: AbortSignal | undefined,
): unknown[] {
  const options = args.at(-1);
  const { timeout = undefined } =
    typeof options === "object" && options !== null
      ? options as { timeout?: number }
      : {};
  return [...args.slice(0, -1), { timeout, signal }];
}
