/** Managers whose clients, or whose server, come to harm. */

import {
  type DictProxy,
  EOFError,
  type ListProxy,
  Manager,
  Process,
  type Queue,
  SharedArray,
} from "@multi/processing";
import {
  isEndedByOthers,
  meetEnd,
  meetFate,
  Party,
  type Plan,
} from "./party.ts";
import type { Round, Scenario } from "./round.ts";

const MOST = 2000;

/** Counts up, appends and puts, and notes how often. */
export async function useManaged(
  dict: DictProxy<number>,
  list: ListProxy<readonly [number, number]>,
  queue: Queue<readonly [number, number]>,
  done: SharedArray<"i">,
  me: number,
  count: number,
  plan: Plan,
): Promise<void> {
  const end = isEndedByOthers(plan) ? MOST : count;
  for (let n = 0; n < end; n++) {
    meetFate(plan, n);
    await dict.update("count", (n = 0) => n + 1);
    await list.append([me, n]);
    await queue.put([me, n]);
    done.array[me] = n + 1;
  }
  await meetEnd(plan);
}

/** Serves at that address, for ever. */
export async function serveForEver(
  path: string,
  up: SharedArray<"i">,
): Promise<void> {
  const manager = new Manager({ address: path });
  await manager.serve();
  up.array[0] = 1;
  await new Promise((resolve) => setTimeout(resolve, 1e9));
}

async function clients(round: Round): Promise<void> {
  const { random } = round;
  await using manager = new Manager();
  const dict = await round.wait("a manager's dict", manager.dict<number>());
  const list = await manager.list<readonly [number, number]>();
  const queue = await manager.queue<readonly [number, number]>();
  const length = random.between(1, 3);
  const done = new SharedArray("i", length);
  const parties = Array.from({ length }, (_, i) =>
    new Party(
      round,
      `client ${i}`,
      useManaged,
      (plan) => [dict, list, queue, done, i, random.between(10, 80), plan],
    ));
  await Promise.all(
    parties.map((party, i) => party.end(() => done.array[i]! > 0)),
  );
  const sure = done.array.reduce((sum, n) => sum + n, 0);
  const ended = parties.filter(({ plan }) => isEndedByOthers(plan)).length;
  const counted = await round.wait("the count", dict.get("count", 0));
  round.check(
    counted! >= sure && counted! <= sure + ended,
    `${sure} additions in a manager's dict made ${counted}`,
  );
  inOrder(round, "list", await round.wait("the list", list.slice()), done);
  const items: (readonly [number, number])[] = [];
  await queue.shutdown();
  const drained = (async () => {
    for await (const item of queue) items.push(item);
  })();
  await round.wait("the end of a manager's queue", drained);
  inOrder(round, "queue", items, done);
  round.did(sure * 3);
}

function inOrder(
  round: Round,
  what: string,
  items: readonly (readonly [number, number])[],
  done: SharedArray<"i">,
): void {
  const next = [...done.array].map(() => 0);
  for (const [by, n] of items) {
    round.equal(n, next[by], `the next of client ${by} in a manager's ${what}`);
    next[by] = n + 1;
  }
  next.forEach((n, by) => {
    const least = done.array[by]!;
    round.check(
      n >= least && n <= least + 1,
      `${n} of client ${by} are in a manager's ${what}, of ${least}`,
    );
  });
}

async function server(round: Round): Promise<void> {
  const folder = await Deno.makeTempDir();
  const up = new SharedArray("i", 1);
  const address = `${folder}/manager`;
  const process = new Process({
    target: serveForEver,
    args: [address, up],
    stderr: "null",
    daemon: true,
  });
  process.start();
  await round.until("a manager, to serve", () => up.array[0] === 1);
  await using manager = new Manager({ address });
  await round.wait("a connection", manager.connect());
  const dict = await manager.dict<number>();
  const queue = await manager.queue<number>();
  let calls = 0;
  const calling = Array.from({ length: 5 }, async (_, i) => {
    try {
      for (;;) {
        if (i === 0) await queue.get();
        else await dict.update("count", (n = 0) => n + 1);
        calls++;
      }
    } catch (error) {
      round.check(
        error instanceof EOFError,
        `a call to a dead manager: ${error}`,
      );
    }
  });
  await round.until(
    "calls to a manager",
    () => calls > round.random.below(300),
  );
  process.kill();
  round.fault("kill of a manager");
  await round.wait("the end of calls to a dead manager", Promise.all(calling));
  await round.wait("the end of a killed manager", process.join());
  round.did(calls);
  await Deno.remove(folder, { recursive: true });
}

/** Managers. */
export const managers: Scenario = {
  name: "managers",
  async run(round: Round) {
    if (round.random.oneOf(3)) await server(round);
    else await clients(round);
  },
};
