/**
 * Checks that each class, function and variable which the public modules export has
 * an example in its documentation. (That the examples run is for the tests to see.)
 *
 *     deno run -A tools/check_examples.ts
 */

import config from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);
const NEED_ONE = ["class", "function", "variable"];

/** What `deno doc` says of one declaration. Another name for one is no such kind. */
interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
}

/** A name that a module exports; a function has a declaration for each overload. */
interface Exported {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

async function readExports(): Promise<Exported[]> {
  const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values(config.exports)],
    cwd: ROOT,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr));
  const { nodes } = JSON.parse(text.decode(stdout));
  const modules: { symbols: Exported[] }[] = Object.values(nodes);
  return modules.flatMap(({ symbols }) => symbols);
}

async function main(): Promise<void> {
  /** Whether it has an example, by where and as what each is declared. */
  const found = new Map<string, boolean>();
  for (const { name, declarations } of await readExports()) {
    const own = declarations.filter(({ kind }) => NEED_ONE.includes(kind));
    if (own.length === 0) continue;
    const { filename, line } = own[0]!.location;
    found.set(
      `${filename.replace(ROOT.href, "")}:${line}: ${name}`,
      own.some(({ jsDoc }) =>
        jsDoc?.tags?.some(({ kind }) => kind === "example")
      ),
    );
  }
  const without = [...found].filter(([, has]) => !has);
  for (const [where] of without) console.error(`${where} has no example`);
  if (without.length > 0) Deno.exit(1);
  console.log(`${found.size} classes, functions and variables have examples`);
}

if (import.meta.main) await main();
