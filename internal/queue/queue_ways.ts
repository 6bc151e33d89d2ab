/** Where a public queue's calls go: to shared memory, or to another process. */

import { EmptyError, ShutDownError, TimeoutError } from "../../errors.ts";
import { ownHome } from "../memory/home.ts";
import { createQueue } from "../structure/queue.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Handle, Service } from "../travel/service.ts";
import {
  callWaiting,
  type NoAnswerError,
  noSync,
  type Remote,
} from "../travel/remote.ts";
import type { WaitOptions } from "../wait.ts";
import { QueueCore } from "./queue_core.ts";

/** One of the two is there, until the queue is closed. */
export interface Ways {
  readonly core: QueueCore | null;
  readonly remote: Remote | null;
}

/** The ways of a queue that was closed. */
export const CLOSED: Ways = { core: null, remote: null };

/** Makes a queue of so many items at most; 0: of any number. */
export function newQueue(maxsize: number): Ways {
  const { space, holdings } = ownHome();
  const object = createQueue(space, maxsize);
  return {
    core: holdings.adopt(object, 0, new QueueCore(object)),
    remote: null,
  };
}

/** What to send of a queue, within the family. */
export function handleOf({ core }: Ways): Handle {
  return writeHandle(core!.object, 0);
}

/** The queue that was sent. */
export function waysFrom(handle: Handle): Ways {
  return {
    core: readHandle(handle, (object) => new QueueCore(object)),
    remote: null,
  };
}

/** What to use of a queue that is elsewhere. */
export function remoteOf({ remote }: Ways): Remote {
  if (remote === null) throw closed();
  return remote;
}

/** What to use of a queue in a call that blocks. */
export function coreOf({ core, remote }: Ways, method: string): QueueCore {
  if (core !== null) return core;
  throw remote === null ? closed() : noSync("queue", method);
}

/** How a queue that is served gets back what it gave to nobody. */
export function giveBackTo<Q extends object>(
  waysOf: (queue: Q) => Ways,
): Service<Q>["giveBack"] & object {
  const many = (queue: Q, items: unknown) =>
    waysOf(queue).core?.putBack(items as unknown[]);
  return { get: (queue, item) => many(queue, [item]), getMany: many };
}

/** Gets from a queue that is elsewhere. */
export async function getElsewhere<R>(
  ways: Ways,
  method: string,
  args: readonly unknown[],
  options?: WaitOptions,
): Promise<R> {
  return await callWaiting<R>(remoteOf(ways), method, args, options, late);

  /** Nothing was got in time: what is taken later goes back. */
  function late({ peer }: NoAnswerError): never {
    throw new EmptyError(
      `Cannot get from the queue as ${peer} does not answer`,
    );
  }
}

/** Puts into a queue that is elsewhere: an item, or several. */
export async function putElsewhere(
  ways: Ways,
  method: string,
  what: unknown,
  options?: WaitOptions,
): Promise<void> {
  await callWaiting(remoteOf(ways), method, [what], options, late);

  /** Nobody says in time whether it was put. */
  function late({ peer }: NoAnswerError): never {
    throw new TimeoutError(
      `Cannot tell whether it was put into the queue as ${peer} does not answer`,
    );
  }
}

/** Closes a queue: its thread does not use it any more. */
export function leave({ core, remote }: Ways): void {
  core?.leave();
  remote?.release();
}

function closed(): ShutDownError {
  return new ShutDownError(
    "Cannot use the queue as it was closed in this thread",
  );
}
