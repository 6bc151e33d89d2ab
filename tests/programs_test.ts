/** What only whole programs show: permissions, the order of ending, affinity. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Mark } from "./support/mark.ts";
import { deno, programFolder, type Ran, run } from "./support/run.ts";

/** Runs a program that is this code, with `work` imported. */
async function program(
  flags: string[],
  code: string,
  env: Record<string, string> = {},
): Promise<Ran> {
  const folder = await programFolder();
  const file = `${folder}/main.ts`;
  await Deno.writeTextFile(
    file,
    `import { cpuCount, Process } from "@multi/processing";
     import * as work from ${
      JSON.stringify(import.meta.resolve("./fixtures/work.ts"))
    };
     ${code}`,
  );
  const ran = await deno(
    ["run", "-q", "--no-prompt", ...flags, file],
    { env },
  );
  await Deno.remove(folder, { recursive: true });
  return ran;
}

/** Prints which permissions a child has, or why it cannot be started. */
const states = (permissions: string) =>
  `if (import.meta.main) {
     const process = new Process({
       target: work.permissions,
       permissions: ${permissions},
     });
     try {
       process.start();
       const states = await process.result();
       console.log(Object.keys(states).filter((name) => states[name] === "granted").join());
     } catch (error) {
       console.log(error.name + ": " + error.message);
     }
   }`;

describe("a child's permissions", () => {
  it("are what its parent has whole", async () => {
    const { stdout } = await program(
      ["--allow-run", "--allow-env", "--allow-read=/tmp", "--allow-net"],
      states('"inherit"'),
    );
    assertEquals(stdout, "net,env,run\n");
  });

  it("are not more than its parent's where something is denied", async () => {
    const flags = ["--allow-run", "--allow-read", "--deny-read=/etc"];
    const { stdout } = await program(flags, states('"inherit"'));
    assertEquals(stdout, "run\n");
    const all = await program(["-A", "--deny-env=HOME"], states('"inherit"'));
    assertEquals(all.stdout, "read,write,net,sys,run,ffi\n");
  });

  it("cannot be more, and the error names what is missing", async () => {
    const flags = ["--allow-run", "--allow-read=/tmp", "--allow-env"];
    const asked: [string, string][] = [
      ["{ read: true }", "--allow-read is not granted here"],
      ['{ read: ["/etc"] }', "--allow-read=/etc is not granted here"],
      ['{ net: ["127.0.0.1"] }', "--allow-net=127.0.0.1 is not granted here"],
    ];
    for (const [permissions, message] of asked) {
      const { stdout } = await program(flags, states(permissions));
      assertMatch(stdout, /^NotCapable: Cannot start a process with more/);
      assertStringIncludes(stdout, message);
    }
  });

  it("can be a part of what its parent has in part", async () => {
    const { stdout, stderr } = await program(
      ["--allow-run", "--allow-read=/tmp", "--allow-env"],
      `if (import.meta.main) {
         const process = new Process({
           target: () => [
             Deno.permissions.querySync({ name: "read", path: "/tmp/a" }).state,
             Deno.permissions.querySync({ name: "read", path: "/etc" }).state,
           ].join(),
           permissions: { read: ["/tmp/a"] },
         });
         process.start();
         console.log(await process.result());
       }`,
    );
    assertEquals([stdout, stderr], ["granted,prompt\n", ""]);
  });

  it("need run permission, whole or for Deno itself", async () => {
    const none = await program([], states('"none"'));
    assertStringIncludes(none.stdout, "NotCapable: Cannot start a process");
    assertStringIncludes(none.stdout, `--allow-run=${Deno.execPath()}`);
    const own = await program(
      [`--allow-run=${Deno.execPath()}`],
      states('"none"'),
    );
    assertEquals(own.stdout, "\n");
  });
});

describe("a child's flags", () => {
  it("are looked for again where that has failed before", {
    ignore: Deno.build.os !== "linux", // elsewhere nothing tells them
  }, async () => {
    const { stdout } = await program(
      ["-A", "--deny-ffi", "--location=http://localhost/"],
      `export const where = () => location.href;
       const start = () => {
         const process = new Process({ target: where, stderr: "null" });
         process.start();
         return process.result();
       };
       if (import.meta.main) {
         Deno.env.set("DENO_V8_FLAGS", "--no-such-flag"); // no Deno starts so
         console.log(await start().catch((error) => error.name));
         Deno.env.delete("DENO_V8_FLAGS");
         console.log(await start());
       }`,
    );
    assertEquals(stdout, "WorkerLostError\nhttp://localhost/\n");
  });
});

describe("a child's output", () => {
  const print = (settings: string) =>
    program(
      ["-A"],
      `if (import.meta.main) {
         const process = new Process({ target: work.printOnBoth, ${settings} });
         process.start();
         await process.join();
       }`,
    );

  it("goes where its parent's goes", async () => {
    const { stdout, stderr } = await print("");
    assertEquals([stdout, stderr], ["on stdout\n", "on stderr\n"]);
  });

  it("goes nowhere where that is asked for", async () => {
    const { stdout, stderr } = await print('stdout: "null", stderr: "null"');
    assertEquals([stdout, stderr], ["", ""]);
  });
});

describe("a program that starts others at its top level", () => {
  const LOADING = "BootstrapError: Cannot start";

  it("is told so, where these are a manager's server", async () => {
    const { stdout } = await program(
      ["-A"],
      `import { BaseManager } from "@multi/processing";
       class Served extends BaseManager { declare thing: () => unknown; }
       export const make = () => new URL("a:b");
       Served.register("thing", { callable: make });
       const server = new Served();
       const error = await server.start().then(() => "", String);
       if (import.meta.main) console.log(error);
       await server.shutdown();
       if (error !== "") throw error;`,
    );
    assertStringIncludes(stdout, LOADING);
  });

  it("is told so, where these are a manager's pool", async () => {
    const { stdout } = await program(
      ["-A"],
      `import { Manager } from "@multi/processing";
       export const double = (n: number) => 2 * n;
       await using manager = new Manager();
       const pool = await manager.pool(1);
       const results = pool.map(double, [1]);
       if (import.meta.main) console.log(await results.catch(String));`,
    );
    assertStringIncludes(stdout, LOADING);
  });
});

describe("a program that returns", () => {
  it("waits for its children, and then ends its daemons", async () => {
    const { code, stdout } = await program(
      ["-A"],
      `export async function watch(pid: number, returned: string) {
         while (Deno.readTextFileSync(returned) === "") {
           await new Promise((resolve) => setTimeout(resolve, 5));
         }
         Deno.kill(pid, "SIGCONT"); // throws if it is not there
         console.log("the daemon lives");
       }
       if (import.meta.main) {
         const daemon = new Process({ target: work.sleepForever, daemon: true });
         daemon.start();
         const returned = Deno.makeTempFileSync();
         const child = new Process({ target: watch, args: [daemon.pid!, returned] });
         child.start();
         setTimeout(() => Deno.writeTextFileSync(returned, "returned"));
         console.log("main returns");
         addEventListener("unload", () => {
           Deno.removeSync(returned);
           console.log("the end");
         });
       }`,
    );
    assertEquals([code, stdout], [
      0,
      "main returns\nthe daemon lives\nthe end\n",
    ]);
  });

  it("does not wait for a subprocess that a child leaves behind", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const mark = new Mark();
    const { code, stdout } = await program(
      ["-A"],
      `export const leave = () =>
         void new Deno.Command("sleep", { args: ["1000"], stdin: "null", stdout: "null" }).spawn();
       if (import.meta.main) {
         const process = new Process({ target: leave });
         process.start();
         await process.join();
         console.log(process.exitcode);
       }`,
      mark.env,
    );
    assertEquals([code, stdout], [0, "0\n"]);
    const [sleeper, ...others] = mark.alive();
    assertEquals(others, []);
    Deno.kill(parseInt(sleeper!), "SIGKILL");
    await mark.noneLeft();
  });
});

describe({
  name: "cpuCount()",
  ignore: Deno.build.os !== "linux", // taskset is of util-linux
  fn() {
    it("is what the program may use", async () => {
      const { stdout } = await run("taskset", [
        "-c",
        "0",
        Deno.execPath(),
        "eval",
        "-q",
        `import { cpuCount } from ${
          JSON.stringify(import.meta.resolve("@multi/processing"))
        };
         console.log(cpuCount());`,
      ]);
      assertEquals(stdout, "1\n");
    });
  },
});
