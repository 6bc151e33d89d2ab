/** What runs before the main module that a forked child runs again. */

import { readBootMessage, type Replay } from "../launch/boot.ts";
import { beginReplay } from "../launch/fork.ts";
import { become } from "../launch/identity.ts";
import { dieWithParent } from "../launch/life_line.ts";
import { settings } from "../launch/log.ts";
import { Reporter } from "../launch/reporter.ts";
import { useStartSettings } from "../launch/start_method.ts";
import { acceptMemory } from "../memory/grant.ts";

/** Becomes the child; the runtime runs the main module when this returns. */
export function boot(): void {
  const { key, identity, job, log, memory, starts } = readBootMessage();
  become(identity);
  Object.assign(settings, log);
  useStartSettings(starts);
  const reporter = new Reporter(key, Deno.stdout, Deno.stderr);
  acceptMemory(memory);
  dieWithParent(identity.parent!.pid);
  beginReplay((job as Replay).returned, reporter);
}
