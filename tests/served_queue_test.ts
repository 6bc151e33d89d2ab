/** Queues and pipes that another process serves: nothing is lost on the way. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  EOFError,
  JoinableQueue,
  pipe,
  Process,
  Queue,
  SharedArray,
  SharedDict,
  SharedList,
  SharedMemory,
  SharedValue,
  ShutDownError,
  SimpleQueue,
  spawn,
} from "@multi/processing";
import { countUp, relay, relayBytes } from "./fixtures/served_work.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { Caller, SlowCaller } from "./support/served.ts";
import { until } from "./support/until.ts";

nothingLeft();

const range = (length: number) => Array.from({ length }, (_, i) => i);

/** Lets so many rounds of what is at hand happen. */
async function rounds(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await null;
}

/** Runs a function in a process without any permission but maybe to start others. */
async function run<A extends unknown[], R>(
  target: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  const process = new Process<A, R>(
    { target, args, permissions: { run: true } } as never,
  );
  process.start();
  const result = await process.result();
  await process.join();
  return result;
}

describe("what a caller takes at the moment it gives up", () => {
  it("goes back to a queue", async () => {
    const caller = new Caller();
    const queue = new Queue<number>();
    const served = caller.has(queue);
    const got: number[] = [];
    for (const i of range(60)) {
      const getter = spawn(async () => {
        if (i % 2) got.push(await served.get());
        else got.push(...await served.getMany(2));
      });
      await rounds(i % 12);
      await queue.put(i);
      await rounds(i % 17);
      getter.kill();
    }
    while (got.length < 60) got.push(await queue.get());
    // In any order, as the next one may have asked before.
    assertEquals(got.sort((a, b) => a - b), range(60));
    assertEquals(await queue.qsize(), 0);
    caller.die();
  });

  it("goes back where the queue was closed there", async () => {
    const caller = new Caller();
    for (const i of range(40)) {
      const queue = new JoinableQueue<number>();
      const served = caller.has(queue);
      const getting = served.get().then((item) => item, (error) => error);
      await rounds(i % 8);
      await queue.put(i);
      await rounds(i % 13);
      served.close();
      const given = await getting;
      if (given instanceof ShutDownError) {
        assertEquals(await queue.get({ timeout: 10_000 }), i);
      } else assertEquals(given, i);
      assertEquals(await queue.unfinished(), 1);
      await queue.taskDone();
    }
    caller.die();
  });

  it("goes back where the caller dies", async () => {
    for (const i of range(40)) {
      const caller = new Caller();
      const queue = new SimpleQueue<number>();
      const served = caller.has(queue);
      const getting = served.get().then((item) => item, () => null);
      await rounds(i % 8);
      await queue.put(i);
      caller.die();
      if (await getting !== i) {
        // What was on its way to it is gone with it.
        const isThere = !(await queue.empty());
        if (isThere) assertEquals(await queue.get(), i);
      }
    }
  });

  it("goes back where it was not written when the caller dies", async () => {
    for (const isOnTheWay of [false, true]) {
      const caller = await SlowCaller.connect();
      const queue = new Queue<unknown>();
      using inner = new Queue<string>();
      await inner.put("inner");
      const served = caller.has(queue);
      const getting = assertRejects(() => served.get(), EOFError);
      await until(() => caller.calls === 1);
      caller.stop();
      const put = queue.put({ long: new Uint8Array(30_000_000), inner });
      // Else the item is taken while it dies.
      if (isOnTheWay) await until(() => caller.isWriting);
      caller.die();
      await put;
      await getting;
      const item = await queue.get({ timeout: 10_000 });
      using found = (item as { inner: Queue<string> }).inner;
      assertEquals(await found.get({ timeout: 0 }), "inner");
    }
  });

  it("goes back to a pipe, be it a value or bytes", async () => {
    const caller = new Caller();
    const [here, there] = pipe<number>();
    const served = caller.has(there);
    const got: number[] = [];
    for (const i of range(60)) {
      const receiver = spawn(async () => {
        got.push(
          i % 2 ? await served.recv() : (await served.recvBytes())[0]!,
        );
      });
      await rounds(i % 12);
      if (i % 2) await here.send(i);
      else await here.sendBytes(new Uint8Array([i]));
      await rounds(i % 17);
      receiver.kill();
      await receiver.join();
      if (got.length === i) {
        got.push(i % 2 ? await there.recv() : (await there.recvBytes())[0]!);
      }
    }
    assertEquals(got, range(60));
    here.close();
    there.close();
    caller.die();
  });
});

describe("an end of a pipe that the receiver has closed", () => {
  it("is another one when it is sent again, however soon", async () => {
    for (const i of range(12)) {
      const caller = new Caller();
      const [near, far] = pipe<string>();
      caller.has(far).close();
      await rounds(i);
      const again = caller.has(far);
      if (i % 2) await again.send("from the second"); // or it is just held
      await rounds(20); // the first one is closed
      far.close();
      await near.send("to the second");
      assertEquals(await again.recv(), "to the second");
      again.close();
      if (i % 2) assertEquals(await near.recv(), "from the second");
      await assertRejects(() => near.recv(), EOFError);
      near.close();
      caller.die();
    }
  });
});

describe("a process that cannot look at the memory", () => {
  it("has queues and pipes, and so have its own children", async () => {
    const queue = new Queue<unknown>(5);
    const joinable = new JoinableQueue<unknown>();
    const simple = new SimpleQueue<unknown>();
    const [here, there] = pipe<unknown>();
    const running = run(relay, queue, joinable, simple, there, 1);
    assertEquals(await simple.get(), "from the grandchild");
    for (const i of range(20)) await queue.put(i);
    await queue.shutdown();
    const items: unknown[] = [];
    for (const _ of range(20)) {
      items.push(await joinable.get());
      await joinable.taskDone();
    }
    assertEquals(items, range(20));
    assertEquals(await here.recv(), "done");
    await here.send({ number: 5 });
    assertEquals(await running, { number: 5 });
    here.close();
    there.close();
  });

  it("moves bytes", async () => {
    const [here, there] = pipe();
    const running = run(relayBytes, there);
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    await here.sendBytes(bytes);
    assertEquals(await here.recvBytes(), bytes);
    await running;
    here.close();
    there.close();
  });

  it("is told what to use in the place of memory", async () => {
    using memory = new SharedMemory({ create: true, size: 10 });
    const objects = [
      new SharedValue("i"),
      new SharedArray("i", 3),
      new SharedDict(),
      new SharedList(),
      memory,
    ];
    for (const object of objects) {
      const error = await assertRejects(
        () => run(countUp, object),
        Error,
        "--allow-ffi",
      );
      assert((error as Error).message.includes("Manager"));
    }
    memory.unlink();
  });
});
