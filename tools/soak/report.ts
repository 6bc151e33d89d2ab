/** What a soak has seen, for people. */

import { MAY_GROW, type Resources } from "./resources.ts";
import type { Scenario, Tally } from "./round.ts";

/** A table of what each scenario has done and come to. */
export function scenarioTable(
  tallies: ReadonlyMap<Scenario, Tally>,
): string {
  const rows = [[
    "scenario",
    "rounds",
    "seconds",
    "operations",
    "faults",
    "lost",
  ]];
  const notes: string[] = [];
  for (const [{ name }, tally] of tallies) {
    const [faults, lost] = [sum(tally.faults), sum(tally.lost)];
    const seconds = Math.round(tally.elapsed / 1000);
    const counts = [tally.rounds, seconds, tally.operations, faults, lost];
    rows.push([name, ...counts.map(String)]);
    if (faults > 0) notes.push(`  ${name}: ${list(tally.faults)}`);
  }
  const losses = [...tallies].filter(([, { lost }]) => lost.size > 0)
    .map(([{ name }, { lost }]) => `  ${name}: ${list(lost)}`);
  return [
    table(rows),
    "",
    "Faults:",
    ...notes,
    ...(losses.length > 0 ? ["", "Lost, as it may be:", ...losses] : []),
  ].join("\n");
}

/** A table of what there was at the begin and at the end. */
export function resourceTable(begin: Resources, end: Resources): string {
  const units: Record<Exclude<keyof Resources, "is">, string> = {
    shared: "shared memory that is taken (bytes)",
    rss: `own memory (bytes; may grow by ${MAY_GROW.rss})`,
    heap: `of that, objects (bytes; may grow by ${MAY_GROW.heap})`,
    handles: "open handles",
    children: "child processes",
    threads: "threads of JavaScript",
    segments: "open files of shared memory",
  };
  return table([
    ["at rest", "begin", "end"],
    ...(Object.keys(units) as (keyof typeof units)[])
      .map((what) => [units[what], `${begin[what]}`, `${end[what]}`]),
  ]);
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0
        ? cell.padEnd(widths[0]!)
        : cell.padStart(widths[column]! + 2)
    ).join("")
  ).join("\n");
}

const sum = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, n) => sum + n, 0);

const list = (counts: ReadonlyMap<string, number>) =>
  [...counts].toSorted(([, a], [, b]) => b - a)
    .map(([what, n]) => `${n} × ${what}`).join(", ");
