/** Lets objects that are shared be sent, by the way that leads to the receiver. */

import { registerHandle } from "../wire/classes.ts";
import { Unsendable } from "../wire/unsendable.ts";
import { currentRoute, locateFrom } from "./route.ts";
import type { Handle, SharedClass } from "./service.ts";

const byName = new Map<string, SharedClass<object>>();

/** The class that has this name in messages, if its module is loaded here. */
export function sharedClassNamed(
  name: string,
): SharedClass<object> | undefined {
  return byName.get(name);
}

/** What an object is sent as that stands for one elsewhere, to who is on no route. */
interface Located {
  readonly at: unknown;
}

/** Lets objects of a class be sent: to a family, over routes, and from there on. */
export function registerShared<T extends object>(shared: SharedClass<T>): void {
  const { name } = shared;
  const any = shared as unknown as SharedClass<object>;
  byName.set(name, any);
  registerHandle<T>({
    name,
    class: shared.class,
    encode(object) {
      const route = currentRoute();
      const remote = shared.remoteOf(object);
      if (route !== null) {
        if (shared.service === null) throw unreachable(name);
        return route.send(any, object, remote);
      }
      if (remote === null) return shared.encode(object);
      return { at: remote.locate() } satisfies Located;
    },
    decode(data) {
      const route = currentRoute();
      if (route !== null) return route.receive(any, data) as T;
      if (Array.isArray(data)) return shared.decode(data as unknown as Handle);
      return locateFrom(any, (data as Located).at) as T;
    },
  });
}

function unreachable(name: string): Unsendable {
  return new Unsendable(
    `a ${name} is memory, and cannot be sent to who cannot look at this memory: start the process with --allow-ffi, as this one must be, or use what a Manager serves`,
  );
}
