/** Pools whose tasks and workers come to harm. */

import {
  type AsyncResult,
  currentTask,
  Pool,
  SharedArray,
  ThreadPool,
} from "@multi/processing";
import type { Round, Scenario } from "./round.ts";

/** A task: what it is to do, and where it notes that it was begun. */
interface Work {
  readonly at: number;
  readonly kind: Kind;
  readonly ms: number;
}

type Kind = "ok" | "throw" | "kill" | "exit" | "abort" | "late" | "cannot send";

const KINDS: readonly Kind[] = [
  ...["ok", "ok", "ok", "ok", "ok", "ok", "throw", "throw"] as const,
  ...["abort", "abort", "late", "cannot send"] as const,
];
/** What costs a process, rarely. */
const DEADLY: readonly Kind[] = ["kill", "exit"];

/** Notes that it was begun, and ends as it is told. */
export async function work(
  begun: SharedArray<"i">,
  { at, kind, ms }: Work,
): Promise<unknown> {
  Atomics.add(begun.array, at, 1);
  switch (kind) {
    case "throw":
      throw new EvalError(`${at}`);
    case "kill":
      Deno.kill(Deno.pid, "SIGKILL");
      for (;;);
    case "exit":
      return Deno.exit(5);
    case "cannot send":
      return { deep: () => at };
    case "abort": {
      const { signal } = currentTask()!;
      while (!signal.aborted) await new Promise((r) => setTimeout(r, 1));
      throw signal.reason;
    }
    case "late":
      await new Promise((resolve) => setTimeout(resolve, 1e9));
  }
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  return at;
}

/** The same, for a map. */
export function workAt(
  [begun, work_]: [SharedArray<"i">, Work],
): Promise<unknown> {
  return work(begun, work_);
}

/** Which errors there may be, by their names. */
const ERRORS: Record<Kind, readonly string[]> = {
  "ok": [],
  "throw": ["EvalError"],
  "kill": ["WorkerLostError"],
  "exit": ["WorkerLostError"],
  "abort": ["AbortError"],
  "late": ["TimeoutError"],
  "cannot send": ["DataCloneError"],
};

/** Gives a task; it must end once, and as is expected. */
async function one(
  round: Round,
  pool: Pool,
  begun: SharedArray<"i">,
  task: Work,
  mayBeLost: () => boolean,
): Promise<"done" | "failed" | "lost" | "cancelled"> {
  let calls = 0;
  const count = () => void calls++;
  const { kind, at } = task;
  const options = { callback: count, errorCallback: count };
  const abort = new AbortController();
  if (kind === "abort") setTimeout(() => abort.abort(), round.random.below(20));
  if (kind !== "ok") round.fault(kind === "late" ? "time-out" : kind);
  const name = `task ${at}, "${kind}"`;
  let outcome: "done" | "failed" | "lost" | "cancelled";
  try {
    const result: AsyncResult<unknown> = pool.applyAsync(work, [begun, task], {
      ...options,
      ...(kind === "abort" ? { signal: abort.signal } : {}),
      ...(kind === "late" ? { taskTimeout: 1 + round.random.below(30) } : {}),
    });
    const value = await round.wait(`the end of ${name}`, result.get());
    round.check(kind === "ok", `${name} has ended well`);
    round.equal(value, at, `the result of ${name}`);
    outcome = "done";
  } catch (error) {
    const { name: is } = error as Error;
    if (is === "CancelledError" || is === "ShutDownError") {
      round.check(mayBeLost(), `${name}: ${error}`);
      outcome = "cancelled";
    } else if (is === "WorkerLostError" && !ERRORS[kind].includes(is)) {
      round.check(mayBeLost(), `${name}: ${error}`);
      outcome = "lost";
    } else {
      if (!ERRORS[kind].includes(is)) throw error;
      outcome = "failed";
    }
  }
  await Promise.resolve();
  round.equal(calls, 1, `how often callbacks of ${name} were called`);
  round.did();
  return outcome;
}

async function tasks(
  round: Round,
  pool: Pool,
  begun: SharedArray<"i">,
  from: number,
  isThreads: boolean,
): Promise<void> {
  const { random } = round;
  let kills = 0;
  /** How many may be killed that may not be up: three in a row break a pool. */
  let early = 2;
  let isEnding = false;
  const lost: number[] = [];
  let next = from;
  const lane = async () => {
    while (next < TASKS) {
      const at = next++;
      const kind = !random.oneOf(25)
        ? random.pick(KINDS)
        : isThreads
        ? "exit"
        : random.pick(DEADLY);
      if (!isThreads && random.oneOf(50)) {
        const worker = random.pick(pool.workers);
        if (worker?.ident && (worker.tasks > 0 || early-- > 0)) {
          kills++;
          round.fault("kill of a worker");
          try {
            Deno.kill(worker.ident, "SIGKILL");
          } catch {
            // It had ended.
          }
        }
      }
      const ms = random.oneOf(3) ? random.below(4) : 0;
      const mayBeLost = () => kills > 0 || isEnding;
      const outcome = await one(
        round,
        pool,
        begun,
        { at, kind, ms },
        mayBeLost,
      );
      if (outcome === "lost") lost.push(at);
      const times = begun.array[at]!;
      round.check(times <= 1, `task ${at} was begun ${times} times`);
      if (outcome === "done") {
        round.equal(times, 1, `how often ${at} was begun`);
      }
      if (random.oneOf(TASKS / 2) && !isEnding) {
        isEnding = true;
        round.fault("terminate of a pool");
        await round.wait("terminate()", pool.terminate());
      }
    }
  };
  await Promise.all(Array.from({ length: random.between(1, 12) }, lane));
  round.check(
    lost.length <= kills || isEnding,
    `${lost.length} tasks were lost by ${kills} kills`,
  );
  round.lost(lost.length, "tasks whose workers were killed");
}

const TASKS = 100;
const ITEMS = 20;

/** Pools. */
export const pools: Scenario = {
  name: "pools",
  async run(round: Round) {
    const { random } = round;
    const isThreads = random.oneOf(2);
    const begun = new SharedArray("i", TASKS);
    const Kind = isThreads ? ThreadPool : Pool;
    const pool = new Kind({
      processes: random.between(1, 3),
      ...(isThreads ? {} : { stderr: "null" }),
      ...(random.oneOf(3) ? { maxtasksperchild: random.between(1, 30) } : {}),
    });
    // First a map and an imap to which nothing happens: all of it, in order.
    const items = Array.from(
      { length: ITEMS },
      (_, at): [SharedArray<"i">, Work] => [begun, { at, kind: "ok", ms: 0 }],
    );
    const half = ITEMS / 2;
    const [mapped, imapped] = await Promise.all([
      round.wait("a map", pool.starmap(work, items.slice(0, half))),
      round.wait(
        "an imap",
        Array.fromAsync(pool.imap(workAt, items.slice(half))),
      ),
    ]);
    [...mapped, ...imapped].forEach((value, at) =>
      round.equal(value, at, "the next result of a map")
    );
    for (let at = 0; at < ITEMS; at++) {
      round.equal(begun.array[at], 1, `how often item ${at} was begun`);
    }
    round.did(ITEMS);
    await tasks(round, pool, begun, ITEMS, isThreads);
    if (random.oneOf(2)) pool.close();
    else await round.wait("terminate()", pool.terminate());
    const joined = await round.wait("the pool's end", pool.join());
    round.check(joined, "join() of a pool is false");
    round.equal(pool.workers.length, 0, "workers after the end of a pool");
  },
};
