/** The exercise, with one of its processes killed in the middle. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nothingLeft } from "./support/nothing_left.ts";
import { childrenOf } from "./support/process_table.ts";
import { pathOf } from "./support/run.ts";

nothingLeft();

const COUNT = 1000;
/** How many requests a process has in its hands. */
const HANDS = 3 * 5;

/** A server that counts, and that may be told to keep its answers back. */
class Server implements AsyncDisposable {
  /** What was asked for, in order. */
  readonly seen: string[] = [];
  readonly #gates: { at: number; open: Promise<void> }[] = [];
  readonly #reached = new Map<number, () => void>();
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async ({ url }) => {
      const count = this.seen.push(url);
      this.#reached.get(count)?.();
      for (const { at, open } of this.#gates) if (count > at) await open;
      return new Response("hello");
    },
  );

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Answers no request after so many, until what this gives is called. */
  holdAfter(at: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.push({ at, open: promise });
    return resolve;
  }

  /** Resolves with the request of that number. */
  whenSeen(count: number): Promise<void> {
    return new Promise((resolve) => this.#reached.set(count, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Runs the example, and kills one of its processes at that request. */
async function killOne(
  server: Server,
  request: number,
  afterwards = () => {},
): Promise<{ stdout: string; lost: string[] }> {
  const whenSeen = server.whenSeen(request);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", pathOf("examples/requests_2x3x5.ts")],
      ...[String(COUNT), server.url],
    ],
    cwd: pathOf("."),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = child.output();
  await whenSeen;
  const processes = childrenOf(child.pid);
  if (processes.length === 2) Deno.kill(processes[0]!, "SIGKILL");
  else child.kill(); // it could wait for ever
  afterwards();
  const output = await ended;
  assertEquals(processes.length, 2);
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  assertMatch(
    stderr,
    /^Process-[12] \(pid \d+\) was ended by signal 9 \(SIGKILL\) .*\n$/,
  );
  const lost = [...stdout.matchAll(/^never came back: (.*)$/gm)];
  assertEquals(output.code, lost.length > 0 ? 1 : 0);
  return { stdout, lost: lost.map(([, url]) => url!) };
}

/** What holds whenever it was killed. */
function check(server: Server, stdout: string, lost: string[]): void {
  assert(lost.length <= HANDS, stdout);
  const done = COUNT - lost.length;
  assertMatch(stdout, new RegExp(`\n${done} requests, ${done} URLs\n`));
  const seen = new Set(server.seen);
  assertEquals(seen.size, server.seen.length, "a URL was fetched twice");
  const all = Array.from({ length: COUNT }, (_, i) => `${server.url}?${i}`);
  assertEquals(all.filter((url) => !seen.has(url) && !lost.includes(url)), []);
}

describe({
  name: "2 processes × 3 threads × 5 coroutines, of which a process is killed",
  ignore: Deno.build.os !== "linux", // where a process's children are listed
  fn() {
    it("lose what it waits for, and name it", async () => {
      await using server = new Server();
      const goOn = server.holdAfter(300);
      const { stdout, lost } = await killOne(server, 300 + 2 * HANDS, goOn);
      check(server, stdout, lost);
      const held = server.seen.slice(300, 300 + 2 * HANDS);
      assertEquals(lost.length, HANDS);
      assertEquals(lost.filter((url) => !held.includes(url)), []);
    });

    it("lose no more than it has in its hands where all are busy", async () => {
      await using server = new Server();
      const begin = server.holdAfter(0);
      void server.whenSeen(2 * HANDS).then(begin); // all of them are up
      const { stdout, lost } = await killOne(server, 400);
      check(server, stdout, lost);
    });
  },
});
