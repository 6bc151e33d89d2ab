/** What `--coverage` counts of what children and threads run. */

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { deno, programFolder } from "./support/run.ts";

const PROGRAM = `
  import { Pool, Process, Thread } from "@multi/processing";
  export function inProcess(): void {}
  export function withFfiAlone(): void {}
  export function inThread(): void {}
  export function inPool(): void {}
  export function inProcessBelow(): void {}
  export function inThreadBelow(): void {}
  const hasThreads = Deno.args[0] !== "without threads";
  async function run(all: (Process<[], void> | Thread<[], void>)[]) {
    for (const each of all) each.start();
    for (const each of all) await each.result();
    for (const each of all) await each.join();
  }
  export async function startsOthers(): Promise<void> {
    await run([
      new Process({ target: inProcessBelow }),
      ...hasThreads ? [new Thread({ target: inThreadBelow })] : [],
    ]);
  }
  async function main(): Promise<void> {
    await run([
      new Process({ target: inProcess }),
      new Process({ target: withFfiAlone, permissions: { ffi: "inherit" } }),
      new Process({ target: startsOthers }),
      ...hasThreads ? [new Thread({ target: inThread })] : [],
    ]);
    const pool = new Pool(1);
    await pool.apply(inPool);
    pool.close();
    await pool.join();
  }
  if (Deno.args[0] === "test") Deno.test("it runs", main);
  else if (import.meta.main) await main();`;
const TARGETS = [
  "inPool",
  "inProcess",
  "inProcessBelow",
  "inThread",
  "inThreadBelow",
  "startsOthers",
  "withFfiAlone",
];

describe("a program that is covered", () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await programFolder();
    file = `${folder}/main.ts`;
    await Deno.writeTextFile(file, PROGRAM);
  });
  afterAll(() => Deno.remove(folder, { recursive: true }));

  /** Runs it, and gives those of its targets that are in that folder then. */
  async function covered(
    by: string,
    args: string[],
    env: Record<string, string> = {},
    of = file,
    targets = TARGETS,
  ): Promise<string[]> {
    const { code, stderr } = await deno(args, { cwd: folder, env });
    assertEquals([code, stderr], [0, ""]);
    return targetsIn(`${folder}/${by}`, of, targets);
  }

  it("has what its children and threads run", async () => {
    const run = ["run", "-q", "-A"];
    assertEquals(
      await covered("named", [...run, "--coverage=named", file]),
      TARGETS,
    );
    assertEquals(
      await covered("coverage", [...run, "--coverage", file]),
      TARGETS,
    );
    const variable = { DENO_COVERAGE_DIR: "variable" };
    assertEquals(await covered("variable", [...run, file], variable), TARGETS);
  });

  it("has it with few permissions", async () => {
    const permissions = ["--allow-run", "--allow-ffi", "--allow-read"];
    const run = ["run", "-q", ...permissions, "--coverage=few", file];
    // Only with all permissions it is known when Workers have written theirs.
    const few = await covered("few", [...run, "without threads"]);
    assertEquals(few, TARGETS.filter((name) => !name.startsWith("inThread")));
  });

  it("has all of what a thread has run, however much", async () => {
    const many = `${folder}/many.ts`;
    const functions = Array.from(
      { length: 20_000 },
      (_, i) => `export function f${i}() {}\n`,
    );
    await Deno.writeTextFile(many, functions.join("") + "f19999();");
    const program = `${folder}/runs_many.ts`;
    await Deno.writeTextFile(
      program,
      `import { Thread } from "@multi/processing/thread";
      export const runs = () => import("./many.ts").then(() => {});
      if (import.meta.main) {
        const thread = new Thread({ target: runs });
        thread.start();
        await thread.join();
      }`,
    );
    const run = ["run", "-q", "-A", "--coverage=many", program];
    assertEquals(await covered("many", run, {}, many, ["f19999"]), ["f19999"]);
  });

  it("has it in tests", async () => {
    const flags = ["-A", "--no-check", "--coverage-raw-data-only"];
    const test = ["test", "-q", ...flags, "--coverage=tests", file];
    assertEquals(await covered("tests", [...test, "--", "test"]), TARGETS);
  });
});

function targetsIn(
  folder: string,
  file: string,
  targets: string[],
): string[] {
  const run = new Set<string>();
  for (const { name } of Deno.readDirSync(folder)) {
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    const { url, functions } = JSON.parse(text);
    if (!url.endsWith(file)) continue;
    for (const { functionName, ranges } of functions) {
      if (ranges[0].count > 0) run.add(functionName);
    }
  }
  return targets.filter((name) => run.has(name));
}
