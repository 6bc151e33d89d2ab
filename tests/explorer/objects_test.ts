/** Who holds an object, under the explorer: it ends with the last, and not before. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { explore, type Run } from "./explore.ts";
import {
  type Changes,
  instrument,
  type Rewritten,
  runThrough,
} from "./instrument.ts";
import { nextArena } from "./small_arena.ts";
import { times } from "../support/times.ts";

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

/** The first members of a new family, each with its space; the world they live in. */
function family(code: Rewritten, count: number, type: Rewritten = TYPE) {
  const arena = nextArena();
  const world = new code.World();
  code.defineType(type);
  const spaces = Array.from(
    { length: count },
    (_, slot) => new code.Space(new code.ExploredMember(world, slot, arena)),
  );
  return { world, spaces };
}

/** A and B hold an object. A lets go; B sends it to C, and lets go. */
function handOver(code: Rewritten): () => Run {
  return () => {
    const { spaces: [a, b, c] } = family(code, 3);
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
        for (const space of [a, b, c]) runThrough(space.tidy());
        assertEquals(runThrough(c.allocator.taken()), 0, "it was left behind");
      },
    };
  };
}

/** A and B hold an object, and let go; C makes one, which may get the same block. */
function reuse(code: Rewritten): () => Run {
  return () => {
    const { spaces: [a, b, c] } = family(code, 3);
    const object = runThrough<Rewritten>(a.create(TYPE, 64));
    const same = runThrough<Rewritten>(b.find(object.index, object.uid));
    runThrough(same.hold(0));
    return {
      parties: [
        { name: "A", steps: object.letGo(0) },
        { name: "B", steps: same.letGo(0) },
        {
          name: "C",
          steps: (function* () {
            const own = yield* c.create(TYPE, 64);
            yield "use";
            assert(
              runThrough(c.find(own.index, own.uid)) !== null &&
                own.words[0] & 1,
              "it was destroyed in use",
            );
            yield* own.letGo(0);
          })(),
        },
      ],
      end: (_, stuck) => {
        assertEquals(stuck, []);
        for (const space of [a, b, c]) runThrough(space.tidy());
        assertEquals(runThrough(c.allocator.taken()), 0, "it was left behind");
      },
    };
  };
}

/** A lets go of an object, C makes another one, and B sweeps up after somebody. */
function swept(code: Rewritten): () => Run {
  return () => {
    const arena = nextArena();
    const world = new code.World();
    const uses = (code: number) => ({
      code,
      ends: 1,
      *sweep(object: Rewritten) {
        assertEquals(object.words[1], object.uid, "that is another one");
        assertEquals(object.words[2], code, "that is something else");
        yield "sweep";
        assertEquals(object.words[1], object.uid, "it was destroyed in use");
      },
    });
    const [type, other] = [uses(96), uses(97)];
    code.defineType(type);
    code.defineType(other);
    const [a, b, c] = [0, 1, 2].map((slot) =>
      new code.Space(new code.ExploredMember(world, slot, arena))
    );
    const object = runThrough<Rewritten>(a.create(type, 64));
    let isFree = false;
    let own: Rewritten;
    return {
      parties: [
        {
          name: "A",
          steps: (function* () {
            yield* object.letGo(0);
            isFree = true;
          })(),
        },
        { name: "B", steps: b.sweepObjects(3, 3 | 1 << 10) },
        {
          name: "C",
          steps: (function* () {
            yield { isOver: () => isFree };
            own = runThrough(c.create(other, 64));
          })(),
        },
      ],
      end: (_, stuck) => {
        assertEquals(stuck, []);
        runThrough(own.letGo(0));
        for (const space of [a, b, c]) runThrough(space.tidy());
        assertEquals(runThrough(c.allocator.taken()), 0, "it was left behind");
      },
    };
  };
}

/** A and B hold end 0 of a pipe, D end 1. A lets go; B sends it to C, and lets go. */
function ends(code: Rewritten): () => Run {
  return () => {
    let isDestroyed = false;
    const isUsed = [true, true];
    const type = {
      code: 98,
      ends: 2,
      endClosed(_: unknown, end: number) {
        assert(!isUsed[end], `end ${end} was closed in use`);
      },
      destroy() {
        isDestroyed = true;
      },
    };
    const { spaces: [a, b, c, d] } = family(code, 4, type);
    const object = runThrough<Rewritten>(a.create(type, 64));
    const [ofB, ofD] = [b, d].map((space) =>
      runThrough<Rewritten>(space.find(object.index, object.uid))
    );
    runThrough(ofB.hold(0));
    runThrough(ofD.hold(1));
    runThrough(object.letGo(1));
    let message: number | null = null;
    return {
      parties: [
        { name: "A", steps: object.letGo(0) },
        {
          name: "B",
          steps: (function* () {
            message = yield* code.pin(ofB, 0, { owner: c.member.id });
            yield* ofB.letGo(0);
          })(),
        },
        {
          name: "C",
          steps: (function* () {
            yield { isOver: () => message !== null };
            const got = yield* c.find(object.index, object.uid);
            yield* got.hold(0);
            yield* code.unpin(c, message);
            yield "use";
            isUsed[0] = false;
            yield* got.letGo(0);
          })(),
        },
        {
          name: "D",
          steps: (function* () {
            isUsed[1] = false;
            yield* ofD.letGo(1);
          })(),
        },
      ],
      end: (_, stuck) => {
        assertEquals(stuck, []);
        assert(isDestroyed);
        for (const space of [a, b, c, d]) runThrough(space.tidy());
        assertEquals(runThrough(c.allocator.taken()), 0, "it was left behind");
      },
    };
  };
}

/** A makes an object and sends it to B, which sends it on to C; each lets go. */
function relay(code: Rewritten): () => Run {
  return () => {
    const { world, spaces } = family(code, 3);
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
        yield* code.dropPinsFrom(spaces[slot], 1000 + from, []);
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
        for (const [slot, space] of spaces.entries()) {
          if (!dead.has("ABC"[slot]!)) runThrough(space.tidy());
        }
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
    explore(relay(code), { preemptions: 1, most: times(5000, 1250) });
  });

  it("leaves its block to others when nobody looks at it", async () => {
    const code = await load();
    explore(reuse(code), { preemptions: 2, most: times(8000, 2000) });
  });

  it("is not taken for another one by who sweeps up after others", async () => {
    const code = await load();
    assert(explore(swept(code), { preemptions: 2 }).complete);
  });

  it("has its ends closed when nobody holds them, and not before", async () => {
    const code = await load();
    explore(ends(code), { preemptions: 1, most: times(4000, 1000) });
  });

  it("ends also where one of them dies at any step", async () => {
    const code = await load();
    explore(relay(code), { preemptions: 0, kills: 1, most: times(3000, 750) });
    explore(relay(code), { preemptions: 1, kills: 1, most: times(3000, 750) });
    explore(relay(code), { preemptions: 0, kills: 2, most: times(3000, 750) });
  });

  for (
    const [what, scenario, bounds, text, instead] of [
      [
        "an object whose last holder died before it was looked at",
        relay,
        { preemptions: 0, kills: 1, most: 3000 },
        "if (this.endIfUnheld(end)) return;",
        "",
      ],
      [
        "a block that the dead was just being given",
        relay,
        { preemptions: 0, kills: 1, most: 3000 },
        "this.allocator.settle();",
        "",
      ],
      [
        "a block in a dead hand",
        relay,
        { preemptions: 0, kills: 1, most: 3000 },
        "this.allocator.free(this.member.handOf(slot));",
        "",
      ],
      [
        "a block that is freed under the eyes of one who looks",
        reuse,
        { preemptions: 2, most: 20_000 },
        "if (this.#isLookedAt(epoch)) this.#buried.push(buried[i]!);\n      else ",
        "",
      ],
      [
        "an object that is taken for what its block was before",
        swept,
        { preemptions: 2 },
        "if (!isLive && Atomics.load(words, DESTROYER) !== dead) return null;",
        "",
      ],
      [
        "an end that is closed while it moves from a bit to a pin",
        ends,
        { preemptions: 1, most: 4000 },
        "if (Atomics.load(this.words, STATE) !== state) continue;",
        "",
      ],
    ] as const
  ) {
    it(`would show ${what}`, async () => {
      const code = await load([[text, instead]]);
      assertThrows(() => explore(scenario(code), bounds));
    });
  }
});
