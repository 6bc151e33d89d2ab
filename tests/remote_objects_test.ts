/** Objects in processes that cannot look at the memory of those who made them. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  EOFError,
  Process,
  Queue,
  TimeoutError,
} from "@multi/processing";
import {
  delegate,
  enterAndStay,
  enterTwice,
  fail,
  move,
  offerOwn,
  put,
  returnOwn,
  same,
  take,
  takeAborted,
  takeAndPut,
  takeWithin,
} from "./fixtures/box_work.ts";
import { passOn, putByThread } from "./fixtures/passes_to_thread.ts";
import { Box } from "./support/box.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { until } from "./support/until.ts";
import { start } from "./support/without_ffi.ts";

nothingLeft();

/** Runs a function in a process without any permission. */
function run<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  return runWith("none", target, ...args);
}

async function runWith<A extends unknown[], R>(
  permissions: "none" | Deno.PermissionOptionsObject,
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  const process = new Process<A, R>({ target, args, permissions } as never);
  process.start();
  try {
    return await process.result();
  } finally {
    await process.join();
  }
}

describe("an object in a process without ffi", () => {
  it("is used there, and is here", async () => {
    const box = new Box();
    assertEquals(await run(put, box, { a: [1, 2, 3] }), 1);
    assertEquals(await box.take(), { a: [1, 2, 3] });
  });

  it("is waited for there", async () => {
    const box = new Box();
    const process = start(take, box);
    await until(() => box.events.includes("waits"));
    await box.put("at last");
    assertEquals(await process.result(), "at last");
    await process.join();
  });

  it("is given up there, and loses nothing", async () => {
    const box = new Box();
    await assertRejects(() => run(takeWithin, box, 1), TimeoutError);
    assertEquals(await run(takeAborted, box), "waiting enough");
    await box.put(1);
    assertEquals(await box.size(), 1);
  });

  it("comes home as itself, as an item and as a result", async () => {
    const box = new Box();
    assertEquals(await run(put, box, [box]), 1);
    assertStrictEquals((await box.take() as [Box])[0], box);
    assertStrictEquals(await run(same<Box>, box), box);
    const [one, other] = await run(same<Box[]>, [box, box]);
    assert(one === box && other === box);
  });

  it("can be one that was made there, as long as that lives", async () => {
    const box = new Box();
    const process = start(offerOwn, box);
    const own = await box.take() as Box;
    assertEquals(own.label, "remote own");
    await own.put("from here");
    await box.put("done");
    assertEquals(await process.result(), "from here");
    await process.join();
    await assertRejects(() => own.size(), EOFError, process.name);
  });

  it("cannot be returned if it would end with its process", async () => {
    const error = await assertRejects(() => run(returnOwn), DataCloneError);
    assertEquals((error as DataCloneError).path, "result");
    assert(error.message.includes("ends with it"));
  });

  it("throws what it throws here", async () => {
    await assertRejects(() => run(fail, new Box()), RangeError, "it fails");
  });

  it("is passed on to a grandchild", async () => {
    const box = new Box();
    assertEquals(
      await runWith({ run: true }, delegate, box, [box]),
      [1, [true, true, false], true],
    );
    assertStrictEquals((await box.take() as [Box])[0], box);
    assertEquals(box.isEntered, false);
  });

  it("cannot be passed on to a thread, but what is in it can", async () => {
    using queue = new Queue<string>();
    const error = await assertRejects(
      () => runWith({ read: true }, putByThread, queue),
      DataCloneError,
      "what another process serves cannot be sent to a thread",
    );
    assertEquals((error as DataCloneError).path, "args[0]");
    assertEquals(await queue.empty(), true);
    await runWith({ read: true }, passOn, queue);
    assertEquals(await queue.get(), "hello");
  });

  it("tells its callers apart", async () => {
    const box = new Box();
    assertEquals(await run(enterTwice, box), [true, true, false]);
    assertEquals(box.isEntered, false);
  });

  it("is left by one that is killed", async () => {
    const box = new Box();
    const process = start(enterAndStay, box);
    assertEquals(await box.take(), "entered");
    assert(box.isEntered);
    process.kill();
    await process.join();
    assertEquals(box.isEntered, false);
    assert(box.events.includes("abandoned"));
  });

  it("gives nothing to one that was killed while it waited", async () => {
    const box = new Box();
    const process = start(take, box);
    await until(() => box.events.includes("waits"));
    process.kill();
    await process.join();
    await until(() => box.events.includes("waits no more"));
    await box.put("kept");
    assertEquals(await box.take(), "kept");
  });

  it("is used by several at a time", async () => {
    const from = new Box();
    const to = new Box();
    const movers = [1, 2, 3].map(() => start(move, from, to));
    for (let i = 0; i < 600; i++) await from.put(i);
    for (const _ of movers) await from.put(null);
    const counts = await Promise.all(movers.map((one) => one.result()));
    assertEquals(counts.reduce((a, b) => a + b), 600);
    const items: number[] = [];
    while (items.length < 600) items.push(await to.take() as number);
    assertEquals(
      items.sort((a, b) => a - b),
      Array.from({ length: 600 }, (_, i) => i),
    );
    await Promise.all(movers.map((one) => one.join()));
  });

  it("carries much at once, either way", async () => {
    const box = new Box();
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * 7);
    await box.put(bytes);
    await run(takeAndPut, box);
    assertEquals(await box.take(), bytes);
  });
});

describe("a program without ffi", () => {
  it("shares objects with its children, and ends by itself", async () => {
    const { code, stdout, stderr } = await deno([
      "run",
      "--allow-run",
      pathOf("tests/fixtures/boxes_without_ffi.ts"),
    ]);
    assertEquals(stderr, "");
    assertEquals(
      stdout,
      "1\n1 true\ntrue\n[1,[true,true,false],true] deep\nhere\n",
    );
    assertEquals(code, 0);
  });
});
