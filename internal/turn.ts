/** Looking at the world without waiting for it. */

/**
 * The runtime asks the system for what has come in after every 61 rounds of its
 * loop while it has something else to do. So many more make sure that it did,
 * and that what was found is seen by the program; they take 0.2 ms. (A time-out
 * of 0 would take 2 ms and, on a busy machine, may come before what is there.)
 */
const ROUNDS = 128;

/** Not in the runtime's types. */
const scope = globalThis as unknown as {
  setImmediate?: (callback: () => void) => unknown;
};

/** Lets everything be seen that has happened by now, or until it `isDone`. */
export async function turn(isDone: () => boolean): Promise<void> {
  for (let round = 0; round < ROUNDS && !isDone(); round++) await breathe();
}

/**
 * Lets the runtime go on with everything else, for 2 µs if there is nothing. Who
 * asks whether something is ready does so in a loop, and where the answer is at
 * hand that loop would never leave the program time to see anything else.
 */
export function breathe(): Promise<void> {
  // Not before it is needed: to touch a timer takes a new program up to 14 ms.
  const { setImmediate = setTimeout } = scope;
  return new Promise((resolve) => setImmediate(resolve));
}
