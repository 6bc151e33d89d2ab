/** Why the system has not run a program, where that is not the program's fault. */

import { ProcessError } from "../../errors.ts";
import { isWhole } from "./granted.ts";

/** What it was to be run with. */
export interface Setting {
  readonly cwd?: string | URL | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it has no environment but that. */
  readonly clearEnv?: boolean;
}

/** The longest variable that Linux takes, with its name (bytes). */
const LONGEST_VARIABLE = 2 ** 17;

/**
 * The same error in words of its own, after "Cannot …"; `null`: it is about the
 * program. `tooLong` says what to do where the arguments or environment are.
 */
export function spawnFailure(
  error: unknown,
  cannot: string,
  setting: Setting,
  tooLong: string,
): Error | null {
  const { code, message } = error as Error & { code?: string };
  const fail = (
    of: new (message: string, options: ErrorOptions) => Error,
    why: string,
  ) => new of(`${cannot} ${why}`, { cause: error });
  if (message.includes("failed resolving cwd")) {
    return fail(
      Deno.errors.NotFound,
      'as the working directory of this program is gone: give an absolute path as "cwd"',
    );
  }
  if (/No such cwd|cwd is not a dir/.test(message)) {
    return fail(
      Deno.errors.NotFound,
      `as there is no directory "${setting.cwd}" to run it in`,
    );
  }
  switch (code) {
    case "EMFILE":
    case "ENFILE":
      return fail(
        ProcessError,
        "as too many files are open: run fewer at a time, or raise the limit (ulimit -n)",
      );
    case "EAGAIN":
      return fail(
        ProcessError,
        "as there are too many processes: run fewer at a time, or raise the limit (ulimit -u)",
      );
    case "ENOMEM":
      return fail(
        ProcessError,
        "as the system has no memory left for it: run fewer at a time",
      );
    case "E2BIG": {
      const variable = longVariable(setting);
      return fail(
        RangeError,
        variable === null
          ? `as its arguments and environment are longer than the system allows: ${tooLong}`
          : `as its environment variable "${variable}" is longer than the system allows: ${tooLong}`,
      );
    }
  }
  return null;
}

function longVariable({ env = {}, clearEnv = false }: Setting): string | null {
  const own = clearEnv || !isWhole("env") ? {} : Deno.env.toObject();
  const text = new TextEncoder();
  const isLong = ([name, value]: [string, string]) =>
    text.encode(`${name}=${value}\0`).length > LONGEST_VARIABLE;
  return Object.entries({ ...own, ...env }).find(isLong)?.[0] ?? null;
}
