/** Who holds an end of a pipe that was given to a process without ffi, and until when. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Connection, EOFError, pipe, Queue } from "@multi/processing";
import * as work from "./fixtures/pipe_work.ts";
import { collectGarbage } from "./support/collect_garbage.ts";
import { pair } from "./support/link_pair.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { until } from "./support/until.ts";
import { start } from "./support/without_ffi.ts";

/** What was sent up to the end, all of which must have come by now. */
async function allFrom(receiver: Connection<number>): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    try {
      numbers.push(await receiver.recv({ timeout: 0 }));
    } catch (error) {
      assertInstanceOf(error, EOFError);
      return numbers;
    }
  }
}

describe("an end of a pipe in a process without ffi", () => {
  nothingLeft();

  it("is open as long as one of those has it who were given it", async () => {
    const [here, there] = pipe();
    using _here = here;
    const processes = [1, 2].map(() => start(work.echo, there));
    there.close();
    for (const [i, process] of processes.entries()) {
      await here.send(i);
      assertEquals(await here.recv(), i);
      process.kill();
      await process.join();
    }
    await assertRejects(() => here.recv({ timeout: 0 }), EOFError);
    await assertRejects(() => here.send(1), EOFError);
  });

  it("is left by one that is killed before it has it", async () => {
    const [here, there] = pipe();
    using _here = here;
    const process = start(work.echo, there);
    there.close();
    process.kill();
    await process.join();
    await assertRejects(() => here.recv({ timeout: 0 }), EOFError);
  });

  it("is still open here, where it was not closed", async () => {
    const [receiver, sender] = pipe<number>({ duplex: false });
    using _receiver = receiver;
    await start(work.sendThree, sender).join();
    await sender.send(4);
    sender.close();
    assertEquals(await allFrom(receiver), [1, 2, 3, 4]);
  });

  it("is passed on by a queue to one that comes when the first is gone", async () => {
    const [receiver, sender] = pipe<number>({ duplex: false });
    using _receiver = receiver;
    using queue = new Queue<Connection<number>>();
    const first = start(work.passOn, sender, queue);
    sender.close();
    await first.join();
    await start(work.sendThreeByOne, queue).join();
    assertEquals(await allFrom(receiver), [1, 2, 3]);
  });

  it("is let go of when it is forgotten there", async () => {
    using link = pair();
    const [here, there] = pipe();
    using _here = here;
    const forget = () =>
      void link.client.decode(link.server.encode(there, "value", "given"));
    forget();
    await until(() => {
      collectGarbage();
      return here.poll();
    });
    await assertRejects(() => here.recv(), EOFError);
  });

  it("stays what it is for who shows it to somebody", async () => {
    const link = pair();
    const [here, there] = pipe();
    using _here = here, _there = there;
    link.client.decode(link.server.encode(there, "value"));
    link.client.close();
    await until(() => link.server.ended);
    await there.send(1);
    assertEquals(await here.recv(), 1);
  });
});

describe("a program without ffi", () => {
  it("hears of the end of its processes and threads by their pipes", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "--allow-run",
      "--allow-read", // which threads need to load files
      pathOf("tests/fixtures/pipes_without_ffi.ts"),
    ]);
    assertEquals(stderr, "");
    assertEquals(stdout, "Process 1,2,3\nThread 1,2,3\n");
    assertEquals(code, 0);
  });
});
