/** The allocator under the explorer: cut off at each of its steps. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { explore, type Run } from "./explore.ts";
import { instrument, type Rewritten, runThrough } from "./instrument.ts";
import { nextArena } from "./small_arena.ts";

/** Where the words are that own blocks, in the first slot's memory. */
const OWNERS = 2 ** 20 + 1024;

describe("the allocator, cut off at each of its steps,", () => {
  for (
    const [what, sizes] of [
      ["small blocks", [64, 64, 5000]],
      ["a page of small ones that is emptied", [32768, 32768, 32768]],
      ["large blocks", [100_000, 200_000, 70_000]],
    ] as const
  ) {
    it(`loses nothing and gives nothing out twice: ${what}`, async () => {
      const local = (path: string) => new URL(path, import.meta.url).href;
      const code: Rewritten = await instrument([
        local("../../internal/memory/brief_lock.ts"),
        local("../../internal/memory/allocator.ts"),
        local("./world.ts"),
      ], {
        constants: { SPINS: "0" },
        plain: new Set(["ring", "readBell", "hasUnswept", "die", "discard"]),
      });
      let schedules = 0;
      const scenario = (): Run => {
        schedules++;
        const arena = nextArena();
        const world = new code.World();
        const [a, b] = [0, 1].map((slot) => {
          const member = new code.ExploredMember(world, slot, arena);
          return new code.Allocator(member);
        });
        const owners = arena.ints(OWNERS, 256);
        const use = function* (allocator: Rewritten, first: number) {
          for (const [i, size] of sizes.entries()) {
            yield* allocator.allocate(size, OWNERS + (first + i) * 4, false);
          }
          for (const i of [1, 0, 2]) {
            yield* allocator.free(OWNERS + (first + i) * 4);
          }
          yield* allocator.allocate(sizes[0], OWNERS + first * 4, false);
        };
        return {
          parties: [
            { name: "A", steps: use(a, 0), kill: () => world.die(0) },
            { name: "B", steps: use(b, 8) },
          ],
          end: (dead, stuck) => {
            assertEquals(stuck, []);
            // Who comes next ends what A has begun.
            runThrough(b.allocate(64, OWNERS + 80, false));
            runThrough(b.free(OWNERS + 80));
            let owned = 0;
            const blocks: [number, number][] = [];
            for (const pointer of owners) {
              if (pointer === 0) continue;
              const size = runThrough<number>(b.sizeOf(pointer));
              blocks.push([pointer * 64, pointer * 64 + size]);
              owned += size;
            }
            blocks.sort(([x], [y]) => x - y);
            for (let i = 1; i < blocks.length; i++) {
              assert(blocks[i - 1]![1] <= blocks[i]![0], "two blocks overlap");
            }
            assertEquals(runThrough(b.taken()), owned, `dead: ${[...dead]}`);
          },
        };
      };
      explore(scenario, { preemptions: 0, kills: 1, most: 5000 });
      explore(scenario, { preemptions: 1, kills: 1, most: 1000 });
      assert(schedules > 50);
    });
  }
});
