/** Which program is run: its name, arguments, directory and environment. */

import { isLeftAway, mustBe } from "../check.ts";
import { checkCwd, checkEnv, checkText } from "../launch/check_settings.ts";
import type { PopenOptions } from "./options.ts";

/** A program, checked, as the runtime takes it. */
export interface Command {
  /** As it was given: what errors and the user see. */
  readonly args: string[];
  readonly program: string;
  readonly programArgs: readonly string[];
  readonly cwd: string | URL | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly clearEnv: boolean;
  /** Whether Windows is to leave the arguments as they are. */
  readonly raw: boolean;
}

/** How errors of what it is given begin. */
const CANNOT = "run a program";
/** The longest command that an error message shows whole. */
const SHOWN = 200;

/** A command line for reading, in quotes; a shell's is one text as it is. */
export function show(args: readonly string[]): string {
  const isPlain = (arg: string) =>
    args.length === 1 || /^[\w@%+=:,./-]+$/.test(arg);
  const line = args.map((arg) => isPlain(arg) ? arg : `'${arg}'`).join(" ");
  return `"${line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line}"`;
}

/** Checks what a program is to be run with. */
export function commandOf(
  args: unknown,
  { cwd, env = {}, clearEnv = false, shell = false }: PopenOptions<boolean>,
): Command {
  const list = typeof args === "string" ? [args] : args;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(
      `Cannot run a program as "args" must be an array with its name and arguments: current value is ${
        Deno.inspect(args)
      }`,
    );
  }
  for (const [index, arg] of list.entries()) {
    checkText(arg, CANNOT, `args[${index}]`);
  }
  checkEnv(env, CANNOT);
  if (typeof shell !== "boolean" && !isLeftAway(shell)) {
    throw mustBe(CANNOT, "shell", "true or false", shell);
  }
  if (cwd !== undefined) checkCwd(cwd, CANNOT);
  const [program, ...programArgs] = shell ? ofShell(list) : list;
  return {
    args: [...list],
    program,
    programArgs,
    cwd,
    env,
    clearEnv,
    raw: shell && Deno.build.os === "windows",
  };
}

/** The first element is the command line; the others are its $0, $1 … */
function ofShell(args: readonly string[]): string[] {
  return Deno.build.os === "windows"
    ? ["cmd.exe", "/d", "/s", "/c", `"${args.join(" ")}"`]
    : ["/bin/sh", "-c", ...args];
}
