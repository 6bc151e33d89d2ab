import { Process, SharedDict, SharedValue, Thread } from "@multi/processing";
import { describe, it } from "@std/testing/bdd";
import * as work from "../fixtures/shared_work.ts";
import { follow } from "../support/followed.ts";
import { checkLinearizable } from "./linearizable.ts";
import { sharingConformance, type SharingFlavour } from "./shared_memory.ts";

/** Starts each function in a worker of that class. */
function startIn(Worker: typeof Process | typeof Thread) {
  return ((fn: unknown, ...args: unknown[]) =>
    follow(
      new Worker({ target: fn, args } as never),
    )) as SharingFlavour["start"];
}

// Elsewhere, only threads share memory.
const processesShare = Deno.build.os === "linux";

if (processesShare) {
  sharingConformance({
    name: "process",
    start: startIn(Process),
    endsWithMaker: true,
  });
}

sharingConformance({
  name: "thread",
  isAnother: processesShare,
  start: startIn(Thread),
  endsWithMaker: false,
});

describe("a dict shared by 4 processes and 4 threads", () => {
  it("is linearizable, key by key", { ignore: !processesShare }, async () => {
    const dict = new SharedDict<unknown>();
    const clock = new SharedValue("i", 0);
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const users = seeds.map((seed) =>
      startIn(seed % 2 === 0 ? Process : Thread)(
        work.useAtRandom,
        dict,
        clock,
        seed,
        2000,
      )
    );
    const log = [];
    for (const user of users) log.push(...await user.result());
    checkLinearizable(log);
  });
});
