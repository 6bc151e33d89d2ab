/** Processes that end in every way, with children of their own. */

import { delay } from "@std/async";
import { Process, SharedArray, WorkerLostError } from "@multi/processing";
import type { Round, Scenario } from "./round.ts";

/** How one ends. */
type End =
  | "return"
  | "throw"
  | "exit"
  | "kill itself"
  | "kill"
  | "terminate"
  | "kill in a loop"
  | "abort"
  | "leave a child";

const ENDS: readonly End[] = [
  ...["return", "return", "throw", "exit", "kill itself"] as const,
  ...["kill", "kill in a loop", "terminate", "abort", "leave a child"] as const,
];
const EXIT_CODES: Record<End, number> = {
  "return": 0,
  "throw": 1,
  "exit": 9,
  "kill itself": -9,
  "kill": -9,
  "kill in a loop": -9,
  "terminate": -15,
  "abort": -15,
  "leave a child": -9,
};

/** Says that it runs, how often it has been run, and as who; then it ends. */
export async function end(
  how: End,
  runs: SharedArray<"i">,
  me: number,
): Promise<number> {
  Atomics.add(runs.array, me * 2, 1);
  switch (how) {
    case "return":
      return me * me;
    case "throw":
      throw new EvalError(`${me}`);
    case "exit":
      return Deno.exit(EXIT_CODES.exit);
    case "kill itself":
      Deno.kill(Deno.pid, "SIGKILL");
      for (;;);
    case "kill in a loop":
      for (;;);
    case "leave a child": {
      const child = new Process({ target: sleep, args: [runs, me] });
      child.daemon = true;
      child.start();
      await child.join();
      return 0;
    }
    default:
      await sleep(null, me);
      return 0;
  }
}

/** Says who it is, and goes on for ever. */
export async function sleep(
  pids: SharedArray<"i"> | null,
  me: number,
): Promise<void> {
  if (pids !== null) pids.array[me * 2 + 1] = Deno.pid;
  await new Promise((resolve) => setTimeout(resolve, 1e9));
}

async function one(
  round: Round,
  how: End,
  runs: SharedArray<"i">,
  me: number,
): Promise<void> {
  const { random } = round;
  const abort = new AbortController();
  const process = new Process({
    target: end,
    args: [how, runs, me],
    signal: abort.signal,
    stderr: "null",
    daemon: random.oneOf(2),
  });
  const name = `process ${me} of which the end is "${how}"`;
  process.start();
  const outcome = Promise.allSettled([process.result()]);
  if (random.oneOf(3)) await process.join({ timeout: random.below(5) });
  const isGone = () => !process.isAlive();
  const child = () => runs.array[me * 2 + 1]!;
  if (how.startsWith("kill in") || how === "kill" || how === "leave a child") {
    const begins = how === "leave a child" ? child : () => runs.array[me * 2]!;
    // Some are ended before they have begun.
    if (how === "leave a child" || !random.oneOf(4)) {
      await round.until(`${name}, to begin`, () => begins() !== 0 || isGone());
    }
    process.kill();
  } else if (how === "terminate" || how === "abort") {
    await delay(random.below(200));
    if (how === "abort") abort.abort();
    else process.terminate();
  }
  if (how !== "return") round.fault(how);
  const [result] = await round.wait(`the result of ${name}`, outcome);
  await round.wait(`the end of ${name}`, process.join());
  const expected = EXIT_CODES[how];
  round.equal(process.exitcode, expected, `the exit code of ${name}`);
  round.equal(await process.sentinel, expected, `the sentinel of ${name}`);
  if (how === "return") {
    round.check(result.status === "fulfilled", `${name} gave no result`);
    round.equal(result.value, me * me, `the result of ${name}`);
  } else {
    round.check(result.status === "rejected", `${name} gave a result`);
    const cls = how === "throw" ? EvalError : WorkerLostError;
    round.check(result.reason instanceof cls, `${name}: ${result.reason}`);
  }
  const times = runs.array[me * 2]!;
  round.check(times <= 1, `${name} was run ${times} times`);
  if (child() !== 0) {
    await round.until(`the end of the child of ${name}`, () => !isRun(child()));
  }
  round.did();
  process.close();
}

function isRun(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat); // nobody may be there who asks for it
  } catch {
    return false;
  }
}

/** Processes. */
export const processes: Scenario = {
  name: "processes",
  async run(round: Round) {
    const length = round.random.between(2, 5);
    const runs = new SharedArray("i", length * 2);
    await Promise.all(
      Array.from(
        { length },
        (_, me) => one(round, round.random.pick(ENDS), runs, me),
      ),
    );
  },
};
