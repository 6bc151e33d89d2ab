/** What is told of a process that ended before it should. */

import { signalName } from "./signal_name.ts";

/**
 * What the runtime prints, before it exits with 1, where a program that loads
 * waits for what nothing can bring about any more; it asks nobody.
 */
const STUCK = "Top-level await promise never resolved";

/** How it ended; what it wrote last may say why. */
export function howEnded(exitcode: number, words = ""): string {
  if (exitcode < 0) return `was ended by ${signalName(-exitcode)}`;
  const how = `ended with exit code ${exitcode}`;
  return exitcode === 1 && words.includes(STUCK)
    ? `${how} as it waited for what cannot happen any more`
    : how;
}

const ESCAPE = "\x1b";
/** What colours a text, or moves the cursor. */
const CONTROL = new RegExp(`${ESCAPE}\\[[0-?]*[ -/]*[@-~]`, "g");

/** A text without colours: the runtime prints its errors in some, to pipes, too. */
export function plain(text: string): string {
  return text.replaceAll(CONTROL, "");
}

/** What to add to a message of what it wrote last, if that was anything. */
export function withWords(words: string, name = "its last words"): string {
  return words === "" ? "" : `; ${name}:\n${words}`;
}
