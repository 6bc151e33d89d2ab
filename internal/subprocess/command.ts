/** Which program is run: its name, arguments, directory and environment. */

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

/** The longest command that an error message shows whole. */
const SHOWN = 200;

/** A command line for reading, in quotes. */
export function show(args: readonly string[]): string {
  const line = args
    .map((arg) => /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`)
    .join(" ");
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
    checkText(arg, `args[${index}]`);
  }
  checkEnv(env);
  if (cwd !== undefined && !(cwd instanceof URL)) checkText(cwd, '"cwd"');
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

function checkEnv(env: unknown): void {
  if (typeof env !== "object" || env === null) {
    throw new TypeError(
      `Cannot run a program as "env" must be an object: current value is ${
        Deno.inspect(env)
      }`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || /[=\0]/.test(name)) {
      throw new TypeError(
        `Cannot run a program as the name of a variable in "env" must not be empty or contain "=" or NUL: current value is ${
          Deno.inspect(name)
        }`,
      );
    }
    checkText(value, `env.${name}`);
  }
}

function checkText(value: unknown, what: string): void {
  if (typeof value === "string" && !value.includes("\0")) return;
  throw new TypeError(
    `Cannot run a program as ${what} must be a string without NUL: current value is ${
      Deno.inspect(value, { depth: 0 })
    }`,
  );
}
