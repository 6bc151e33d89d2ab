/** Coroutines that are killed at any moment. */

import {
  type Greenlet,
  GreenletExit,
  GreenletPool,
  joinall,
  Lock,
  Queue,
  ShutDownError,
  sleep,
  spawn,
  TimeoutError,
} from "@multi/processing";
import { Random } from "./random.ts";
import type { Round, Scenario } from "./round.ts";

const ITEMS = 100;

/** Coroutines. */
export const coroutines: Scenario = {
  name: "coroutines",
  async run(round: Round) {
    const { random } = round;
    const queue = new Queue<number>(random.pick([0, 1, 10]));
    const lock = new Lock();
    const got = Array<number>(ITEMS).fill(0);
    let begun = 0;
    let finallys = 0;
    let inside = 0;
    let links = 0;

    /** Takes items, under a lock at times, until there are no more. */
    async function take(own: Random): Promise<void> {
      begun++;
      try {
        for (;;) {
          const item = await queue.get();
          got[item]!++;
          round.did();
          switch (own.below(4)) {
            case 0:
              await sleep(own.below(3));
              break;
            case 1:
              await lock.withLock(async () => {
                round.equal(inside++, 0, "coroutines that have one lock");
                try {
                  await sleep(0);
                } finally {
                  inside--;
                }
              });
              break;
            case 2:
              await sleep(0);
          }
          if (own.oneOf(40)) throw new EvalError("as it was to be");
        }
      } catch (error) {
        if (!(error instanceof ShutDownError)) throw error;
      } finally {
        finallys++;
      }
    }
    const takers: Greenlet<void>[] = [];
    const add = () => {
      const taker = spawn(take, new Random(random.next()));
      taker.link(() => links++);
      void taker.join(); // so that nobody reports its error
      takers.push(taker);
    };
    const putter = spawn(async () => {
      for (let n = 0; n < ITEMS; n++) await queue.put(n);
    });
    const length = random.between(3, 20);
    for (let i = 0; i < length; i++) add();
    while (!putter.ready()) {
      await sleep(random.below(3));
      const victim = random.pick(takers);
      if (!victim.ready()) {
        const isEnded = victim.kill();
        await round.wait("the end of a killed coroutine", isEnded);
        round.fault("kill");
      }
      add();
    }
    await round.wait("the end of the putter", putter.get());
    await queue.shutdown();
    // Some may have failed: there is one at least that sees the end.
    do {
      add();
      await round.wait("the end of the last taker", takers.at(-1)!.join());
    } while (!takers.at(-1)!.successful());
    await round.wait("the end of all takers", joinall(takers));
    await round.until("the calls of links", () => links === takers.length);
    // A get() that is killed leaves the item where it is.
    got.forEach((times, n) =>
      round.equal(times, 1, `how often item ${n} was got`)
    );
    round.equal(finallys, begun, "how many `finally` were run");
    for (const taker of takers) {
      const { exception } = taker;
      round.check(
        taker.successful() || exception instanceof GreenletExit ||
          exception instanceof EvalError,
        `a coroutine failed: ${exception}`,
      );
    }
    await group(new Random(random.next()), round.check.bind(round));
    queue.close();
  },
};

/** A pool of coroutines never runs more than it may, and gives all in order. */
async function group(
  random: Random,
  check: (holds: boolean, otherwise: string) => void,
): Promise<void> {
  const size = random.between(1, 10);
  const pool = new GreenletPool(size);
  let now = 0;
  let most = 0;
  const results = pool.imap(async (n: number) => {
    most = Math.max(most, ++now);
    try {
      await sleep(random.below(3));
    } finally {
      now--;
    }
    return n;
  }, Array.from({ length: 50 }, (_, n) => n));
  let next = 0;
  for await (const n of results) check(n === next++, `${n} is out of order`);
  check(next === 50, `${next} of 50 results`);
  check(most <= size, `${most} coroutines at a time instead of ${size}`);
  const endless = pool.spawn(() => sleep(1e9));
  try {
    await endless.get({ timeout: random.below(3) });
    check(false, "a coroutine that never ends has ended");
  } catch (error) {
    check(error instanceof TimeoutError, `get(): ${error}`);
  }
  check(await pool.kill(), "killed coroutines do not end");
}
