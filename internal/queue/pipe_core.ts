/** What all connections of a thread share that are one end of a pipe. */

import { ShutDownError, TimeoutError } from "../../errors.ts";
import { homeIn } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { Line, wake } from "../memory/waits.ts";
import { type Direction, directionsOf } from "../structure/pipe.ts";
import { Putter } from "./putter.ts";
import { ended, PEER, Receiver } from "./receiver.ts";

/** One direction of a pipe, and who waits there in this thread. */
interface Way {
  readonly direction: Direction;
  /** For something to receive. */
  readonly receivers: Line;
  /** For room. */
  readonly senders: Line;
}

/** The ways of the pipes of which this thread has an end, or both. */
const known = new Map<string, WeakRef<readonly Way[]>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (known.get(key)?.deref() === undefined) known.delete(key);
});

function waysOf(object: SharedObject): readonly Way[] {
  const { grant } = object.space.arena;
  const key = `${grant.id}/${object.uid}`;
  let ways = known.get(key)?.deref();
  if (ways === undefined) {
    const { waits } = homeIn(grant);
    ways = directionsOf(object).map((direction) => ({
      direction,
      receivers: new Line(waits, direction.filled),
      senders: new Line(waits, direction.emptied),
    }));
    known.set(key, new WeakRef(ways));
    forgotten.register(ways, key);
  }
  return ways;
}

/** An end of a pipe, for one thread. */
export class PipeCore {
  readonly object: SharedObject;
  readonly end: number;
  /** `null`: one cannot receive here. */
  readonly receiver: Receiver | null;
  /** `null`: one cannot send here. */
  readonly sender: Putter | null;
  /** Kept for the core of the other end, should that be here too. */
  readonly ways: readonly Way[];
  /** How many public objects stand for it that were not closed. */
  #users = 0;

  constructor(object: SharedObject, end: number) {
    const ways = waysOf(object);
    this.object = object;
    this.end = end;
    this.ways = ways;
    // Way 0 leads to end 0, way 1, if there is one, to end 1.
    const incoming = ways[end];
    const outgoing = ways[1 - end];
    const { member } = object;
    this.receiver = incoming === undefined ? null : new Receiver(
      this,
      incoming.direction,
      incoming.receivers,
      () => wake(incoming.senders, 1, member),
    );
    this.sender = outgoing === undefined ? null : new Putter({
      core: this,
      object,
      ring: outgoing.direction.ring,
      line: outgoing.senders,
      root: "value",
      put: () => wake(outgoing.receivers, 1, member),
      sealed: () => ended("send to"),
      full: () => new TimeoutError(`Cannot send to ${PEER} in time`),
    });
  }

  /** One more public object stands for it. */
  enter(): void {
    this.#users++;
    this.receiver?.line.open();
    this.sender?.line.open();
  }

  /**
   * One of these was closed. When all are, this thread lets go of the end; what it is
   * still about to send is sent, be there room or not.
   */
  leave(): void {
    if (--this.#users > 0) return;
    const { sender, receiver, object, end } = this;
    sender?.putAll();
    sender?.line.close(() => closed("send to"));
    receiver?.line.close(() => closed("receive from"));
    const { holdings } = homeIn(object.space.arena.grant);
    holdings.letGo(object, end, () => this.#users > 0);
  }
}

function closed(use: string): ShutDownError {
  return new ShutDownError(
    `Cannot ${use} ${PEER} as this end was closed in this thread`,
  );
}
