/** The examples, run as a user runs them. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { cpuCount } from "@multi/processing";
import { deno, pathOf, type Ran } from "./support/run.ts";
import { times } from "./support/times.ts";

const example = (name: string, ...args: string[]): Promise<Ran> =>
  deno(["run", "-q", "-A", pathOf(`examples/${name}`), ...args]);

/** Says hello to all, and counts them. */
function countingServer() {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => {
      counting.requests++;
      return new Response("hello");
    },
  );
  const counting = {
    requests: 0,
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return counting;
}

/** As many as they have by themselves, or a share of that. */
const processes = Math.max(8, times(70));
const fewer = processes < 70 ? [`${processes}`] : [];

describe("the example", () => {
  it("process_hello.ts", async () => {
    const { code, stdout, stderr } = await example("process_hello.ts");
    const lines = stdout.split("\n");
    assertEquals([code, stderr, lines.length], [0, "", 5]);
    const [, parent] = lines[0]!.match(/^Parent process (\d+)\.$/)!;
    assertEquals(lines[1], "Child process will start.");
    const [, child] = lines[2]!.match(
      /^Run child process test \((\d+)\)\.\.\.$/,
    )!;
    assertNotEquals(parent, child);
    assertEquals(lines[3], "Child process end.");
  });

  it("process_requests.ts", async () => {
    const { code, stdout, stderr } = await example("process_requests.ts");
    assertEquals([code, stderr], [0, ""]);
    const pids = [...stdout.matchAll(/has pid (\d+)/g)].map((match) =>
      match[1]
    );
    assertEquals(new Set(pids).size, 3);
    assertEquals(stdout.replaceAll(/pid \d+/g, "pid {}").trim().split("\n"), [
      "Process-1 is alive: true",
      "Process-2 is alive: true",
      "Process-3 is alive: true",
      "Process-1 has pid {}",
      "Process-1 is alive: false",
      "Process-2 has pid {}",
      "Process-2 is alive: false",
      "Process-3 has pid {}",
      "Process-3 is alive: false",
    ]);
  });

  it("process_requests.ts with a URL", async () => {
    await using server = countingServer();
    const { code } = await example("process_requests.ts", server.url);
    assertEquals([code, server.requests], [0, 3]);
  });

  it("process_crash.ts", async () => {
    const { code, stdout, stderr } = await example("process_crash.ts");
    assertEquals(code, 0);
    assertEquals(stdout.trim().split("\n"), [
      "One child is fine.",
      "throws: exit code 1",
      "waits: exit code -9",
      "exits: exit code 3",
      "isFine: exit code 0",
      "The main process is fine, too.",
    ]);
    assertMatch(stderr, /^Process throws:\nError: out of luck\n/);
  });

  it("supervisor.ts", {
    ignore: Deno.build.os !== "linux", // its processes share a dict
  }, async () => {
    const { code, stdout, stderr } = await example("supervisor.ts");
    assertEquals(
      [code, stdout, stderr],
      [0, "4 workers died\n20 jobs are done\n", ""],
    );
  });

  it("thread_hello.ts", async () => {
    const { code, stdout, stderr } = await example("thread_hello.ts");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.trim().split("\n"), [
      "The thread MainThread is running",
      "The thread loopthread is running",
      ...[1, 2, 3, 4, 5].map((n) => `loopthread >>> ${n}`),
      "The thread loopthread has ended",
      "The thread MainThread has ended",
    ]);
  });

  it("thread_local.ts", async () => {
    const { code, stdout, stderr } = await example("thread_local.ts");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.trim().split("\n").sort(), [
      "Hello, Alice (in Thread-A)",
      "Hello, Bob (in Thread-B)",
    ]);
  });

  it("thread_race.ts and thread_lock.ts", async () => {
    const race = await example("thread_race.ts");
    assertEquals([race.code, race.stderr], [0, ""]);
    assertMatch(race.stdout, /^balance: -?\d+\n$/); // whatever it is
    const lock = await example("thread_lock.ts");
    assertEquals([lock.code, lock.stderr], [0, ""]);
    assertEquals(lock.stdout, "balance: 0\n");
    // The threads of a program without ffi share other memory.
    const without = await deno([
      "run",
      "-q",
      pathOf("examples/thread_lock.ts"),
    ]);
    assertEquals(without.stdout, "balance: 0\n");
  });

  it("pool_map.ts, pool_default.ts and pool_copies.ts", async () => {
    assertEquals((await example("pool_map.ts")).stdout, "[ 1, 4, 9 ]\n");
    const doubled = Array.from({ length: 13 }, (_, i) => 2 * i).join(", ");
    const { stdout } = await example("pool_default.ts");
    assertEquals(stdout, `[${doubled}]\n`);
    assertEquals((await example("pool_copies.ts")).stdout.trim().split("\n"), [
      "[1, 0, 0, 0, 0]",
      "[0, 2, 0, 0, 0]",
      "[0, 0, 3, 0, 0]",
      "[0, 0, 0, 4, 0]",
      "[0, 0, 0, 0, 5]",
      "parent: [0, 0, 0, 0, 0]",
    ]);
  });

  it("pool_tasks.ts has ten tasks done by three at a time", async () => {
    const { code, stdout, stderr } = await example("pool_tasks.ts");
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trim().split("\n");
    const frame = lines.filter((line) => !line.startsWith("task "));
    assertEquals(frame, [
      "-------start--------",
      "close",
      "join",
      "--------end--------",
    ]);
    let running = 0;
    for (const line of lines) {
      if (/ starts in /.test(line)) running++;
      if (/ ran for /.test(line)) running--;
      assertEquals(running >= 0 && running <= 3, true, stdout);
    }
    const starts = [...stdout.matchAll(/ starts in process (\d+)/g)];
    assertEquals(starts.length, 10);
    assertEquals(new Set(starts.map(([, pid]) => pid)).size <= 3, true);
  });

  it("pool_tour.ts", async () => {
    const { code, stdout, stderr } = await example("pool_tour.ts");
    assertEquals([code, stderr], [0, ""]);
    const squares = Array.from({ length: 10 }, (_, i) => i * i);
    const numbers = stdout.match(/^\d+$/gm)!.map(Number);
    assertEquals(numbers.slice(0, 10).sort((a, b) => a - b), squares);
    assertEquals(numbers[10], 400);
    assertMatch(stdout, /\nWe lacked patience and got a TimeoutError\n/);
    assertMatch(stdout, /more work\n9\nNow the pool is closed/);
  });

  it("requests_2x3x5.ts fetches each URL once", {
    ignore: Deno.build.os !== "linux", // threads of two processes share queues
  }, async () => {
    await using server = countingServer();
    const { code, stdout, stderr } = await example(
      "requests_2x3x5.ts",
      "1000",
      server.url,
    );
    assertEquals([code, stderr, server.requests], [0, "", 1000]);
    assertMatch(stdout, /^fetchAll took [\d.]+ s\n/);
    assertMatch(stdout, /\n1000 requests, 1000 URLs\n$/);
    const each = [
      ...stdout.matchAll(/^coroutine [12]\.[123]\.[1-5]: (\d+)$/gm),
    ];
    assertEquals(each.reduce((sum, [, n]) => sum + Number(n), 0), 1000);
  });

  it("cpu_bound.ts", async () => {
    const { code, stdout, stderr } = await example("cpu_bound.ts", "20000");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^threads +1 +\d+ ms +speed-up 1\.00\n/);
    assertMatch(stdout, /\nprocesses 1 +\d+ ms +speed-up 1\.00\n/);
    if (cpuCount() === 1) return; // then there is no more to be seen
    for (const kind of ["threads", "processes"]) {
      assertMatch(
        stdout,
        new RegExp(`^${kind} +2 +\\d+ ms +speed-up \\d+\\.\\d\\d$`, "m"),
      );
    }
  });

  it("unguarded.ts fails with the cure, and starts no more processes", async () => {
    const { code, stdout, stderr } = await example("unguarded.ts");
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^Process Process-1:\nBootstrapError: /);
    assertMatch(stderr, /Uncaught \(in promise\) Bootstrap.*rror/);
    assertMatch(stderr, /if \(import\.meta\.main\)/);
  });

  it("subprocess_call.ts", async () => {
    const { code, stdout } = await example("subprocess_call.ts");
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^\$ nslookup -timeout=2 deno\.com\n[^]*Exit code: \d+\n$/,
    );
  });

  it("subprocess_communicate.ts", async () => {
    const { code, stdout } = await example("subprocess_communicate.ts");
    assertEquals(code, 0);
    assertMatch(stdout, /^\$ nslookup\n[^]*\nExit code: \d+\n$/);
  });

  it("subprocess_*.ts where there is no nslookup", async () => {
    const withoutPath = async (name: string) =>
      (await deno(["run", "-q", "-A", pathOf(`examples/${name}`)], {
        env: { PATH: "/nowhere" },
      })).stdout.split("\n").slice(1);
    const [none, command, version, ...rest] = await withoutPath(
      "subprocess_call.ts",
    );
    assertEquals(none, "There is no nslookup here.");
    assertEquals(command, `$ ${Deno.execPath()} --version`);
    assertMatch(version!, /^deno \d/);
    assertEquals(rest.slice(-2), ["Exit code: 0", ""]);
    assertEquals(await withoutPath("subprocess_communicate.ts"), [
      "There is no nslookup here.",
      `$ ${Deno.execPath()} repl -q`,
      "42",
      "",
      "Exit code: 0",
      "",
    ]);
  });

  it("coroutines.ts", async () => {
    const { code, stdout, stderr } = await example("coroutines.ts");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.trim().split("\n"), [
      "Async functions:",
      "ping: 1",
      "pong: 1",
      "ping: 2",
      "pong: 2",
      "ping: 3",
      "pong: 3",
      "Generators:",
      "left: 1",
      "right: 1",
      "left: 3",
      "right: 3",
      "left: 6",
      "right: 6",
      "right: 10",
      "6",
      "10",
      "One that waits, and one that is killed:",
      "waited",
      "cleaned up",
    ]);
  });

  it("shared_dict_race.ts", async () => {
    const { code, stdout, stderr } = await example(
      "shared_dict_race.ts",
      ...fewer,
    );
    assertEquals([code, stderr], [0, ""]);
    const [, count] = stdout.match(/^count: (\d+) /)!;
    assert(Number(count) >= 100 - processes && Number(count) < 100);
  });

  it("shared_dict_lock.ts", async () => {
    const { code, stdout, stderr } = await example(
      "shared_dict_lock.ts",
      ...fewer,
    );
    assertEquals([code, stderr], [0, ""]);
    const left = 100 - processes;
    assertEquals(stdout, `with a lock: ${left}\nwith update: ${left}\n`);
  });
});
