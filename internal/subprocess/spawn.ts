/** Starts a program, or says what of it is missing. */

import { isCwdMissing } from "../launch/check_settings.ts";
import { type Command, show } from "./command.ts";
import { throughShell } from "./merge.ts";
import type { Wiring } from "./stdio.ts";

/**
 * Starts it; `detached`: in a session, and so in a process group, of its own.
 *
 * @throws {Deno.errors.NotFound} With the program's name, or its directory's.
 */
export function spawn(
  command: Command,
  { stdin, stdout, stderr, merged }: Wiring,
  detached: boolean,
): Deno.ChildProcess {
  const { cwd, env, clearEnv } = command;
  const surroundings = { env, clearEnv, ...(cwd !== undefined && { cwd }) };
  try {
    const { program, programArgs } = merged
      ? throughShell(command, surroundings)
      : command;
    return new Deno.Command(program, {
      args: [...programArgs],
      ...surroundings,
      stdin,
      stdout,
      stderr,
      detached,
      windowsRawArguments: command.raw,
    }).spawn();
  } catch (error) {
    throw explain(error, command);
  }
}

/** The same error, saying which program or directory it is about. */
function explain(error: unknown, command: Command): unknown {
  const { args, program, cwd } = command;
  const what = `Cannot run ${show(args)} as `;
  const options = { cause: error };
  if (error instanceof Deno.errors.PermissionDenied) {
    const where = cwd === undefined ? "" : `, or may not run in "${cwd}"`;
    return new Deno.errors.PermissionDenied(
      `${what}"${program}" is not executable${where}`,
      options,
    );
  }
  if (!(error instanceof Deno.errors.NotFound)) return error;
  if (cwd !== undefined && isCwdMissing(error)) {
    return new Deno.errors.NotFound(
      `${what}there is no directory "${cwd}" to run it in`,
      options,
    );
  }
  const hint = args.length === 1 && program.includes(" ")
    ? '. Give its arguments as elements of "args", or use "shell"'
    : "";
  return new Deno.errors.NotFound(
    `${what}there is no program "${program}", or its interpreter is missing${hint}`,
    options,
  );
}
