/** What is told of a process that ended before it should. */

/** How it ended. */
export function howEnded(exitcode: number): string {
  return exitcode < 0
    ? `was ended by signal ${-exitcode}`
    : `ended with exit code ${exitcode}`;
}

/** What to add to a message of what it wrote last, if that was anything. */
export function withWords(words: string): string {
  return words === "" ? "" : `; its last words:\n${words}`;
}
