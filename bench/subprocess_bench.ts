/**
 * Programs run to their end, beside Python's `subprocess.run` and the bare
 * `Deno.Command`: one that does nothing, in the ways in which it is run, and one
 * that writes 64 MiB.
 */

import { subprocess } from "@multi/processing";
import { median, printRows, python, rounds, type Row } from "./support.ts";

const { PIPE, run, STDOUT } = subprocess;
const ROUNDS = 7;

/** One way of running a program, as each of the three does it. */
interface Kind {
  readonly work: string;
  readonly count: number;
  readonly args: string[];
  readonly ours: subprocess.RunOptions;
  readonly bare?: (args: string[]) => Promise<unknown>;
  /** What the first row of the table is to reach, beside the bare runtime. */
  readonly budget?: number;
}

const command = ([program, ...args]: string[]) =>
  new Deno.Command(program!, { args, stdin: "inherit" });

const KINDS: Record<string, Kind> = {
  plain: {
    work: 'run(["true"]) (ms)',
    count: 60,
    args: ["true"],
    ours: {},
    bare: (args) => command(args).spawn().status,
    budget: 1.1,
  },
  captured: {
    work: "  with its output captured (ms)",
    count: 60,
    args: ["true"],
    ours: { captureOutput: true },
    bare: (args) => command(args).output(),
    budget: 1.2,
  },
  merged: {
    work: "  with stderr as STDOUT (ms)",
    count: 30,
    args: ["true"],
    ours: { stdout: PIPE, stderr: STDOUT },
  },
  timed: {
    work: "  with a time-out, in a group (ms)",
    count: 30,
    args: ["true"],
    ours: { timeout: 60_000 },
  },
  large: {
    work: "64 MiB of output (ms)",
    count: 3,
    args: ["head", "-c", `${64 * 2 ** 20}`, "/dev/zero"],
    ours: { captureOutput: true },
    bare: (args) => command(args).output(),
  },
};

async function timesOf(
  count: number,
  work: () => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times;
}

async function rowsOf(name: string, kind: Kind): Promise<Row[]> {
  const { work, count, args, bare } = kind;
  const measures: Record<string, () => Promise<number[]>> = {
    ours: () => timesOf(count, () => run(args, kind.ours)),
    python: async () =>
      await python("subprocess_run.py", name, `${count}`, ...args) as number[],
  };
  if (bare) measures["bare"] = () => timesOf(count, () => bare(args));
  const all: Record<string, number[]> = {};
  for (const round of rounds(ROUNDS, 1)) {
    for (const [who, measure] of Object.entries(measures)) {
      const time = median(await measure());
      if (round >= 0) (all[who] ??= []).push(time); // the first warms caches
    }
  }
  const ours = median(all["ours"]!);
  const row = (who: string, peer: string, budget: number | null = null) =>
    all[who] ? [{ work, ours, peer, theirs: median(all[who]), budget }] : [];
  return [
    ...row("python", "Python"),
    ...row("bare", "Deno.Command", kind.budget),
  ];
}

if (import.meta.main) {
  const rows: Row[] = [];
  for (const [name, kind] of Object.entries(KINDS)) {
    rows.push(...await rowsOf(name, kind));
  }
  printRows(rows);
}
