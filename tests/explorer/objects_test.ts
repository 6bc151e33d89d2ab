/** Who holds an object, under the explorer: it ends with the last, and not before. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { explore, type Run } from "./explore.ts";
import {
  type Changes,
  instrument,
  type Rewritten,
  runThrough,
} from "./instrument.ts";
import { newArena } from "./small_arena.ts";

const TYPE = { code: 99, ends: 1 };

function load(mistakes: Changes["mistakes"] = []): Promise<Rewritten> {
  const local = (path: string) => new URL(path, import.meta.url).href;
  return instrument([
    local("../../internal/memory/brief_lock.ts"),
    local("../../internal/memory/allocator.ts"),
    local("../../internal/memory/pins.ts"),
    local("../../internal/memory/objects.ts"),
    local("./world.ts"),
  ], {
    constants: { SPINS: "0" },
    plain: new Set([
      "ring",
      "readBell",
      "hasUnswept",
      "die",
      "discard",
      "handOf",
      "member",
      "ownerOf",
      "isAlive",
      "sizeOf",
      "#run",
      "headBytes",
      "tableOf",
      "defineType",
    ]),
    mistakes,
  });
}

/** A and B hold an object. A lets go; B sends it to C, and lets go. */
function handOver(code: Rewritten): () => Run {
  return () => {
    const arena = newArena();
    const world = new code.World();
    code.defineType(TYPE);
    const [a, b, c] = [0, 1, 2].map((slot) =>
      new code.Space(new code.ExploredMember(world, slot, arena))
    );
    const object = runThrough<Rewritten>(a.create(TYPE, 64));
    const same = runThrough<Rewritten>(b.find(object.index, object.uid));
    runThrough(same.hold(0));
    let message: number | null = null;
    return {
      parties: [
        { name: "A", steps: object.letGo(0) },
        {
          name: "B",
          steps: (function* () {
            message = yield* code.pin(same, 0, { owner: c.member.id });
            yield* same.letGo(0);
          })(),
        },
        {
          name: "C",
          steps: (function* () {
            yield { isOver: () => message !== null };
            const got = yield* c.find(object.index, object.uid);
            assert(got !== null, "it was destroyed on its way");
            yield* got.hold(0);
            yield* code.unpin(c, message);
            yield "use";
            assertEquals(got.words[1], got.uid, "it was destroyed in use");
            yield* got.letGo(0);
          })(),
        },
      ],
      end: (_, stuck) => {
        assertEquals(stuck, []);
        assertEquals(runThrough(c.allocator.taken()), 0, "it was left behind");
      },
    };
  };
}

/** A makes an object and sends it to B, which sends it on to C; each lets go. */
function relay(code: Rewritten): () => Run {
  return () => {
    const arena = newArena();
    const world = new code.World();
    code.defineType(TYPE);
    const spaces = [0, 1, 2].map((slot) =>
      new code.Space(new code.ExploredMember(world, slot, arena))
    );
    world.objects.push({
      *sweep(sweeper: number, slot: number, owner: number) {
        const space = spaces[sweeper];
        yield* space.sweepTable(slot, owner);
        yield* code.sweepPins(space, owner);
        yield* space.sweepObjects(slot, owner);
        yield* space.sweepHand(slot);
      },
    });
    /** Messages: which object, and its pin. */
    const inbox: ([number, number, number] | null)[] = [null, null, null];
    const users = new Set<string>();
    const use = function* (name: string, object: Rewritten) {
      users.add(name);
      assertEquals(object.words[1], object.uid, "it was destroyed in use");
      yield "use";
      assertEquals(object.words[1], object.uid, "it was destroyed in use");
      users.delete(name);
    };
    const send = function* (object: Rewritten, to: number) {
      const beneficiary = { owner: spaces[to].member.id };
      const pin = yield* code.pin(object, 0, beneficiary);
      inbox[to] = [object.index, object.uid, pin];
    };
    const receive = function* (slot: number) {
      const from = slot - 1;
      yield {
        isOver: () =>
          inbox[slot] !== null || over.has(from) ||
          spaces[slot].member.ownerOf(from) === 0,
      };
      if (inbox[slot] === null) {
        yield* code.dropPinsFrom(spaces[slot], 1000 + from);
        return null;
      }
      const [index, uid, pin] = inbox[slot]!;
      const object = yield* spaces[slot].find(index, uid);
      assert(object !== null, "it was destroyed on its way");
      yield* object.hold(0);
      yield* code.unpin(spaces[slot], pin);
      return object;
    };
    const over = new Set<number>();
    const steps = [
      function* () {
        const object = yield* spaces[0].create(TYPE, 64);
        yield* send(object, 1);
        yield* use("A", object);
        yield* object.letGo(0);
      },
      function* () {
        const object = yield* receive(1);
        if (object === null) return;
        yield* send(object, 2);
        yield* object.letGo(0);
      },
      function* () {
        const object = yield* receive(2);
        if (object === null) return;
        yield* use("C", object);
        yield* object.letGo(0);
      },
    ];
    return {
      parties: steps.map((run, slot) => ({
        name: "ABC"[slot]!,
        steps: (function* () {
          yield* run();
          over.add(slot);
        })(),
        kill: () => {
          users.delete("ABC"[slot]!);
          world.die(slot);
        },
      })),
      end: (dead, stuck) => {
        assertEquals(stuck, []);
        const alive = [0, 1, 2].find((slot) => !dead.has("ABC"[slot]!))!;
        runThrough(spaces[alive].member.sweepDead());
        assertEquals(
          runThrough(spaces[alive].allocator.taken()),
          0,
          "it was left behind",
        );
      },
    };
  };
}

describe("an object, in every order of what its holders do,", () => {
  it("ends with the last who holds it, and not before", async () => {
    const code = await load();
    explore(handOver(code), { preemptions: 2 });
    explore(relay(code), { preemptions: 1, most: 5000 });
  });

  it("ends also where one of them dies at any step", async () => {
    const code = await load();
    explore(relay(code), { preemptions: 0, kills: 1, most: 3000 });
    explore(relay(code), { preemptions: 1, kills: 1, most: 3000 });
    explore(relay(code), { preemptions: 0, kills: 2, most: 3000 });
  });

  for (
    const [what, text, instead] of [
      [
        "an object whose last holder died before it was looked at",
        "this.endIfUnheld(end);\n  }",
        "if (slot === this.member.slot) this.endIfUnheld(end);\n  }",
      ],
      [
        "a block that the dead was just being given",
        "this.allocator.settle();",
        "",
      ],
      [
        "a block in a dead hand",
        "this.allocator.free(this.member.handOf(slot));",
        "",
      ],
    ] as const
  ) {
    it(`would show ${what}`, async () => {
      const code = await load([[text, instead]]);
      let shown = false;
      try {
        explore(relay(code), { preemptions: 0, kills: 1, most: 3000 });
      } catch {
        shown = true;
      }
      assert(shown);
    });
  }
});
