/**
 * Runs all tests, the examples in the documentation included, several files at a
 * time: `deno task test [--jobs N] [--coverage DIR] [NAME…]`.
 *
 * With `--coverage` it says at the end which share of the package's lines was run,
 * by the tests or by what they start: their threads, programs and children, but for
 * those that are killed. DIR is emptied first; `deno coverage --detailed DIR` shows
 * the lines that were not run.
 *
 * Each file has a process of its own: many tests look at what their process has
 * open, and at its children. Types are checked by `deno task check`.
 *
 * What is tested is the package as it is published (`tools/build.ts`), in a folder
 * of its own beside the tests. Those that import from inside of it have one that is
 * built the same way, but can be looked into; those that read the sources have
 * these, as have all with `--coverage`.
 */

import { pooledMap } from "@std/async";
import { parseArgs } from "@std/cli";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, copyTo, filesIn } from "./build.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const root = new URL("../", import.meta.url);
/** What the tests have beside the package. */
const BESIDE = ["tests", "examples", "tools"];
/** What takes longer hangs. */
const MOST_MS = 400_000;

const { jobs, coverage, _: names } = parseArgs(Deno.args, {
  string: ["jobs", "coverage"],
});

/** What a test has beside it: the sources, or the package, which may be open. */
type Form = "sources" | "opened" | "published";

/** What runs in one process. */
interface Test {
  readonly name: string;
  readonly form: Form;
  /** What it uses of the package as the package itself does. */
  readonly inside: ReadonlySet<string>;
  /** Large ones come first, so that no long one is left for the end. */
  readonly size: number;
}

/** What came of it. */
interface Outcome {
  readonly passed: number;
  readonly steps: number;
  readonly failed: number;
  readonly ignored: number;
}

/** These take longer than what they are made of lets one think. */
const LONG = ["documentation", "orphans", "examples"];
const FIRST = 2 ** 20;
/** Who names one of these works on the sources: builds them, or rewrites them. */
const ON_SOURCES = /"tools\/build\.ts"|"\.\/instrument\.ts"/;

/** What there is to run, of what was asked for. */
async function chosen(): Promise<string[]> {
  const all: string[] = [];
  for await (const path of filesIn("tests/")) {
    if (path.endsWith("_test.ts")) all.push(path);
  }
  return names.length === 0
    ? all
    : all.filter((name) => names.some((part) => name.includes(`${part}`)));
}

/** Makes the package, and puts the tests beside it. */
async function pack(
  folder: string,
  inside: readonly string[],
): Promise<URL> {
  await build(folder, inside);
  for (const name of BESIDE) {
    for await (const path of filesIn(`${name}/`)) await copyTo(folder, path);
  }
  return pathToFileURL(`${folder}/`);
}

/** Where tests have what they need, which is made in that folder. */
async function foldersFor(
  tests: readonly Test[],
  folder: string,
): Promise<Record<Form, URL>> {
  const folders = { sources: root, opened: root, published: root };
  for (const form of ["opened", "published"] as const) {
    const those = tests.filter((test) => test.form === form);
    if (those.length === 0) continue;
    const inside = new Set(those.flatMap(({ inside }) => [...inside]));
    folders[form] = await pack(`${folder}/${form}`, [...inside]);
  }
  return folders;
}

const TYPES = /^import type [^;]*;/gm;
const RELATIVE = /"(\.{1,2}\/[^"]*\.ts)"/g;

/** Looks at a test, and at all that it uses of the others. */
async function lookAt(name: string): Promise<Test> {
  let bytes = 0;
  let isOnSources = Boolean(coverage);
  const inside = new Set<string>();
  const paths = new Set([name]);
  for (const path of paths) {
    const url = new URL(path, root);
    const text = await Deno.readTextFile(url).catch(() => "");
    bytes += text.length;
    isOnSources ||= ON_SOURCES.test(text);
    for (const [, used] of text.replaceAll(TYPES, "").matchAll(RELATIVE)) {
      const found = new URL(used!, url).href.slice(root.href.length);
      if (found.startsWith("tests/")) paths.add(found);
      else if (/^internal\/|^[^/]*$/.test(found)) inside.add(found);
    }
  }
  return {
    name,
    form: isOnSources ? "sources" : inside.size > 0 ? "opened" : "published",
    inside,
    size: LONG.some((part) => name.includes(part)) ? FIRST : bytes,
  };
}

async function run(name: string, folder: URL): Promise<Outcome> {
  const began = performance.now();
  const limit = AbortSignal.timeout(MOST_MS);
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      ...coverage ? ["--coverage-raw-data-only"] : [],
      name,
    ],
    cwd: folder,
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

// One more than there are processors: many tests wait for something now and then.
const atOnce = Number(jobs ?? navigator.hardwareConcurrency + 1);
if (!(atOnce >= 1)) {
  console.error(`--jobs must be a number above 0: current value is ${jobs}`);
  Deno.exit(2);
}
const asked = await chosen();
if (asked.length === 0) {
  console.error(`There is no test ${names.join(" ")}`);
  Deno.exit(2);
}
if (coverage) await Deno.remove(coverage, { recursive: true }).catch(() => {});
const began = performance.now();
const total = { passed: 0, steps: 0, failed: 0, ignored: 0 };
{
  using folder = temporaryFolder();
  const tests = await Promise.all(asked.map(lookAt));
  tests.sort((a, b) => b.size - a.size);
  const folders = await foldersFor(tests, folder.path);
  const runs = pooledMap(
    atOnce,
    tests,
    ({ name, form }) => run(name, folders[form]),
  );
  for await (const outcome of runs) {
    total.passed += outcome.passed;
    total.steps += outcome.steps;
    total.failed += outcome.failed;
    total.ignored += outcome.ignored;
  }
  if (coverage) await reportCoverage(coverage);
}
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `\n${
    total.failed > 0 ? "FAILED" : "ok"
  } | ${total.passed} passed (${total.steps} steps) | ${total.failed} failed | ${total.ignored} ignored (${seconds}s)`,
);
if (total.failed > 0) Deno.exit(1);
