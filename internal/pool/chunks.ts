/** Items that are given to a worker together. */

import type { Dispatcher } from "./dispatcher.ts";
import type { Draft } from "./drafts.ts";
import type { PoolFunction } from "./functions.ts";
import { Flag, infoOf } from "./messages.ts";
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
