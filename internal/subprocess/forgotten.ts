/** Programs that run although nobody can wait for them any more. */

import { LEVELS, log } from "../launch/log.ts";
import { show } from "./command.ts";
import type { Program } from "./program.ts";

const owners = new FinalizationRegistry((program: Program) => {
  const { args, child } = program;
  if (child.returncode !== null || child.held) return;
  log(
    LEVELS.WARNING,
    `${
      show(args)
    } (pid ${child.pid}) still runs, and was forgotten: wait() for it`,
  );
});

/** Logs it once when the owner is gone before the program. */
export function watchOwner(owner: object, program: Program): void {
  owners.register(owner, program);
}
