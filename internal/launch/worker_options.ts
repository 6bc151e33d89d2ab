/**
 * Whether Workers may be given permissions of their own. Where that is not
 * enabled, the runtime does not throw: it ends the program.
 */

import { isFrozen } from "../frozen.ts";
import { runtimeFlags } from "./runtime_flags.ts";

const FLAG = "--unstable-worker-options";
/** With which the runtime ends a program that lacks a flag. */
const LACKS_FLAG = 70;

let isEnabled: boolean | null | undefined;

/** Refuses what would end the program. */
export function checkWorkerOptions(): void {
  isEnabled ??= look();
  if (isEnabled !== false) return;
  throw new Deno.errors.NotSupported(
    `Cannot give a thread permissions of its own without ${FLAG}: run this program again with it (on Linux), or put "unstable": ["worker-options"] into its deno.json`,
  );
}

/** `null`: this program cannot look; the runtime's own words must do. */
function look(): boolean | null {
  if (isFrozen()) return null; // there is no other Deno
  try {
    const { passed } = runtimeFlags();
    if (passed.includes(FLAG)) return true;
    // A config file may enable it, also that of a workspace: Deno knows.
    const code = `new Worker("data:application/javascript,close()",` +
      `{type:"module",deno:{permissions:"none"}});Deno.exit()`;
    const { code: status } = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        ...passed,
        `data:application/javascript,${encodeURIComponent(code)}`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return status !== LACKS_FLAG;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}
