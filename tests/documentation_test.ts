/**
 * The examples in comments, run: each is a module whose imports and exports are its
 * own, and what remains is one test. So it is as `deno test --doc` would have it; but
 * there every example has a runtime of its own, which takes longer than most of them,
 * and what stands in `if (import.meta.main)` is not run.
 */

import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { pathToFileURL } from "node:url";
import { canRun } from "./support/can_run.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { ROOT } from "./support/run.ts";
import { sourceFiles } from "./support/source_files.ts";

const EXAMPLE = /^ *\* ```ts(?: no-assert)?\n([^]*?)^ *\* ```$/gm;
const IMPORTS = /^import [^;]*;\n/gm;
const EXPORTS = /^export [^]*?^}\n/gm;

interface Example {
  /** Where it stands. */
  readonly name: string;
  readonly code: string;
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
Deno.test(${JSON.stringify(name)}, { ignore: ${!canRun(code)} }, async () => {
${inside}
});
`;
}

async function load(examples: readonly Example[]): Promise<void> {
  const folder = await Deno.makeTempDir();
  addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  for (const [at, example] of examples.entries()) {
    const file = `${folder}/example_${at}.ts`;
    await Deno.writeTextFile(file, moduleOf(example));
    await import(pathToFileURL(file).href).catch((error) =>
      Deno.test(example.name, () => Promise.reject(error))
    );
  }
}

// The children of the examples load this, as their main module; they have theirs.
if (Deno.mainModule === import.meta.url) {
  const examples = sourceFiles().flatMap((url) => [...examplesOf(url)]);
  assert(examples.length > 100);
  await load(examples);
  describe("after all examples", () => {
    nothingLeft();
    it("nothing is alive", () => {});
  });
}
