/** Threads for scenarios of what lies in shared memory. */

import type { Changes, Rewritten } from "./instrument.ts";
import { instrument } from "./instrument.ts";

const STRUCTURES = ["lock", "semaphore", "condition", "event", "barrier"];

/** Loads the structures, rewritten; whoever waits starves after `starvingMs`. */
export function loadStructures(
  starvingMs: number,
  mistakes: Changes["mistakes"] = [],
): Promise<Rewritten> {
  const local = (path: string) => new URL(path, import.meta.url).href;
  return instrument([
    local("../../internal/memory/layout.ts"),
    local("../../internal/memory/brief_lock.ts"),
    local("../../internal/memory/wait_set.ts"),
    local("../../internal/memory/waits.ts"),
    ...STRUCTURES.map((name) => local(`../../internal/structure/${name}.ts`)),
    local("./world.ts"),
  ], {
    constants: {
      CAN_SPIN: "false",
      SPINS: "0",
      SLICE_MS: "-1",
      SLOTS: "32",
      STARVING_MS: `${starvingMs}`,
    },
    plain: new Set([
      "ring",
      "readBell",
      "hasUnswept",
      "die",
      "ownerOf",
      "isAlive",
      "abandoned",
      "slotsTop",
      "timeout",
      "round",
      "lock",
    ]),
    mistakes: [
      // A death can come between these, too.
      [
        "this.#words[index] = value;",
        "Atomics.store(this.#words, index, value);",
      ],
      ...mistakes,
    ],
  });
}

/** A thread of a scenario. */
export interface Thread {
  readonly slot: number;
  readonly name: string;
  readonly member: Rewritten;
  /** How it waits, blocking. */
  line(gate: Rewritten): Rewritten;
}

/** What a scenario has. */
export interface Stage {
  readonly world: Rewritten;
  readonly words: Int32Array;
  /** An arena, as far as structures need one. */
  readonly arena: Rewritten;
  readonly threads: readonly Thread[];
}

/** Some threads and some memory. */
export function stage(code: Rewritten, count: number): Stage {
  const world = new code.World();
  performance.now = () => world.now;
  const buffer = new SharedArrayBuffer(2 ** 14);
  const arena = {
    ints: (offset: number, length: number) =>
      new Int32Array(buffer, offset, length / 4),
  };
  const threads = Array.from({ length: count }, (_, slot): Thread => {
    const member = new code.ExploredMember(world, slot, arena);
    const waits = { member, *suspend() {}, *resume() {} };
    return {
      slot,
      name: "ABCD"[slot]!,
      member,
      line: (gate) => new code.Line(waits, gate),
    };
  });
  return { world, words: new Int32Array(buffer), arena, threads };
}
