/** The desk at which the command gives tasks to workers, without processes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { ShutDownError } from "@multi/processing";
import { Desk } from "../internal/cli/desk.ts";
import type { Order, QueuedTask } from "../internal/cli/protocol.ts";
import type { WorkerSeat } from "../internal/cli/seat.ts";
import { nothingLeft } from "./support/nothing_left.ts";

function newDesk(retries = 1): Desk {
  return new Desk({ retries, maxsize: 0, note() {} });
}

/** Somebody sits down, and holds its life. */
async function sit(desk: Desk, name: string): Promise<WorkerSeat> {
  const seat = desk.seat({ id: name, name, processes: 1 });
  await seat.life().acquire();
  seat.begin(null, []);
  return seat;
}

async function next(seat: WorkerSeat): Promise<Order> {
  const order = await seat.next();
  assert(typeof order === "object");
  return order;
}

describe("the desk", () => {
  nothingLeft();

  it("counts a worker as gone that says nothing", async () => {
    const time = new FakeTime();
    const desk = newDesk();
    try {
      const silent = await sit(desk, "silent");
      const other = await sit(desk, "other");
      await desk.tasks.put({ fn: "f" });
      const order = await next(silent);
      for (let i = 0; i < 7; i++) {
        other.beat();
        await time.tickAsync(5000);
      }
      assertEquals((await desk.status()).workers.map(({ name }) => name), [
        "other",
      ]);
      assertEquals(await next(other), order);
      // It was not dead, only slow: whoever is first is heard, and nobody else.
      const done = { is: "done", key: order.key, ms: 1, value: 1 } as const;
      assertEquals([silent.report(done), other.report(done)], [true, false]);
      assertEquals((await desk.results.get()).worker, "silent");
      assertEquals(await desk.results.empty(), true);
      for (const seat of [silent, other]) seat.exit("leaves");
    } finally {
      time.restore();
    }
  });

  it("gives nothing to who is gone, even if he waited for it", async () => {
    const desk = newDesk();
    const seat = await sit(desk, "a");
    await desk.tasks.put({ fn: "f" });
    const order = await next(seat);
    const waits = seat.next();
    seat.exit("has died");
    assertEquals(await waits, "you leave");
    const other = await sit(desk, "b");
    assertEquals(await next(other), order);
    other.exit("leaves");
  });

  it("gives back what was refused, and does not count that", async () => {
    const desk = newDesk();
    const [a, b] = [await sit(desk, "a"), await sit(desk, "b")];
    await desk.tasks.put({ fn: "f", id: "x" });
    const { key } = await next(a);
    const waits = next(b);
    assert(a.report({ is: "refused", key, ms: 0 }));
    assertEquals((await waits).id, "x");
    b.report({ is: "done", key, ms: 0, value: 0 });
    assertEquals((await desk.results.get()).attempts, 1);
    for (const seat of [a, b]) seat.exit("leaves");
  });

  it("answers under the id of what is no task, if it has one", async () => {
    const desk = newDesk();
    const seat = await sit(desk, "a");
    for (
      const task of [
        { fn: "f", timeout: -1, id: "negative" },
        { id: 0 },
        { fn: "f", id: {} },
        "f",
      ]
    ) await desk.tasks.put(task as unknown as QueuedTask);
    const waits = seat.next();
    const ids: unknown[] = [];
    while (ids.length < 4) {
      const { id, fn, ok } = await desk.results.get();
      assertEquals([fn, ok], ["", false]);
      ids.push(id);
    }
    assertEquals(ids, ["negative", 0, -3, -4]);
    seat.exit("leaves");
    await waits;
  });

  it("calls a task that has no id as no other one", async () => {
    const desk = newDesk();
    const seat = await sit(desk, "a");
    const given = [undefined, 1, 2, undefined, 4, 3];
    for (const id of given) {
      await desk.tasks.put({ fn: "f", ...(id !== undefined && { id }) });
    }
    const ids = new Set<string | number>();
    for (const _ of given) ids.add((await next(seat)).id);
    assertEquals(ids.size, given.length);
    seat.exit("leaves");
  });

  it("has no place for who comes when it stops", async () => {
    const desk = newDesk();
    const late = desk.seat({ id: "late", name: "late", processes: 1 });
    await desk.close();
    assertThrows(() => late.begin(null, []), ShutDownError, "it stops");
    assertEquals((await desk.status()).workers, []);
  });

  it("gives a task no oftener than it may be", async () => {
    const desk = newDesk();
    await desk.tasks.put({ fn: "f" });
    await desk.tasks.put({ fn: "f", retries: 0 });
    for (const name of ["a", "b", "c"]) {
      const seat = await sit(desk, name);
      await next(seat);
      seat.exit("has died");
    }
    const results = await desk.results.getMany(2);
    assertEquals(
      results.map(({ id, ok, attempts, worker }) => [id, ok, attempts, worker]),
      [[-1, false, 2, "b"], [-2, false, 1, "c"]],
    );
  });
});
