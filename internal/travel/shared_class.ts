/** Lets objects that are shared be sent, by the way that leads to the receiver. */

import { registerHandle } from "../wire/classes.ts";
import { note } from "../wire/envelope.ts";
import { Unsendable } from "../wire/unsendable.ts";
import { Link } from "./link.ts";
import { currentRoute, linkBy, locateFrom, unreachable } from "./route.ts";
import type { Handle, Located, SharedClass } from "./service.ts";

/** Lets objects of a class be sent: to a family, over routes, and from there on. */
export function registerShared<T extends object>(shared: SharedClass<T>): void {
  const { name } = shared;
  const any = shared as unknown as SharedClass<object>;
  registerHandle<T>({
    name,
    class: shared.class,
    encode(object) {
      const route = currentRoute();
      const remote = shared.remoteOf(object);
      if (remote?.isReleased || shared.isClosed?.(object)) {
        throw new Unsendable(`a ${name} that was closed cannot be sent`);
      }
      if (route !== null) {
        if (shared.service === null) throw unreachable(`a ${name}`);
        return route.send(any, object, remote);
      }
      if (remote === null) return shared.encode(object);
      // It holds nothing here, but says that there is an object in the message.
      note({ key: name, pin: null });
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

// Who has such objects may have to reach them elsewhere.
linkBy((transport, options) => new Link(transport, options));
