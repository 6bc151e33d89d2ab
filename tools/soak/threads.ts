/** Threads that end in every way, with threads of their own. */

import { delay } from "@std/async";
import {
  CancelledError,
  Lock,
  Queue,
  SharedArray,
  Thread,
  Timer,
  WorkerLostError,
} from "@multi/processing";
import type { Round, Scenario } from "./round.ts";

/** How one ends. */
type End =
  | "return"
  | "throw"
  | "terminate"
  | "terminate where it blocks"
  | "abort"
  | "another thread";

const ENDS: readonly End[] = [
  ...["return", "return", "throw", "terminate"] as const,
  ...["terminate where it blocks", "abort", "another thread"] as const,
];

/** Says that it runs, and ends. */
export async function end(
  how: End,
  runs: SharedArray<"i">,
  me: number,
  nobodyPuts: Queue<number>,
): Promise<number> {
  Atomics.add(runs.array, me, 1);
  switch (how) {
    case "return":
      return me * me;
    case "throw":
      throw new EvalError(`${me}`);
    case "another thread": {
      const other = new Thread({
        target: end,
        args: ["return", runs, me, nobodyPuts],
      });
      other.start();
      const result = await other.result();
      await other.join();
      return result;
    }
    case "terminate where it blocks":
      return nobodyPuts.getSync();
    default:
      await new Promise((resolve) => setTimeout(resolve, 1e9));
      return 0;
  }
}

/** Adds under a lock. */
export async function addOne(
  lock: Lock,
  runs: SharedArray<"i">,
  at: number,
): Promise<void> {
  await lock.withLock(() => {
    runs.array[at] = runs.array[at]! + 1;
  });
}

async function one(
  round: Round,
  how: End,
  runs: SharedArray<"i">,
  me: number,
  nobodyPuts: Queue<number>,
): Promise<void> {
  const { random } = round;
  const abort = new AbortController();
  const thread = new Thread({
    target: end,
    args: [how, runs, me, nobodyPuts],
    signal: abort.signal,
  });
  const name = `thread ${me} of which the end is "${how}"`;
  thread.start();
  const outcome = Promise.allSettled([thread.result()]);
  if (random.oneOf(3)) await thread.join({ timeout: random.below(5) });
  const isLost = how.startsWith("terminate") || how === "abort";
  if (isLost) {
    if (!random.oneOf(3)) {
      await round.until(`${name}, to begin`, () => runs.array[me] !== 0);
      await delay(random.below(5));
    }
    if (how === "abort") abort.abort();
    else thread.terminate();
  }
  if (isLost || how === "throw") round.fault(how);
  const [result] = await round.wait(`the result of ${name}`, outcome);
  await round.wait(`the end of ${name}`, thread.join());
  round.check(!thread.isAlive(), `${name} is alive after join()`);
  if (isLost || how === "throw") {
    round.check(result.status === "rejected", `${name} gave a result`);
    const cls = isLost ? WorkerLostError : EvalError;
    round.check(result.reason instanceof cls, `${name}: ${result.reason}`);
  } else {
    if (result.status === "rejected") throw result.reason;
    round.equal(result.value, me * me, `the result of ${name}`);
  }
  const most = how === "another thread" ? 2 : 1;
  const times = runs.array[me]!;
  round.check(
    times === most || isLost && times === 0,
    `${name} was run ${times} times`,
  );
  round.did();
}

/** Timers, some of them taken back: each adds one, or nothing. */
async function timers(
  round: Round,
  runs: SharedArray<"i">,
  at: number,
): Promise<void> {
  const lock = new Lock();
  const length = round.random.below(3);
  const timers = Array.from(
    { length },
    () => new Timer(round.random.below(30), addOne, [lock, runs, at]),
  );
  for (const timer of timers) timer.start();
  const taken = timers.filter(() => round.random.oneOf(3));
  for (const timer of taken) timer.cancel();
  let silent = 0;
  for (const timer of timers) {
    try {
      await round.wait("a timer's end", timer.result());
    } catch (error) {
      // One that is taken back may have rung before.
      const isTaken = error instanceof CancelledError && taken.includes(timer);
      if (!isTaken) throw error;
      silent++;
    }
    await round.wait("a timer's thread", timer.join());
  }
  round.equal(runs.array[at], length - silent, "timers that have rung");
  round.did(length);
}

/** Threads. */
export const threads: Scenario = {
  name: "threads",
  async run(round: Round) {
    const length = round.random.between(3, 8);
    const runs = new SharedArray("i", length + 1);
    const nobodyPuts = new Queue<number>();
    const ends = Array.from({ length }, () => round.random.pick(ENDS));
    await Promise.all([
      ...ends.map((how, me) => one(round, how, runs, me, nobodyPuts)),
      timers(round, runs, length),
    ]);
    nobodyPuts.close();
  },
};
