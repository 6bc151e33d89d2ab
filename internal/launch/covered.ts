/**
 * Whether the runtime writes down which code was run, and how a program gives its
 * Workers the time for that: the runtime itself ends without waiting for them.
 *
 * On Linux, where this has all permissions. Elsewhere nobody tells what is asked here.
 */

import { hasAllPermissions } from "./granted.ts";
import { runtimeFlags } from "./runtime_flags.ts";

/** So long they have at most (ms): one may be in an endless loop. */
const MOST_MS = 2000;

/** Ends so many Workers, at the end of the program; under coverage waits for that. */
export function endWorkers(count: number, end: () => void): void {
  if (count === 0 || !isCovered()) return end();
  const others = countWorkers() - count;
  end();
  const until = performance.now() + MOST_MS;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (countWorkers() > others && performance.now() < until) {
    Atomics.wait(nap, 0, 0, 1);
  }
}

function isCovered(): boolean {
  if (Deno.build.os !== "linux" || !hasAllPermissions()) return false;
  return Deno.env.has("DENO_COVERAGE_DIR") || runtimeFlags().coverage !== null;
}

/** How many there are: each is a thread of the system, which the runtime has named. */
function countWorkers(): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    try {
      const thread = Deno.readTextFileSync(`/proc/self/task/${name}/comm`);
      if (thread.startsWith("worker-")) count++;
    } catch {
      // It has ended meanwhile.
    }
  }
  return count;
}
