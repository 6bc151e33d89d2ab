/** A pool where no more objects can be on their way. */

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Lock, ThreadPool } from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { pin, unpin } from "../internal/memory/pins.ts";
import { LOCK, LOCK_BYTES } from "../internal/structure/lock.ts";
import * as work from "./fixtures/pool_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

/** Takes all pins but so many, until it is disposed of. */
function usePins(left: number): Disposable & { readonly left: number } {
  const { space } = ownHome();
  const object = space.create(LOCK, LOCK_BYTES);
  const pins: number[] = [];
  const useAll = () => {
    const before = pins.length;
    try {
      for (;;) pins.push(pin(object, 0, { owner: space.member.id }));
    } catch {
      return pins.length - before;
    }
  };
  const free = (count: number) => {
    for (let i = 0; i < count; i++) unpin(space, pins.pop()!);
  };
  useAll();
  free(left);
  return {
    /** How many are left now. */
    get left() {
      const left = useAll();
      free(left);
      return left;
    },
    [Symbol.dispose]() {
      free(pins.length);
      object.letGo(0);
    },
  };
}

describe("a task with objects that cannot be pinned", () => {
  nothingLeft();

  // To wait for a worker it takes a pin for each, and another to be given to it.
  for (const left of [0, 1, 2, 3]) {
    it(`fails, and is forgotten, where ${left} are left`, async () => {
      const pool = new ThreadPool(1);
      assertEquals(await pool.apply(work.square, [3]), 9);
      const locks: [Lock, Lock] = [new Lock(), new Lock()];
      {
        using pins = usePins(left);
        const full = [RangeError, "objects are in messages"] as const;
        await assertRejects(() => pool.apply(work.echo, [locks]), ...full);
        await assertRejects(() => pool.map(work.echo, [locks]), ...full);
        const results = pool.imap(work.echo<unknown>, [locks, 1]);
        await assertRejects(() => results.next(), ...full);
        assertEquals((await results.next()).value, 1);
        assertEquals((await results.next()).done, true);
        assertEquals(pins.left, left);
      }
      assertEquals(await pool.apply(work.square, [3]), 9);
      pool.close();
      assertEquals(await pool.join({ timeout: 30_000 }), true);
    });
  }
});
