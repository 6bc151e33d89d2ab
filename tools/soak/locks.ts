/** Locks whose holders come to harm. */

import {
  Lock,
  LockAbandonedError,
  RLock,
  Semaphore,
  SharedArray,
} from "@multi/processing";
import {
  isEndedByOthers,
  meetEnd,
  meetFate,
  Party,
  type Plan,
} from "./party.ts";
import { Random } from "./random.ts";
import type { Round, Scenario } from "./round.ts";

/** Words of what the lock guards. */
const HOLDER = 0;
const TOTAL = 1;
const COPY = 2;
const BREACHES = 3;
const WORDS = 4;

/** Adds to what a lock guards, in a way that only works if nobody else does so. */
export async function addUnderLock(
  lock: Lock | RLock | Semaphore,
  guarded: SharedArray<"i">,
  added: SharedArray<"i">,
  me: number,
  count: number,
  plan: Plan,
): Promise<void> {
  const random = new Random(plan.seed);
  const words = guarded.array;
  const begin = (): number => {
    Atomics.store(words, HOLDER, me);
    const total = Atomics.load(words, TOTAL);
    if (total !== Atomics.load(words, COPY)) Atomics.add(words, BREACHES, 1);
    return total;
  };
  const finish = (total: number) => {
    Atomics.store(words, TOTAL, total + 1);
    Atomics.store(words, COPY, total + 1);
    if (Atomics.load(words, HOLDER) !== me) Atomics.add(words, BREACHES, 1);
  };
  const options = {
    repair: () => Atomics.store(words, COPY, Atomics.load(words, TOTAL)),
  };
  const later = () => new Promise((resolve) => setTimeout(resolve));
  const end = isEndedByOthers(plan) ? Infinity : count;
  for (let n = 0; n < end;) {
    meetFate(plan, n);
    try {
      switch (random.below(5)) {
        case 0:
          await lock.withLock(async () => {
            const total = begin();
            await later();
            finish(total);
          }, options);
          break;
        case 1: {
          const timeout = random.below(3);
          if (!await lock.acquire({ ...options, timeout })) continue;
          finish(begin());
          await lock.release();
          break;
        }
        case 2: {
          await using _ = await lock.guard(options);
          finish(begin());
          break;
        }
        case 3: {
          const signal = AbortSignal.timeout(random.below(3));
          await lock.withLock(() => finish(begin()), { ...options, signal });
          break;
        }
        default:
          if (!lock.acquireSync({ ...options, timeout: 20 })) continue;
          finish(begin());
          lock.releaseSync();
      }
    } catch (error) {
      if (error instanceof DOMException) {
        await later();
        continue;
      }
      throw error;
    }
    added.array[me] = ++n;
  }
  await meetEnd(plan);
}

/** Locks. */
export const locks: Scenario = {
  name: "locks",
  async run(round: Round) {
    const { random } = round;
    const lock = random.pick([
      () => new Lock(),
      () => new RLock(),
      () => new Semaphore(1),
    ])();
    const guarded = new SharedArray("i", WORDS);
    const length = random.between(2, 4);
    const added = new SharedArray("i", length);
    const parties = Array.from({ length }, (_, i) =>
      new Party(
        round,
        `${lock.constructor.name} user ${i}`,
        addUnderLock,
        (plan) => [lock, guarded, added, i, random.between(20, 200), plan],
      ));
    await Promise.all(
      parties.map((party, i) => party.end(() => added.array[i]! > 0)),
    );
    // Whoever died last with it is told of now.
    for (let tries = 0;; tries++) {
      try {
        const isFree = await round.wait(
          `the ${lock.constructor.name}, which nobody has`,
          lock.acquire({ timeout: 30_000 }),
        );
        round.check(isFree, `the ${lock.constructor.name} is held by nobody`);
        break;
      } catch (error) {
        if (!(error instanceof LockAbandonedError) || tries > 0) throw error;
        round.lost(1, "the ends of sections whose holders were ended");
      }
    }
    await lock.release();
    round.equal(guarded.array[BREACHES], 0, "breaches of a lock");
    const sure = added.array.reduce((sum, n) => sum + n, 0);
    const ended = parties.filter(({ plan }) => isEndedByOthers(plan)).length;
    const more = guarded.array[TOTAL]! - sure;
    round.check(
      more >= 0 && more <= ended,
      `${sure} additions under a lock made ${guarded.array[TOTAL]}`,
    );
    round.did(sure);
  },
};
