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
  // Of so many Workers, one is not kept for the next thread.
  const folder = Deno.args[0] === "test" ? undefined : Deno.args[0];
  const many = folder ? Math.max(4, navigator.hardwareConcurrency) + 1 : 1;
  const threads = (target: () => void) =>
    Array.from({ length: many }, () => new Thread({ target }));
  async function written(name: string): Promise<void> {
    if (folder === undefined) return;
    for (;;) {
      for (const file of Deno.readDirSync(folder)) {
        try {
          const text = Deno.readTextFileSync(folder + "/" + file.name);
          for (const { functionName, ranges } of JSON.parse(text).functions) {
            if (functionName === name && ranges[0].count > 0) return;
          }
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error; // half of it
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  async function run(all: (Process<[], void> | Thread<[], void>)[]) {
    for (const each of all) each.start();
    for (const each of all) await each.result();
    for (const each of all) await each.join();
  }
  export async function startsOthers(): Promise<void> {
    await run([
      new Process({ target: inProcessBelow }),
      ...threads(inThreadBelow),
    ]);
    await written("inThreadBelow");
  }
  async function main(): Promise<void> {
    await run([
      new Process({ target: inProcess }),
      new Process({ target: withFfiAlone, permissions: { ffi: "inherit" } }),
      new Process({ target: startsOthers }),
      ...threads(inThread),
    ]);
    await written("inThread");
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
    { env = {}, of = file, targets = TARGETS, someAreCut = false } = {},
  ): Promise<string[]> {
    const { code, stderr } = await deno(args, { cwd: folder, env });
    assertEquals([code, stderr], [0, ""]);
    const run = functionsIn(`${folder}/${by}`, of, someAreCut);
    return targets.filter((name) => run.has(name));
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
    const env = { DENO_COVERAGE_DIR: "variable" };
    assertEquals(await covered("variable", [...run, file], { env }), TARGETS);
  });

  it("has it with few permissions", async () => {
    const permissions = ["--allow-run", "--allow-ffi", "--allow-read"];
    const run = ["run", "-q", ...permissions, "--coverage=few", file];
    // With these, a program that ends does not know when Workers have written theirs.
    const few = [...run, `${folder}/few`];
    assertEquals(await covered("few", few, { someAreCut: true }), TARGETS);
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
    const targets = ["f19999"];
    assertEquals(await covered("many", run, { of: many, targets }), targets);
  });

  it("has it in tests", async () => {
    const flags = ["-A", "--no-check", "--coverage-raw-data-only"];
    const test = ["test", "-q", ...flags, "--coverage=tests", file];
    assertEquals(await covered("tests", [...test, "--", "test"]), TARGETS);
  });
});

/** What was run of that file. */
function functionsIn(
  folder: string,
  file: string,
  someAreCut: boolean,
): Set<string> {
  const run = new Set<string>();
  for (const { name } of Deno.readDirSync(folder)) {
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    let whole;
    try {
      whole = JSON.parse(text);
    } catch (error) {
      if (someAreCut) continue;
      throw error;
    }
    const { url, functions } = whole;
    if (!url.endsWith(file)) continue;
    for (const { functionName, ranges } of functions) {
      if (ranges[0].count > 0) run.add(functionName);
    }
  }
  return run;
}
