/** What a program is run with, and the constants for its standard streams. */

import type { OptionNames } from "../check.ts";
import type { WaitOptions } from "../wait.ts";

/**
 * A pipe to or from the program.
 *
 * @example Output of its own
 * ```ts
 * import { PIPE, Popen } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const echo = new Popen(["echo", "hello"], { stdout: PIPE, text: true });
 * assertEquals(await echo.communicate(), ["hello\n", null]);
 * ```
 *
 * Python: `subprocess.PIPE`.
 */
export const PIPE = "piped" as const;
/**
 * Nothing to read, and nowhere to write to.
 *
 * @example Output that nobody wants
 * ```ts
 * import { call, DEVNULL } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await call(["echo", "hello"], { stdout: DEVNULL }), 0);
 * ```
 *
 * Python: `subprocess.DEVNULL`.
 */
export const DEVNULL = "null" as const;
/**
 * As `stderr`: where its standard output goes, in the order of its writes.
 *
 * @example Both outputs in one
 * ```ts
 * import { checkOutput, STDOUT } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const args = ["sh", "-c", "echo 1 >&2; echo 2"];
 * assertEquals(await checkOutput(args, { stderr: STDOUT, text: true }), "1\n2\n");
 * ```
 *
 * Python: `subprocess.STDOUT`.
 */
export const STDOUT = "stdout" as const;

/**
 * Where a standard stream of a program comes from or goes to: {@linkcode PIPE},
 * {@linkcode DEVNULL}, that of this process, or an open file from where it
 * stands.
 */
export type Stdio = typeof PIPE | typeof DEVNULL | "inherit" | Deno.FsFile;

/** What is read of a program: text where `text` is set, else bytes. */
export type Output<T extends boolean> = T extends true ? string
  : Uint8Array<ArrayBuffer>;

/** How a program is run. */
export interface PopenOptions<T extends boolean = false> {
  /**
   * What it reads; by default what this process reads, and nothing in a child
   * of a `Process`. A stream, such as the `stdout` of another program, is passed
   * on by this process; text in it is sent as UTF-8.
   */
  stdin?: Stdio | ReadableStream<string | Uint8Array> | undefined;
  /** Where its output goes; by default where this process's does. */
  stdout?: Stdio | undefined;
  /**
   * Where its error output goes; by default where this process's does.
   * {@linkcode STDOUT} and a pipe, file or `"inherit"` as `stdout` need
   * `/bin/sh`, which starts the program and is gone then. Some shells set `PWD`
   * in its environment, and drop variables whose names are no names in a shell,
   * such as `"a.b"`.
   */
  stderr?: Stdio | typeof STDOUT | undefined;
  /** Its working directory; by default this process's. */
  cwd?: string | URL | undefined;
  /** Environment variables that are added to those of this process. */
  env?: Record<string, string> | undefined;
  /** Whether it has the variables of `env` only. */
  clearEnv?: boolean | undefined;
  /** Whether its output is text; by default it is bytes. */
  text?: T | undefined;
  /** How its text is encoded, such as `"latin1"`; by default `"utf-8"`. */
  encoding?: string | undefined;
  /**
   * What is done about bytes that are no text: `"strict"`, the default, is an
   * error, `"replace"` puts U+FFFD in their place.
   */
  errors?: "strict" | "replace" | undefined;
  /** Whether it is a command line for the shell. */
  shell?: boolean | undefined;
}

/** The names of these. */
export const POPEN_NAMES: OptionNames<PopenOptions> = {
  stdin: true,
  stdout: true,
  stderr: true,
  cwd: true,
  env: true,
  clearEnv: true,
  text: true,
  encoding: true,
  errors: true,
  shell: true,
};

/** How a program is run to its end. */
export interface RunOptions<T extends boolean = false>
  extends PopenOptions<T>, WaitOptions {
  /** What it reads; text is sent as UTF-8. */
  input?: string | Uint8Array | null | undefined;
  /** Whether an exit code other than 0 is an error. */
  check?: boolean | undefined;
  /** The same as `stdout: PIPE, stderr: PIPE`. */
  captureOutput?: boolean | undefined;
}

/** The names of these. */
export const RUN_NAMES: OptionNames<RunOptions> = {
  ...POPEN_NAMES,
  timeout: true,
  signal: true,
  input: true,
  check: true,
  captureOutput: true,
};
