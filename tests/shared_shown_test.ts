/** What is shown of dicts and lists, whatever is in them, and their JSON. */

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SharedDict, SharedList, SharedValue } from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";

/** A tree in which each has the same under two keys, and itself in a third one. */
function tangled(): SharedDict<unknown> {
  const outer = new SharedDict<unknown>({ n: 1 });
  const list = new SharedList<unknown>([outer]);
  list.push({ list });
  outer.set("a", { list });
  outer.set("b", [outer, list]);
  return outer;
}

/** What is shown, on one line. */
function shown(value: unknown, options: Deno.InspectOptions = {}): string {
  return Deno.inspect(value, options).replaceAll(/\s+/g, " ");
}

describe("what is shown of a dict or list", () => {
  nothingLeft();

  it("is what is shown of a Map and an array", () => {
    let map = new Map<string, unknown>([["list", [1, { b: 2 }]]]);
    let dict = new SharedDict<unknown>({ list: new SharedList([1, { b: 2 }]) });
    for (let i = 0; i < 6; i++) {
      const text = "long enough for a line of its own ".repeat(2);
      map = new Map<string, unknown>([["a", { map }], ["text", text]]);
      dict = new SharedDict<unknown>({ a: { map: dict }, text });
    }
    for (const depth of [0, 1, 2, 4, 11, 12, 13, Infinity]) {
      for (const colors of [false, true]) {
        assertEquals(
          shown([dict], { depth, colors })
            .replaceAll("SharedDict", "Map")
            .replaceAll("SharedList(2) ", "")
            .replaceAll("SharedList", "Array"),
          shown([map], { depth, colors }),
        );
      }
    }
  });

  it("ends where it is within itself", () => {
    const list = new SharedList<unknown>([1]);
    list.push(list);
    assertEquals(shown(list), "SharedList(2) [ 1, [Circular] ]");
    assertEquals(
      shown(tangled(), { depth: Infinity }),
      'SharedDict(3) { "n" => 1, "a" => { list: SharedList(2) [ [Circular], ' +
        '{ list: [Circular] } ] }, "b" => [ [Circular], SharedList(2) ' +
        "[ [Circular], { list: [Circular] } ] ] }",
    );
  });

  it("is what is there, also twice side by side", () => {
    const inner = new SharedDict({ a: 1 });
    const one = 'SharedDict(1) { "a" => 1 }';
    const two = `[ ${one}, ${one} ]`;
    assertEquals(shown([inner, inner]), two);
    assertEquals(
      shown(new SharedList([inner, inner])),
      `SharedList(2) ${two}`,
    );
  });
});

describe("the JSON of what is shared", () => {
  nothingLeft();

  it("has what is in it", () => {
    const dict = new SharedDict<unknown, string | number>([["a", 1]]);
    dict.set(2, new SharedList([new SharedDict({ b: null }), "c"]));
    dict.set("value", new SharedValue("i", 5));
    assertEquals(
      JSON.stringify({ dict }),
      '{"dict":{"2":[{"b":null},"c"],"a":1,"value":5}}',
    );
  });

  it("is refused where something is within itself", () => {
    assertThrows(
      () => JSON.stringify(tangled()),
      TypeError,
      "Cannot make JSON of a SharedDict that is within itself",
    );
  });
});
