/** What only whole programs show of threads: the order of ending, flags. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, programFolder, type Ran } from "./support/run.ts";

/** Runs a program that is this code, with the threads' targets imported. */
async function program(code: string, flags: string[] = ["-A"]): Promise<Ran> {
  const folder = await programFolder();
  const file = `${folder}/main.ts`;
  await Deno.writeTextFile(
    file,
    `import * as library from "@multi/processing";
     import { Thread, Process } from "@multi/processing";
     import * as threads from ${at("./fixtures/thread_work.ts")};
     import * as work from ${at("./fixtures/work.ts")};
     export function loop(ready: string) {
       Deno.writeTextFileSync(ready, "ready");
       for (;;);
     }
     const ready = ${JSON.stringify(`${folder}/ready`)};
     async function untilReady() {
       for (;;) {
         try {
           if (Deno.readTextFileSync(ready) !== "") return;
         } catch { /* not yet */ }
         await new Promise((resolve) => setTimeout(resolve, 5));
       }
     }
     ${code}`,
  );
  const ran = await deno(["run", "-q", "--no-prompt", ...flags, file]);
  await Deno.remove(folder, { recursive: true });
  return ran;
}

const at = (path: string) => JSON.stringify(import.meta.resolve(path));

describe("a program with threads", () => {
  it("waits for those that are no daemons, and then ends", async () => {
    const { code, stdout, stderr } = await program(`
      export async function later(what: string) {
        await untilReady();
        console.log(what);
      }
      if (import.meta.main) {
        new Thread({ target: later, args: ["the thread"] }).start();
        new Thread({ target: work.sleepForever, daemon: true }).start();
        addEventListener("unload", () => console.log("the end"));
        setTimeout(() => Deno.writeTextFileSync(ready, "ready"));
        console.log("main returns");
      }`);
    assertEquals([code, stdout, stderr], [
      0,
      "main returns\nthe thread\nthe end\n",
      "",
    ]);
  });

  it("can terminate one that blocks before it has heard that it has begun", async () => {
    const { code, stdout, stderr } = await program(`
      export function block(lock: library.Lock, ready: string) {
        Deno.writeTextFileSync(ready, "ready");
        lock.acquireSync();
      }
      if (import.meta.main) {
        // What comes from Workers comes late, as where their maker is busy, and
        // not at all from those that were terminated meanwhile.
        const ended = new Set<Worker>();
        const { terminate } = Worker.prototype;
        Worker.prototype.terminate = function () {
          ended.add(this);
          terminate.call(this);
        };
        const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
        const messages = Object.getOwnPropertyDescriptor(Worker.prototype, "onmessage")!;
        Object.defineProperty(Worker.prototype, "onmessage", {
          ...messages,
          set(this: Worker, listener: (event: MessageEvent) => void) {
            messages.set!.call(this, async (event: MessageEvent) => {
              await heard;
              if (!ended.has(this)) listener(event);
            });
          },
        });
        const lock = new library.Lock();
        await lock.acquire();
        const thread = new Thread({ target: block, args: [lock, ready] });
        thread.start();
        await untilReady();
        thread.terminate();
        hear();
        await thread.result().catch((error) =>
          console.log(error.message.replace(/^\\S+ /, "")));
        const tasks = () => [...Deno.readDirSync("/proc/self/task")].map(({ name }) => {
          try {
            return Deno.readTextFileSync(\`/proc/self/task/\${name}/comm\`);
          } catch {
            return ""; // It has ended in between.
          }
        });
        const workers = () =>
          Deno.build.os === "linux" ? tasks().filter((name) => name.startsWith("worker-")) : [];
        const end = performance.now() + 20_000;
        while (workers().length > 0 && performance.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        console.log(library.givenUpCount(), workers().length);
      }`);
    assertEquals([code, stdout, stderr], [
      0,
      "was terminated before its target returned\n0 0\n",
      "",
    ]);
  });

  it("ends beside an idle, a daemon and a given-up thread", async () => {
    const { code, stdout, stderr } = await program(`
      if (import.meta.main) {
        const idle = new Thread({ target: work.echo });
        idle.start();
        await idle.join();
        new Thread({ target: work.sleepForever, daemon: true }).start();
        const busy = new Thread({ target: loop, args: [ready], name: "busy" });
        busy.start();
        await untilReady();
        busy.terminate();
        console.log(await busy.join(), busy.isAlive(), library.givenUpCount());
        console.log(await busy.result().catch((error) => error.name + ": " + error.message));
        console.log(library.activeThreads().length);
      }`);
    assertEquals([code, stdout.trim().split("\n")], [0, [
      "true false 1",
      "WorkerLostError: busy was terminated and given up, as it did not yield within 1000 ms, before its target returned",
      "2",
    ]]);
    assertMatch(stderr, /^busy was terminated, but has not yielded .*\n$/);
  });

  it("ends beside daemons that loop, start, or wait", async () => {
    const { code, stdout, stderr } = await program(`
      if (import.meta.main) {
        const daemon = true;
        new Thread({ target: loop, args: [ready], daemon }).start();
        new Thread({ target: threads.waitForever, daemon }).start();
        await untilReady();
        new Thread({ target: work.sleepForever, daemon }).start();
        new Thread({ target: work.sleepForever, daemon, maxHeapMb: 32 }).start();
        new library.Timer(3_600_000, work.echo, [], { daemon }).start();
      }`);
    assertEquals([code, stdout, stderr], [0, "", ""]);
  });

  it("ends one that blocks in one of our waits, without ffi too", async () => {
    const code = `
      if (import.meta.main) {
        const thread = new Thread({ target: threads.waitInSync, args: [ready] });
        thread.start();
        await untilReady();
        thread.terminate();
        await thread.join();
        console.log(library.givenUpCount(), library.activeCount());
      }`;
    for (const flags of [["-A"], ["--allow-read", "--allow-write"]]) {
      const { stdout, stderr } = await program(code, flags);
      assertEquals([stdout, stderr], ["0 1\n", ""]);
    }
  });

  it("learns that one which was given up has yielded after all", async () => {
    const { code, stdout } = await program(`
      export async function busyFor(ms: number) {
        Deno.writeTextFileSync(ready, "ready");
        for (const end = Date.now() + ms; Date.now() < end;);
        await new Promise(() => {});
      }
      if (import.meta.main) {
        const busy = new Thread({ target: busyFor, args: [1500] });
        busy.start();
        await untilReady();
        busy.terminate();
        await busy.join();
        console.log(library.givenUpCount());
        while (library.givenUpCount() > 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        console.log("yielded");
      }`);
    assertEquals([code, stdout], [0, "1\nyielded\n"]);
  });

  it("hears of no error of one that was given up", async () => {
    const { stdout, stderr } = await program(`
      export function failWhen(path: string) {
        Deno.writeTextFileSync(ready, "ready");
        for (;;) try { throw new Error(Deno.readTextFileSync(path)); }
        catch (error) { if (!(error instanceof Deno.errors.NotFound)) throw error; }
      }
      if (import.meta.main) {
        const late = new Thread({ target: failWhen, args: [ready + "2"], name: "late" });
        late.start();
        await untilReady();
        late.terminate();
        await late.join();
        Deno.writeTextFileSync(ready + "2", "too late");
        while (library.givenUpCount() > 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        console.log(library.activeCount());
      }`);
    assertEquals(stdout, "1\n");
    assertMatch(stderr, /^late was terminated, but has not yielded .*\n$/);
  });

  it("may make them in a Web Worker of its own", async () => {
    const { code, stdout } = await program(`
      if (import.meta.main) {
        const url = ${at("./fixtures/threads_in_worker.ts")};
        const worker = new Worker(url, { type: "module" });
        worker.onmessage = ({ data }) => {
          console.log(JSON.stringify(data));
          worker.terminate();
        };
      }`);
    assertEquals([code, stdout], [
      0,
      '["below",["MainThread","below"],"MainThread",1]\n',
    ]);
  });

  it("goes on while somebody waits for a daemon", async () => {
    const { code, stdout } = await program(`
      if (import.meta.main) {
        const daemon = new Thread({
          target: () => new Promise((resolve) => setTimeout(resolve, 100, "done")),
          daemon: true,
        });
        daemon.start();
        console.log(await daemon.result());
      }`);
    assertEquals([code, stdout], [0, "done\n"]);
  });

  it("ends with the exit code of its own", async () => {
    const { code } = await program(`
      if (import.meta.main) {
        const thread = new Thread({ target: threads.leave, args: [7] });
        thread.start();
        await thread.join();
      }`);
    assertEquals(code, 0);
  });
});

describe("an error in a thread", () => {
  it("is printed with the thread's name and the stack", async () => {
    const { code, stdout, stderr } = await program(`
      if (import.meta.main) {
        const thread = new Thread({ target: work.fail, args: ["type"] });
        thread.start();
        await thread.join();
        console.log("the program goes on");
      }`);
    assertEquals([code, stdout], [0, "the program goes on\n"]);
    assertMatch(
      stderr,
      /^Exception in thread Thread-1:\nTypeError: wrong type\n/,
    );
    assertStringIncludes(stderr, "fixtures/work.ts");
  });

  it("beside its target is printed once", async () => {
    const { code, stderr } = await program(`
      if (import.meta.main) {
        const thread = new Thread({ target: work.throwBeside, args: [false] });
        thread.start();
        await thread.join();
      }`);
    assertEquals(code, 0);
    assertMatch(stderr, /^Exception in thread Thread-1:\nURIError: beside/);
    assertEquals(stderr.match(/beside the target/g)!.length, 1);
  });

  for (const kind of ["", "async"]) {
    it(`reaches a hook, and both are printed where that fails ${kind}`, async () => {
      const { code, stdout, stderr } = await program(`
      if (import.meta.main) {
        library.setExcepthook(${kind} ({ error, thread }) => {
          console.log(thread.name, String(error));
          throw new Error("the hook failed");
        });
        const thread = new Thread({ target: work.fail, args: ["type"] });
        thread.start();
        await thread.join();
      }`);
      assertEquals([code, stdout], [0, "Thread-1 TypeError: wrong type\n"]);
      assertStringIncludes(stderr, "Exception in excepthook: Error: the hook");
      assertStringIncludes(stderr, "Exception in thread Thread-1: TypeError");
    });
  }

  it("is the cure where its module starts threads", async () => {
    const { code, stderr } = await program(`
      const thread = new Thread({ target: loop, args: [""] });
      thread.start();
      await thread.result();`);
    assertEquals(code, 1);
    assertMatch(stderr, /^Exception in thread Thread-1:\nBootstrapError: /);
    assertStringIncludes(stderr, "if (import.meta.main)");
  });

  it("tells the owner that it may not load its modules", async () => {
    const { code, stdout, stderr } = await program(
      `if (import.meta.main) {
         const thread = new Thread({ target: work.echo });
         thread.start();
         console.log(await thread.result().catch((error) => error.name + ": " + error.message));
       }`,
      [],
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^BootstrapError: Cannot start Thread-1: it requires read access to ".*": .* --allow-read\n$/,
    );
  });
});

describe("the permissions of a thread", () => {
  const FLAG = "--unstable-worker-options";
  const states = (permissions: string) =>
    `if (import.meta.main) {
       try {
         const thread = new Thread({
           target: work.permissions,
           permissions: ${permissions},
         });
         thread.start();
         const states = await thread.result();
         console.log(Object.keys(states).filter((name) => states[name] === "granted").join());
       } catch (error) {
         console.log(error.name + ": " + error.message);
       }
     }`;

  it("need a flag, and the error names it", async () => {
    const { code, stdout } = await program(states('"none"'));
    assertEquals(code, 0);
    assertMatch(stdout, /^NotSupported: Cannot give a thread permissions/);
    assertStringIncludes(stdout, FLAG);
  });

  it("can be none, listed, or those of the program", {
    ignore: Deno.build.os !== "linux", // where the flag is seen
  }, async () => {
    const of = async (permissions: string, ...flags: string[]) =>
      (await program(states(permissions), [FLAG, ...flags])).stdout.trim();
    assertEquals(await of('"none"', "-A"), "");
    assertEquals(await of("{ env: true, net: ['127.0.0.1'] }", "-A"), "env");
    assertEquals(
      await of("{ read: [new URL('file:///tmp')] }", "--allow-read"),
      "",
    );
    assertEquals(
      await of('"inherit"', "--allow-read", "--allow-env"),
      "read,env",
    );
    assertMatch(
      await of("{ env: true }", "--allow-read"),
      /^NotCapable: .*--allow-env is not granted/,
    );
    assertMatch(await of("{ disk: true }", "-A"), /^TypeError: /);
  });

  it("hold for what it starts, which ends with it", {
    ignore: Deno.build.os !== "linux", // where the flag is seen
  }, async () => {
    const { code, stdout, stderr } = await program(
      `export async function below() {
         const thread = new Thread({ target: work.permissions });
         thread.start();
         const states = await thread.result();
         const process = new Process({ target: work.permissions });
         const refused = await Promise.resolve().then(() => process.start())
           .catch((error) => error.name);
         return [states.env, states.read, refused, library.activeThreads().length];
       }
       if (import.meta.main) {
         const permissions = { read: true };
         const thread = new Thread({ target: below, permissions });
         thread.start();
         console.log((await thread.result()).join());
         console.log(library.activeThreads().length);
       }`,
      [FLAG, "-A"],
    );
    assertEquals([code, stderr, stdout], [
      0,
      "",
      "prompt,granted,NotCapable,2\n1\n",
    ]);
  });

  it("cannot be had together with a limit of memory", async () => {
    const { stdout } = await program(
      `if (import.meta.main) {
         const thread = new Thread({
           target: work.echo,
           permissions: "none",
           maxHeapMb: 64,
         });
         try {
           thread.start();
         } catch (error) {
           console.log(error.name, library.activeCount());
         }
       }`,
      [FLAG, "-A"],
    );
    assertEquals(stdout, "NotSupported 1\n");
  });

  it("that are few suffice where the modules can be read", async () => {
    const { code, stdout, stderr } = await program(
      `export const half = (n: number) => n / 2;
       if (import.meta.main) {
         for (let i = 0; i < 2; i++) {
           for (const target of [half, (n: number) => n * 2]) {
             const thread = new Thread({ target, args: [21] });
             thread.start();
             console.log(await thread.result());
           }
         }
       }`,
      ["--allow-read"],
    );
    assertEquals([code, stderr, stdout], [0, "", "10.5\n42\n10.5\n42\n"]);
  });
});
