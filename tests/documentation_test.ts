/**
 * The examples in comments, run: each is a module whose imports and exports are its
 * own, and what remains is one test. So it is as `deno test --doc` would have it; but
 * there every example has a runtime of its own, which takes longer than most of them,
 * and what stands in `if (import.meta.main)` is not run.
 */

import { assert } from "@std/assert";
import { pathToFileURL } from "node:url";
import { ROOT } from "./support/run.ts";

const EXAMPLE = /^ *\* ```ts(?: no-assert)?\n([^]*?)^ *\* ```$/gm;
const IMPORTS = /^import [^;]*;\n/gm;
const EXPORTS = /^export [^]*?^}\n/gm;

interface Example {
  /** Where it stands. */
  readonly name: string;
  readonly code: string;
}

/** The examples of all files of a folder, and those below it. */
function* examplesIn(folder: URL): Generator<Example> {
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    const url = new URL(isFile ? name : `${name}/`, folder);
    if (!isFile && (folder !== ROOT || name === "internal")) {
      yield* examplesIn(url);
    } else if (isFile && name.endsWith(".ts")) yield* examplesOf(url);
  }
}

function* examplesOf(url: URL): Generator<Example> {
  const text = Deno.readTextFileSync(url);
  for (const { 1: lines, index } of text.matchAll(EXAMPLE)) {
    const line = text.slice(0, index).split("\n").length;
    const name = `${url.href.slice(ROOT.href.length)}:${line}`;
    yield { name, code: lines!.replace(/^ *\* ?/gm, "") };
  }
}

/** The module in which it is a test. The children that it starts load it, too. */
function moduleOf({ name, code }: Example): string {
  const outside = [IMPORTS, EXPORTS].flatMap((part) => code.match(part) ?? []);
  const inside = code.replace(IMPORTS, "").replace(EXPORTS, "")
    .replace("import.meta.main", "true");
  return `${outside.join("")}
Deno.test(${JSON.stringify(name)}, async () => {
${inside}
});
`;
}

const examples = [...examplesIn(ROOT)];
assert(examples.length > 100);
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
for (const [at, example] of examples.entries()) {
  const file = `${folder}/example_${at}.ts`;
  await Deno.writeTextFile(file, moduleOf(example));
  await import(pathToFileURL(file).href);
}
