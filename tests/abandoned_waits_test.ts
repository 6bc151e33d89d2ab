/** Who gives up waiting for something leaves nothing with it, however long it is there. */

import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  asCompleted,
  Event,
  GreenletPool,
  Process,
  sleep,
  spawn,
  subprocess,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
  wait,
} from "@multi/processing";
import { breathe } from "../internal/turn.ts";
import { sleepForever } from "./fixtures/work.ts";
import { collectGarbage } from "./support/collect_garbage.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

const MANY = 500;
/** Bytes that each may seem to take; a reaction with a promise takes 300. */
const FEW = 150;

type Wait = (options: { timeout: number }) => Promise<unknown>;

/** Bytes that stay for each of many waits that are given up. */
async function bytesLeft(once: () => unknown): Promise<number> {
  const heap = async () => {
    for (let i = 0; i < 2; i++) {
      await breathe(); // what has just ended may still be on the stack
      collectGarbage();
    }
    return Deno.memoryUsage().heapUsed;
  };
  const rounds = async () => {
    for (let i = 0; i < MANY; i++) await once();
  };
  let least = Infinity;
  let before = await heap();
  // What is made once, by whatever else goes on, does not come each time.
  for (let i = 0; i < 4 && least >= FEW; i++) {
    await rounds();
    const after = await heap();
    least = Math.min(least, (after - before) / MANY);
    before = after;
  }
  return least;
}

async function leavesNothing(waits: Record<string, Wait>): Promise<void> {
  for (const [name, wait] of Object.entries(waits)) {
    const ways = {
      "has no time": () => wait({ timeout: 0 }).catch(() => {}),
      "is killed": async () => {
        const greenlet = spawn(wait, { timeout: Infinity });
        await sleep(0);
        await greenlet.kill();
      },
    };
    for (const [way, once] of Object.entries(ways)) {
      const bytes = await bytesLeft(once);
      assert(bytes < FEW, `${name} that ${way} leaves ${bytes} bytes`);
    }
  }
}

describe("a wait that is given up leaves nothing with", () => {
  it("a greenlet and its group", async () => {
    const pool = new GreenletPool(1);
    const greenlet = pool.spawn(() => sleep(Infinity));
    await leavesNothing({
      join: (options) => greenlet.join(options),
      get: (options) => greenlet.get(options),
      wait: (options) => wait([greenlet], options),
      "join of its pool": (options) => pool.join(options),
      waitAvailable: (options) => pool.waitAvailable(options),
    });
    const callback = () => {};
    const bytes = await bytesLeft(() => {
      greenlet.link(callback);
      greenlet.unlink(callback);
    });
    assert(bytes < FEW, `link that is taken back leaves ${bytes} bytes`);
    await pool.kill();
  });

  it("a process, a thread and a program", async () => {
    await using process = new Process({ target: sleepForever });
    await using thread = new Thread({ target: sleepForever });
    process.start();
    thread.start();
    const program = new subprocess.Popen(["sleep", "1000"]);
    await leavesNothing({
      "process.join": (options) => process.join(options),
      "process.result": (options) => process.result(options),
      "wait for a sentinel": (options) => wait([process.sentinel], options),
      "thread.join": (options) => thread.join(options),
      "thread.result": (options) => thread.result(options),
      "Popen.wait": (options) => program.wait(options),
    });
    program.kill();
    await program.wait();
  });

  it("a pool's results, and a pool", async () => {
    await using pool = new ThreadPool(1);
    await using executor = new ThreadPoolExecutor(1);
    const result = pool.applyAsync(sleepForever);
    pool.close();
    const end = new Event();
    const future = executor.submit((end: Event) => end.wait(), end);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => end.set()); // before the executor waits for it
    await leavesNothing({
      get: (options) => result.get(options),
      "wait()": (options) => result.wait(options),
      "wait for it": (options) => wait([result], options),
      "join of the pool": (options) => pool.join(options),
      result: (options) => future.result(options),
      asCompleted: (options) => asCompleted([future], options).next(),
    });
  });
});
