/** The package where it is no file: from a server, as from JSR. */

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf, type Ran, ROOT } from "./support/run.ts";

describe("with the package from a server", () => {
  let server: Deno.HttpServer<Deno.NetAddr>;
  let folder: string;
  let origin: string;
  let host: string;

  beforeAll(async () => {
    server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/user/main.ts") return typescript(program(origin));
        if (pathname === "/user/threads.ts") return typescript(threads(origin));
        try {
          const file = new URL(`.${pathname}`, ROOT);
          return typescript(await Deno.readTextFile(file));
        } catch {
          return new Response(null, { status: 404 });
        }
      },
    );
    host = `127.0.0.1:${server.addr.port}`;
    origin = `http://${host}`;
    folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/main.ts`, program(origin));
    await Deno.writeTextFile(`${folder}/threads.ts`, threads(origin));
    await Deno.writeTextFile(`${folder}/mapped.ts`, program("processing"));
    await Deno.writeTextFile(
      `${folder}/map.json`,
      JSON.stringify({
        imports: {
          "@multi/processing": `${origin}/mod.ts`,
          "processing/": `${origin}/`,
          "tasks": "./tasks.ts",
        },
      }),
    );
    await Deno.writeTextFile(
      `${folder}/config.json`,
      JSON.stringify({ importMap: "./map.json", lock: false }),
    );
    await Deno.writeTextFile(
      `${folder}/tasks.ts`,
      "export const add = (a: number, b: number) => a + b;",
    );
    await Deno.writeTextFile(
      `${folder}/all.ts`,
      `import { Pool, Process, Queue, Thread } from "processing/mod.ts";
       export const square = (n: number) => n * n;
       export async function put(queue: Queue<string>, text: string) {
         await queue.put(text);
       }
       if (import.meta.main) {
         const queue = new Queue<string>();
         for (const Kind of [Process, Thread]) {
           const runs = new Kind({ target: put, args: [queue, Kind.name] });
           runs.start();
           await runs.join();
           console.log(await queue.get());
         }
         queue.close();
         await using pool = new Pool(2);
         console.log(...await pool.map(square, [1, 2, 3]));
       }`,
    );
    await Deno.writeTextFile(
      `${folder}/by_name.ts`,
      `import { Process } from "processing/mod.ts";
       import { add } from "tasks";
       if (import.meta.main) {
         const process = new Process({ target: add, args: [40, 2] });
         process.start();
         console.log(await process.result());
         const named = new Process({ target: add, args: [1, 2], module: "tasks" });
         named.start();
         console.log(await named.result());
       }`,
    );
  });

  afterAll(async () => {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  });
  nothingLeft();

  /** Runs `deno run` in another folder than the package's or the program's. */
  const run = (...args: string[]) =>
    deno(["run", "--no-prompt", ...args], { cwd: "/" });
  const assertRan = ({ code, stdout, stderr }: Ran, output: string) =>
    assertEquals([code, stdout, code ? stderr : ""], [0, output, ""]);
  const RESULTS = "inherited: 42\nnone: 42\ninline: 42\n";

  it("a file runs its functions in processes", async () => {
    assertRan(await run("-A", `${folder}/main.ts`), RESULTS);
    assertRan(
      await run("--allow-run", `--allow-import=${host}`, `${folder}/main.ts`),
      RESULTS,
    );
  });

  it("a module from the server does", async () => {
    assertRan(await run("-A", `${origin}/user/main.ts`), RESULTS);
    assertRan(
      await run(
        "--allow-run",
        `--allow-import=${host}`,
        `${origin}/user/main.ts`,
      ),
      RESULTS,
    );
  });

  it("a data: module does", async () => {
    const url = `data:application/typescript,${
      encodeURIComponent(program(origin))
    }`;
    assertRan(await run("-A", url), RESULTS);
    assertRan(
      await run("--allow-run", `--allow-import=${host}`, url),
      RESULTS,
    );
  });

  it("all of them run their functions in threads", async () => {
    const url = `data:application/typescript,${
      encodeURIComponent(threads(origin))
    }`;
    const output = "42 42\n";
    const few = [`--allow-import=${host}`];
    for (const main of [`${origin}/user/threads.ts`, url]) {
      assertRan(await run("-A", main), output);
      assertRan(await run(...few, main), output);
    }
    const file = `${folder}/threads.ts`;
    assertRan(await run("-A", file), output);
    assertRan(await run(...few, "--allow-read", file), output);
  });

  it("a program with only an import map has queues and a pool", async () => {
    const map = `--import-map=${folder}/map.json`;
    assertRan(
      await run("-A", map, `${folder}/all.ts`),
      "Process\nThread\n1 4 9\n",
    );
  });

  it("an example does, with only an import map", async () => {
    const example = `${folder}/pool_map.ts`;
    await Deno.copyFile(pathOf("examples/pool_map.ts"), example);
    const map = `--import-map=${folder}/map.json`;
    assertRan(await run("-A", map, example), "[ 1, 4, 9 ]\n");
  });

  it("a program with an import map does, given as flag or by a config file", async () => {
    const main = `${folder}/by_name.ts`;
    const map = `--import-map=${folder}/map.json`;
    assertRan(await run("-A", map, main), "42\n3\n");
    const config = ["-c", `${folder}/config.json`];
    assertRan(await run("-A", ...config, main), "42\n3\n");
    const permissions = ["--allow-run", `--allow-import=${host}`];
    assertRan(await run(...permissions, ...config, main), "42\n3\n");
  });
});

describe("a program of another folder", () => {
  it("finds the package by its config file, wherever it is run", async () => {
    for (const permissions of [["-A"], ["--allow-run", "--allow-read"]]) {
      const { code, stdout } = await deno(
        [
          "run",
          "--no-prompt",
          ...permissions,
          pathOf("examples/process_hello.ts"),
        ],
        { cwd: "/" },
      );
      assertEquals([code, stdout.split("\n").length], [0, 5]);
    }
  });
});

function typescript(text: string): Response {
  return new Response(text, {
    headers: { "content-type": "application/typescript" },
  });
}

function threads(origin: string): string {
  return `
    import { Thread } from "${origin}/mod.ts";
    export function answer(n: number): number { return n * 2; }
    if (import.meta.main) {
      const thread = new Thread({ target: answer, args: [21] });
      const inline = new Thread({ target: (n: number) => n + 1, args: [41] });
      for (const each of [thread, inline]) each.start();
      console.log(await thread.result(), await inline.result());
    }`;
}

function program(origin: string): string {
  return `
    import { Process } from "${origin}/mod.ts";
    export function answer(n: number): number { return n * 2; }
    if (import.meta.main) {
      const permissions = "none";
      const inherited = new Process({ target: answer, args: [21] });
      const none = new Process({ target: answer, args: [21], permissions });
      const inline = new Process({ target: (n: number) => n + 1, args: [41] });
      for (const process of [inherited, none, inline]) process.start();
      console.log("inherited:", await inherited.result());
      console.log("none:", await none.result());
      console.log("inline:", await inline.result());
    }`;
}
