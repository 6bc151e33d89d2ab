/** From where children may import: from where their parent may, and never more. */

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { deno, programFolder, type Ran } from "./support/run.ts";

/** Says of each host whether it may be imported from, here and in children. */
const ASKS = `
  import { Process, Thread } from "@multi/processing";
  export const granted = (hosts: string[]): string =>
    hosts.filter((host) =>
      Deno.permissions.querySync({ name: "import", host }).state === "granted"
    ).join(" ");
  export async function inChild(hosts: string[]): Promise<string> {
    const process = new Process({ target: granted, args: [hosts] });
    process.start();
    return await process.result();
  }
  if (import.meta.main) {
    const hosts = Deno.args;
    const args: [string[]] = [hosts];
    const permissions = "none";
    const all = [
      new Process({ target: granted, args }),
      new Process({ target: inChild, args }),
      new Thread({ target: inChild, args }),
      new Process({ target: granted, args, permissions }),
    ];
    for (const each of all) each.start();
    console.log(granted(hosts));
    for (const each of all) console.log(await each.result());
  }`;

const imports = (host: string) => `
  import { Pool } from "@multi/processing";
  import { answer } from "http://${host}/answer.ts";
  export const ask = (): number => answer;
  if (import.meta.main) {
    const permissions = Deno.args[0] === "none" ? "none" : "inherit";
    await using pool = new Pool({ processes: 1, permissions });
    console.log(await pool.apply(ask));
  }`;

describe("a child", () => {
  let server: Deno.HttpServer<Deno.NetAddr>;
  let folder: string;
  let host: string;

  beforeAll(async () => {
    server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () =>
        new Response("export const answer = 42;", {
          headers: { "content-type": "application/typescript" },
        }),
    );
    host = `127.0.0.1:${server.addr.port}`;
    folder = await programFolder();
    await Deno.writeTextFile(`${folder}/asks.ts`, ASKS);
    await Deno.writeTextFile(`${folder}/imports.ts`, imports(host));
  });
  afterAll(async () => {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  });

  /** The library is in a folder, and needs no permission to be loaded. */
  const run = (flags: string[], program: string, ...args: string[]) =>
    deno([
      "run",
      "-q",
      "--no-prompt",
      ...flags,
      `${folder}/${program}`,
      ...args,
    ]);

  const hosts = [
    "jsr.io:443",
    "deno.land:443",
    "127.0.0.1:1",
    "example.com",
    "example.com:8080",
    "below.example.com",
    "10.1.2.3",
  ];
  const all = ["-A"];
  const some = ["--allow-run", "--allow-read"];
  const cases: [flags: string[], granted: string, none: string][] = [
    [some, "jsr.io:443 deno.land:443", "jsr.io:443 deno.land:443"],
    [all, hosts.join(" "), "jsr.io:443 deno.land:443"],
    [
      [...some, "--allow-import=example.com,127.0.0.1:1"],
      "127.0.0.1:1 example.com example.com:8080",
      "",
    ],
    [
      [...some, "-I=example.com", "--deny-import=example.com:8080"],
      "example.com",
      "",
    ],
    [
      [...some, "--allow-import=*.example.com,10.0.0.0/8,jsr.io:443"],
      "jsr.io:443 example.com example.com:8080 below.example.com 10.1.2.3",
      "jsr.io:443",
    ],
    [[...some, "--deny-import=jsr.io:443"], "deno.land:443", "deno.land:443"],
    [[...all, "--deny-import"], "", ""],
  ];
  for (const [flags, granted, none] of cases) {
    it(`may import as its parent may, with ${flags.join(" ")}`, async () => {
      const { code, stdout, stderr } = await run(flags, "asks.ts", ...hosts);
      assertEquals([code, stderr], [0, ""]);
      assertEquals(
        stdout.split("\n"),
        [granted, granted, granted, granted, none, ""],
      );
    });
  }

  it("imports from the hosts of its parent, unless it is to have less", async () => {
    const flags = [...some, `--allow-import=${host}`];
    const inherits: Ran = await run(flags, "imports.ts");
    assertEquals(inherits, { code: 0, stdout: "42\n", stderr: "" });
    const { code, stderr } = await run(flags, "imports.ts", "none");
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(`Requires import access to "${host}"`));
  });
});
