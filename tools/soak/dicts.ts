/** Shared dicts, lists and values, and those who change them and come to harm. */

import {
  SharedArray,
  SharedDict,
  SharedList,
  SharedValue,
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

/** A text that says how long it is. */
interface Text {
  readonly length: number;
  readonly text: string;
}

/** An entry of a list: who made it, and as what. */
interface Entry {
  readonly by: number;
  readonly n: number;
}

const COUNTERS = 5;
const MOST_BYTES = 30_000;

/** Changes all of them in all ways, and notes how often it has. */
export async function change(
  counts: SharedDict<number>,
  texts: SharedDict<Text>,
  list: SharedList<Entry>,
  sum: SharedValue<"i">,
  done: SharedArray<"i">,
  me: number,
  count: number,
  plan: Plan,
): Promise<void> {
  const random = new Random(plan.seed);
  const long = "x".repeat(MOST_BYTES);
  const end = isEndedByOthers(plan) ? Infinity : count;
  for (let n = 0; n < end; n++) {
    meetFate(plan, n);
    counts.update(`count ${random.below(COUNTERS)}`, (n = 0) => n + 1);
    sum.add(1);
    if (n < 500) list.push({ by: me, n });
    const key = `text ${random.below(50)}`;
    const length = random.oneOf(10)
      ? random.below(MOST_BYTES)
      : random.below(99);
    const text = { length, text: long.slice(0, length) };
    switch (random.below(6)) {
      case 0:
        texts.delete(key);
        break;
      case 1:
        texts.setdefault(key, text);
        break;
      case 2:
        texts.pop(key);
        break;
      case 3:
        texts.update(key, () => text);
        break;
      default:
        texts.set(key, text);
    }
    done.array[me] = n + 1;
    if (random.oneOf(8)) await new Promise((resolve) => setTimeout(resolve));
  }
  await meetEnd(plan);
}

/** Shared dicts. */
export const dicts: Scenario = {
  name: "shared dicts",
  async run(round: Round) {
    const { random } = round;
    const counts = new SharedDict<number>();
    const texts = new SharedDict<Text>();
    const list = new SharedList<Entry>();
    const sum = new SharedValue("i", 0);
    const length = random.between(2, 4);
    const done = new SharedArray("i", length);
    const parties = Array.from({ length }, (_, i) => {
      const count = random.between(50, 500);
      return new Party(
        round,
        `changer ${i}`,
        change,
        (plan) => [counts, texts, list, sum, done, i, count, plan],
      );
    });
    await Promise.all(
      parties.map((party, i) => party.end(() => done.array[i]! > 0)),
    );
    const sure = done.array.reduce((sum, n) => sum + n, 0);
    const ended = parties.filter(({ plan }) => isEndedByOthers(plan)).length;
    const counted = [...counts.values()].reduce((sum, n) => sum + n, 0);
    for (
      const [what, is] of [["dict", counted], ["value", sum.value]] as const
    ) {
      round.check(
        is >= sure && is - sure <= ended,
        `${sure} additions to a shared ${what} made ${is}`,
      );
    }
    for (const { length, text } of texts.values()) {
      round.equal(text.length, length, "the length of a text in a dict");
    }
    round.equal(texts.size, [...texts.keys()].length, "the size of a dict");
    const next = parties.map(() => 0);
    for (const { by, n } of list.slice()) {
      round.equal(n, next[by], `the next entry of changer ${by} in a list`);
      next[by] = n + 1;
    }
    next.forEach((n, by) => {
      const least = Math.min(500, done.array[by]!);
      round.check(
        n >= least && n <= least + 1,
        `${n} entries of changer ${by} are in a list, who has made ${least}`,
      );
    });
    round.did(sure * 4);
    for (const shared of [counts, texts, list]) shared.close();
  },
};
