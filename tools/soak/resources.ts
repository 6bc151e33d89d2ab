/** What this process has of the system, and how it is brought to rest. */

import { Process, Queue, Thread } from "@multi/processing";
import { ownHome } from "../../internal/memory/home.ts";
import { collectGarbage } from "../../tests/support/collect_garbage.ts";
import { childrenOfThisProcess } from "../../tests/support/process_table.ts";

/** How long what is no longer used may take to be gone (ms). */
const SETTLE_MS = 20_000;
/** So many idle threads are kept, at the most. */
const IDLE_THREADS = Math.max(4, navigator.hardwareConcurrency);

/** What there is at a moment of rest. */
export interface Resources {
  /** Of shared memory, that is taken (bytes). */
  readonly shared: number;
  /** Of this process's own memory (bytes). */
  readonly rss: number;
  readonly heap: number;
  readonly handles: number;
  readonly children: number;
  readonly threads: number;
  /** Files of shared memory that are open. */
  readonly segments: number;
  /** What this is the state of. */
  readonly is: "begin" | "warm";
}

/**
 * The runtime opens some handles at their first need, and keeps them: so many more
 * there may be than at the begin, and than when all has been run for a while.
 */
const KEPT_HANDLES = { begin: 16, warm: 4 } as const;
/** How much memory may grow by what compilers, caches and fragments take. */
export const MAY_GROW = { rss: 96 * 2 ** 20, heap: 12 * 2 ** 20 } as const;

/** Of what there may be no more than there was. */
const EXACT = [
  "shared",
  "handles",
  "children",
  "threads",
  "segments",
] as const;

/** What threads and processes do in order to rest: they let go of what they had. */
export async function rest(): Promise<void> {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve)); // finalizers run
  collectGarbage();
  // What a thread has let go of under the eyes of others it frees at the next time.
  new Queue().close();
}

/** Brings everything into the state in which it rests, and looks. */
export async function atRest(before: Resources | null): Promise<Resources> {
  if (before === null) {
    const process = new Process({ target: rest });
    process.start();
    await process.join();
  }
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    // Ended threads are kept for the next ones: always as many, from here on.
    const threads = Array.from(
      { length: IDLE_THREADS },
      () => new Thread({ target: rest }),
    );
    for (const thread of threads) thread.start();
    for (const thread of threads) await thread.result();
    await rest();
    const now = look();
    if (before === null || exceeded(now, before).length === 0) return now;
    if (performance.now() > end) return now;
  }
}

/** What there is more of than before, in words. */
export function exceeded(now: Resources, before: Resources): string[] {
  return EXACT.filter((what) => {
    const more = what === "handles" ? KEPT_HANDLES[before.is] : 0;
    return now[what] > before[what] + more;
  })
    .map((what) => `${what}: ${now[what]} after ${before[what]}`);
}

/** What of the memory has grown more than it may, in words. */
export function grown(now: Resources, before: Resources): string[] {
  return (["rss", "heap"] as const)
    .filter((what) => now[what] - before[what] > MAY_GROW[what])
    .map((what) => `${what}: ${now[what]} bytes after ${before[what]}`);
}

/** The handles that are open now: what each is, and how many of it. */
export function handles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const link of openFiles()) {
    const kind = link.replace(/\d+/g, "N");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function look(): Resources {
  const { member, allocator } = ownHome().space;
  member.sweepDead();
  const files = openFiles();
  return {
    shared: allocator.taken(),
    rss: ownRss(),
    heap: Deno.memoryUsage().heapUsed,
    handles: files.length,
    children: childrenOfThisProcess().length,
    threads: workers(),
    segments: files.filter((link) => link.startsWith("/memfd:")).length,
    is: "begin",
  };
}

function openFiles(): string[] {
  const links: string[] = [];
  for (const { name } of entriesOf("/proc/self/fd")) {
    try {
      links.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The one by which the folder was read.
    }
  }
  return links;
}

/** Threads that run JavaScript; the runtime's own come and go as it likes. */
function workers(): number {
  return entriesOf("/proc/self/task").filter(({ name }) => {
    try {
      const name_ = Deno.readTextFileSync(`/proc/self/task/${name}/comm`);
      return name_.startsWith("worker-");
    } catch {
      return false; // It has ended in between.
    }
  }).length;
}

/** What is in memory and is this process's alone. */
function ownRss(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}

function entriesOf(folder: string): Deno.DirEntry[] {
  return [...Deno.readDirSync(folder)];
}
