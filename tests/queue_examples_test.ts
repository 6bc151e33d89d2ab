/** The examples about queues and pipes, run as a user runs them. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Mark } from "./support/mark.ts";
import { deno, pathOf } from "./support/run.ts";

/** Runs an example; gives its lines. */
async function example(
  name: string,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<string[]> {
  const { code, stdout, stderr } = await deno(
    ["run", "-q", "-A", pathOf(`examples/${name}`), ...args],
    { env },
  );
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim().split("\n");
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

describe("the example", () => {
  it("queue_basics.ts", async () => {
    assertEquals(await example("queue_basics.ts"), [
      "Empty: true",
      "Full: true, 5 items",
      "FullError: f is not in the queue",
      ..."abcde",
      "EmptyError: there is nothing to get",
    ]);
  });

  it("queue_write_read.ts", async () => {
    const lines = await example("queue_write_read.ts");
    const with_ = (start: string) =>
      lines.filter((line) => line.startsWith(start));
    assertEquals(with_("Process to ").length, 2);
    assertEquals(with_("Put"), [..."ABC"].map((c) => `Put ${c} to queue...`));
    assertEquals(with_("Get"), [..."ABC"].map((c) => `Get ${c} from queue.`));
    assertEquals(lines.at(-1), "The reader has ended with -15.");
  });

  it("queue_requests.ts", async () => {
    let requests = 0;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => {
        requests++;
        return new Response("hello");
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}/`;
    for (const args of [[], [url]]) {
      const lines = await example("queue_requests.ts", {}, ...args);
      assertEquals(lines.pop(), "All done.");
      const pages = lines.map((line) =>
        line.match(/\?page=(\d): 200 in process \d+$/)![1]!
      );
      assertEquals(pages.toSorted(), [..."0123456789"]);
    }
    assertEquals(requests, 10);
  });

  it("producers_consumers_timeout.ts", async () => {
    const lines = await example("producers_consumers_timeout.ts");
    assertEquals(lines.pop(), "All have ended");
    const got = lines.filter((line) => line.includes(" has got "))
      .map((line) => line.replace(/^(Dave|Erin) has got /, ""));
    const made = ["Alice", "Bob", "Carol"].flatMap((name) =>
      range(10).map((i) => `${name}'s item ${i}`)
    );
    assertEquals(got.toSorted(), made.toSorted());
    for (const name of ["Dave", "Erin"]) {
      assert(lines.includes(`${name} has ended`));
    }
  });

  it("producers_consumers_joinable.ts", async () => {
    const mark = new Mark();
    const lines = await example("producers_consumers_joinable.ts", mark.env);
    assertEquals(mark.alive(), [], "the daemons are still there");
    const consumed = lines.filter((line) => line.includes(" has consumed "))
      .map((line) => line.replace(/^(Dave|Erin) has consumed /, ""));
    const made = ["Alice", "Bob", "Carol"].flatMap((name) =>
      range(10).map((i) => `${name}'s item ${i}`)
    );
    assertEquals(consumed.toSorted(), made.toSorted());
    for (const name of ["Alice", "Bob", "Carol"]) {
      const last = lines.findLastIndex((line) => line.includes(`${name}'s`));
      assert(lines.indexOf(`${name} knows that all is consumed`) > last);
    }
    assert(lines.some((line) => /^Consumers: \d+, \d+$/.test(line)));
  });

  it("many_to_many.ts", async () => {
    const lines = await example("many_to_many.ts");
    assertEquals(lines.pop(), "All is consumed.");
    const items = lines.map((line) => {
      assertMatch(line, /^Consumer [0-4] has consumed \d\/\d$/);
      return line.slice(-3);
    });
    assertEquals(
      items.toSorted(),
      range(10).flatMap((id) => range(10).map((i) => `${id}/${i}`)),
    );
  });

  it("pipe_hello.ts", async () => {
    assertEquals(await example("pipe_hello.ts"), [
      ...Array(20).fill("Received: hello"),
      "EOFError: nobody sends any more",
    ]);
  });

  it("pipe_producer_consumers.ts", async () => {
    const lines = await example("pipe_producer_consumers.ts");
    const end = "EOFError: the producer has ended";
    assertEquals(lines.filter((line) => line === end).length, 3);
    const items = lines.filter((line) => line !== end).map((line) =>
      Number(line.match(/^Process \d+ has consumed (\d+)$/)![1])
    );
    assertEquals(items.toSorted((a, b) => a - b), range(30));
  });
});
