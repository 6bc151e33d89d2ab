/** Which methods of a shared class others can call, and how. */

import { RemoteError } from "../../errors.ts";
import type { Remote } from "./remote.ts";
import type { Service, SharedClass } from "./service.ts";

/** An object that others can call. */
export interface Servable {
  readonly object: object;
  readonly shared: SharedClass<object>;
  /** What it stands for itself, if that is elsewhere: calls are passed on to there. */
  readonly remote: Remote | null;
}

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

/** The method of that name; a `RemoteError` if there is none which others may call. */
export function methodOf(
  { shared, object, remote }: Servable,
  name: string,
): ServedMethod {
  if (remote !== null) {
    const call: ServedMethod["call"] = (_object, args, signal) =>
      remote.call(name, args, signal);
    return { waits: true, call };
  }
  const method = findMethod(shared, object, name);
  if (method !== undefined) return method;
  throw new RemoteError(
    `Cannot call ${
      JSON.stringify(name)
    } of a ${shared.name} as it is no method that is served`,
  );
}

/** Whether it passes on copies; see {@linkcode Service.carries}. */
export function carries({ shared, remote }: Servable): boolean {
  return remote === null && shared.service!.carries === true;
}

/** Whether what a method gives would have to go back, if nobody gets it. */
export function takes({ shared, remote }: Servable, method: string): boolean {
  return remote !== null ||
    Object.hasOwn(shared.service!.giveBack ?? {}, method);
}

/** Gives back to an object what it has given to nobody. */
export function giveBackTo(
  { shared, object, remote }: Servable,
  method: string,
  result: unknown,
): unknown {
  if (remote !== null) return remote.giveBack(method, result);
  const table = shared.service!.giveBack ?? {};
  if (Object.hasOwn(table, method)) return table[method]!(object, result);
}

/** What a dead owner may hold of an object is left. */
export function leaveBy(
  { shared, object, remote }: Servable,
  owner: object,
): unknown {
  if (remote !== null) return remote.gone(owner);
  return shared.service!.gone?.(object, owner);
}

function findMethod(
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
