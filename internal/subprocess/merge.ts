/**
 * The program's stderr into its stdout, in the order of its writes. The runtime
 * offers no way to give one pipe twice, so a shell does it and then becomes the
 * program: same process id, same exit code, same signals.
 *
 * Once the shell runs, a missing program is a line of text and exit code 127 as
 * from any other program. So it is looked for first: here, if that is permitted
 * and it is easily seen, else by another shell.
 *
 * A shell may set PWD, and some drop variables whose names they cannot have.
 */

import type { Command } from "./command.ts";
import { isEasilySeen, look, SHELL, type Surroundings } from "./look.ts";

const BECOME = 'exec "$@" 2>&1';

/** The shell that becomes that program; throws if it would not find it. */
export function throughShell(
  { program, programArgs }: Command,
  surroundings: Surroundings,
): Pick<Command, "program" | "programArgs"> {
  if (Deno.build.os === "windows") {
    throw new Deno.errors.NotSupported(
      `Cannot use STDOUT as "stderr" on Windows: use PIPE for both, or "shell" with 2>&1`,
    );
  }
  if (program !== SHELL && !isEasilySeen(program, surroundings)) {
    const code = look(program, surroundings);
    if (code === 127) throw new Deno.errors.NotFound("No such program");
    if (code !== 0) throw new Deno.errors.PermissionDenied("Not executable");
  }
  return {
    program: SHELL,
    programArgs: ["-c", BECOME, SHELL, program, ...programArgs],
  };
}
