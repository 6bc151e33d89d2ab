/** What is counted for a whole process: its threads share the counts. */

/** What there is to count. */
export const Count = {
  /** Processes made: the numbers in their names. */
  PROCESSES: 0,
  /** Threads that got a name of ours. */
  THREAD_NAMES: 1,
  /** Threads started: their idents. */
  IDENTS: 2,
  /** Threads that run although they were terminated. */
  GIVEN_UP: 3,
} as const;

let counts = new Int32Array(
  new SharedArrayBuffer(
    Object.keys(Count).length * Int32Array.BYTES_PER_ELEMENT,
  ),
);

/** Adds one, or `by`, and gives the new count. */
export function countUp(which: number, by = 1): number {
  return Atomics.add(counts, which, by) + by;
}

/** The count now. */
export function countOf(which: number): number {
  return Atomics.load(counts, which);
}

/** The memory of the counts, for another thread. */
export function sharedCounts(): SharedArrayBuffer {
  return counts.buffer;
}

/** Counts there from now on: called once, first thing in a thread. */
export function shareCounts(memory: SharedArrayBuffer): void {
  counts = new Int32Array(memory);
}
