import { Take } from "../structure/get_side.ts";
import { Seal } from "../structure/ring_words.ts";
import type { Scratch } from "../structure/scratch.ts";
import type { Link } from "./link.ts";
import { Got } from "./worker_end.ts";

/** Takes a message for a worker, if there is one. */
export function takeMessage(
  { words: { tasks } }: Link,
  scratch: Scratch,
): Got | undefined {
  const { seal } = tasks; // before one looks: there may be a last message
  if (tasks.gets.take(scratch, -1) === Take.DONE) return Got.MESSAGE;
  return seal === Seal.OPEN ? undefined : Got.END;
}
