/**
 * Builds what is published: `deno task build [DIR]`, `dist/` by default.
 *
 * The runtime takes 0.2 ms for each module that a program loads, and every child and
 * thread is a program that loads this library's 300. So the package has them in a few
 * files of JavaScript, too, and exports these; their types and documentation are
 * those of the sources, which are beside them. All names stay as they are: stacks and
 * messages have them, and to name functions again would take longer than to read them.
 */

import { parseArgs } from "@std/cli";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
// deno-lint-ignore no-import-prefix -- of this tool only
import { minify } from "npm:terser@5.51.4";
// deno-lint-ignore no-import-prefix -- of this tool only
import { type GetModuleInfo, type Plugin, rollup } from "npm:rollup@4.68.8";
// deno-lint-ignore no-import-prefix -- of this tool only
import ts from "npm:typescript@5.9.3";

const root = new URL("../", import.meta.url);
const pathOf = (path: string) => fileURLToPath(new URL(path, root));
/** Finds the other modules; it is told in which file it lies. */
const HERE = "internal/launch/own_modules.ts";
/**
 * The files, and what they are for: each has what that module needs, as far as no
 * file before it has that.
 */
const PARTS: readonly (readonly [file: string, module: string])[] = [
  ["start", "internal/entry/process.ts"],
  ["coroutine", "coroutine.ts"],
  ["subprocess", "subprocess.ts"],
  ["queue", "queue.ts"],
  ["pool", "pool.ts"],
  ["rest", "mod.ts"],
];
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

/** Gives a module as JavaScript: the types go, and the comments with them. */
const transpiled: Plugin = {
  name: "transpiled",
  transform(code, id) {
    if (id.endsWith(".json")) return `export default ${code}`;
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: {
        target: ts.ScriptTarget.ESNext,
        module: ts.ModuleKind.ESNext,
        removeComments: true,
      },
    });
    return { code: outputText, map: null };
  },
};

/** Leaves the space out. Names stay as they are: stacks and messages have them. */
const compact: Plugin = {
  name: "compact",
  async renderChunk(code) {
    const renamed = /\bclass \w+\$\d+|\w+\$\d+ = class (?!\w+ \{|\w+ extends)/
      .exec(code);
    if (renamed !== null) {
      throw new Error(`Two classes of one file have a name: ${renamed[0]}`);
    }
    const options = { module: true, compress: false, mangle: false } as const;
    const { code: smaller } = await minify(code, options);
    return { code: smaller!, map: null };
  },
};

/** Tells the module that finds the others in which file it lies. */
const whereItIs: Plugin = {
  name: "where it is",
  renderChunk(code, { moduleIds, fileName }) {
    if (!moduleIds.includes(pathOf(HERE))) return null;
    return { code: code.replace(`"${HERE}"`, `"${fileName}"`), map: null };
  },
};

/** All that a module imports, and that these import, before any of it runs. */
function importedBy(
  id: string,
  getModuleInfo: GetModuleInfo,
  found: Set<string> = new Set(),
): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  for (const imported of getModuleInfo(id)!.importedIds) {
    importedBy(imported, getModuleInfo, found);
  }
  return found;
}

/** Puts all modules into a few files, below that folder. */
async function bundle(entries: readonly string[], out: string): Promise<void> {
  const bundled = await rollup({
    input: Object.fromEntries(
      entries.map((path) => [path.replace(/\.ts$/, ""), pathOf(path)]),
    ),
    external: /^(@|node:|data:)/,
    treeshake: "safest",
    plugins: [transpiled, compact, whereItIs],
  });
  await bundled.write({
    dir: out,
    entryFileNames: "[name].js",
    chunkFileNames: "parts/[name].js",
    generatedCode: { symbols: true }, // what is exported as a whole is a module still
    hoistTransitiveImports: false,
    manualChunks: (id, { getModuleInfo }) =>
      PARTS.find(([, path]) => importedBy(pathOf(path), getModuleInfo).has(id))
        ?.[0],
  });
  await bundled.close();
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
