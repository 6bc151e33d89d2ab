/**
 * Runs all tests, the examples in the documentation included, several files at a
 * time: `deno task test [--jobs N] [--coverage DIR] [NAME…]`.
 *
 * With `--coverage` it says at the end which share of the package's lines was run,
 * by the tests or by what they start: their threads, programs and children, but for
 * those that are killed, or may not know of it. DIR is emptied first; `deno coverage --detailed DIR` shows
 * the lines that were not run.
 *
 * Each file has a process of its own: many tests look at what their process has
 * open, and at its children. Types are checked by `deno task check`.
 */

import { pooledMap } from "@std/async";
import { parseArgs } from "@std/cli";
import { resolve } from "node:path";

const root = new URL("../", import.meta.url);
/** What takes longer hangs. */
const MOST_MS = 400_000;

const { jobs, coverage, _: names } = parseArgs(Deno.args, {
  string: ["jobs", "coverage"],
});

/** What runs in one process. */
interface Job {
  readonly name: string;
  readonly args: readonly string[];
  /** Large files come first, so that no long one is left for the end. */
  readonly size: number;
}

/** What came of it. */
interface Outcome {
  readonly passed: number;
  readonly steps: number;
  readonly failed: number;
  readonly ignored: number;
}

async function* testsIn(folder: string): AsyncGenerator<Job> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, root))
  ) {
    const path = folder + name;
    if (isDirectory) yield* testsIn(`${path}/`);
    else if (name.endsWith("_test.ts")) {
      const { size } = await Deno.stat(new URL(path, root));
      yield { name: path, args: [path], size };
    }
  }
}

/** The examples in comments; those in Markdown are run by tests/docs_test.ts. */
const DOCUMENTATION: Job = {
  name: "documentation",
  args: ["--doc", "--ignore=tests", "."],
  size: Infinity,
};

async function run({ name, args }: Job): Promise<Outcome> {
  const began = performance.now();
  const limit = AbortSignal.timeout(MOST_MS);
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      ...coverage ? ["--coverage-raw-data-only"] : [],
      ...args,
    ],
    cwd: root,
    env: {
      NO_COLOR: "1",
      // Those that a test starts inherit it.
      ...coverage && { DENO_COVERAGE_DIR: resolve(coverage) },
    },
    stdin: "null",
    signal: limit,
  }).output();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const text = new TextDecoder().decode(stdout);
  const outcome = outcomeOf(text, success);
  const { passed, steps, failed, ignored } = outcome;
  if (failed > 0) {
    console.log(`\n${name}\n${text}${new TextDecoder().decode(stderr)}`);
  }
  for (const line of text.split("\n")) {
    if (failed === 0 && line.includes("... ignored")) console.log(line.trim());
  }
  if (limit.aborted) console.log(`${name} did not end within ${MOST_MS} ms`);
  console.log(
    `${
      failed > 0 ? "FAILED" : "ok"
    } ${name}: ${passed} passed (${steps} steps), ${ignored} ignored (${seconds}s)`,
  );
  return outcome;
}

/** Says which lines of the package were run. */
async function reportCoverage(folder: string): Promise<void> {
  // Who is killed while writing leaves half a file.
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (!(await Deno.readTextFile(path)).endsWith("}")) await Deno.remove(path);
  }
  await new Deno.Command(Deno.execPath(), {
    args: ["coverage", `--include=^${root}(internal/|[a-z_]+\\.ts$)`, folder],
  }).spawn().status;
}

/** By what is said last: `ok | 12 passed (34 steps) | 0 failed (5s)`. */
function outcomeOf(text: string, success: boolean): Outcome {
  const summary =
    text.split("\n").findLast((line) => /^(ok|FAILED) \| /.test(line)) ?? "";
  const count = (pattern: RegExp) => Number(summary.match(pattern)?.[1] ?? 0);
  const failed = count(/(\d+) failed/) + count(/failed \((\d+) step/);
  const passed = count(/(\d+) passed/);
  const ignored = count(/(\d+) ignored/) + count(/ignored \((\d+) step/);
  // Something else than a test may have failed, or nothing have been tested.
  const isFailed = !success || passed + ignored === 0;
  return {
    passed,
    steps: count(/passed \((\d+) step/),
    failed: isFailed ? Math.max(1, failed) : failed,
    ignored,
  };
}

const atOnce = Number(jobs ?? navigator.hardwareConcurrency);
if (!(atOnce >= 1)) {
  console.error(`--jobs must be a number above 0: current value is ${jobs}`);
  Deno.exit(2);
}
const all: Job[] = [DOCUMENTATION];
for await (const job of testsIn("tests/")) all.push(job);
const chosen = all
  .filter(({ name }) =>
    names.length === 0 || names.some((part) => name.includes(`${part}`))
  )
  .sort((a, b) => b.size - a.size);
if (chosen.length === 0) {
  console.error(`There is no test ${names.join(" ")}`);
  Deno.exit(2);
}
if (coverage) await Deno.remove(coverage, { recursive: true }).catch(() => {});
const began = performance.now();
const total = { passed: 0, steps: 0, failed: 0, ignored: 0 };
for await (const outcome of pooledMap(atOnce, chosen, run)) {
  total.passed += outcome.passed;
  total.steps += outcome.steps;
  total.failed += outcome.failed;
  total.ignored += outcome.ignored;
}
if (coverage) await reportCoverage(coverage);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `\n${
    total.failed > 0 ? "FAILED" : "ok"
  } | ${total.passed} passed (${total.steps} steps) | ${total.failed} failed | ${total.ignored} ignored (${seconds}s)`,
);
if (total.failed > 0) Deno.exit(1);
