/** The clock of a pool's worker. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Clock } from "../internal/pool/clock.ts";
import { NO_LIMITS, type Task } from "../internal/pool/task.ts";
import { until } from "./support/until.ts";

/** As much of a task as a clock sees. */
function task(id: number, taskTimeout: number): Task {
  return { id, items: 0, limits: { ...NO_LIMITS, taskTimeout } } as Task;
}

describe("the clock of a worker", () => {
  it("gives a task all of its time, from when it has begun", async () => {
    const words = { begun: 0, beats: 0 };
    let late = 0;
    const clock = new Clock(words);
    clock.follow(task(1, 200), () => late = performance.now());
    const begun = await new Promise<number>((resolve) =>
      setTimeout(() => {
        words.begun = 1;
        resolve(performance.now());
      }, 150)
    );
    await until(() => late > 0);
    assert(late - begun > 199, `${late - begun} ms`);
  });

  it("goes for a task that was told to end until there is another", async () => {
    const words = { begun: 1, beats: 0 };
    const calls: string[] = [];
    const clock = new Clock(words);
    const first = task(1, 1000);
    clock.follow(first, () => calls.push("late"));
    clock.grace(first, () => calls.push("over"));
    clock.follow(first, () => calls.push("late"));
    await until(() => calls.length > 0);
    clock.grace(first, () => calls.push("over"));
    clock.follow(task(2, 1000), () => calls.push("late"));
    words.begun = 2;
    await until(() => calls.length > 1);
    assertEquals(calls, ["over", "late"]);
    clock.stop();
  });
});
