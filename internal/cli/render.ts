/** The state of all tasks as text. */

import { unicodeWidth } from "@std/cli/unicode-width";
import { printable } from "./say.ts";
import type { QueueStatus, WorkerStatus } from "./protocol.ts";

const HEAD = ["WORKER", "RUNNING", "DONE", "FAILED", "DOES"];
/** How many tasks of one worker are named. */
const NAMED = 3;

/** A line with sums, and a table of workers. */
export function render(status: QueueStatus, address: string): string {
  const { uptime, queued, running, done, failed, retried, results, workers } =
    status;
  const sums =
    `queued ${queued}  running ${running}  done ${done}  failed ${failed}`;
  const rows = workers.map(rowOf);
  return [
    `${address}, for ${duration(uptime)}`,
    `${sums}  retried ${retried}  results to take ${results}`,
    "",
    ...(rows.length === 0 ? ["no workers"] : table([HEAD, ...rows])),
  ].join("\n");
}

function rowOf(worker: WorkerStatus): string[] {
  const { name, processes, running, done, failed, isLeaving } = worker;
  const longest = running.toSorted((a, b) => b.ms - a.ms).slice(0, NAMED)
    .map(({ id, fn, ms }) => `${fn} (${id}) ${duration(ms)}`);
  const more = running.length - longest.length;
  return [
    printable(name) + (isLeaving ? " (leaves)" : ""),
    `${running.length}/${processes}`,
    `${done}`,
    `${failed}`,
    printable(longest.join(", ") + (more > 0 ? `, ${more} more` : "")),
  ];
}

/** Columns as wide as what is in them; numbers to the right. */
function table(rows: readonly string[][]): string[] {
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => unicodeWidth(row[column]!)))
  );
  return rows.map((row) =>
    row.map((text, column) => {
      const space = " ".repeat(widths[column]! - unicodeWidth(text));
      return column > 0 && column < 4 ? space + text : text + space;
    }).join("  ").trimEnd()
  );
}

function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
