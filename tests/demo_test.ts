/** The main job, checked against `sha256sum`. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, pathOf, run } from "./support/run.ts";

const demo = (...args: string[]) =>
  deno(["run", "-q", "-A", pathOf("tools/demo.ts"), ...args], { cwd: "/" });

/** What `sha256sum` says of these files. */
async function sums(paths: string[]): Promise<Map<string, string>> {
  const { stdout, code } = await run("sha256sum", paths);
  assertEquals(code, 0);
  return new Map(
    stdout.trim().split("\n").map((line) => {
      const [hash, path] = line.split(/\s+/);
      return [path!, hash!];
    }),
  );
}

/** The hash of each file in the demo's table. */
function table(stdout: string): Map<string, string> {
  const rows = stdout.matchAll(/^([0-9a-f]{64}) +[\d.]+ \S+ +(.*)$/gm);
  return new Map([...rows].map(([, hash, path]) => [path!, hash!]));
}

/** A folder with readable files and one that is not, even by root. */
async function folderWithUnreadable() {
  if (Deno.uid() === 0) {
    const folder = "/proc/sys/net/ipv4/route"; // "flush" can only be written
    return { folder, remove: () => Promise.resolve() };
  }
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/readable`, "text");
  await Deno.writeTextFile(`${folder}/unreadable`, "text", { mode: 0o200 });
  return { folder, remove: () => Deno.remove(folder, { recursive: true }) };
}

/** Not every system has it; that of Windows writes paths in a way of its own. */
const hasSums = Deno.build.os !== "windows" &&
  await run("sha256sum", ["--version"]).then(() => true, () => false);

describe("the demo", () => {
  it("hashes the files below a folder as sha256sum does", {
    ignore: !hasSums,
  }, async () => {
    const folder = await Deno.makeTempDir();
    let bytes = 0;
    for (let i = 0; i < 300; i++) {
      const part = `${folder}/${i % 7}`;
      await Deno.mkdir(part, { recursive: true });
      const length = i === 0 ? 0 : i * 997;
      bytes += length;
      await Deno.writeFile(
        `${part}/${i}.bin`,
        new Uint8Array(length).map((_, at) => at * i),
      );
    }
    await Deno.writeFile(`${folder}/large`, new Uint8Array(20_000_000));
    bytes += 20_000_000;
    await Deno.symlink(`${folder}/large`, `${folder}/link`);
    const { code, stdout, stderr } = await demo("--workers", "2", `${folder}/`);
    assertEquals([code, stderr], [0, ""]);
    const hashes = table(stdout);
    assertEquals(hashes.size, 10);
    assertEquals(hashes, await sums([...hashes.keys()]));
    assert(hashes.has(`${folder}/large`) && !hashes.has(`${folder}/link`));
    assertStringIncludes(stdout, `301 files, 0 not readable, ${bytes} bytes`);
    assertStringIncludes(stdout, "s in 2 processes at a time, ");
    await Deno.remove(folder, { recursive: true });
  });

  it("reports a file that is not readable, and goes on", {
    ignore: Deno.build.os === "windows", // which has no modes
  }, async () => {
    const { folder, remove } = await folderWithUnreadable();
    const { code, stdout, stderr } = await demo(folder);
    assertEquals(code, 1);
    assertMatch(stderr, /^cannot read \S+: .*[Pp]ermission denied.*\n$/);
    assertMatch(stdout, /^[1-9]\d* files, 1 not readable, /m);
    await remove();
  });

  it("says what is wrong with its arguments", async () => {
    const wrong = await demo("--workers", "none");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, "--workers must be a number above 0");
    const nowhere = await demo("/nowhere");
    assertEquals(nowhere.code, 1);
    assertMatch(
      nowhere.stderr,
      /^cannot read \/nowhere: (No such file|The system cannot find)/,
    );
    assertStringIncludes(nowhere.stdout, "0 files, 1 not readable");
  });

  it("hashes an empty folder", async () => {
    const folder = await Deno.makeTempDir();
    const { code, stdout } = await demo(folder);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "0 files, 0 not readable, 0 bytes");
    await Deno.remove(folder);
  });
});
