/**
 * Letting the rest of a thread run. A promise that is resolved already gives way
 * to nobody but other promises: a loop in which every wait is over at once would
 * keep timers and messages from being seen, for as long as it runs.
 */

import { breathe } from "./turn.ts";

/** For so long a thread goes on without a pause (ms). */
const STRETCH_MS = 8;
/**
 * The rounds of the event loop in a pause, which take 0.1 ms: the runtime asks the
 * system for what has come in after every 61 of them.
 */
const ROUNDS = 64;
/** At most so often it goes on without a look at the clock, which costs 0.1 µs. */
const MOST_STEPS = 64;

let steps: number = MOST_STEPS;
let left: number = MOST_STEPS;
let looked = 0;
let paused = 0;
let pausing: Promise<void> | null = null;

/** A promise of that; once in a while one that lets everything else run first. */
export function given<T>(value: T): Promise<T> {
  if (pausing !== null) return pausing.then(() => value);
  return --left > 0 || !isDue()
    ? Promise.resolve(value)
    : pause().then(() => value);
}

/** As {@linkcode given}, where there is nothing to give. */
export function done(): Promise<void> {
  if (pausing !== null) return pausing;
  return --left > 0 || !isDue() ? DONE : pause();
}

const DONE: Promise<void> = Promise.resolve();

function isDue(): boolean {
  const now = performance.now();
  // So many steps as take a millisecond: what is done between them may take long.
  const each = (now - looked) / steps;
  left = steps = Math.max(1, Math.min(MOST_STEPS, Math.floor(1 / each)));
  looked = now;
  if (now - paused < STRETCH_MS) return false;
  paused = now;
  return true;
}

/** All that is given meanwhile comes after it, so that the order is kept. */
function pause(): Promise<void> {
  return pausing ??= rounds();
}

async function rounds(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await breathe();
  pausing = null;
}
