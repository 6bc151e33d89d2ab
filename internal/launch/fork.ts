/**
 * `fork()`, emulated: a runtime that has threads cannot be copied as a process
 * is. So the child runs the main module again, from its beginning, up to the
 * same call, and the parent passes on what it prints from there on only.
 */

import { BootstrapError, ProcessError, WorkerLostError } from "../../errors.ts";
import { isUserModule } from "./call_site.ts";
import { Child, planChild } from "./child.ts";
import { howEnded, withWords } from "./last_words.ts";
import {
  childIdentity,
  isLoading,
  nextPath,
  self,
  setReplaying,
} from "./identity.ts";
import { Report } from "./report.ts";
import type { Reporter } from "./reporter.ts";

/** What the calls of `fork()` in this process have returned. */
const returned: number[] = [];
let calls = 0;
/** The replay that this process is in: it ends at its last call. */
let replay: { length: number; reporter: Reporter } | null = null;

/** From now on the main module runs again, up to the call after these. */
export function beginReplay(
  before: readonly number[],
  reporter: Reporter,
): void {
  returned.push(...before);
  replay = { length: before.length, reporter };
  setReplaying(true);
  globalThis.addEventListener("unload", () => {
    if (replay === null) return;
    reporter.sendError(
      Report.ERROR,
      new BootstrapError(
        `Cannot fork as the main module did not come to the same call of fork() when it ran again: what it does up to there must not depend on anything that changes`,
      ),
    );
  });
}

/** 0 in the child, the child's pid in the parent. */
export async function forkProcess(): Promise<number> {
  const call = calls++;
  if (replay !== null) {
    if (call < replay.length) return returned[call]!;
    const { reporter } = replay;
    replay = null;
    setReplaying(false);
    returned.push(0);
    reporter.announce(Report.REACHED);
    return 0;
  }
  const child = startReplay(returned.slice(0, call));
  returned[call] = child.pid;
  child.hold();
  await child.reported;
  child.release();
  const { outcome, pid } = child;
  if (outcome?.ok) return pid;
  const exitcode = await child.ended;
  if (outcome === null) {
    throw new WorkerLostError(
      `The forked child (pid ${pid}) ${
        howEnded(exitcode)
      } before it came to its call of fork()${withWords(child.lastWords)}`,
      { pid, exitcode },
    );
  }
  return outcome.take() as never;
}

function startReplay(before: readonly number[]): Child {
  const { mainModule, daemon } = self();
  if (isLoading() || mainModule !== Deno.mainModule) {
    throw new ProcessError(
      "Cannot fork as fork() can only be called by the main module, in the main process or in a forked child: use a Process here",
    );
  }
  if (!isUserModule(mainModule)) {
    throw new ProcessError(
      `Cannot fork as the main module ${mainModule} cannot be run again: put the program in a file of its own`,
    );
  }
  const path = nextPath();
  return new Child(planChild({
    identity: childIdentity(`Process-${path.join(":")}`, path, daemon),
    job: { returned: before },
  }));
}
