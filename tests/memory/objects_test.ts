/** Where objects find a place in their table. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Header } from "../../internal/memory/layout.ts";
import type { SharedObject } from "../../internal/memory/objects.ts";
import { LOCK, LOCK_BYTES } from "../../internal/structure/lock.ts";
import { Laboratory } from "../support/killing.ts";
import { numbers } from "../support/numbers.ts";

/** How often some code looks at shared memory. */
function looks(act: () => void): number {
  const genuine = Atomics.load;
  let count = 0;
  const counting = (...args: Parameters<typeof genuine>) => {
    count++;
    return genuine(...args);
  };
  Object.assign(Atomics, { load: counting });
  try {
    act();
  } finally {
    Object.assign(Atomics, { load: genuine });
  }
  return count;
}

describe("the table of objects", () => {
  it("has a place for a new one at once, however many there are", () => {
    const { space } = new Laboratory();
    for (let i = 0; i < 2000; i++) space.create(LOCK, LOCK_BYTES);
    for (let i = 0; i < 10; i++) {
      assert(looks(() => space.create(LOCK, LOCK_BYTES)) < 200);
    }
  });

  it("has no more places than it needs, whatever comes and goes", () => {
    const laboratory = new Laboratory();
    const { space } = laboratory;
    const before = laboratory.taken();
    const random = numbers(1);
    const objects: SharedObject[] = [];
    for (let i = 0; i < 20_000; i++) {
      if (objects.length < 1000 && random(2) === 0) {
        objects.push(space.create(LOCK, LOCK_BYTES));
      } else if (objects.length > 0) {
        const [object] = objects.splice(random(objects.length), 1);
        object!.letGo(0);
      }
    }
    assert(space.arena.header[Header.OBJECTS_TOP]! < 2000);
    for (const object of objects) object.letGo(0);
    assertEquals(laboratory.taken(), before);
  });

  it("is left by what went under others' eyes, when they look elsewhere", async () => {
    const laboratory = new Laboratory();
    const { space } = laboratory;
    const { member } = space;
    const other = laboratory.enter();
    const before = laboratory.taken();
    const made: SharedObject[] = [];
    const occasions = [
      () => member.sleep(member.readBell(), 0.1),
      () => member.sleepAsync(member.readBell(), 0.1),
      () => void made.push(space.create(LOCK, LOCK_BYTES)),
    ];
    for (const occasion of occasions) {
      const object = space.create(LOCK, LOCK_BYTES);
      const taken = laboratory.taken();
      other.beginLook();
      object.letGo(0);
      assertEquals(laboratory.taken(), taken, "freed under another one's eyes");
      other.endLook();
      await occasion();
      // What was made has the place of the first one.
      assertEquals(laboratory.taken(), made.length > 0 ? taken : before);
    }
  });
});
