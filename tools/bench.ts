/**
 * Runs all benchmarks, each beside its peers: `deno task bench [NAME…]`.
 *
 * What is measured is the package as it is published (`tools/build.ts`). A run of
 * all of them writes what it has measured to `docs/benchmarks.md`,
 * `docs/benchmarks.svg` and the README's table.
 */

import {
  IMPORT_MAP,
  isMissed,
  printRows,
  type Row,
  ROWS_FILE,
} from "../bench/support.ts";
import { build } from "./build.ts";
import { chart } from "./chart.ts";
import { fillBlock, tableOf } from "./markdown.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const root = new URL("../", import.meta.url);
const folder = new URL("bench/", root);

/** What one file has measured. */
interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Makes the package, and an import map by which it is what programs import. */
async function buildWithMap(folder: string): Promise<string> {
  await build(folder);
  const { name, exports, imports } = JSON.parse(
    await Deno.readTextFile(`${folder}/deno.json`),
  );
  for (const [path, file] of Object.entries<string>(exports)) {
    imports[name + path.slice(1)] = `file://${folder}/${file.slice(2)}`;
  }
  const map = `${folder}/import_map.json`;
  await Deno.writeTextFile(map, JSON.stringify({ imports }));
  return map;
}

async function measure(
  name: string,
  built: string,
  map: string,
): Promise<Section> {
  const title = name.replace("_bench.ts", "").replaceAll("_", " ");
  console.log(`\n${title}`);
  const began = performance.now();
  const rowsFile = `${built}/${name}.rows`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-A",
      `--import-map=${map}`,
      new URL(name, folder).href,
    ],
    env: { [ROWS_FILE]: rowsFile, [IMPORT_MAP]: map },
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error(`${name} failed`);
  const lines = (await Deno.readTextFile(rowsFile).catch(() => ""))
    .split("\n");
  const rows = lines.filter((line) => line !== "")
    .map((line): Row => JSON.parse(line));
  if (rows.length === 0) throw new Error(`${name} has measured nothing`);
  console.log(`in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return { title, rows };
}

/** By what it was measured; machines differ most in how fast a program starts. */
async function machine(rows: readonly Row[]): Promise<string> {
  const { stdout } = await new Deno.Command("python3", { args: ["--version"] })
    .output();
  const python = new TextDecoder().decode(stdout).trim();
  const date = new Date().toISOString().slice(0, 10);
  const { os, arch } = Deno.build;
  const start = rows.find(({ peer }) => peer === "a bare deno run")!.theirs;
  return `${date}, Deno ${Deno.version.deno}, ${python}, ${navigator.hardwareConcurrency} processors, ${os} ${arch}, ${
    start.toFixed(0)
  } ms for a bare deno run`;
}

async function write(sections: readonly Section[]): Promise<void> {
  const by = await machine(sections.flatMap(({ rows }) => rows));
  const withBudget = sections.flatMap(({ title, rows }) =>
    rows.filter(({ budget }) => budget !== null)
      .map((row): Row => ({ ...row, work: `${title}: ${row.work.trim()}` }))
  );
  const text = `# Benchmarks

What \`deno task bench\` has measured (${by}): medians of two rounds or more,
ours and the peer's in turns in one run. A ratio is our time to the peer's: below 1,
we are faster. The budget is what we want it to be.

![The ratios as bars](./benchmarks.svg)
${
    sections.map(({ title, rows }) => `\n## ${title}\n\n${tableOf(rows)}`)
      .join("")
  }`;
  await Deno.writeTextFile(new URL("docs/benchmarks.md", root), text);
  await Deno.writeTextFile(
    new URL("docs/benchmarks.svg", root),
    chart(withBudget),
  );
  const readme = new URL("README.md", root);
  await Deno.writeTextFile(
    readme,
    fillBlock(
      await Deno.readTextFile(readme),
      "bench",
      `${
        tableOf(withBudget)
      }\nMeasured by \`deno task bench\` (${by}): [all of it](docs/benchmarks.md).\n`,
    ),
  );
  await new Deno.Command(Deno.execPath(), {
    args: [
      "fmt",
      "-q",
      "README.md",
      "docs/benchmarks.md",
      "docs/benchmarks.svg",
    ],
    cwd: root,
  }).output();
}

const names = [...Deno.readDirSync(folder)]
  .map((entry) => entry.name)
  .filter((name) => name.endsWith("_bench.ts"))
  .filter((name) =>
    Deno.args.length === 0 || Deno.args.some((part) => name.includes(part))
  )
  .sort();
if (names.length === 0) {
  console.error(`There is no benchmark ${Deno.args.join(" ")}`);
  Deno.exit(2);
}
const began = performance.now();
const sections: Section[] = [];
const failures: string[] = [];
{
  using built = temporaryFolder();
  const map = await buildWithMap(built.path);
  for (const name of names) {
    try {
      sections.push(await measure(name, built.path, map));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
}
const rows = sections.flatMap(({ rows }) => rows);
if (names.length > 1) {
  console.log("\nall");
  printRows(rows);
}
const missed = rows.filter(isMissed).length;
const seconds = (performance.now() - began) / 1000;
console.log(
  `\n${rows.length} measured in ${seconds.toFixed(0)} s, ${missed} of ${
    rows.filter(({ budget }) => budget !== null).length
  } budgets missed`,
);
for (const failure of failures) console.error(failure);
if (failures.length > 0) Deno.exitCode = 1;
else if (Deno.args.length === 0) await write(sections);
