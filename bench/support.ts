/** What the benchmarks share: medians, and tables of ratios to the peers. */

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A benchmark's program has so long, … */
const MOST_MS = 20_000;
/** … but does these rounds in any case. */
const LEAST = 2;

/** Numbers of rounds, those below 0 to warm up: fewer where they take long. */
export function* rounds(count: number, warmUps = 0): Generator<number> {
  for (let round = -warmUps; round < count; round++) {
    if (round >= LEAST && performance.now() > MOST_MS) return;
    yield round;
  }
}

/** One line of a benchmark: ours, its peer's, and what the ratio is to be. */
export interface Row {
  /** What was done, with the unit of the figures. */
  readonly work: string;
  readonly ours: number;
  readonly peer: string;
  readonly theirs: number;
  /** The ratio to reach, ours to theirs; times are to be below it. */
  readonly budget: number | null;
}

/** Names the file to which each benchmark adds its rows, for `tools/bench.ts`. */
export const ROWS_FILE = "BENCH_ROWS_FILE";
/** Names the import map by which programs import what is published; likewise. */
export const IMPORT_MAP = "BENCH_IMPORT_MAP";

/** The flag by which a program imports what this one imports. */
export function importMap(): string[] {
  const map = Deno.env.get(IMPORT_MAP);
  return map === undefined ? [] : [`--import-map=${map}`];
}

/**
 * Prints rows as a table, and marks what misses its budget. Those whose peer is not
 * there are left out.
 */
export function printRows(all: readonly Row[]): void {
  const rows = all.filter(({ theirs }) => Number.isFinite(theirs));
  const missing = new Set(
    all.filter((row) => !rows.includes(row)).map(({ peer }) => peer),
  );
  if (missing.size > 0) console.log(`not here: ${[...missing].join(", ")}`);
  const file = Deno.env.get(ROWS_FILE);
  if (file !== undefined) {
    const lines = rows.map((row) => JSON.stringify(row) + "\n").join("");
    Deno.writeTextFileSync(file, lines, { append: true });
  }
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...cells.map((row) => row[column]!.length))
  );
  for (const row of cells) {
    console.log(
      row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")
        .trimEnd(),
    );
  }
}

/** What is above the columns of {@linkcode cellsOf}. */
export const HEADINGS: readonly string[] = [
  "work",
  "ours",
  "peer's",
  "peer",
  "ratio",
  "budget",
  "",
];

/** Not made before: that takes some 15 ms, and would in each child that is measured. */
let numbers: Intl.NumberFormat | null = null;

function textOf(number: number): string {
  numbers ??= new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  return numbers.format(number);
}

/** A row as texts. */
export function cellsOf(row: Row): string[] {
  const { work, ours, peer, theirs, budget } = row;
  return [
    work,
    textOf(ours),
    textOf(theirs),
    peer,
    (ours / theirs).toFixed(2),
    budget === null ? "" : `<= ${textOf(budget)}`,
    budget === null ? "" : isMissed(row) ? "MISSED" : "ok",
  ];
}

/** Whether a row has a budget that it does not keep. */
export function isMissed({ ours, theirs, budget }: Row): boolean {
  return budget !== null && !(ours / theirs <= budget);
}

/** The median of so many times. */
export async function timesOf(
  run: () => Promise<number>,
  count: number,
): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await run());
  return median(times);
}

/** The proportional set size of a process, in MB: its share of what is shared. */
export async function memoryOf(pid: number | "self"): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  return Number(text.match(/^Pss: +(\d+) kB$/m)![1]) / 1024;
}

/** A row of what has no peer but what it may be. */
export function limitRow(work: string, ours: number, limit: number): Row {
  return { work, ours, peer: "what it may be", theirs: limit, budget: 1 };
}

/** Debian's Python, which may have its python3-gevent. */
export const DEBIAN = "/usr/bin/python3";

/** Whether it has. */
export async function hasGevent(): Promise<boolean> {
  try {
    const args = ["-c", "import gevent"];
    const command = new Deno.Command(DEBIAN, { args, stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** Runs a Python program of `bench/peers`, which prints JSON. */
export function python(file: string, ...args: string[]): Promise<unknown> {
  return pythonBy("python3", file, ...args);
}

/** {@linkcode python} by that interpreter, which may have other packages. */
export async function pythonBy(
  interpreter: string,
  file: string,
  ...args: string[]
): Promise<unknown> {
  const path = decodeURIComponent(
    new URL(`./peers/${file}`, import.meta.url).pathname,
  );
  const { stdout, success } = await new Deno.Command(interpreter, {
    args: [path, ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${interpreter} ${file} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
