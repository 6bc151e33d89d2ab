import { assert, assertEquals, equal } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createList, List } from "../../internal/structure/list.ts";
import { NONE } from "../../internal/structure/values.ts";
import { Laboratory } from "../support/killing.ts";
import { numbers } from "../support/numbers.ts";

const LARGE = new Uint8Array(40_000).fill(7);
const contents = (list: List) => list.slice(0, Infinity);

describe("a list in shared memory", () => {
  it("does what an array does", () => {
    const laboratory = new Laboratory();
    const before = laboratory.taken();
    const object = createList(laboratory.space);
    const list = new List(object);
    let model: unknown[] = [];
    const random = numbers(1);
    for (let i = 0; i < 10_000; i++) {
      const index = random(300) - 20;
      const old = model.at(index);
      switch (random(8)) {
        case 0:
        case 1:
          assertEquals(list.push([i]), model.push(i));
          break;
        case 2:
          assertEquals(list.push([i, {}, "x"]), model.push(i, {}, "x"));
          break;
        case 3:
          assertEquals(list.take(-1), model.length > 0 ? model.pop() : NONE);
          break;
        case 4: {
          const isThere = index < model.length && index >= -model.length;
          assertEquals(list.get(index), isThere ? old : NONE);
          assertEquals(list.set(index, i), isThere);
          if (isThere) model = model.with(index, i);
          break;
        }
        case 5: {
          const values = Array.from({ length: random(4) }, (_, k) => i + k);
          const count = random(12) - 4;
          const removed = model.splice(index, count, ...values);
          assertEquals(list.splice(index, count, values), removed);
          break;
        }
        case 6: {
          const end = random(300) - 20;
          assertEquals(list.slice(index, end), model.slice(index, end));
          break;
        }
        case 7:
          if (random(300) > 0) break;
          list.clear();
          model = [];
      }
      assertEquals(list.length, model.length);
    }
    assertEquals(contents(list), model);
    while (list.length > 0) list.take(random(list.length));
    assert(list.owned().length <= 2);
    object.letGo(0);
    assertEquals(laboratory.taken(), before);
  });

  const acts: Record<string, (list: List) => void> = {
    "adds a value": (list) => void list.push(["new"]),
    "adds more values than fit": (list) => {
      for (let i = 0; i < 4; i++) list.push([i]);
    },
    "adds a large value": (list) => void list.push([LARGE]),
    "adds values": (list) => void list.push([1, LARGE, "x", 2, 3]),
    "replaces a value": (list) => void list.set(3, "new"),
    "replaces it by a large one": (list) => void list.set(3, LARGE),
    "replaces a large value": (list) => void list.set(5, "new"),
    "updates a value": (list) => void list.update(3, () => "new"),
    "takes the last one out": (list) => void list.take(-1),
    "takes one out": (list) => void list.take(3),
    "takes a large one out": (list) => void list.take(5),
    "splices": (list) => void list.splice(2, 5, ["a", LARGE, "b"]),
    "inserts": (list) => void list.splice(0, 0, ["first"]),
    "clears it": (list) => list.clear(),
  };

  for (const [name, act] of Object.entries(acts)) {
    it(`survives one who ${name}, and is killed at any step`, () => {
      const laboratory = new Laboratory();
      const before = laboratory.taken();
      for (let step = 1, isDead = true; isDead; step++) {
        const model = [0, 1, 2, 3, 4, LARGE, 6, 7, 8, 9, 10, 11, 12];

        const other = createList(laboratory.space);
        const listAfter = new List(other);
        listAfter.push(model);
        const states = [model, ...statesOf(listAfter, act)];
        other.letGo(0);

        const object = createList(laboratory.space);
        const empty = laboratory.taken();
        const list = new List(object);
        list.push(model);
        const check = () => {
          const found = contents(list);
          assertEquals(list.length, found.length);
          const isKnown = states.some((state) => equal(found, state));
          assert(isKnown, `step ${step}: ${Deno.inspect(found)}`);
          if (!isDead) assertEquals(found, states.at(-1));
        };
        isDead = laboratory.kill(
          step,
          (space) => act(new List(laboratory.open(object, space))),
          step % 2 === 0 ? check : undefined,
        );
        check();
        laboratory.audit(empty, list.owned(), `step ${step}`);
        while (list.length > 0) list.take(-1);
        assert(list.owned().length <= 2, `step ${step}: more than was to be`);
        object.letGo(0);
        assertEquals(laboratory.taken(), before, `step ${step}`);
      }
    });
  }

  for (const name of ["splices", "adds values", "clears it"]) {
    it(`survives one who ${name}, and who sweeps up after it`, () => {
      const laboratory = new Laboratory();
      const before = laboratory.taken();
      const random = numbers(3);
      for (let step = 1, isDead = true; isDead; step++) {
        for (let i = 0; i < 4; i++) {
          const object = createList(laboratory.space);
          const empty = laboratory.taken();
          const list = new List(object);
          list.push([0, 1, 2, 3, 4, LARGE, 6, 7, 8, 9, 10, 11, 12]);
          isDead = laboratory.killBoth(
            step,
            (space) => acts[name]!(new List(laboratory.open(object, space))),
            1 + random(60),
          );
          assertEquals(contents(list).length, list.length);
          laboratory.audit(empty, list.owned(), `step ${step}`);
          object.letGo(0);
          assertEquals(laboratory.taken(), before, `step ${step}`);
        }
      }
    });
  }
});

/** What a list has in it after each part of an act. */
function statesOf(list: List, act: (list: List) => void): unknown[][] {
  const states: unknown[][] = [];
  const watched = new Proxy(list, {
    get(target, name) {
      const method = Reflect.get(target, name, target) as (
        ...args: unknown[]
      ) => unknown;
      return (...args: unknown[]) => {
        const result = method.apply(target, args);
        states.push(contents(target));
        return result;
      };
    },
  });
  act(watched);
  return states;
}
