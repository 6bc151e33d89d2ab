/**
 * Builds what is published: `deno task build [DIR]`, `dist/` by default.
 *
 * The runtime takes 0.2 ms for each module that a program loads, and every child and
 * thread is a program that loads this library's 300. So the package has them in a few
 * files of JavaScript, too, and exports these; their types and documentation are
 * those of the sources, which are beside them. Small, as the engine reads each file
 * from end to end; functions and classes keep their names in stacks and messages.
 */

import { parseArgs } from "@std/cli";
import { resolve } from "node:path";

const root = new URL("../", import.meta.url);
/** Where it is, there was a build. */
const MARK = ".built";

/** The parts of `deno.json` that matter here. */
interface Config {
  exports: Record<string, string>;
  tasks?: unknown;
  exclude?: unknown;
  publish: { include: string[]; exclude?: string[] };
}

/** All files of a folder of the project, as paths from its root. */
export async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, root))
  ) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield folder + name;
  }
}

/** Copies a file of the project to the same place of another folder. */
export async function copyTo(folder: string, path: string): Promise<void> {
  const copy = `${folder}/${path}`;
  await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(new URL(path, root), copy);
}

/** The modules that are loaded by their URL, and so have to be there by name. */
async function loadedByUrl(sources: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of sources) {
    const text = await Deno.readTextFile(new URL(path, root));
    for (const [, name] of text.matchAll(/\bownModule\("([^"]+)"\)/g)) {
      found.add(`internal/${name}.ts`);
    }
  }
  return [...found];
}

/** Puts all modules into a few files, below that folder. */
async function bundle(entries: readonly string[], out: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=deno",
      "--packages=external",
      "--code-splitting",
      "--minify",
      "--keep-names",
      `--outdir=${out}`,
      ...entries,
    ],
    cwd: root,
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error("Cannot bundle the modules: see above");
}

/** Tells the module that finds the others in which file below that folder it lies. */
async function tellWhereItIs(out: string): Promise<void> {
  const name = "internal/launch/own_modules.ts";
  const found: string[] = [];
  for await (const { name: file, isFile } of Deno.readDir(out)) {
    if (!isFile) continue;
    const text = await Deno.readTextFile(`${out}/${file}`);
    if (!text.includes(name)) continue;
    found.push(file);
    await Deno.writeTextFile(`${out}/${file}`, text.replace(name, file));
  }
  if (found.length !== 1) {
    throw new Error(
      `Cannot tell which file has ${name} as these name it: ${
        found.join(", ")
      }`,
    );
  }
}

/** Empties the folder, which must be one of ours, or nobody's. */
async function clear(folder: string): Promise<void> {
  try {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    if (names.length > 0 && !names.includes(MARK)) {
      console.error(
        `Cannot build in ${folder} as there is something else: name a folder that is empty, or not there`,
      );
      Deno.exit(2);
    }
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Makes the package in that folder, an absolute path; `opened` are modules from
 * inside of it that can be imported, too.
 */
export async function build(
  target: string,
  opened: readonly string[] = [],
): Promise<void> {
  const config: Config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const sources: string[] = [];
  for await (const path of filesIn("internal/")) sources.push(path);
  for await (const { name } of Deno.readDir(root)) {
    if (name.endsWith(".ts")) sources.push(name);
  }

  await clear(target);
  const texts = ["README.md", "README.zh.md", "CHANGELOG.md", "LICENSE"];
  for await (const path of filesIn("docs/")) texts.push(path);
  for (const path of [...sources, ...texts]) await copyTo(target, path);
  await Deno.writeTextFile(`${target}/${MARK}`, "");
  const entries = new Set([
    ...Object.values(config.exports).map((path) => path.replace("./", "")),
    ...await loadedByUrl(sources),
    ...opened,
  ]);
  await bundle([...entries], `${target}/js`);
  await tellWhereItIs(`${target}/js`);
  for (const path of opened) {
    const built = `${
      "../".repeat(path.split("/").length - 1) || "./"
    }js/${path}`;
    await Deno.writeTextFile(
      `${target}/${path}`,
      `export * from "${built.replace(/\.ts$/, ".js")}";\n`,
    );
  }
  for (const [name, path] of Object.entries(config.exports)) {
    const built = path.replace("./", "./js/").replace(/\.ts$/, ".js");
    const file = `${target}/${built}`;
    const types = `/* @ts-self-types="../${path.slice(2)}" */\n`;
    await Deno.writeTextFile(file, types + await Deno.readTextFile(file));
    config.exports[name] = built;
  }
  delete config.tasks;
  delete config.exclude;
  config.publish.include.push("js/**/*.js");
  // Where it is built is ignored by git, and so would be what is built.
  config.publish.exclude = ["!**/*"];
  await Deno.writeTextFile(
    `${target}/deno.json`,
    JSON.stringify(config, null, 2) + "\n",
  );
}

if (import.meta.main) {
  const { _: [folder = "dist"] } = parseArgs(Deno.args, { string: ["_"] });
  await build(resolve(`${folder}`));
}
