/**
 * Sees that a Worker has run out of its memory where the runtime does not: it
 * stops the code that wanted more, and raises the limit, but if that code was
 * called from a promise, the error goes nowhere, and whoever waits waits for
 * ever. That the limit was raised is what tells.
 */

const EVERY_MS = 50;

/** Calls back, once, when that has happened. */
export async function watchHeap(ranOut: () => void): Promise<void> {
  const { getHeapStatistics } = await import("node:v8");
  const limit = () => getHeapStatistics().heap_size_limit;
  const first = limit();
  const timer = setInterval(() => {
    if (limit() <= first) return;
    clearInterval(timer);
    ranOut();
  }, EVERY_MS);
}
