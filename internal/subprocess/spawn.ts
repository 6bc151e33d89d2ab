/** Starts a program, or says what of it is missing. */

import { isWhole } from "../launch/granted.ts";
import { spawnFailure } from "../launch/spawn_failure.ts";
import { type Command, show } from "./command.ts";
import { isEasilySeen, look, type Surroundings } from "./look.ts";
import { throughShell } from "./merge.ts";
import type { Wiring } from "./stdio.ts";

/** How a program gets a session, and so a process group, of its own. */
export interface Session {
  /** The program that does it and becomes the other one, where there is one. */
  readonly setsid: string | null;
  /** Is told its number at once. */
  begun(pid: number): void;
}

/**
 * Starts it, in the session of this process or in one of its own.
 *
 * The runtime forks for a session of its own: it stands still meanwhile, and
 * knows the process's number only when the program has run for a while. So
 * `setsid` is preferred, where it would find the program.
 *
 * @throws {Deno.errors.NotFound} With the program's name, or its directory's.
 */
export function spawn(
  command: Command,
  { stdin, stdout, stderr, merged }: Wiring,
  session: Session | null,
): Deno.ChildProcess {
  const { cwd, env, clearEnv } = command;
  const surroundings = { env, clearEnv, ...(cwd !== undefined && { cwd }) };
  try {
    const { program, programArgs } = merged
      ? throughShell(command, surroundings)
      : command;
    const setsid = session !== null && isWhole("run") &&
        isEasilySeen(program, surroundings)
      ? session.setsid
      : null;
    const [name, ...args] = setsid === null
      ? [program, ...programArgs]
      : [setsid, "--", program, ...programArgs];
    const process = new Deno.Command(name, {
      args,
      ...surroundings,
      stdin,
      stdout,
      stderr,
      detached: session !== null && setsid === null,
      windowsRawArguments: command.raw,
    }).spawn();
    session?.begun(process.pid);
    return process;
  } catch (error) {
    throw explain(error, command, surroundings);
  }
}

/** The same error, saying which program or directory it is about. */
function explain(
  error: unknown,
  command: Command,
  surroundings: Surroundings,
): unknown {
  const { args, program, cwd } = command;
  const cannot = `Cannot run ${show(args)}`;
  const options = { cause: error };
  const notExecutable = (where = "") =>
    new Deno.errors.PermissionDenied(
      `${cannot} as "${program}" is not executable${where}`,
      options,
    );
  if (error instanceof Deno.errors.PermissionDenied) {
    return notExecutable(
      cwd === undefined ? "" : `, or may not run in "${cwd}"`,
    );
  }
  const failure = spawnFailure(
    error,
    cannot,
    command,
    'send it as "input", or write it to a file',
  );
  if (failure !== null) return failure;
  if (!(error instanceof Deno.errors.NotFound)) return error;
  if (isNotExecutable(program, surroundings)) return notExecutable();
  const hint = args.length === 1 && program.includes(" ")
    ? '. Give its arguments as elements of "args", or use "shell"'
    : "";
  return new Deno.errors.NotFound(
    `${cannot} as there is no program "${program}", or its interpreter is missing${hint}`,
    options,
  );
}

/** Whether it is on the PATH, where the runtime passes over it. */
function isNotExecutable(program: string, surroundings: Surroundings): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return look(program, surroundings) === 126;
  } catch {
    return false; // no permission for a shell
  }
}
