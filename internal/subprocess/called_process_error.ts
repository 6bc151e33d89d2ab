/** The error about a program that did not succeed. */

import { CalledProcessError } from "../../errors.ts";
import { plain } from "../launch/last_words.ts";
import { signalName } from "../launch/signal_name.ts";
import { show } from "./command.ts";
import type { Collected } from "./program.ts";

/** How much of what the program said last is in the message. */
const LAST_WORDS = 2000;

/** Says which program it was, how it ended, and what it said last. */
export function calledProcessError(
  cmd: readonly string[],
  returncode: number,
  stdout: Collected,
  stderr: Collected,
): CalledProcessError {
  const how = returncode < 0
    ? `was ended by ${signalName(-returncode)}`
    : `returned non-zero exit status ${returncode}`;
  const words = plain(textOf(stderr)).trimEnd().slice(-LAST_WORDS);
  return new CalledProcessError(
    `${show(cmd)} ${how}${words === "" ? "" : `:\n${words}`}`,
    { cmd, returncode, stdout, stderr },
  );
}

function textOf(collected: Collected): string {
  if (collected instanceof Uint8Array) {
    return new TextDecoder().decode(collected.subarray(-LAST_WORDS));
  }
  return collected ?? "";
}
