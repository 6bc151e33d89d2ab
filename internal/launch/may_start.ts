/** When nothing may be started. */

import { BootstrapError } from "../../errors.ts";
import { isFrozenChild } from "../frozen.ts";
import { hasBegun, isLoading, isReplaying } from "./identity.ts";
import { isBundled } from "./own_modules.ts";

/**
 * Refuses to start what is named so, where that would start it twice, or it could
 * not load this library.
 */
export function checkMayStart(name: string): void {
  if (isBundled) {
    throw new BootstrapError(
      `Cannot start ${name} as this package is in the program's bundle, where children and threads do not find its modules: keep it out by \`deno bundle --external "@multi/processing"\`, and run the bundle with the deno.json or import map that knows that name`,
    );
  }
  if (isLoading()) {
    throw new BootstrapError(
      `Cannot start ${name} while the modules of a child process or a thread are being loaded: a module that it imports starts others at its top level. Put what only the main program does under \`if (import.meta.main) { … }\`; in a file of tests or benchmarks, where that is false, start things within these`,
    );
  }
  if (isFrozenChild() && !hasBegun()) {
    throw new BootstrapError(
      `Cannot start ${name} as this is a child of a compiled program, which does not know its work yet, and would start the same again: put \`await freezeSupport()\` first in the main module, before anything is started`,
    );
  }
  if (isReplaying()) {
    throw new BootstrapError(
      `Cannot start ${name} before fork(): a forked child runs the main module again up to its call of fork(), and would start it once more. Start it after fork()`,
    );
  }
}
