/** Queues whose writers and readers come to harm. */

import {
  EmptyError,
  FullError,
  Queue,
  SharedArray,
  ShutDownError,
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

/** An item that says who put it, and as what. */
interface Item {
  readonly writer: number;
  readonly n: number;
  readonly load: Uint8Array;
}

/** So many items a writer puts at the most. */
const MOST = 3000;
const AT_ONCE = 7;
const MOST_READERS = 3;
/** The number of the main thread, among the readers. */
const MAIN = MOST_READERS;
const SIZES = [0, 10, 300, 5000, 40_000];

/** Notes of all who take part: each word is written by one, or counted up. */
class Notes {
  /** How many items each writer has put for certain. */
  readonly put: SharedArray<"i">;
  /** How often each item was got. */
  readonly got: SharedArray<"i">;
  /** How many each reader has got, and then how many were wrong in any way. */
  readonly readers: SharedArray<"i">;

  constructor(writers: number, readers: number) {
    this.put = new SharedArray("i", writers);
    this.got = new SharedArray("i", writers * MOST);
    this.readers = new SharedArray("i", readers + 1);
  }
}

type NoteArrays = readonly [
  put: SharedArray<"i">,
  got: SharedArray<"i">,
  readers: SharedArray<"i">,
];

/** Puts items in all ways; each that was refused is put again. */
export async function writeItems(
  queue: Queue<Item>,
  put: SharedArray<"i">,
  writer: number,
  count: number,
  plan: Plan,
): Promise<void> {
  const random = new Random(plan.seed);
  const make = (n: number): Item => ({
    writer,
    n,
    load: new Uint8Array(random.pick(SIZES)).fill(n),
  });
  const end = isEndedByOthers(plan) ? MOST : count;
  for (let n = 0, step = 0; n < end; step++) {
    meetFate(plan, step);
    const timeout = random.oneOf(4) ? random.below(3) : Infinity;
    if (random.oneOf(3)) {
      const length = Math.min(random.between(1, AT_ONCE), end - n);
      let items = Array.from({ length }, (_, i) => make(n + i));
      while (items.length > 0) {
        try {
          await queue.putMany(items, { timeout });
          break;
        } catch (error) {
          if (!(error instanceof FullError)) throw error;
          items = [...error.items as Item[]];
        }
      }
      n += length;
    } else {
      const item = make(n);
      for (;;) {
        try {
          if (random.oneOf(3)) queue.putSync(item, { timeout });
          else await queue.put(item, { timeout });
          break;
        } catch (error) {
          if (!(error instanceof FullError)) throw error;
        }
      }
      n++;
    }
    Atomics.store(put.array, writer, n);
  }
  await meetEnd(plan);
}

/** Gets items in all ways, until there are no more. */
export async function readItems(
  queue: Queue<Item>,
  [put, got, readers]: NoteArrays,
  reader: number,
  plan: Plan,
): Promise<void> {
  const random = new Random(plan.seed);
  const last = new Map<number, number>();
  const wrong = readers.length - 1;
  for (let step = 0;; step++) {
    meetFate(plan, step);
    let items: Item[] = [];
    try {
      items = await getSome(queue, random);
    } catch (error) {
      if (error instanceof ShutDownError) break;
      if (!(error instanceof EmptyError)) throw error;
    }
    for (const { writer, n, load } of items) {
      const isWhole = load.length === 0 ||
        load[0] === (n & 255) && load.at(-1) === (n & 255);
      if (!isWhole || n <= (last.get(writer) ?? -1) || writer >= put.length) {
        Atomics.add(readers.array, wrong, 1);
      }
      last.set(writer, n);
      Atomics.add(got.array, writer * MOST + n, 1);
    }
    Atomics.add(readers.array, reader, items.length);
  }
  await meetEnd(plan);
}

async function getSome(queue: Queue<Item>, random: Random): Promise<Item[]> {
  const timeout = random.oneOf(4) ? random.below(3) : Infinity;
  switch (random.below(4)) {
    case 0:
      return await queue.getMany(AT_ONCE, { timeout });
    case 1:
      // Without a limit it would not see that it is to be terminated for long.
      return [queue.getSync({ timeout: Math.min(timeout, 50) })];
    case 2: {
      const signal = AbortSignal.timeout(random.below(5));
      try {
        return [await queue.get({ signal })];
      } catch (error) {
        if (error === signal.reason) return [];
        throw error;
      }
    }
    default:
      return [await queue.get({ timeout })];
  }
}

/** What each has got exactly once, of what was put. */
function count(
  round: Round,
  { put, got }: Notes,
  writers: readonly Party[],
): { lost: number } {
  let lost = 0;
  writers.forEach(({ plan, name }, writer) => {
    const sure = put.array[writer]!;
    let unsure = 0;
    for (let n = 0; n < MOST; n++) {
      const times = got.array[writer * MOST + n]!;
      round.check(times <= 1, `item ${n} of ${name} was got ${times} times`);
      if (n < sure) lost += 1 - times;
      else unsure += times;
    }
    const most = isEndedByOthers(plan) ? AT_ONCE : 0;
    round.check(
      unsure <= most,
      `${unsure} items of ${name} were got that had not been put`,
    );
    round.did(sure);
  });
  return { lost };
}

/** Queues. */
export const queues: Scenario = {
  name: "queues",
  async run(round: Round) {
    const { random } = round;
    const queue = new Queue<Item>(random.pick([0, 0, 1, 5, 50]));
    const length = random.between(1, 3);
    const notes = new Notes(length, MAIN + 1);
    const arrays = [notes.put, notes.got, notes.readers] as const;
    const counts = Array.from({ length }, () => random.between(20, 400));
    const writers = counts.map((count, i) =>
      new Party(
        round,
        `writer ${i}`,
        writeItems,
        (plan) => [queue, notes.put, i, count, plan],
      )
    );
    const readers = Array.from(
      { length: random.between(1, MOST_READERS) },
      (_, i) =>
        new Party(
          round,
          `reader ${i}`,
          readItems,
          (plan) => [queue, arrays, i, plan],
        ),
    );
    const writing = Promise.all(
      writers.map((writer, i) => writer.end(() => notes.put.array[i]! > 0)),
    );
    let haveWritten = false;
    const stop = () => void (haveWritten = true);
    writing.then(stop, stop);
    const harmed = readers.filter(({ plan }) => isEndedByOthers(plan));
    await Promise.all(
      harmed.map((reader) => {
        const i = readers.indexOf(reader);
        return reader.end(() => haveWritten || notes.readers.array[i]! > 0);
      }),
    );
    // Where all readers have ended, writers that wait for room need one more.
    const draining = readItems(queue, arrays, MAIN, {
      fate: "end",
      steps: 0,
      seed: round.seed,
    });
    draining.catch(() => {}); // It is waited for below.
    await writing;
    await queue.shutdown();
    await round.wait("the queue, to be drained", draining);
    const others = readers.filter((reader) => !harmed.includes(reader));
    await Promise.all(others.map((reader) => reader.end(() => true)));
    const { lost } = count(round, notes, writers);
    round.equal(
      notes.readers.array[MAIN + 1],
      0,
      "items out of order, or torn, or of nobody",
    );
    round.check(
      lost <= harmed.length * AT_ONCE,
      `${lost} items are lost by ${harmed.length} readers that were ended`,
    );
    round.lost(lost, "items in the hands of readers that were ended");
    queue.close();
  },
};
