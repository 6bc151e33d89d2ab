/** Items that are given to a worker together. */

import { mustBe } from "../check.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Draft } from "./drafts.ts";
import type { PoolFunction } from "./functions.ts";
import { Flag, infoOf, kindOf, Order } from "./messages.ts";
import type { TaskLimits } from "./task.ts";

/**
 * Encodes items, the first of which is number `at` of its map; they will take
 * about so many bytes.
 */
export function draftChunk(
  { drafts }: Dispatcher,
  id: number,
  kind: number,
  fn: PoolFunction,
  limits: TaskLimits,
  items: ArrayLike<unknown>,
  at: number,
  bytes: number,
): Draft {
  if (kindOf(kind) === Order.STARMAP) checkLists(items, at);
  const timed = limits.taskTimeout === Infinity ? 0 : Flag.TIMED;
  const info = infoOf(kind | timed, fn.number);
  try {
    return drafts.make(id, info, items, "items", bytes);
  } catch (error) {
    // It says where in the chunk it is, but the caller has given all items.
    for (let i = 0; i < items.length; i++) {
      drafts.drop(drafts.make(id, info, items[i], `items[${at + i}]`));
    }
    throw error;
  }
}

/** Checks that each item is a list of arguments. */
function checkLists(items: ArrayLike<unknown>, at: number): void {
  for (let i = 0; i < items.length; i++) {
    if (Array.isArray(items[i])) continue;
    throw mustBe("map", `items[${at + i}]`, "an array of arguments", items[i]);
  }
}
