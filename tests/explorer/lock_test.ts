/** The lock under the explorer. */

import { assert, assertThrows } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import { times } from "../support/times.ts";
import { type Bounds, explore, type Run } from "./explore.ts";
import { type Changes, instrument, type Rewritten } from "./instrument.ts";

const NEVER = "1e9";
const ALWAYS = "-1";

function load(
  starvingMs: string,
  mistakes: Changes["mistakes"] = [],
): Promise<Rewritten> {
  const local = (path: string) => new URL(path, import.meta.url).href;
  return instrument([
    local("../../internal/memory/wait_set.ts"),
    local("../../internal/memory/waits.ts"),
    local("../../internal/structure/lock.ts"),
    local("./world.ts"),
  ], {
    constants: { CAN_SPIN: "false", SLICE_MS: "-1", STARVING_MS: starvingMs },
    plain: new Set(["ring", "readBell", "hasUnswept", "die"]),
    mistakes,
  });
}

/** Threads that each take the lock and leave it, some number of times. */
function contenders(
  code: Rewritten,
  threads: number,
  rounds = 1,
  timeout?: number,
): () => Run {
  return () => {
    const world = new code.World();
    performance.now = () => world.now;
    const words = new Int32Array(256);
    const inside = new Set<string>();
    const locks = Array.from({ length: threads }, (_, slot) => {
      const member = new code.ExploredMember(world, slot);
      const lock = new code.LockWord(member, words, 0);
      const waits = { member, *suspend() {}, *resume() {} };
      return { lock, line: new code.Line(waits, lock) };
    });
    world.objects.push({
      *sweep(sweeper: number, slot: number, owner: number) {
        yield* locks[sweeper]!.lock.sweep(slot, owner);
      },
    });
    return {
      parties: locks.map(({ lock, line }, slot) => {
        const name = "ABCD"[slot]!;
        return {
          name,
          steps: (function* () {
            for (let i = 0; i < rounds; i++) {
              if (!(yield* lock.tryFast())) {
                const attempt = yield* lock.attempt(true);
                const taken = yield* line.waitSync(attempt, { timeout });
                if (taken === undefined) continue;
              }
              inside.add(name);
              yield "inside";
              inside.delete(name);
              assert(yield* lock.release(), "the lock was somebody's no more");
            }
          })(),
          kill: () => {
            inside.delete(name);
            world.die(slot);
          },
        };
      }),
      invariant: () => assert(inside.size <= 1, "two have the lock"),
      end: (dead, stuck) => {
        assert(stuck.length === 0, `${stuck} sleep for ever`);
        assert(
          dead.size > 0 || (words[0]! & 0x0fffffff) === 0,
          "the lock is left taken",
        );
      },
    };
  };
}

describe("the lock, in every order of its steps,", () => {
  const { now } = performance;
  afterAll(() => {
    performance.now = now;
  });

  const most = times(20_000, 4000);
  const scenarios: [string, number, number, number | undefined, Bounds][] = [
    ["two, twice each", 2, 2, undefined, { preemptions: 3 }],
    ["three", 3, 1, undefined, { preemptions: 3, most }],
    ["three that may give up", 3, 1, 5, { preemptions: 2, most }],
    ["two, of which one dies", 2, 1, undefined, { preemptions: 2, kills: 1 }],
    ["three, of which one dies", 3, 1, undefined, {
      preemptions: 1,
      kills: 1,
      most,
    }],
    ["three, of which two die", 3, 1, undefined, {
      preemptions: 0,
      kills: 2,
      most,
    }],
  ];
  for (
    const [mode, ms] of [["taken", NEVER], ["handed over", ALWAYS]] as const
  ) {
    describe(`${mode},`, () => {
      for (const [who, threads, rounds, timeout, bounds] of scenarios) {
        it(`is one's only, and no wake-up is lost: ${who}`, async () => {
          const code = await load(ms);
          explore(contenders(code, threads, rounds, timeout), bounds);
        });
      }
    });
  }

  const mistakes: [string, string, string, string][] = [
    [
      "a wait that looks before it is in the set",
      "set.enter(member.slot);\n        const taken = attempt();",
      "const taken = attempt();\n        set.enter(member.slot);",
      NEVER,
    ],
    [
      "a lock taken without a thought of others",
      "this.set.hasOthers(slot) ? WAITERS : word & WAITERS",
      "0",
      NEVER,
    ],
    [
      "a lock handed over that is not given back",
      "this.gate.refuse?.();",
      "",
      ALWAYS,
    ],
    [
      "a lock handed over to one who has left",
      "this.#takeBack();\n        return true;",
      "return true;",
      ALWAYS,
    ],
  ];
  for (const [what, text, instead, ms] of mistakes) {
    it(`would show ${what}`, async () => {
      const code = await load(ms, [[text, instead]]);
      assertThrows(() => {
        for (const [, threads, rounds, timeout, bounds] of scenarios) {
          explore(contenders(code, threads, rounds, timeout), bounds);
        }
      });
    });
  }
});
