/**
 * Whether there is a program, for where something else is to become it: that could
 * only print that there is none, and end.
 */

import { isWhole } from "../launch/granted.ts";

/** Where a program is looked for, and run. */
export type Surroundings = Pick<
  Deno.CommandOptions,
  "cwd" | "env" | "clearEnv"
>;

export const SHELL = "/bin/sh";

/** Ends with 0 where `exec` would find the program, else as `exec` would. */
const LOOK = `code=127
look() {
  [ -e "$1" ] || return
  if [ ! -f "$1" ] || [ ! -x "$1" ]; then
    code=126
    return
  fi
  IFS= read -r line <"$1"
  case $line in
  '#!'*)
    IFS=' 	'
    set -f -- \${line#??}
    [ -x "$1" ] || exit 127
    ;;
  esac
  exit 0
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

/** How much of a file the name of its interpreter is looked for in. */
const FIRST_LINE = 256;

/** Whether it is easily seen, without a shell, that everybody may execute it. */
export function isEasilySeen(
  program: string,
  { cwd, env, clearEnv }: Surroundings,
): boolean {
  if (!isWhole("read") || !isWhole("env")) return false;
  const path = env?.PATH ?? (clearEnv ? "" : Deno.env.get("PATH") ?? "");
  const files = program.includes("/")
    ? [program]
    : path.split(":").map((folder) => `${folder || "."}/${program}`);
  const file = files.find(isExecutable);
  return file !== undefined && (file.startsWith("/") || cwd === undefined) &&
    hasInterpreter(file);
}

/** Asks a shell, which gives the exit code that it would end with itself. */
export function look(program: string, surroundings: Surroundings): number {
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

function isExecutable(file: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(file);
    return isFile && (mode! & 0o111) === 0o111;
  } catch {
    return false;
  }
}

/** Whether it needs none, or that is there; of a file that may be read. */
function hasInterpreter(file: string): boolean {
  try {
    using script = Deno.openSync(file);
    const bytes = new Uint8Array(FIRST_LINE);
    const text = new TextDecoder().decode(
      bytes.subarray(0, script.readSync(bytes) ?? 0),
    );
    if (!text.startsWith("#!")) return true;
    const name = /^#![ \t]*([^ \t\n]+)[ \t\n]/.exec(text)?.[1];
    return name !== undefined && name.startsWith("/") && isExecutable(name);
  } catch {
    return false;
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
