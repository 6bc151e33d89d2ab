/** Memory with a name, whose makers and users come to harm. */

import { SharedArray, SharedMemory } from "@multi/processing";
import {
  type Fate,
  isEndedByOthers,
  meetEnd,
  meetFate,
  Party,
  type Plan,
} from "./party.ts";
import type { Round, Scenario } from "./round.ts";

/** Makes memory, writes to it, and looks at what it has from others. */
export async function useMemory(
  common: string,
  own: string,
  seen: SharedArray<"i">,
  me: number,
  count: number,
  plan: Plan,
): Promise<void> {
  using memory = new SharedMemory({ name: common });
  using mine = new SharedMemory({ create: true, size: 5000, name: own });
  const end = isEndedByOthers(plan) ? Infinity : count;
  try {
    for (let n = 0; n < end; n++) {
      meetFate(plan, n);
      memory.buf[me] = n;
      mine.buf.fill(n);
      using same = new SharedMemory({ name: own });
      if (same.buf[4999] !== (n & 255)) throw new Error("it is not the same");
      seen.array[me] = n + 1;
      await new Promise((resolve) => setTimeout(resolve));
    }
    await meetEnd(plan);
  } finally {
    mine.unlink();
  }
}

/**
 * A thread that is terminated leaves the files open that it had, and nobody else
 * can close them before its process ends: so none is terminated here.
 */
const KINDER: readonly Fate[] = ["end", "throw", "exit"];

/** Memory with a name. */
export const segments: Scenario = {
  name: "named memory",
  async run(round: Round) {
    const { random } = round;
    const length = random.between(1, 3);
    const seen = new SharedArray("i", length);
    using memory = new SharedMemory({ create: true, size: 100 });
    const parties = Array.from({ length }, (_, i) => {
      const own = `${memory.name}-${i}`;
      const count = random.between(5, 50);
      return new Party(
        round,
        `user ${i}`,
        useMemory,
        (plan) => [memory.name, own, seen, i, count, plan],
        { thread: KINDER },
      );
    });
    await Promise.all(
      parties.map((party, i) => party.end(() => seen.array[i]! > 0)),
    );
    for (let i = 0; i < length; i++) {
      const last = seen.array[i]! - 1;
      const is = memory.buf[i]!;
      round.check(
        seen.array[i] === 0 || is === (last & 255) || is === (last + 1 & 255),
        `byte ${i} of memory is ${is}`,
      );
    }
    const made = parties.map((_, i) => `${memory.name}-${i}`);
    memory.unlink();
    for (const name of [...made, memory.name]) {
      try {
        new SharedMemory({ name }).close();
        round.check(false, `memory ${name} is there after its end`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    round.did(seen.array.reduce((sum, n) => sum + n, 0));
  },
};
