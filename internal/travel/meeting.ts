/**
 * How an object that stands for one elsewhere travels in messages that this very
 * thread reads again, such as through a queue of its own or on to a child: it is
 * kept here, under a number.
 */

import { DataCloneError } from "../../errors.ts";
import { checkMayMeet, locateBy } from "./route.ts";

const WAY = "here";
/** This thread, told from all others. */
const thread = crypto.randomUUID();

const kept = new Map<number, object>();
/** The numbers by the connections, with whose end they end, and the ids there. */
const numbers = new Map<object, Map<number, number>>();
let last = 0;

/** How it can be found again, by this thread and as long as its connection lasts. */
export function meetAgain(
  link: object,
  id: number,
  object: object,
): readonly unknown[] {
  checkMayMeet();
  let ids = numbers.get(link);
  if (ids === undefined) numbers.set(link, ids = new Map());
  let number = ids.get(id);
  if (number === undefined || kept.get(number) !== object) {
    ids.set(id, number = ++last);
    kept.set(number, object);
  }
  return [WAY, thread, number];
}

/** What can be found again by that, if this thread has said it and still has it. */
export function met(at: unknown): object | undefined {
  const number = numberOf(at);
  return number === undefined ? undefined : kept.get(number);
}

/** Nobody needs to find it by that any more, as there is another way. */
export function forget(at: unknown): void {
  const number = numberOf(at);
  if (number !== undefined) kept.delete(number);
}

function numberOf(at: unknown): number | undefined {
  const [way, where, number] = Array.isArray(at) ? at : [];
  return way === WAY && where === thread ? number : undefined;
}

/** A connection has ended. */
export function forgetAll(link: object): void {
  for (const number of numbers.get(link)?.values() ?? []) kept.delete(number);
  numbers.delete(link);
}

locateBy(WAY, (shared, [where, number]) => {
  const object = where === thread ? kept.get(number as number) : undefined;
  if (object !== undefined) return object;
  throw new DataCloneError(
    where === thread
      ? `Cannot receive a ${shared.name} as the process that serves it is gone`
      : `Cannot receive a ${shared.name} as it is served by a process that only the sender can reach: send it from there, or use what a Manager serves`,
  );
});
