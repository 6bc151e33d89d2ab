import { assert, assertEquals, equal } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createDict, Dict } from "../../internal/structure/dict.ts";
import type { DictKey } from "../../internal/structure/keys.ts";
import { NONE } from "../../internal/structure/values.ts";
import { Laboratory } from "../support/killing.ts";
import { numbers } from "../support/numbers.ts";

const LARGE = new Uint8Array(40_000).fill(7);

function contents(dict: Dict): Map<DictKey, unknown> {
  return new Map(dict.keys().map((key) => [key, dict.get(key)]));
}

describe("a dict in shared memory", () => {
  it("does what a Map does, in its order", () => {
    const laboratory = new Laboratory();
    const before = laboratory.taken();
    const object = createDict(laboratory.space);
    const dict = new Dict(object);
    const model = new Map<DictKey, unknown>();
    const random = numbers(1);
    for (let i = 0; i < 60_000; i++) {
      const n = random(1000);
      const key = [n, `k${n}`, BigInt(n), n % 2 === 0, `é€${n}`][random(5)]!;
      const old = model.has(key) ? model.get(key) : NONE;
      switch (random(5)) {
        case 0:
          dict.set(key, i);
          model.set(key, i);
          break;
        case 1:
          assertEquals(dict.delete(key), model.delete(key));
          break;
        case 2:
          assertEquals(dict.get(key), old);
          break;
        case 3:
          assertEquals(dict.take(key), old);
          model.delete(key);
          break;
        case 4:
          if (random(3000) > 0) break;
          dict.clear();
          model.clear();
      }
      assertEquals(dict.size, model.size);
    }
    assertEquals([...contents(dict)], [...model]);
    for (const key of model.keys()) dict.delete(key);
    assertEquals([dict.size, dict.keys()], [0, []]);
    object.letGo(0);
    assertEquals(laboratory.taken(), before);
  });

  it("stays within bounds, whatever comes and goes", () => {
    const laboratory = new Laboratory();
    const dict = new Dict(createDict(laboratory.space));
    const random = numbers(2);
    let most = 0;
    for (let i = 0; i < 200_000; i++) {
      dict.set(`key ${random(2 ** 30)}`, i);
      if (i % 2 === 1) { for (const key of dict.keys()) dict.delete(key); }
      if (i % 1000 === 0) most = Math.max(most, laboratory.taken());
    }
    assert(most < 20_000, `${most} bytes are taken`);
  });

  const acts: Record<string, (dict: Dict) => void> = {
    "sets a new key": (dict) => dict.set("new", "value"),
    "sets a new key to a large value": (dict) => dict.set("new", LARGE),
    "replaces a value": (dict) => dict.set("key 3", "value"),
    "replaces a value by a large one": (dict) => dict.set("key 3", LARGE),
    "replaces a large value": (dict) => dict.set("large", "value"),
    "replaces values": (dict) => {
      for (let i = 0; i < 4; i++) dict.set("key 3", "value");
    },
    "deletes a key": (dict) => void dict.delete("key 3"),
    "deletes a large value": (dict) => void dict.delete("large"),
    "takes a value out": (dict) => void dict.take("key 3"),
    "takes a large value out": (dict) => void dict.take("large"),
    "updates a value": (dict) => void dict.update("key 3", () => "value"),
    "reads a large value": (dict) => void dict.get("large"),
    "adds many keys": (dict) => {
      for (let i = 0; i < 8; i++) dict.set(`more ${i}`, i);
    },
    "deletes many keys": (dict) => {
      for (let i = 0; i < 8; i++) dict.delete(`key ${i}`);
    },
    "clears it": (dict) => dict.clear(),
  };

  for (const [name, act] of Object.entries(acts)) {
    it(`survives one who ${name}, and is killed at any step`, () => {
      const laboratory = new Laboratory();
      const before = laboratory.taken();
      for (let step = 1, isDead = true; isDead; step++) {
        const model = new Map<DictKey, unknown>([["large", LARGE]]);
        for (let i = 0; i < 60; i++) model.set(`key ${i}`, i);

        // What the others find is what there was, or what there is to be.
        const other = createDict(laboratory.space);
        const dictAfter = new Dict(other);
        for (const [key, value] of model) dictAfter.set(key, value);
        act(dictAfter);
        const after = contents(dictAfter);
        other.letGo(0);
        assertEquals(laboratory.taken(), before);

        const object = createDict(laboratory.space);
        const empty = laboratory.taken();
        const dict = new Dict(object);
        for (const [key, value] of model) dict.set(key, value);
        const check = () => {
          const found = contents(dict);
          for (const key of new Set([...after.keys(), ...found.keys()])) {
            const value = found.get(key);
            assert(
              equal(value, model.get(key)) || equal(value, after.get(key)),
              `step ${step}: ${key} is ${value}`,
            );
          }
          if (!isDead) assertEquals(found, after);
          assertEquals(dict.size, found.size, `step ${step}`);
        };
        isDead = laboratory.kill(
          step,
          (space) => act(new Dict(laboratory.open(object, space))),
          step % 2 === 0 ? check : undefined,
        );
        check();
        laboratory.audit(empty, dict.owned(), `step ${step}`);
        for (const key of dict.keys()) dict.delete(key);
        assert(
          dict.owned().length <= 16,
          `step ${step}: more than spare cells`,
        );
        object.letGo(0);
        assertEquals(laboratory.taken(), before, `step ${step}`);
      }
    });
  }

  for (const name of ["replaces values", "adds many keys", "clears it"]) {
    it(`survives one who ${name}, and who sweeps up after it`, () => {
      const laboratory = new Laboratory();
      const before = laboratory.taken();
      const random = numbers(3);
      for (let step = 1, isDead = true; isDead; step++) {
        for (let i = 0; i < 4; i++) {
          const object = createDict(laboratory.space);
          const empty = laboratory.taken();
          const dict = new Dict(object);
          for (let k = 0; k < 10; k++) {
            dict.set(`key ${k}`, LARGE.subarray(0, k));
          }
          isDead = laboratory.killBoth(
            step,
            (space) => acts[name]!(new Dict(laboratory.open(object, space))),
            1 + random(60),
          );
          assertEquals(contents(dict).size, dict.size);
          laboratory.audit(empty, dict.owned(), `step ${step}`);
          object.letGo(0);
          assertEquals(laboratory.taken(), before, `step ${step}`);
        }
      }
    });
  }
});
