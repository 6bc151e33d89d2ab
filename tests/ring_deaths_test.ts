/** A ring whose users die at any step of what they do. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { enter, type Home } from "../internal/memory/home.ts";
import "../internal/structure/all.ts";
import { createArena } from "../internal/memory/make_arena.ts";
import type { SharedObject } from "../internal/memory/objects.ts";
import { Take } from "../internal/structure/get_side.ts";
import { Put } from "../internal/structure/put_side.ts";
import { createQueue, QueueWords } from "../internal/structure/queue.ts";
import { MAX_INLINE } from "../internal/structure/ring_words.ts";
import { Scratch } from "../internal/structure/scratch.ts";
import { DIED, lifeIndex } from "../internal/memory/lives.ts";
import { dieAt } from "./support/dying.ts";

const arena = createArena("shared");

/** Puts a number, in a message of so many bytes. */
function put(
  { ring }: QueueWords,
  n: number,
  bytes: number,
  rest = 0,
): void {
  const scratch = new Scratch(4 + bytes);
  scratch.words.fill(rest);
  scratch.words[0] = bytes;
  scratch.words[1] = n;
  const put = bytes > MAX_INLINE
    ? ring.puts.putLong(scratch.bytes.subarray(4, 4 + bytes), 0)
    : ring.puts.put(scratch.words, 0, 1 + (bytes + 3 >>> 2));
  assertEquals(put, Put.DONE);
}

function putMany({ ring }: QueueWords, first: number, sizes: number[]): void {
  const words: number[] = [];
  sizes.forEach((bytes, i) => {
    const content = Array<number>(bytes + 3 >>> 2).fill(0);
    content[0] = first + i;
    words.push(bytes, ...content);
  });
  const cells = new Int32Array(words);
  assertEquals(ring.puts.putMany(cells, 0, sizes.length), sizes.length);
}

/** Takes all messages; gives their numbers. */
function takeAll({ ring }: QueueWords): number[] {
  const scratch = new Scratch(4);
  const numbers: number[] = [];
  while (ring.gets.take(scratch, -1) === Take.DONE) {
    const isLong = scratch.words[0]! < 0 || scratch.words[0]! >= 2 ** 30;
    numbers.push(scratch.words[isLong ? 3 : 1]!);
  }
  return numbers;
}

/** Takes so many messages, one at a time. */
function take({ ring }: QueueWords, count: number): void {
  for (let i = 0; i < count; i++) {
    assertEquals(ring.gets.take(new Scratch(4), -1), Take.DONE);
  }
}

/** Puts and takes so many, by turns. */
type Steps =
  readonly (readonly ["put" | "take", count: number, bytes?: number])[];

interface Scenario {
  /** What was done before. */
  readonly before: Steps;
  /** What is done by the one who dies; it is given the next number. */
  readonly act: (words: QueueWords, next: number) => void;
  /** How many messages it puts, or takes. */
  readonly puts?: number;
  readonly takes?: number;
}

/** Fills what is free with something else. */
function makeNoise({ space }: Home): () => void {
  const objects = Array.from({ length: 4 }, () => {
    const object = createQueue(space, 0);
    const words = new QueueWords(object);
    for (let i = 0; i < FIRST + NEXT; i++) put(words, -1, 40, -1);
    for (const bytes of [50_000, 20_000]) put(words, -1, bytes, -1);
    return object;
  });
  return () => objects.forEach((object) => object.letGo(0));
}

/** Does it once, with a death at that step; gives how many steps it took. */
function once(
  survivor: Home,
  { before, act, puts = 0, takes = 0 }: Scenario,
  step: number,
  isNoticedLate: boolean,
): number {
  const { space } = survivor;
  const start = space.allocator.taken();
  const object: SharedObject = createQueue(space, 0);
  const own = new QueueWords(object);
  let isPut = 0;
  let isTaken = 0;
  for (const [what, count, bytes = 8] of before) {
    if (what === "take") {
      take(own, count);
      isTaken += count;
    } else for (let i = 0; i < count; i++) put(own, isPut++, bytes);
  }

  const other = enter(arena);
  const theirs = other.space.find(object.index, object.uid)!;
  theirs.hold(0);
  const words = new QueueWords(theirs);
  const { steps, died } = dieAt(step, () => act(words, isPut));
  const { member } = other.space;
  let silence = () => {};
  if (isNoticedLate) { // by who finds a lock with a dead owner
    Atomics.or(arena.lives, lifeIndex(member.slot), DIED);
    own.ring.sweep();
    if (step % 2 === 0) space.member.sweepDead();
  } else {
    space.member.declareDead(member.id);
    silence = makeNoise(survivor);
  }
  const size = own.ring.size;
  const numbers = takeAll(own);
  const first = numbers[0] ?? isPut;
  assertEquals(size, numbers.length, "the size is wrong");
  assert(first >= isTaken && first <= isTaken + takes, "more is lost");
  numbers.forEach((n, i) => assertEquals(n, first + i));
  const end = first + numbers.length;
  assert(end >= isPut && end <= isPut + puts, "something is lost");
  if (!died) assertEquals([first, end], [isTaken + takes, isPut + puts]);

  // It goes on as if nothing had happened.
  for (const bytes of [8, 40, 500, 40_000]) {
    for (let i = 0; i < 150; i++) put(own, i, bytes);
    makeNoise(survivor)();
    assertEquals(takeAll(own), Array.from({ length: 150 }, (_, i) => i));
  }
  for (let i = 0; i < 100; i++) put(own, i, [8, 500, 40_000][i % 3]!);
  space.member.sweepDead();
  object.letGo(0);
  silence();
  assertEquals(space.allocator.taken(), start, "memory is lost");
  return steps;
}

/** How many messages of 40 bytes fill the first segment, and those of 16 KiB. */
const FIRST = 90;
const NEXT = 369;

describe("a ring is whole wherever one dies who", () => {
  const scenarios: Record<string, Scenario> = {
    "puts": { before: [["put", 5]], act: (q, n) => put(q, n, 8), puts: 1 },
    "puts a long one": {
      before: [["put", 5]],
      act: (q, n) => put(q, n, 50_000),
      puts: 1,
    },
    "puts what needs a segment": {
      before: [["put", FIRST, 40]],
      act: (q, n) => put(q, n, 40),
      puts: 1,
    },
    "puts a long one that needs a segment": {
      before: [["put", FIRST, 40], ["put", 1]],
      act: (q, n) => put(q, n, 50_000),
      puts: 1,
    },
    "puts into a segment in the place of a smaller one": {
      before: [["put", FIRST + 5, 40], ["take", FIRST + 2], [
        "put",
        NEXT - 5,
        40,
      ]],
      act: (q, n) => put(q, n, 40),
      puts: 1,
    },
    "puts into a segment that is used again": {
      before: [
        ["put", FIRST + 5, 40],
        ["take", FIRST + 2],
        ["put", NEXT, 40],
        ["take", NEXT],
        ["put", NEXT - 5, 40],
      ],
      act: (q, n) => put(q, n, 40),
      puts: 1,
    },
    "puts many": {
      before: [["put", 5]],
      act: (q, n) => putMany(q, n, [8, 16, 24]),
      puts: 3,
    },
    "puts many in several segments": {
      before: [["put", FIRST, 40]],
      act: (q, n) => putMany(q, n, Array<number>(40).fill(1000)),
      puts: 40,
    },
    "takes": { before: [["put", 5]], act: (q) => take(q, 1), takes: 1 },
    "takes a long one": {
      before: [["put", 2, 50_000], ["put", 1]],
      act: (q) => take(q, 1),
      takes: 1,
    },
    "takes the last long one": {
      before: [["put", 1, 50_000]],
      act: (q) => take(q, 1),
      takes: 1,
    },
    "takes from the next segment": {
      before: [["put", 500, 40], ["take", FIRST]],
      act: (q) => take(q, 1),
      takes: 1,
    },
    "takes a long one from the next segment": {
      before: [["put", FIRST, 40], ["put", 9, 50_000], ["take", FIRST]],
      act: (q) => take(q, 1),
      takes: 1,
    },
    "takes, and frees a segment": {
      before: [["put", 1000, 40], ["take", FIRST + NEXT]],
      act: (q) => take(q, 1),
      takes: 1,
    },
    "takes many": {
      before: [["put", 5]],
      act: (q) => q.ring.gets.takeMany(new Scratch(4), 3),
      takes: 3,
    },
    "takes many from several segments": {
      before: [["put", 4000, 40]],
      act: (q) => q.ring.gets.takeMany(new Scratch(4), 2000),
      takes: 2000,
    },
  };
  for (const [what, scenario] of Object.entries(scenarios)) {
    it(what, () => {
      const survivor = enter(arena);
      const steps = once(survivor, scenario, Infinity, false);
      for (let step = 0; step < steps; step++) {
        once(survivor, scenario, step, false);
        once(survivor, scenario, step, true);
      }
      survivor.space.member.declareDead(survivor.space.member.id);
    });
  }

  it("destroys it", () => {
    const survivor = enter(arena);
    const { space } = survivor;
    const start = space.allocator.taken();
    let step = 0;
    for (let hasDied = true; hasDied; step++) {
      const other = enter(arena);
      const object = createQueue(other.space, 0);
      const words = new QueueWords(object);
      for (let i = 0; i < 3; i++) put(words, i, 50_000);
      for (let i = 0; i < 600; i++) put(words, i, 40);
      take(words, 200);
      hasDied = dieAt(step, () => object.letGo(0)).died;
      space.member.declareDead(other.space.member.id);
      makeNoise(survivor)();
      assertEquals(space.allocator.taken(), start, `after step ${step}`);
    }
    assert(step > 50);
    space.member.declareDead(space.member.id);
  });

  it("makes it", () => {
    const survivor = enter(arena);
    const { space } = survivor;
    const start = space.allocator.taken();
    for (let step = 0, hasDied = true; hasDied; step++) {
      const other = enter(arena);
      hasDied = dieAt(step, () => createQueue(other.space, 0)).died;
      space.member.declareDead(other.space.member.id);
      makeNoise(survivor)();
      assertEquals(space.allocator.taken(), start, `after step ${step}`);
    }
    space.member.declareDead(space.member.id);
  });
});
