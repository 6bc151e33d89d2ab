/** Says something to who has called the command. */

/** A line on stderr: stdout is for what was asked for. */
export function say(message: string): void {
  console.error(printable(message));
}

/** Some of it comes from others: it must not move the cursor. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, "?");
}
