/** The command, run as a user runs it. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { HIDE_CURSOR, SHOW_CURSOR } from "@std/cli/unstable-ansi";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { type Queue, ShutDownError, WorkerLostError } from "@multi/processing";
import {
  type QueuedTask,
  QueueManager,
  type TaskResult,
} from "@multi/processing/cli";
import config from "../deno.json" with { type: "json" };
import { readCommandLine } from "../internal/cli/command_line.ts";
import { readAddress } from "../internal/cli/options.ts";
import { render } from "../internal/cli/render.ts";
import { UsageError } from "../internal/cli/usage_error.ts";
import { Mark } from "./support/mark.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { Relay } from "./support/relay.ts";
import { deno, pathOf } from "./support/run.ts";
import { Running } from "./support/running.ts";
import { hasTerminal, onTerminal } from "./support/terminal.ts";
import { until } from "./support/until.ts";

const RUN = ["run", "-q", "-A", import.meta.resolve("@multi/processing/cli")];
const TASKS = pathOf("tests/fixtures/cli_tasks.ts");
const KEY = "not-a-secret";
const MARK = new Mark();
const ENV = { MULTI_PROCESSING_AUTHKEY: KEY, ...MARK.env };

let folder: string;

/** For tests that start something: all of it must end. */
function startsCommands(): void {
  beforeAll(async () => {
    folder = await Deno.makeTempDir();
  });
  afterAll(async () => {
    await Deno.remove(folder, { recursive: true });
    await MARK.noneLeft();
  });
  nothingLeft();
}

let files = 0;
const newPath = (): string => `${folder}/${++files}`;

function command(...args: string[]): Running {
  return new Running([...RUN, ...args], ENV);
}

/** A server, and its address. */
async function serve(...args: string[]): Promise<[Running, string]> {
  const server = command("serve", ...args);
  const [, address] = await server.says(/^serving at (.+)$/m);
  return [server, address!];
}

/** The same where a stream, 1 or 2, takes nothing: as where a disk is full. */
function mute(stream: 1 | 2, ...args: string[]): Running {
  const shell = ["-c", `exec "$@" ${stream}>/dev/full`, "sh", Deno.execPath()];
  return new Running([...shell, ...RUN, ...args], ENV, "sh");
}

function worker(address: string, ...args: string[]): Running {
  return command("work", "--address", address, ...args, TASKS);
}

/** What a program of one's own uses. */
async function connect(
  address: string,
): Promise<
  & AsyncDisposable
  & { tasks: Queue<QueuedTask>; results: Queue<TaskResult> }
> {
  const manager = new QueueManager({
    address: readAddress(address),
    authkey: KEY,
  });
  await manager.connect();
  return {
    tasks: await manager.getTaskQueue(),
    results: await manager.getResultQueue(),
    [Symbol.asyncDispose]: () => manager.shutdown(),
  };
}

/** So many results, by their ids. */
async function take(
  results: Queue<TaskResult>,
  count: number,
): Promise<Map<string | number, TaskResult>> {
  const taken = new Map<string | number, TaskResult>();
  for (let i = 0; i < count; i++) {
    const result = await results.get();
    assert(!taken.has(result.id), `there are two results of ${result.id}`);
    taken.set(result.id, result);
  }
  return taken;
}

function errorOf(result: TaskResult | undefined): Error {
  assert(result !== undefined && !result.ok);
  return result.error;
}

describe("a command line", () => {
  const wrong: [args: string, message: RegExp][] = [
    ["", /say serve, work or status/],
    ["sevre", /no such command/],
    ["serve --port 1", /--port as serve has no such option: it has --address/],
    ["serve --ca x", /--ca as serve/],
    ["serve -x", /-x as serve/],
    ["serve here", /"here" as serve takes no arguments/],
    ["serve --authkey=abc", /everybody on this machine.*--authkey-file/],
    ["work --authkey abc x.ts", /everybody on this machine/],
    ["work", /without MODULE/],
    ["work a.ts b.ts", /"b.ts" as work takes nothing but MODULE/],
    ["serve -1", /-1 as serve has no such option/],
    ["work a.ts --name", /--name without a value/],
    ["work a.ts --name=", /--name as its value is empty/],
  ];
  for (const [args, message] of wrong) {
    it(`"${args}" is refused`, () => {
      const error = assertThrows(
        () => readCommandLine(args.split(" ").filter(Boolean)),
        UsageError,
      );
      assertMatch(error.message, message);
    });
  }

  it("has values that look like options, or like none", () => {
    const line = readCommandLine(["serve", "--retries", "-1", "--maxsize=-2"]);
    assert("texts" in line);
    assertEquals(line.texts, { retries: "-1", maxsize: "-2" });
    assertThrows(
      () => readCommandLine(["serve", "--retries", "", "--quiet"]),
      UsageError,
      "Cannot use --retries as its value is empty",
    );
  });

  it("has an address", () => {
    assertEquals(readAddress("localhost:1"), ["localhost", 1]);
    assertEquals(readAddress("[::1]:1"), ["::1", 1]);
    assertEquals(readAddress("./socket"), "./socket");
    assertEquals(readAddress("@name"), "\0name");
    for (const text of ["localhost", "localhost:65536", "::1:1", ":1"]) {
      assertThrows(() => readAddress(text), UsageError, text);
    }
  });

  it("that is wrong ends with 2, and says what to do", async () => {
    const status = (...args: string[]) =>
      deno([...RUN, "status", "--address=@nobody", ...args], {
        env: { ...ENV, MULTI_PROCESSING_AUTHKEY: args.length > 0 ? KEY : "" },
      });
    const [wrong, keyless, nobody] = await Promise.all([
      status("--interval=0"),
      status(),
      status("--once"),
    ]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertMatch(
      wrong.stderr,
      /^Cannot use "0" as --interval: .* >= 1\n.*--help/,
    );
    assertEquals([keyless.code, keyless.stdout], [2, ""]);
    assertMatch(keyless.stderr, /MULTI_PROCESSING_AUTHKEY is empty/);
    assertEquals([nobody.code, nobody.stdout], [1, ""]);
    assertMatch(nobody.stderr, /nobody serves at @nobody: start "serve" there/);
  });

  it("of a server that cannot listen ends with 1, and says why", async () => {
    const tls = (name: string) => pathOf(`tests/fixtures/tls/${name}.pem`);
    const noPair = [`--cert=${tls("cert")}`, `--key=${tls("authority_key")}`];
    const wrong: [args: string[], message: RegExp][] = [
      [["serve", "--address=a b:0"], /^TypeError: .* a b:0 as the host is no/m],
      [
        ["status", "--address=a b:1"],
        /^TypeError: .* a b:1 as the host is no/m,
      ],
      [
        ["work", "--quiet", "--address=a b:1", TASKS],
        /^TypeError: .* a b:1 as the host is no/m,
      ],
      [
        ["serve", "--address=host.invalid:0"],
        /^Error: Cannot listen at host\.invalid:0 as the host is not known: /m,
      ],
      [
        ["serve", "--address=127.0.0.1:0", ...noPair],
        /^InvalidData: .* "tls\.key" are no certificate with its key/m,
      ],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await deno([...RUN, ...args], {
        env: ENV,
      });
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, message);
      const lines = stderr.trim().split("\n");
      assert(lines.every((line) => !line.startsWith(" ")), stderr);
    }
  });

  it("asks for help, or the version", async () => {
    const [help, version] = await Promise.all([
      deno([...RUN, "--help"]),
      deno([...RUN, "--version"]),
    ]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertMatch(help.stdout, /^ +--authkey-file FILE/m);
    assertEquals(version, {
      code: 0,
      stdout: `${config.version}\n`,
      stderr: "",
    });
  });

  it("asks for help on one command, which names the options that it takes", async () => {
    const asks = {
      serve: "serve --help",
      work: "help work",
      status: "status -h",
    };
    await Promise.all(
      Object.entries(asks).map(async ([name, args]) => {
        const line = [...RUN, ...args.split(" ")];
        const { code, stdout, stderr } = await deno(line);
        assertEquals([code, stderr], [0, ""]);
        assertMatch(stdout, new RegExp(`^${name} .*\\.\n`, "s"));
        const { message } = assertThrows(
          () => readCommandLine([name, "--nothing"]),
          UsageError,
        );
        const taken = message.split("it has ")[1]!.split(", ");
        const named = [...stdout.matchAll(/^ +--.*/gm)].flatMap(([line]) =>
          line.match(/(?<= )--[a-z-]+/g)!
        );
        assertEquals(named.sort(), taken.sort());
      }),
    );
  });
});

describe("the command", () => {
  let server: Running;
  let address: string;
  beforeAll(async () => {
    [server, address] = await serve("--address", "127.0.0.1:0");
  });
  afterAll(() => server[Symbol.asyncDispose]());
  startsCommands();

  it("does tasks, and says of each what became of it", async () => {
    await using work = worker(address, "--name=w", "--processes=2");
    await using client = await connect(address);
    const { tasks, results } = client;
    const path = newPath();
    await tasks.put({ fn: "hold", args: [path], id: "held" });
    await tasks.putMany([
      { fn: "square", args: [3] },
      { fn: "fail", args: ["no"], id: "fails" },
      { fn: "square", args: [4], id: "squared" },
      { fn: "die", id: "dies", retries: 1 },
      { fn: "Kind", id: "absent" },
      { fn: "unsendable", id: "unsendable" },
      { fn: "hold", args: [newPath()], id: "slow", timeout: 100 },
      { fun: "square" } as unknown as QueuedTask,
    ]);
    const got = await take(results, 8);
    const squared = got.get("squared")!;
    assertEquals({ ...squared, ms: 0 }, {
      id: "squared",
      fn: "square",
      worker: "w",
      attempts: 1,
      ms: 0,
      ok: true,
      value: 16,
    });
    const second = got.get(-2);
    assertEquals(second?.ok && second.value, 9);
    assertInstanceOf(errorOf(got.get("fails")), RangeError);
    assertInstanceOf(errorOf(got.get("dies")), WorkerLostError);
    assertEquals(got.get("dies")?.attempts, 2);
    assertMatch(
      errorOf(got.get("absent")).message,
      /exports no function of that name: it has .*square/,
    );
    assertEquals(errorOf(got.get("unsendable")).name, "DataCloneError");
    assertEquals(errorOf(got.get("slow")).name, "TimeoutError");
    assertMatch(errorOf(got.get(-9)).message, /must be \{ fn: string/);

    await until(() => exists(path));
    const json = await deno(
      [...RUN, "status", "--json", "--address", address],
      { env: ENV },
    );
    const status = JSON.parse(json.stdout);
    const [{ running, ...w }] = status.workers;
    assertEquals([status.done, status.failed, status.retried], [2, 6, 1]);
    assertEquals([running.length, running[0].id], [1, "held"]);
    assertEquals(w, {
      name: "w",
      processes: 2,
      done: 2,
      failed: 5,
      isLeaving: false,
    });

    // It finishes what it has, and takes no more.
    work.kill("SIGINT");
    await server.says(/^w takes no more tasks$/m);
    assertMatch(
      render(status, address),
      /^w +1\/2 +2 +5 +hold \(held\) [\d.]+ s$/m,
    );
    await tasks.put({ fn: "square", args: [5], id: "later" });
    await Deno.remove(path);
    assertEquals((await take(results, 1)).get("held")?.ok, true);
    assertEquals(await work.ended(), 0);

    await using other = worker(address, "--threads", "--processes=1");
    assertEquals((await take(results, 1)).get("later")?.ok, true);
    other.kill("SIGTERM");
    assertEquals(await other.ended(), 0);
  });

  it("does the tasks of an example", async () => {
    const module = pathOf("examples/command_tasks.ts");
    await using work = command("work", "--address", address, module);
    const client = pathOf("examples/command_client.ts");
    const ran = await deno(["run", "-q", "-A", client, address], { env: ENV });
    assertEquals([ran.code, ran.stderr], [0, ""]);
    assertEquals(
      ran.stdout.trim().split("\n").sort(),
      [
        "primes below 1000: 168",
        "primes below 2000: 303",
        "primes below 3000: 430",
        'primes below "4000" failed: TypeError: "4000" is no number',
      ].sort(),
    );
    work.kill("SIGINT");
    assertEquals(await work.ended(), 0);
  });

  it("gives to others what a worker had that is killed", async () => {
    const [doomed, hasty] = [newPath(), newPath()];
    await using client = await connect(address);
    await using first = worker(address, "--name=first", "--processes=1");
    await client.tasks.put({ fn: "hold", args: [doomed], id: 1 });
    await until(() => exists(doomed));
    first.kill("SIGKILL");
    await using second = worker(address, "--name=second", "--processes=1");
    const pids = async () =>
      (await Deno.readTextFile(doomed)).trim().split("\n");
    await until(async () => (await pids()).length === 2);
    await Deno.remove(doomed);
    const one = (await take(client.results, 1)).get(1)!;
    assertEquals([one.ok, one.worker, one.attempts], [true, "second", 2]);

    // Told twice, it does not wait.
    await client.tasks.put({ fn: "hold", args: [hasty], id: 2, retries: 0 });
    await until(() => exists(hasty));
    second.kill("SIGTERM");
    await server.says(/second takes no more tasks/);
    second.kill("SIGTERM");
    assertEquals(await second.ended(), 130);
    const two = (await take(client.results, 1)).get(2);
    assertInstanceOf(errorOf(two), WorkerLostError);
    assertMatch(errorOf(two).message, /second has died/);
  });

  it("finds a worker again whose connection was cut", async () => {
    const path = newPath();
    await using client = await connect(address);
    using relay = new Relay(address);
    await using work = worker(relay.address, "--name=cut", "--processes=1");
    await client.tasks.put({ fn: "hold", args: [path], id: 1, retries: 9 });
    await until(() => exists(path));
    relay.cut();
    await work.says(/lost the server[^]*connected to the server/);
    await Deno.remove(path);
    const one = (await take(client.results, 1)).get(1)!;
    // Whether it was noticed before it was back, or not.
    assertEquals([one.ok, one.worker, one.attempts], [true, "cut", 1]);
    work.kill("SIGINT");
    assertEquals(await work.ended(), 0);
  });

  it("refuses who has another key, and goes on", async () => {
    const file = newPath();
    await Deno.writeTextFile(file, "another\n", { mode: 0o644 });
    await using stranger = worker(address, "--authkey-file", file);
    assertEquals(await stranger.ended(), 1);
    assertMatch(stranger.stderr, /^AuthenticationError: .*another key/m);
    await server.says(/WARNING.*key/);
    assertMatch(stranger.stderr, /^warning: others can read the key in /m);
    await Deno.writeTextFile(file, `${KEY}\n`, { mode: 0o600 });
    const ran = await deno(
      [...RUN, "status", "--address", address, "--authkey-file", file],
      { env: { MULTI_PROCESSING_AUTHKEY: "" } },
    );
    assertEquals([ran.code, ran.stderr], [0, ""]);
    assertMatch(ran.stdout, /^queued 0 {2}running 0 .*\n\nno workers\n$/m);
  });

  it({
    name: "does not end for what it cannot say",
    ignore: Deno.build.os !== "linux", // where /dev/full is
    async fn() {
      const address = `@cli-${crypto.randomUUID()}`;
      const at = ["--address", address];
      await using server = mute(2, "serve", ...at);
      await server.says(/^serving at /m);
      await using work = mute(2, "work", ...at, "--processes=1", TASKS);
      {
        await using client = await connect(address);
        await client.tasks.put({ fn: "square", args: [3] });
        const result = await client.results.get();
        assertEquals(result.ok && result.value, 9);
      }
      for (const running of [work, server]) {
        running.kill("SIGINT");
        assertEquals(await running.ended(), 0);
      }
    },
  });

  it({
    name: "ends where it cannot give what was asked for",
    ignore: Deno.build.os !== "linux", // where /dev/full is
    async fn() {
      await using status = mute(1, "status", "--address", address);
      assertEquals(await status.ended(), 1);
      assertMatch(
        status.stderr,
        /^ProcessError: Cannot write to stdout: No space left on device.*\n$/,
      );
    },
  });

  it("does not work for a module that it cannot load", async () => {
    const none = command("work", "--address", address, newPath());
    await using _ = none;
    assertEquals(await none.ended(), 1);
    assertMatch(none.stderr, /^ProcessError: Cannot work as file:.*not found/m);
    const path = `${newPath()}.ts`;
    await Deno.writeTextFile(path, `import "name-of-a-config-file";`);
    const unnamed = command("work", "--address", address, path);
    await using _too = unnamed;
    assertEquals(await unnamed.ended(), 1);
    assertMatch(
      unnamed.stderr,
      /^ProcessError: Cannot work as file:.*: run "work" by `deno run --config .*"name-of-a-config-file" not a dependency/m,
    );
  });

  it("tells clients that it ends, and who runs it what is left", async () => {
    await using client = await connect(address);
    await client.tasks.putMany([{ fn: "square" }, { fn: "square" }]);
    const waits = assertRejects(() => client.results.get(), ShutDownError);
    await client.results.qsize(); // so it has come to the server
    server.kill("SIGINT");
    await waits;
    assertEquals(await server.ended(), 0);
    assertMatch(server.stderr, /ends with tasks: 2 queued\n$/);
  });
});

describe({
  name: "on a terminal",
  ignore: !await hasTerminal(),
  fn() {
    let server: Running;
    let address: string;
    beforeAll(async () => {
      [server, address] = await serve(
        "--address",
        `@cli-${crypto.randomUUID()}`,
      );
    });
    afterAll(async () => {
      server.kill("SIGINT");
      assertEquals(await server.ended(), 0);
    });
    startsCommands();

    it("status draws itself anew", async () => {
      await using client = await connect(address);
      await using status = typed(address, "status", "--interval=5");
      await status.says(/queued 0/);
      await client.tasks.put({ fn: "square" });
      await status.says(/queued 1/);
      assertEquals(await client.tasks.get(), { fn: "square" });
      await status.types("\x03");
      assertEquals(await status.ended(), 0);
      assertStringIncludes(status.stdout, HIDE_CURSOR);
      assertMatch(status.stdout, /queued 0[^]*queued 1/);
      assert(status.stdout.endsWith(SHOW_CURSOR));
    });

    it("Ctrl-C lets a worker finish", async () => {
      await using client = await connect(address);
      const path = newPath();
      await using work = typed(
        address,
        "work",
        "--processes=2",
        TASKS,
      );
      await client.tasks.put({ fn: "hold", args: [path], id: 1, retries: 0 });
      await until(() => exists(path));
      await work.types("\x03");
      await server.says(/takes no more tasks/);
      await Deno.remove(path);
      assertEquals((await take(client.results, 1)).get(1)?.ok, true);
      assertEquals(await work.ended(), 0);
    });
  },
});

function typed(address: string, name: string, ...args: string[]): Running {
  const [program, ...rest] = onTerminal(
    [...RUN, name, "--address", address, ...args],
  );
  return new Running(rest, ENV, program);
}

describe("a server that goes and comes back", () => {
  startsCommands();

  it("finds its workers again", async () => {
    const cert = pathOf("tests/fixtures/tls/cert.pem");
    const key = pathOf("tests/fixtures/tls/key.pem");
    const tls = ["--cert", cert, "--key", key];
    const [server, address] = await serve("--address", "127.0.0.1:0", ...tls);
    await using first = server;
    await using work = worker(address, "--ca", cert, "--processes=1");
    const path = newPath();
    {
      await using manager = await connectTls(address, cert);
      const tasks = await manager.getTaskQueue();
      await tasks.put({ fn: "hold", args: [path], id: "held" });
      await until(() => exists(path));
      first.kill("SIGKILL");
      await first.ended();
    }
    await work.says(/waits for the server at /);
    await using second = (await serve("--address", address, ...tls))[0];
    await Deno.remove(path);
    await work.says(/what task held \(hold\) gave is lost/);
    await using manager = await connectTls(address, cert);
    await (await manager.getTaskQueue()).put({ fn: "square", args: [3] });
    const result = await (await manager.getResultQueue()).get();
    assertEquals(result.ok && result.value, 9);
    second.kill("SIGTERM");
    assertEquals(await second.ended(), 0);
    await work.says(/the server stops\n[^]*waits for the server at /);
    assertEquals(work.stderr.match(/lost the server: /g)?.length, 2);
    work.kill("SIGINT"); // while it waits
    assertEquals(await work.ended(), 0);
  });
});

async function connectTls(address: string, ca: string): Promise<QueueManager> {
  const manager = new QueueManager({
    address: readAddress(address),
    authkey: KEY,
    tls: { caCerts: [await Deno.readTextFile(ca)] },
  });
  await manager.connect();
  return manager;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}
