/**
 * How objects of this library travel in messages.
 *
 * Within a family the message has the object's place in the arena. Over a *route*
 * (route.ts) the other side gets something that stands for the object instead.
 */

import { DataCloneError } from "../../errors.ts";
import { homeIn, isOwn, ownHome } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { dropPinsFrom, pin, unpin } from "../memory/pins.ts";
import "../structure/all.ts";
import { note } from "../wire/envelope.ts";
import { pinBy } from "../wire/parcels.ts";
import { sharesMemory, unreachable } from "./route.ts";
import type { Handle } from "./service.ts";

export type { Handle } from "./service.ts";

/** For the codec: what to write of an end of an object, which will be pinned. */
export function writeHandle(object: SharedObject, end: number): Handle {
  if (!sharesMemory()) throw unreachable();
  const own = isOwn(object);
  note({
    key: `${object.uid}/${end}`,
    // What lies elsewhere cannot be pinned for somebody here: its maker holds it.
    pin: own ? (beneficiary) => pin(object, end, beneficiary) : null,
  });
  const { grant } = object.space.arena;
  return [object.index, object.uid, end, own ? 0 : grant];
}

/** For the codec: this thread's core of what a message tells of. */
export function readHandle<C extends object>(
  [index, uid, end, arena]: Handle,
  make: (object: SharedObject, end: number) => C,
): C {
  if (!sharesMemory()) {
    throw new DataCloneError(
      "Cannot receive an object that lies in the memory of another program",
    );
  }
  const { holdings } = arena === 0 ? ownHome() : homeIn(arena);
  return holdings.obtain(index, uid, end, (object) => make(object, end));
}

pinBy({
  owner: () => ownHome().space.member.id,
  unpin: (pins) => {
    const { space } = ownHome();
    for (const pin of pins) unpin(space, pin);
  },
  dropFrom: (pid, unread) => dropPinsFrom(ownHome().space, pid, unread),
});
