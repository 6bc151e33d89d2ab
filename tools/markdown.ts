/** Tables of what was measured, in Markdown. */

import { cellsOf, HEADINGS, type Row } from "../bench/support.ts";

/** Rows as a table. */
export function tableOf(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell) => cell.replaceAll("|", "\\|").trim()).join(" | ")
    } |\n`;
  return line(HEADINGS) + line(HEADINGS.map(() => "---")) +
    rows.map((row) => line(cellsOf(row))).join("");
}

/** Replaces what is between `<!-- name -->` and `<!-- /name -->`. */
export function fillBlock(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) {
    throw new Error(`There is no block ${start} … ${end} to be filled`);
  }
  return `${text.slice(0, from + start.length)}\n\n${content}\n${
    text.slice(to)
  }`;
}
