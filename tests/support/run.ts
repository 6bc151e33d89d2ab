/** Runs programs as a user does. */

import { fileURLToPath } from "node:url";

/** What a program printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder of the project. */
export const ROOT = new URL("../../", import.meta.url);

/** The path of a file of the project; with slashes, as it may get into a text. */
export function pathOf(file: string): string {
  return fileURLToPath(new URL(file, ROOT)).replaceAll("\\", "/");
}

/**
 * A folder for programs that import by the project's names: below the project's
 * config file, as children find that by `--config` on Linux only.
 */
export function programFolder(): Promise<string> {
  return Deno.makeTempDir({ dir: pathOf("tests"), prefix: ".programs_" });
}

/** How {@linkcode run} runs a program. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
}

/** Runs `deno` with these arguments, to its end. */
export function deno(args: string[], options?: RunOptions): Promise<Ran> {
  return run(Deno.execPath(), args, options);
}

/** Runs a program with these arguments, to its end. */
export async function run(
  command: string,
  args: string[],
  { cwd = pathOf("."), env = {}, stdin }: RunOptions = {},
): Promise<Ran> {
  const child = new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
