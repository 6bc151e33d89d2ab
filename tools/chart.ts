/** A chart of ratios as SVG: a bar for each, on a logarithmic scale. */

import type { Row } from "../bench/support.ts";

const WIDTH = 860;
const LINE = 22;
const LEFT = 430;
const RIGHT = 60;
const TOP = 40;
/** The scale ends here, on both sides. */
const [LEAST, MOST] = [0.01, 4];

/** How far to the right a ratio is. */
function x(ratio: number): number {
  const share = Math.log(Math.min(MOST, Math.max(LEAST, ratio)) / LEAST) /
    Math.log(MOST / LEAST);
  return LEFT + share * (WIDTH - LEFT - RIGHT);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Draws them. */
export function chart(rows: readonly Row[]): string {
  const height = TOP + rows.length * LINE + 20;
  const bottom = height - 14;
  const marks = [0.01, 0.1, 1].map((ratio) =>
    `<line x1="${x(ratio)}" x2="${x(ratio)}" y1="${
      TOP - 8
    }" y2="${bottom}" class="${ratio === 1 ? "one" : "mark"}"/><text x="${
      x(ratio)
    }" y="${TOP - 14}" text-anchor="middle">${
      ratio === 1 ? "the peer" : ratio
    }</text>`
  );
  const bars = rows.map(({ work, peer, ours, theirs, budget }, i) => {
    const ratio = ours / theirs;
    const y = TOP + i * LINE;
    const width = Math.max(1, x(ratio) - LEFT).toFixed(1);
    const isSlower = ratio > 1;
    const budgetMark = budget === null
      ? ""
      : `<line x1="${x(budget)}" x2="${x(budget)}" y1="${y}" y2="${
        y + LINE - 6
      }" class="budget"/>`;
    return `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${
      escape(`${work.trim()} / ${peer}`)
    }</text><rect x="${LEFT}" y="${y}" width="${width}" height="${
      LINE - 6
    }" class="${isSlower ? "slower" : "faster"}"/>${budgetMark}<text x="${
      (x(ratio) + 6).toFixed(1)
    }" y="${y + 12}">${ratio.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Our time to the peer's, as a ratio">
<style>
text { font: 12px system-ui, sans-serif; fill: #555 }
.faster { fill: #2a9d8f } .slower { fill: #e76f51 }
.mark { stroke: #ccc } .one { stroke: #555 } .budget { stroke: #555; stroke-width: 2 }
</style>
${marks.join("\n")}
${bars.join("\n")}
</svg>
`;
}
