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

const SHELL = "/bin/sh";

const BECOME = 'exec "$@" 2>&1';

/** Ends with 0 where `exec` would find the program, else as `exec` would. */
const LOOK = `code=127
look() {
  [ -e "$1" ] || return
  [ -f "$1" ] && [ -x "$1" ] && exit 0
  code=126
}
case $1 in
*/*) look "$1" ;;
*)
  set -f
  IFS=:
  for folder in $PATH; do look "\${folder:-.}/$1"; done
  ;;
esac
exit $code`;

type Surroundings = Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv">;

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

/** Whether everybody may execute it, which saves asking a shell. */
function isEasilySeen(
  program: string,
  { cwd, env, clearEnv }: Surroundings,
): boolean {
  const names = ["read", "env"] as const;
  if (cwd !== undefined || !names.every((name) => isGranted({ name }))) {
    return false;
  }
  const path = env?.PATH ?? (clearEnv ? "" : Deno.env.get("PATH") ?? "");
  const files = program.includes("/")
    ? [program]
    : path.split(":").map((folder) => `${folder || "."}/${program}`);
  return files.some((file) => {
    try {
      const { isFile, mode } = Deno.statSync(file);
      return isFile && (mode! & 0o111) === 0o111;
    } catch {
      return false;
    }
  });
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  const { state, partial } = Deno.permissions.querySync(permission);
  return state === "granted" && !partial;
}

function look(program: string, surroundings: Surroundings): number {
  try {
    return shell([LOOK, SHELL, program], surroundings);
  } catch (error) {
    // Here the runtime does not say whether it is the shell or the directory.
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) {
      shell([":"], {});
      throw new Deno.errors.NotFound("No such cwd", { cause: error });
    }
    throw error;
  }
}

function shell(args: string[], surroundings: Surroundings): number {
  return new Deno.Command(SHELL, {
    args: ["-c", ...args],
    ...surroundings,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).outputSync().code;
}
