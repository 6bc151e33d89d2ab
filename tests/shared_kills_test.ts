/** Whoever is killed while it changes a dict or a list leaves it to the others whole. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Process,
  SharedDict,
  SharedList,
  SharedValue,
} from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import * as work from "./fixtures/shared_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { numbers } from "./support/numbers.ts";
import { until } from "./support/until.ts";
import { times } from "./support/times.ts";

const KILLS = times(200);
const AT_ONCE = 3;

/** How much of the memory is taken, when what was closed has been let go of. */
async function taken(): Promise<number> {
  await Promise.resolve();
  const { space } = ownHome();
  space.member.sweepDead();
  return space.allocator.taken();
}

interface Value {
  readonly key: string;
  readonly length: number;
  readonly text: string;
}

function check(values: Iterable<unknown>): void {
  for (const value of values) {
    const { length, text } = value as Value;
    assertEquals(text.length, length);
  }
}

describe("a process that changes a dict and a list", {
  ignore: Deno.build.os !== "linux", // where processes share them
}, () => {
  nothingLeft();

  it(`is killed at any moment, ${KILLS} times: nothing is lost`, async () => {
    const before = await taken();
    const dict = new SharedDict<unknown>();
    const list = new SharedList<unknown>();
    const empty = await taken();
    const changes = new SharedValue("i", 0);
    changes.getLock(); // which is made when it is needed
    const own = await taken() - empty;
    const random = numbers(7);
    const running: Process[] = [];
    for (let kills = 0; kills < KILLS; kills++) {
      while (running.length < AT_ONCE) {
        const process = new Process({
          target: work.change,
          args: [dict, list, changes, kills * AT_ONCE + running.length],
        });
        process.start();
        running.push(process as Process);
      }
      const seen = changes.value;
      const more = 200 + random(300);
      await until(() => changes.value - seen > more);
      const victim = running.shift()!;
      victim.kill();
      // It is as usable as ever, at once.
      dict.set("own", { length: 0, text: "" });
      list.push(dict.pop("own", { length: 0, text: "" }));
      await victim.join();
      if (kills % 20 === 0) {
        check(dict.values());
        check(list.slice());
      }
    }
    for (const process of running) process.kill();
    for (const process of running) await process.join();
    check(dict.values());
    check(list.slice());
    assertEquals(dict.size, [...dict.keys()].length);
    dict.clear();
    list.clear();
    assert(
      await taken() - empty - own < 20 * 1024,
      `${await taken() - empty} bytes`,
    );
    dict.close();
    list.close();
    assertEquals(await taken() - own, before);
  });
});
