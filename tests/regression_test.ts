/** What was once wrong, and is to stay right; each named for the fault. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { ThreadPool } from "@multi/processing";
import { ownHome } from "../internal/memory/home.ts";
import { LineWriter } from "../internal/launch/line_writer.ts";
import { encodeReport, Report } from "../internal/launch/report.ts";
import { ReportStream } from "../internal/launch/report_stream.ts";
import { newKey, writeFrames } from "../internal/wire/frames.ts";
import { Mark } from "./support/mark.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, programFolder, type Ran } from "./support/run.ts";
import { until } from "./support/until.ts";

/** Runs `main.ts` of a folder with these files. */
async function folder(
  files: Record<string, string>,
  { flags = ["-A"], main = "main.ts", env = {}, config = true } = {},
): Promise<Ran> {
  const folder = config ? await programFolder() : await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(
      path,
      text.replaceAll("LIBRARY", import.meta.resolve("@multi/processing")),
    );
  }
  const ran = await deno(
    ["run", "-q", "--no-prompt", ...flags, `${folder}/${main}`],
    { cwd: "/", env },
  );
  await Deno.remove(folder, { recursive: true });
  return ran;
}

describe("a child", () => {
  it("finds the packages of a project that has a package.json only", async () => {
    const { stdout, stderr } = await folder({
      "package.json": `{ "dependencies": { "foo": "*" }, "type": "module" }`,
      "node_modules/foo/package.json":
        `{ "name": "foo", "version": "1.0.0", "type": "module", "main": "foo.js" }`,
      "node_modules/foo/foo.js": "export const foo = (n) => n + 1;",
      "main.ts": `import { Process } from "LIBRARY";
        import { foo } from "foo";
        export const work = () => foo(1);
        if (import.meta.main) {
          const process = new Process({ target: work });
          process.start();
          console.log(await process.result());
        }`,
    }, { config: false });
    assertEquals([stdout, stderr], ["2\n", ""]);
  });

  it("does not get the config file of a folder where it happens to run", async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/deno.json`, "this is no JSON");
    const url = `data:application/javascript,${
      encodeURIComponent(`
        import { Process } from ${
        JSON.stringify(import.meta.resolve("@multi/processing"))
      };
        if (import.meta.main) {
          const process = new Process({ target: () => 42 });
          process.start();
          console.log(await process.result());
        }`)
    }`;
    const { stdout } = await deno(["run", "-q", "-A", url], { cwd: folder });
    await Deno.remove(folder, { recursive: true });
    assertEquals(stdout, "42\n");
  });

  it("says which imports only its own module can resolve", async () => {
    const { stdout } = await folder({
      "deno.json": `{ "workspace": ["./member"], "lock": false }`,
      "member/deno.json": `{ "imports": { "tasks": "./tasks.ts" } }`,
      "member/tasks.ts": `const k = 2; export const task = () => k;`,
      "member/main.ts": `import { Process } from "LIBRARY";
        import { task } from "tasks";
        if (import.meta.main) {
          const lost = new Process({ target: task, stderr: "null" });
          lost.start();
          console.log(await lost.result().catch((error) => error.message));
          const module = import.meta.resolve("tasks");
          const found = new Process({ target: task, module });
          found.start();
          console.log(await found.result());
        }`,
    }, { main: "member/main.ts", config: false });
    assertStringIncludes(stdout, 'module: import.meta.resolve("tasks")');
    assert(stdout.endsWith("\n2\n"), stdout);
  });

  it("loses no result where somebody made its stderr non-blocking", async () => {
    const { stdout } = await folder({
      "main.ts": `import { Process } from "LIBRARY";
        export async function work() {
          await new Deno.Command("python3", {
            args: ["-c", "import os; os.set_blocking(2, False)"],
            stderr: "inherit",
          }).output();
          return "x".repeat(5_000_000);
        }
        if (import.meta.main) {
          const process = new Process({ target: work });
          process.start();
          console.log((await process.result()).length);
        }`,
    });
    assertEquals(stdout, "5000000\n");
  });

  it("is counted where it is asked which code was run", async () => {
    const coverage = await Deno.makeTempDir();
    const { stdout } = await folder({
      "main.ts": `import { Process } from "LIBRARY";
        export const work = () => 42;
        if (import.meta.main) {
          const process = new Process({ target: work });
          process.start();
          console.log(await process.result());
        }`,
    }, { env: { DENO_COVERAGE_DIR: coverage } });
    assertEquals(stdout, "42\n");
    const modules = [...Deno.readDirSync(coverage)].map(({ name }) =>
      JSON.parse(Deno.readTextFileSync(`${coverage}/${name}`)).url
    );
    await Deno.remove(coverage, { recursive: true });
    const loads = modules.filter((url) => url.endsWith("/main.ts"));
    assertEquals(loads.length, 2); // the program's, and the child's
  });

  it("prints nothing of a rejection that a listener of its own prevents", async () => {
    const { stdout, stderr } = await folder({
      "main.ts": `import { Process } from "LIBRARY";
        import { throwBeside } from "${
        import.meta.resolve("./fixtures/work.ts")
      }";
        if (import.meta.main) {
          const process = new Process({ target: throwBeside, args: [true] });
          process.start();
          console.log(await process.result());
        }`,
    });
    assertEquals([stdout, stderr], ["unharmed\n", ""]);
  });
});

describe("a forked child", () => {
  it("may print much, which the parent passes on and does not keep", async () => {
    const { stdout } = await folder({
      "main.ts": `import { fork } from "LIBRARY";
        if (await fork() === 0) {
          const line = new Uint8Array(65536).fill(97);
          for (let i = 0; i < 800; i++) Deno.stdout.writeSync(line);
        } else {
          console.log("parent", Deno.memoryUsage().rss < 400e6);
        }`,
    });
    assertEquals(stdout.replaceAll("a", "").trim(), "prent true");
    assertEquals(stdout.length - "prent true\n".length, 800 * 65536 + 1);
  });
});

describe("a busy parent", () => {
  it("waits for a dead child's reports, however late it comes to reading them", async () => {
    using time = new FakeTime();
    const key = newKey();
    let stream!: ReadableByteStreamController;
    const readable = new ReadableStream({
      type: "bytes",
      start: (controller) => void (stream = controller),
    });
    const received: number[] = [];
    const reports = new ReportStream(
      readable,
      key,
      new LineWriter(Deno.stderr, 0, false),
      (kind) => void received.push(kind),
    );
    let drained = false;
    const end = reports.drain(false).then(() => drained = true);
    await time.tickAsync(1000);
    await time.runMicrotasks();
    assertEquals(drained, false);
    for (const kind of [Report.VALUE, Report.GOODBYE]) {
      const report = encodeReport(kind, "x".repeat(10_000));
      writeFrames(key, report, (frame) => stream.enqueue(frame.slice()));
    }
    stream.close();
    await end;
    assertEquals(received, [Report.VALUE]);
  });
});

describe("a spare process", () => {
  it("that cannot be replaced does not end the program", async () => {
    const { code, stdout } = await folder({
      "main.ts":
        `import { logToStderr, Process, setStartMethod } from "LIBRARY";
        if (import.meta.main) {
          logToStderr();
          let warned = false;
          const { writeSync } = Deno.stderr;
          Deno.stderr.writeSync = (bytes) => {
            warned ||= new TextDecoder().decode(bytes)
              .includes("a spare process could not be started");
            return writeSync.call(Deno.stderr, bytes);
          };
          setStartMethod("forkserver", { spares: 1 });
          const folder = Deno.makeTempDirSync();
          Deno.chdir(folder);
          const process = new Process({ target: () => 42 });
          process.start();
          Deno.removeSync(folder);
          await process.join();
          while (!warned) await new Promise((resolve) => setTimeout(resolve, 5));
          console.log("still here");
        }`,
    });
    assertEquals([code, stdout], [0, "still here\n"]);
  });

  for (const flags of [["-A"], ["--allow-run"]]) {
    it(`that is still loading ends with its parent, with ${flags}`, {
      ignore: Deno.build.os !== "linux",
    }, async () => {
      const mark = new Mark();
      const ended = folder({
        "main.ts": `import { setStartMethod } from "LIBRARY";
          if (import.meta.main) setStartMethod("forkserver", { spares: 1 });
          await new Promise((resolve) => setTimeout(resolve, 60_000));`,
      }, { flags, env: mark.env });
      await mark.count(2);
      const parent = mark.alive().find((line) => line.endsWith("/main.ts"))!;
      Deno.kill(parseInt(parent), "SIGKILL");
      await ended;
      await mark.noneLeft();
    });
  }
});

describe("a frame's key", () => {
  it("begins with what no text contains", () => {
    assertEquals(newKey()[0], 0xFF);
  });
});

describe("a thread that is kept after its pool has ended", () => {
  nothingLeft();

  it("does not keep the pool's shared memory", async () => {
    const { allocator } = ownHome().space;
    const before = allocator.taken();
    for (let i = 0; i < 3; i++) {
      await using pool = new ThreadPool(2);
      assertEquals(await pool.map((n: number) => n + 1, [1, 2]), [2, 3]);
      pool.close();
      await pool.join();
    }
    // Without the collector, which would have seen to it some day.
    await until(() => allocator.taken() <= before);
  });
});
