/**
 * What a process waits for, for a moment, before it exits although something is
 * under way: what was sent to others is lost if it has not arrived.
 */

const MOST_MS = 1000;

const farewells = new Set<() => Promise<unknown>>();

/** Called before this process exits by itself; returns what takes that back. */
export function beforeExit(farewell: () => Promise<unknown>): () => void {
  farewells.add(farewell);
  return () => void farewells.delete(farewell);
}

/** Waits for all of them, but not for long. */
export async function sayFarewell(): Promise<void> {
  if (farewells.size === 0) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MOST_MS);
  });
  const all = Promise.allSettled([...farewells].map((farewell) => farewell()));
  await Promise.race([all, late]);
  clearTimeout(timer);
}
