/** Semaphores, conditions, events and barriers under the explorer. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import { type Bounds, explore, type Run } from "./explore.ts";
import { type Rewritten, runThrough } from "./instrument.ts";
import { loadStructures, stage, type Thread } from "./threads.ts";
import { times } from "../support/times.ts";

const NEVER = 1e9;
const ALWAYS = -1;
/** The lock's flag, and */
const ABANDONED = 0x20000000;
/** Where the object lies: after a lock, where it has one. */
const AT = 128;

type Scenario = (code: Rewritten) => () => Run;

/** Threads that each take a permit and release it, once. */
function contenders(
  count: number,
  permits: number,
  timeout?: number,
): Scenario {
  return (code) => () => {
    const { world, words, arena, threads } = stage(code, count);
    const inside = new Set<string>();
    const semaphores = threads.map(({ member }) =>
      new code.SemaphoreWords(member, words, AT, arena, AT * 4)
    );
    runThrough(semaphores[0].init(permits, true));
    world.objects.push({
      *sweep(sweeper: number, slot: number) {
        yield* semaphores[sweeper].sweep(slot);
      },
    });
    return {
      parties: threads.map(({ name, slot, line }) => {
        const semaphore = semaphores[slot];
        return {
          name,
          steps: (function* () {
            if (!(yield* semaphore.tryFast())) {
              const attempt = yield* semaphore.attempt(true);
              const taken = yield* line(semaphore).waitSync(attempt, {
                timeout,
              });
              if (taken === undefined) return;
            }
            inside.add(name);
            yield "inside";
            inside.delete(name);
            assertEquals(yield* semaphore.release(), "released");
            yield* semaphore.wakeNext();
          })(),
          kill: () => {
            inside.delete(name);
            world.die(slot);
          },
        };
      }),
      invariant: () => assert(inside.size <= permits, "there are too many"),
      end(dead, stuck) {
        assertEquals(stuck, []);
        const survivor = threads.find(({ name }) => !dead.has(name));
        if (survivor === undefined) return;
        runThrough(survivor.member.sweepDead());
        const free = runThrough(semaphores[survivor.slot].get_free());
        assertEquals(free, permits, "permits are lost");
      },
    };
  };
}

/** A releases as many permits as the others need, who acquire one each. */
function signals(consumers: number): Scenario {
  return (code) => () => {
    const { world, words, arena, threads } = stage(code, consumers + 1);
    const semaphores = threads.map(({ member }) =>
      new code.SemaphoreWords(member, words, AT, arena, AT * 4)
    );
    runThrough(semaphores[0].init(0, false));
    world.objects.push({
      *sweep(sweeper: number, slot: number) {
        yield* semaphores[sweeper].sweep(slot);
      },
    });
    return {
      parties: threads.map(({ name, slot, line }) => ({
        name,
        steps: (function* () {
          const semaphore = semaphores[slot];
          if (slot > 0) {
            if (yield* semaphore.tryFast()) return;
            const attempt = yield* semaphore.attempt(false);
            yield* line(semaphore).waitSync(attempt, {});
            return;
          }
          for (let i = 0; i < consumers; i++) {
            assertEquals(yield* semaphore.release(), "released");
            yield* semaphore.wakeNext();
          }
        })(),
        kill: slot > 0 ? () => world.die(slot) : undefined,
      })) as Run["parties"],
      end(_, stuck) {
        assertEquals(stuck, []);
      },
    };
  };
}

class Aborted extends Error {}

/**
 * A has all permits, and gives one back as the others, who take one each, may wait.
 * Then it releases one that it has not, or ends with the other. B is aborted when it
 * wakes up, without another look.
 */
function leaves(how: "foreign" | "handed over"): Scenario {
  return (code) => () => {
    const { words, arena, threads } = stage(code, 3);
    const semaphores = threads.map(({ member }) =>
      new code.SemaphoreWords(member, words, AT, arena, AT * 4)
    );
    const permits = how === "foreign" ? 1 : 2;
    runThrough(semaphores[0].init(permits, false));
    for (let i = 0; i < permits; i++) runThrough(semaphores[0].tryFast());
    return {
      parties: threads.map(({ name, slot, line }) => ({
        name,
        steps: (function* () {
          const semaphore = semaphores[slot];
          if (slot > 0) {
            if (yield* semaphore.tryFast()) return;
            const attempt = yield* semaphore.attempt(false);
            let left = slot === 1 ? 2 : Infinity;
            const look = function* (): Generator<unknown, unknown, unknown> {
              if (left-- === 0) throw new Aborted();
              return yield* attempt();
            };
            try {
              yield* line(semaphore).waitSync(look, {});
            } catch (error) {
              if (!(error instanceof Aborted)) throw error;
            }
            return;
          }
          assertEquals(yield* semaphore.release(), "released");
          yield* semaphore.wakeNext();
          if (how === "foreign") {
            assertEquals(yield* semaphore.release(), "released");
          } else yield* semaphore.handOver();
          yield* semaphore.wakeNext();
        })(),
      })) as Run["parties"],
      end(_, stuck) {
        const free = runThrough(semaphores[0].get_free());
        assert(stuck.length === 0 || free === 0, `${stuck} wait in vain`);
      },
    };
  };
}

/** C notifies one, as soon as A and B wait: B, who has a time-out, if it still waits. */
function notice(
  { timeout, lockFirst = false }: { timeout?: number; lockFirst?: boolean },
): Scenario {
  return (code) => () => {
    const { world, words, threads } = stage(code, 3);
    const locks = threads.map(({ member }) =>
      new code.LockWord(member, words, 0)
    );
    const conditions = threads.map(({ member }) =>
      new code.ConditionWords(member, words, AT)
    );
    world.objects.push({
      *sweep(sweeper: number, slot: number, owner: number) {
        if (lockFirst) yield* locks[sweeper].sweep(slot, owner);
        const lost = yield* locks[sweeper].isAbandonedBy(owner);
        yield* conditions[sweeper].sweep(slot, lost);
        if (!lockFirst) yield* locks[sweeper].sweep(slot, owner);
      },
    });
    let waiting = 0;
    const notified: string[] = [];
    const late: string[] = [];
    let sent = false;
    function* take({ slot, line }: Thread): Rewritten {
      const lock = locks[slot];
      if (yield* lock.tryFast()) return;
      const attempt = yield* lock.attempt(true);
      yield* line(lock).waitSync(attempt, {});
    }
    return {
      parties: threads.map((thread) => {
        const { name, slot, line } = thread;
        const lock = locks[slot];
        const condition = conditions[slot];
        return {
          name,
          steps: (function* (): Rewritten {
            if (name === "C") {
              yield { isOver: () => waiting === 2 };
              yield* take(thread);
              yield* condition.notify(1);
              sent = true;
              yield* lock.release();
              return;
            }
            yield* take(thread);
            yield* condition.enter();
            waiting++;
            yield* lock.release();
            const told = (yield* line(condition).waitSync(function* () {
                  return yield* condition.claim();
                }, { timeout: name === "B" ? timeout : undefined })) === true ||
              (yield* condition.giveUp());
            yield* take(thread);
            if (told) yield* condition.settle();
            (told ? notified : late).push(name);
            yield* lock.release();
          })(),
          kill: () => world.die(slot),
        };
      }),
      end(dead, stuck) {
        const alive = ["A", "B"].filter((name) => !dead.has(name));
        if (dead.size === 0) {
          assertEquals(notified.length, 1, "not one was woken");
          assertEquals(stuck.length, 1 - late.length, "of two, one is left");
        } else if (sent && alive.length === 1) {
          // The dead one may have used it, and have left the lock.
          const used = notified.some((name) => dead.has(name)) &&
            (words[0]! & ABANDONED) === 0;
          if (!used) assertEquals(stuck, [], "a notification was lost");
        }
      },
    };
  };
}

/** A sets the event and clears it, while others wait. */
function setAndClear(code: Rewritten): () => Run {
  return () => {
    const { world, words, threads } = stage(code, 3);
    const events = threads.map(({ member }) =>
      new code.EventWord(member, words, AT)
    );
    world.objects.push({
      *sweep(sweeper: number, slot: number) {
        yield* events[sweeper].sweep(slot);
      },
    });
    let waiting = 0;
    return {
      parties: threads.map(({ name, slot, line }) => ({
        name,
        steps: (function* () {
          const event = events[slot];
          if (slot > 0) {
            const attempt = yield* event.attempt();
            waiting++;
            yield* line(event).waitSync(attempt, {});
            return;
          }
          yield { isOver: () => waiting === 2 };
          yield* event.turnOn();
          yield* event.wakeAll();
          yield* event.turnOff();
        })(),
        kill: () => world.die(slot),
      })),
      end(_, stuck) {
        // Unless it died before, and so has not set it.
        if (words[AT]! >>> 1 > 0) assertEquals(stuck, []);
      },
    };
  };
}

/** All pass the barrier, one round after another. */
function rounds(
  count: number,
  times: number,
  { timeout, action = false }: { timeout?: number; action?: boolean } = {},
): Scenario {
  return (code) => () => {
    const { world, words, arena, threads } = stage(code, count);
    const barriers = threads.map(({ member }) =>
      new code.BarrierWords(member, words, AT, arena, AT * 4)
    );
    runThrough(barriers[0].init(count, action, Infinity));
    world.objects.push({
      *sweep(sweeper: number, slot: number, owner: number) {
        yield* barriers[sweeper].sweep(slot, owner);
      },
    });
    /** By rounds, how it ended for each. */
    const results = new Map<number, string[]>();
    let acting = 0;
    return {
      parties: threads.map(({ name, slot, line }) => ({
        name,
        steps: (function* (): Rewritten {
          const barrier = barriers[slot];
          for (let i = 0; i < times; i++) {
            let arrival = yield* barrier.arrive();
            const gate = {
              set: barrier.set,
              // deno-lint-ignore require-yield
              *ready() {
                return false;
              },
            };
            const look = function* (): Rewritten {
              arrival ??= yield* barrier.arrive();
              if (arrival === undefined) return undefined;
              if (arrival === "broken") return "broken";
              const standing = yield* barrier.standing(arrival);
              return standing === "waits" ? undefined : standing;
            };
            if ((yield* look()) === "passed") yield* barrier.wakeAll();
            let standing = yield* line(gate).waitSync(look, { timeout });
            if (standing === undefined) {
              yield* barrier.breakIt(arrival);
              yield* barrier.wakeAll();
              standing = yield* look();
            }
            if (standing === "runs") {
              acting++;
              yield "action";
              assertEquals(acting, 1, "the action runs twice");
              acting--;
              const passed = yield* barrier.finish(arrival, true);
              yield* barrier.wakeAll();
              standing = passed ? "passed" : "broken";
            }
            if (arrival === "broken" || arrival === undefined) return;
            const { round, index } = arrival;
            const others = results.get(round) ?? [];
            results.set(round, [...others, `${standing} ${index}`]);
            if (standing === "broken") return;
          }
        })(),
        kill: () => {
          if (acting > 0 && runThrough(barriers[slot].get_isRunner())) acting--;
          world.die(slot);
        },
      })),
      end(dead, stuck) {
        const survivor = threads.find(({ name }) => !dead.has(name));
        if (survivor === undefined) return;
        const barrier = barriers[survivor.slot];
        runThrough(survivor.member.sweepDead());
        // They wait for one who has died before it arrived.
        const waiting = runThrough(barrier.get_waiting());
        assertEquals(stuck.length, waiting, `${stuck} wait in vain`);
        assert(stuck.length === 0 || dead.size > 0);
        for (const [round, ended] of results) {
          const kinds = new Set(ended.map((result) => result.split(" ")[0]));
          assertEquals(kinds.size, 1, `round ${round}: ${ended}`);
          assertEquals(new Set(ended).size, ended.length, `${ended}`);
        }
      },
    };
  };
}

interface Case {
  readonly what: string;
  readonly scenario: Scenario;
  readonly bounds: Bounds & { readonly most: number };
  readonly starvingMs?: number;
}

const most = 2000;
const CASES: readonly Case[] = [
  ...[NEVER, ALWAYS].flatMap((starvingMs): Case[] => {
    const mode = starvingMs === NEVER ? "taken" : "given";
    return [
      {
        what: `a semaphore with one permit, ${mode}, by two`,
        scenario: contenders(2, 1),
        bounds: { preemptions: 2, most },
        starvingMs,
      },
      {
        what: `a semaphore with two permits, ${mode}, by three`,
        scenario: contenders(3, 2),
        bounds: { preemptions: 2, most },
        starvingMs,
      },
      {
        what: `a semaphore, ${mode}, by three who may give up`,
        scenario: contenders(3, 1, 5),
        bounds: { preemptions: 1, most },
        starvingMs,
      },
      {
        what: `a semaphore, ${mode}, by three of whom one dies`,
        scenario: contenders(3, 1),
        bounds: { preemptions: 1, kills: 1, most },
        starvingMs,
      },
    ];
  }),
  {
    what: "a semaphore that carries signals",
    scenario: signals(2),
    bounds: { preemptions: 2, most },
  },
  {
    what: "a semaphore that carries signals, to one who dies",
    scenario: signals(2),
    bounds: { preemptions: 1, kills: 1, most },
  },
  ...(["foreign", "handed over"] as const).flatMap((how) =>
    [NEVER, ALWAYS].map((starvingMs): Case => ({
      what: `a semaphore whose permits are nobody's, ${how}, ${
        starvingMs === NEVER ? "taken" : "given"
      }`,
      scenario: leaves(how),
      bounds: { preemptions: 2, most: 10_000 },
      starvingMs,
    }))
  ),
  {
    what: "a condition",
    scenario: notice({}),
    bounds: { preemptions: 2, most },
  },
  {
    what: "a condition, and one who may give up",
    scenario: notice({ timeout: 5 }),
    bounds: { preemptions: 2, most },
  },
  ...[false, true].map((lockFirst): Case => ({
    what: `a condition, and one dies; its lock is swept ${
      lockFirst ? "first" : "last"
    }`,
    scenario: notice({ lockFirst }),
    bounds: { preemptions: 1, kills: 1, most },
  })),
  {
    what: "a condition, and two die",
    scenario: notice({ timeout: 5 }),
    bounds: { preemptions: 0, kills: 2, most },
  },
  {
    what: "an event",
    scenario: setAndClear,
    bounds: { preemptions: 3, most },
  },
  {
    what: "an event, and one dies",
    scenario: setAndClear,
    bounds: { preemptions: 1, kills: 1, most },
  },
  {
    what: "a barrier of two, twice",
    scenario: rounds(2, 2),
    bounds: { preemptions: 2, most },
  },
  {
    what: "a barrier of three with an action",
    scenario: rounds(3, 1, { action: true }),
    bounds: { preemptions: 1, most },
  },
  {
    what: "a barrier of three who may give up",
    scenario: rounds(3, 1, { timeout: 5 }),
    bounds: { preemptions: 1, most },
  },
  {
    what: "a barrier of three of whom one dies",
    scenario: rounds(3, 1),
    bounds: { preemptions: 1, kills: 1, most },
  },
  {
    what: "a barrier of two with an action, of whom one dies",
    scenario: rounds(2, 2, { action: true }),
    bounds: { preemptions: 1, kills: 1, most },
  },
];

describe("in every order of its steps, nobody is stuck at", () => {
  const { now } = performance;
  afterAll(() => {
    performance.now = now;
  });

  for (const { what, scenario, bounds, starvingMs = NEVER } of CASES) {
    it(what, async () => {
      const code = await loadStructures(starvingMs);
      const { most } = bounds;
      explore(scenario(code), { ...bounds, most: times(most, most / 4) });
    });
  }

  const mistakes: [string, string, string, Scenario, Bounds, number][] = [
    [
      "a permit given to one who has left",
      "else this.#takeBack(slot);",
      "",
      contenders(2, 1, 5),
      { preemptions: 3, most },
      ALWAYS,
    ],
    [
      "a death between two words of a semaphore that nobody mends",
      "this.#count();\n    for",
      "for",
      contenders(2, 1),
      { preemptions: 1, kills: 1, most },
      NEVER,
    ],
    [
      "one who leaves, and tells nobody of a permit that is nobody's",
      "if (set.isUsed && this.gate.ready()) set.wakeOne(this.#waits.member);",
      "",
      leaves("handed over"),
      { preemptions: 2, most: 10_000 },
      ALWAYS,
    ],
    [
      "a notification that dies with who was notified",
      "this.#notifyOther(index);\n      Atomics.sub",
      "Atomics.sub",
      notice({}),
      { preemptions: 1, kills: 1, most },
      NEVER,
    ],
    [
      "a lock's holder that dies without a word to who waits",
      "if (lockLost) this.#notifyOther(index);",
      "",
      notice({}),
      { preemptions: 1, kills: 1, most },
      NEVER,
    ],
    [
      "one who gives up and keeps what it was told",
      "if (notified >= waiting) {",
      "if (false) {",
      notice({ timeout: 5 }),
      { preemptions: 1, most },
      NEVER,
    ],
    [
      "an event that forgets who waited",
      "word & SET || word >>> 1 !== before",
      "word & SET",
      setAndClear,
      { preemptions: 2, most },
      NEVER,
    ],
    [
      "a death in a barrier that nobody sees",
      "if (this.#lock.take(this.#member)) this.#break();",
      "this.#lock.take(this.#member);",
      rounds(2, 2, { action: true }),
      { preemptions: 0, kills: 1, most },
      NEVER,
    ],
    [
      "a broken round that is known as such too late",
      "this.#put(BREAKS, breaks + 1);\n    this.#put(ROUND, round + 1 | 0);",
      "this.#put(ROUND, round + 1 | 0);\n    this.#put(BREAKS, breaks + 1);",
      rounds(3, 1, { timeout: 5 }),
      { preemptions: 2, most: 5 * most },
      NEVER,
    ],
  ];
  for (const [what, text, instead, scenario, bounds, starvingMs] of mistakes) {
    it(`it would show ${what}`, async () => {
      const code = await loadStructures(starvingMs, [[text, instead]]);
      assertThrows(() => explore(scenario(code), bounds));
    });
  }
});
