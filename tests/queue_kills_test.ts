/** Writers and readers of queues that are killed at any moment. */

import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { afterAll, describe, it } from "@std/testing/bdd";
import { EmptyError, Process, Queue } from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { Counters } from "./fixtures/counters.ts";
import {
  type Loaded,
  readForEver,
  writeForEver,
  writeManyForEver,
} from "./fixtures/queue_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";
import { times } from "./support/times.ts";

const AT_ONCE = 2;
const MANY = 7;

/** Starts so many processes, a few at a time, and kills each at a random moment. */
async function killAll(
  count: number,
  start: (i: number) => Process<never[], void>,
  isBusy: (i: number) => boolean,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const i = next++;
      const process = start(i);
      process.start();
      await until(() => isBusy(i) || !process.isAlive());
      await delay(Math.random() * 3);
      process.kill();
      await process.join();
      assertEquals(process.exitcode, -9);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Tests end with the memory that they began with. */
async function untilFreed(before: number): Promise<void> {
  const { member, allocator } = ownHome().space;
  await until(() => {
    member.sweepDead(); // else it is done by who waits next
    return allocator.taken() <= before;
  });
}

function isIntact({ n, load }: Loaded, sizes: number[]): boolean {
  const bytes = load;
  return bytes.length === sizes[n % sizes.length] &&
    (bytes.length === 0 ||
      bytes[0] === (n & 255) && bytes.at(-1) === (n & 255));
}

describe("a queue whose writers are killed", {
  ignore: Deno.build.os !== "linux", // they share a counter
}, () => {
  nothingLeft();
  const counts = { kills: 0, items: 0, unsure: 0 };
  afterAll(() =>
    console.log(
      `${counts.kills} writers killed, ${counts.items} items, none lost that was put; ${counts.unsure} that were being put were put`,
    )
  );

  const cases: [string, number, number[], boolean, number][] = [
    ["small items", 100, [0, 10, 100], false, 0],
    ["items of all sizes", 50, [0, 5000, 20_000, 100_000], false, 100],
    ["items of 1 MiB", 30, [2 ** 20], false, 10],
    ["several at a time", 40, [0, 100, 20_000], true, 0],
    ["where it is full", 30, [0, 100], false, 3],
  ];
  for (const [what, all, sizes, many, maxsize] of cases) {
    const kills = times(all);
    it(`has all that they had put, once, in order: ${what}`, async () => {
      const before = ownHome().space.allocator.taken();
      const queue = new Queue<Loaded>(maxsize);
      const counters = new Counters(kills);
      const seen = Array<number>(kills).fill(0);
      const look = (item: Loaded) => {
        assertEquals(
          item.n,
          seen[item.writer],
          "one is missing, or comes twice",
        );
        assert(isIntact(item, sizes));
        seen[item.writer] = item.n + 1;
        counts.items++;
      };
      const reading = (async () => {
        for await (const item of queue) look(item);
      })();
      await killAll(
        kills,
        (writer) =>
          new Process({
            target: many ? writeManyForEver : writeForEver,
            args: [queue, counters, writer, sizes],
          }) as never,
        (writer) => counters.get(writer) > 0,
      );
      await queue.shutdown();
      await reading;
      for (let writer = 0; writer < kills; writer++) {
        const put = counters.get(writer);
        const more = seen[writer]! - put;
        assert(more >= 0, `${-more} of the ${put} items of ${writer} are lost`);
        assert(more <= (many ? MANY : 1), `${more} were put that were not put`);
        counts.unsure += more;
      }
      counts.kills += kills;
      queue.close();
      counters.close();
      await untilFreed(before);
    });
  }
});

describe("a queue whose readers are killed", {
  ignore: Deno.build.os !== "linux", // they share a counter
}, () => {
  nothingLeft();
  const counts = { kills: 0, items: 0, lost: 0 };
  afterAll(() =>
    console.log(
      `${counts.kills} readers killed, ${counts.items} items, none got twice; ${counts.lost} lost in their hands`,
    )
  );

  const cases: [string, number, number[], number, number][] = [
    ["small items", 100, [0, 10, 100], 1, 0],
    ["items of all sizes", 60, [0, 5000, 20_000, 100_000], 1, 50],
    ["items of 1 MiB", 30, [2 ** 20], 1, 4],
    ["several at a time", 60, [0, 100, 20_000], MANY, 0],
  ];
  for (const [what, all, sizes, max, maxsize] of cases) {
    const kills = times(all);
    it(`loses what they have in their hands at most: ${what}`, async () => {
      const most = 2 ** 22;
      const before = ownHome().space.allocator.taken();
      const queue = new Queue<Loaded>(maxsize);
      const counters = new Counters(most + kills);
      let n = 0;
      let running = true;
      const writing = (async () => {
        while (running && n < most) {
          // A backlog that is not too long keeps the readers busy.
          if (await queue.qsize() > 1000) {
            await delay(0);
            continue;
          }
          const load = new Uint8Array(sizes[n % sizes.length]!).fill(n);
          try {
            await queue.put({ writer: 0, n, load }, { timeout: 50 });
            n++;
          } catch {
            // It is full.
          }
        }
      })();
      await killAll(
        kills,
        (reader) =>
          new Process({
            target: readForEver,
            args: [queue, counters, most + reader, max],
          }) as never,
        (reader) => counters.get(most + reader) > 0,
      );
      running = false;
      await writing;
      for (;;) {
        try {
          const item = await queue.get({ timeout: 0 });
          assert(isIntact(item, sizes));
          counters.add(item.n, 1);
        } catch (error) {
          if (error instanceof EmptyError) break;
          throw error;
        }
      }
      let lost = 0;
      for (let i = 0; i < n; i++) {
        assert(counters.get(i) <= 1, `item ${i} was got twice`);
        lost += 1 - counters.get(i);
      }
      assert(lost <= kills * max, `${lost} items are lost by ${kills} readers`);
      counts.kills += kills;
      counts.items += n;
      counts.lost += lost;
      queue.close();
      counters.close();
      await untilFreed(before);
    });
  }
});
