/** A text on a terminal that is drawn over itself. */

import {
  DISABLE_AUTO_WRAP,
  ENABLE_AUTO_WRAP,
  ERASE_DISPLAY_AFTER_CURSOR,
  ERASE_LINE_AFTER_CURSOR,
  HIDE_CURSOR,
  moveCursorUpStart,
  SHOW_CURSOR,
} from "@std/cli/unstable-ansi";

/** The lower part of a terminal, as long as somebody draws there. */
export class Screen implements Disposable {
  #height = 0;

  /** Begins at the cursor, and hides that. */
  constructor() {
    write(HIDE_CURSOR + DISABLE_AUTO_WRAP);
  }

  /** Draws that in place of what was there: what does not fit is left out. */
  draw(text: string): void {
    const lines = text.split("\n").slice(0, Deno.consoleSize().rows - 1);
    const back = this.#height > 0 ? moveCursorUpStart(this.#height) : "";
    const body = lines.map((line) => line + ERASE_LINE_AFTER_CURSOR + "\n");
    write(back + body.join("") + ERASE_DISPLAY_AFTER_CURSOR);
    this.#height = lines.length;
  }

  /** Leaves the last text there. */
  [Symbol.dispose](): void {
    write(ENABLE_AUTO_WRAP + SHOW_CURSOR);
  }
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
