/** The example of a master and its workers, on one machine and on three. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nothingLeft } from "./support/nothing_left.ts";
import { pathOf, type Ran } from "./support/run.ts";
import { until } from "./support/until.ts";

nothingLeft();

/** For so long a master waits that is to get all results (ms). */
const PATIENT = "60000";
/** A task that does not end by itself. */
const FOR_EVER = `${2 ** 31 - 1}`;

/** A program that is running. */
interface Running {
  /** Waits until it has printed that, or has ended. */
  prints(text: string): Promise<void>;
  kill(): void;
  readonly ended: Promise<Ran>;
}

/** Starts an example; on another host, where one is given. */
function start(host: string | null, name: string, ...args: string[]): Running {
  const command = [Deno.execPath(), "run", "-q", "-A"];
  if (host !== null) command.unshift("ip", "netns", "exec", host);
  const child = new Deno.Command(command[0]!, {
    args: [...command.slice(1), pathOf(`examples/${name}`), ...args],
    cwd: pathOf("."),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stdout = "";
  let isOver = false;
  const collect = async () => {
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      stdout += text;
    }
    isOver = true;
  };
  const errors = new Response(child.stderr).text();
  const ended = Promise.all([child.status, errors, collect()]).then((
    [{ code }, stderr],
  ) => ({ code, stdout, stderr }));
  return {
    prints: (text) => until(() => isOver || stdout.includes(text)),
    kill() {
      if (!isOver) child.kill("SIGKILL");
    },
    ended,
  };
}

const MASTER = "distributed_master.ts";
const WORKER = "distributed_worker.ts";

function freePort(): string {
  using socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `${socket.addr.port}`;
}

/** The numbers that a master has printed. */
function numbersIn({ stdout }: Ran) {
  const all = (pattern: RegExp) =>
    [...stdout.matchAll(pattern)].map(([, n]) => n!).sort();
  const missing = stdout.match(/^These never came back: (.*)$/m)?.[1];
  const got = all(/^(\d+) \* \1 = \d+$/gm);
  for (const [, n, square] of stdout.matchAll(/^(\d+) \* \d+ = (\d+)$/gm)) {
    assertEquals(Number(n) ** 2, Number(square));
  }
  return {
    put: all(/^Put task (\d+)\.\.\.$/gm),
    got,
    missing: missing?.split(", ").sort() ?? [],
  };
}

/** What a master has printed that has got all results. */
async function assertAllCame(master: Running): Promise<void> {
  const ran = await master.ended;
  assertEquals([ran.code, ran.stderr], [0, ""]);
  const { put, got, missing } = numbersIn(ran);
  assertEquals([put.length, got, missing], [10, put, []]);
  assertMatch(ran.stdout, /master exit\.\n$/);
}

function assertWorked({ code, stderr, stdout }: Ran): void {
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /worker exit\.\n$/);
}

describe("a master on this machine", () => {
  it("gives its tasks to workers that have the key", async () => {
    const port = freePort();
    const early = await start(null, WORKER, port).ended;
    assertEquals(early.code, 1);
    assertMatch(early.stdout, /worker exit\.\n$/);
    assertMatch(early.stderr, new RegExp(`127.0.0.1:${port} as nobody`));
    const master = start(null, MASTER, port, "127.0.0.1", PATIENT);
    await master.prints("Try get results");
    const stranger = await start(null, WORKER, port, "wrong").ended;
    assertEquals(stranger.code, 1);
    assertMatch(stranger.stderr, /^AuthenticationError: .*another key/);
    const workers = [1, 2].map(() => start(null, WORKER, port, "abc"));
    for (const { ended } of workers) assertWorked(await ended);
    await assertAllCame(master);
  });

  it("says which task a worker has taken with it that was killed", async () => {
    const port = freePort();
    const master = start(null, MASTER, port, "127.0.0.1", "2500");
    await master.prints("Try get results");
    const host = "127.0.0.1";
    const doomed = start(null, WORKER, port, "abc", host, FOR_EVER);
    await doomed.prints("run task");
    const worker = start(null, WORKER, port, "abc", host, "10");
    await worker.prints("run task");
    doomed.kill();
    const { stdout } = await doomed.ended;
    const ran = await master.ended;
    await worker.ended;
    assertEquals([ran.code, ran.stderr], [0, ""]);
    const { put, got, missing } = numbersIn(ran);
    // If the machine is busy, the other one may have come too late for some.
    assertEquals([...got, ...missing].sort(), put);
    const lost = stdout.match(/^run task (\d+)/m)?.[1];
    if (lost !== undefined) assert(missing.includes(lost));
    assertMatch(ran.stdout, /result queue is empty\./);
    assertMatch(ran.stdout, /master exit\.\n$/);
  });
});

const PREFIX = `mp${Deno.pid}`;
const HOSTS = ["m", "a", "b"].map((name) => `${PREFIX}${name}`);

async function ip(...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command("ip", {
      args,
      stdout: "null",
      stderr: "null",
    }).output()).success;
  } catch {
    return false;
  }
}

/** Makes three hosts in a network of their own; `false`: that cannot be done here. */
async function makeNetwork(): Promise<boolean> {
  const [master] = HOSTS as [string];
  const steps: string[][] = HOSTS.map((host) => ["netns", "add", host]);
  for (const [i, host] of HOSTS.entries()) {
    steps.push(["-n", host, "link", "set", "lo", "up"]);
    if (i === 0) continue;
    const [here, there] = [`${host}0`, `${host}1`];
    steps.push(
      ["-n", master, "link", "add", here, "type", "veth", "peer", there],
      ["-n", master, "link", "set", there, "netns", host],
      ["-n", master, "addr", "add", `10.77.${i}.1/24`, "dev", here],
      ["-n", host, "addr", "add", `10.77.${i}.2/24`, "dev", there],
      ["-n", master, "link", "set", here, "up"],
      ["-n", host, "link", "set", there, "up"],
    );
  }
  for (const step of steps) {
    if (!await ip(...step)) return false;
  }
  return true;
}

async function removeNetwork(): Promise<void> {
  for (const host of HOSTS) await ip("netns", "del", host);
}

/** Whether one may, and can, make such a network. */
async function hasNetwork(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    return await makeNetwork();
  } finally {
    await removeNetwork();
  }
}

const isPossible = await hasNetwork();

describe("a master and workers on three hosts", () => {
  it("lose nothing where one is cut off, and comes back", {
    // It takes root, `ip netns` and virtual network devices.
    ignore: !isPossible,
  }, async () => {
    try {
      assert(await makeNetwork());
      const [here, a, b] = HOSTS as [string, string, string];
      const master = start(here, MASTER, "8001", "0.0.0.0", PATIENT);
      await master.prints("Try get results");
      const far = start(a, WORKER, "8001", "abc", "10.77.1.1", "300");
      await far.prints("run task");
      assert(await ip("-n", here, "link", "set", `${a}0`, "down"));
      const near = start(b, WORKER, "8001", "abc", "10.77.2.1", "10");
      assertWorked(await near.ended);
      assert(await ip("-n", here, "link", "set", `${a}0`, "up"));
      assertWorked(await far.ended);
      await assertAllCame(master);
    } finally {
      await removeNetwork();
    }
  });
});
