/** How the public classes of this folder are made, and shared. */

import { type Home, ownHome } from "../memory/home.ts";
import type { ObjectType, SharedObject } from "../memory/objects.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { SharedClass } from "../travel/service.ts";
import type { Core } from "./core.ts";
import { giving } from "./given.ts";
import { type Lockable, sideOf } from "./lockable.ts";
import { RemoteSide } from "./remote_sides.ts";
import { lockService } from "./services.ts";

/** A new object in shared memory, and its core. */
export function newShared<C extends object>(
  type: ObjectType,
  bytes: number,
  init: (object: SharedObject) => void,
  make: (object: SharedObject) => C,
  { space, holdings }: Home = ownHome(),
): C {
  const object = space.create(type, bytes);
  init(object);
  return holdings.adopt(object, 0, make(object));
}

/** How a lock of some kind is shared; `make` makes the core of one. */
export function sharedLock<T extends Lockable>(
  name: string,
  cls: new () => T,
  make: (object: SharedObject) => Core,
): Omit<SharedClass<T>, "fromRemote"> {
  return {
    name,
    class: cls,
    encode: (lock) => writeHandle((sideOf(lock) as Core).object, 0),
    decode: (handle) => giving(readHandle(handle, make), () => new cls()),
    remoteOf(lock) {
      const side = sideOf(lock);
      return side instanceof RemoteSide ? side.remote : null;
    },
    service: lockService((lock) => sideOf(lock) as Core),
  };
}
