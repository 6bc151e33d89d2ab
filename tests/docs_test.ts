/**
 * The pages of the documentation, tried: each block of TypeScript is a program that
 * is run as a user runs it, and prints what stands in the block of text behind it,
 * or nothing. (Its types are checked by `deno task check`.)
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pooledMap } from "@std/async/pool";
import { describe, it } from "@std/testing/bdd";
import { canRun } from "./support/can_run.ts";
import { deno, pathOf, programFolder, ROOT } from "./support/run.ts";
import { sourceFiles } from "./support/source_files.ts";
import { isShort } from "./support/times.ts";

const CODE = /^```ts\n([^]*?)^```\n(?:\n```text\n([^]*?)^```$)?/gm;
/** A page in another language has the programs of the English one. */
const TRANSLATED = /\.zh\.md$/;
/** So many programs run at once. */
const AT_ONCE = 4;

/** A page, and the programs that are on it. */
interface Page {
  readonly name: string;
  readonly text: string;
  readonly programs: readonly Program[];
}

interface Program {
  readonly code: string;
  /** What it prints. */
  readonly printed: string;
}

async function readPage(name: string): Promise<Page> {
  const text = await Deno.readTextFile(pathOf(name));
  const programs = [...text.matchAll(CODE)].map(([, code, printed = ""]) => ({
    code: code!,
    printed,
  }));
  return { name, text, programs };
}

/** By which of Deno's commands it is run, and the test or benchmark that it has. */
function runBy(code: string): { command: string; test: string | null } {
  const [, command = "run", test = null] =
    /^ *Deno\.(test|bench)\("([^"]+)"/m.exec(code) ?? [];
  return { command, test };
}

const names: string[] = [];
for (const folder of ["", "docs/"]) {
  for (const { name } of Deno.readDirSync(pathOf(folder || "."))) {
    if (name.endsWith(".md")) names.push(`${folder}${name}`);
  }
}
const pages = await Promise.all(names.sort().map(readPage));

describe("the documentation", () => {
  it("has programs that run, and print what is said", async () => {
    const folder = await programFolder();
    const programs = pages.filter(({ name }) => !TRANSLATED.test(name))
      .flatMap(({ name, programs }) =>
        programs.map(({ code, printed }, index) => {
          const title = `${name}, program ${index + 1}`;
          const file = `${folder}/${title.replaceAll(/[/ ,]+/g, "_")}.ts`;
          Deno.writeTextFileSync(file, code);
          return { title, file, code, printed, ...runBy(code) };
        }).filter(({ code }, index) =>
          canRun(code) &&
          (!isShort || name === "README.md" || index % 3 === 0)
        )
      );
    try {
      const runs = pooledMap(AT_ONCE, programs, async (program) => ({
        ...program,
        ran: await deno([program.command, "-q", "-A", program.file], {
          // Tests have the config file of the folder where they are run.
          cwd: program.test === null ? "/" : folder,
        }),
      }));
      for await (const { title, printed, test, ran } of runs) {
        const { code, stdout, stderr } = ran;
        assertEquals([code, stderr], [0, ""], title);
        if (test === null) assertEquals(stdout, printed, title);
        else assertStringIncludes(stdout, test, title);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  it("has the same programs in all languages", () => {
    for (const { name, programs } of pages) {
      if (!TRANSLATED.test(name)) continue;
      const english = name.replace(TRANSLATED, ".md");
      const original = pages.find(({ name }) => name === english)!;
      assertEquals(programs, original.programs, name);
    }
  });

  it("has links that lead somewhere", () => {
    for (const { name, text } of pages) {
      const here = new URL(name, ROOT);
      for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)) {
        if (link === undefined || /^https?:/.test(link)) continue;
        const [file, anchor] = link.split("#");
        const target = file === "" ? here : new URL(file!, here);
        const { isFile, isDirectory } = Deno.statSync(target);
        assert(isFile || isDirectory, `${name}: ${link}`);
        if (anchor === undefined) continue;
        const headings = Deno.readTextFileSync(target).match(/^#+ .*$/gm) ?? [];
        assert(headings.map(anchorOf).includes(anchor), `${name}: ${link}`);
      }
    }
  });

  it("explains messages that there are", async () => {
    const { text } = await readPage("docs/troubleshooting.md");
    const sources =
      (await Promise.all(sourceFiles().map((file) => Deno.readTextFile(file))))
        .join("\n");
    const messages = [...text.matchAll(/^### `+ ?(.*?) ?`+$/gm)];
    assert(messages.length > 20);
    for (const [, message] of messages) {
      // What varies is written as "…" there.
      for (const part of message!.split("…")) {
        const said = part.trim();
        assert(
          sources.includes(said) ||
            sources.includes(said.replaceAll("`", "\\`")),
          `no message says "${said}"`,
        );
      }
    }
  });
});

/** The place of a heading in a page, as it is shown on the web. */
function anchorOf(heading: string): string {
  return heading.replace(/^#+ /, "").toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}
