/** Whether what several have seen of a dict can have happened one after the other. */

import type { Done } from "../fixtures/shared_work.ts";

/** What a key can be after an operation; `null`: it cannot have gone like that. */
function apply(before: unknown, { op, value, result }: Done): unknown[] | null {
  switch (op) {
    case "set":
      return [value];
    case "get":
      return result === before ? [before] : null;
    case "delete":
      return result === (before !== undefined) ? [undefined] : null;
    case "pop":
      return result === before ? [undefined] : null;
    case "setdefault": {
      const after = before ?? value;
      return result === after ? [after] : null;
    }
    case "update":
      return result === before ? [value] : null;
  }
}

/** Fails if there is a key whose operations have no order that explains them all. */
export function checkLinearizable(log: readonly Done[]): void {
  const keys = Map.groupBy(log, ({ key }) => key);
  for (const [key, done] of keys) {
    if (!hasOrder(done.toSorted((a, b) => a.began - b.began))) {
      throw new Error(`no order explains what has been seen of ${key}`);
    }
  }
}

/** How far one is: all before `next` are done, and these after it. */
interface Progress {
  readonly next: number;
  readonly others: readonly number[];
  readonly value: unknown;
}

/** Wing and Gong, Testing and verifying concurrent objects (1993). */
function hasOrder(log: readonly Done[]): boolean {
  const seen = new Set<string>();
  const stack: Progress[] = [{ next: 0, others: [], value: undefined }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { next, others, value } = state;
    if (next === log.length) return true;
    const id = `${next} ${others} ${value}`;
    if (seen.has(id)) continue;
    seen.add(id);
    // What can come next has begun before any of the rest had ended.
    let ended = Infinity;
    for (let i = next; i < log.length && log[i]!.began < ended; i++) {
      if (!others.includes(i)) ended = Math.min(ended, log[i]!.ended);
    }
    for (let i = next; i < log.length && log[i]!.began < ended; i++) {
      if (others.includes(i)) continue;
      const after = apply(value, log[i]!);
      if (after !== null) stack.push(advance(next, [...others, i], after[0]));
    }
  }
  return false;
}

function advance(
  next: number,
  others: readonly number[],
  value: unknown,
): Progress {
  while (others.includes(next)) next++;
  return { next, others: others.filter((i) => i > next).sort(), value };
}
