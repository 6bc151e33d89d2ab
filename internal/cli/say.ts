/** Says something to who has called the command. */

import { ProcessError } from "../../errors.ts";
import { writeAll } from "../launch/write_all.ts";

/**
 * A line on stderr: stdout is for what was asked for. Where it cannot be written it
 * is lost, as nothing that goes on here must end for that.
 */
export function say(message: string): void {
  writeAll(Deno.stderr, new TextEncoder().encode(`${printable(message)}\n`));
}

/** What was asked for, on stdout; without that there is nothing left to do. */
export function print(text: string): void {
  try {
    console.log(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ProcessError(`Cannot write to stdout: ${message}`, { cause });
  }
}

/** Some of it comes from others: it must not move the cursor. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, "?");
}
