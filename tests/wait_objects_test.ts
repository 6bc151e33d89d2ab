import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  connect,
  type Connection,
  Listener,
  Process,
  ShutDownError,
  wait,
} from "@multi/processing";
import {
  WAITABLE,
  type WaitableObject,
  waitForAny,
  type WaitSource,
} from "../internal/waitable.ts";
import { sleepForever } from "./fixtures/work.ts";
import { nothingLeft } from "./support/nothing_left.ts";

const never = new Promise<string>(() => {});
const settled = Promise.resolve("value");

/** A thing that is ready when it is told so, and knows who waits for it. */
class Flag implements WaitSource, WaitableObject {
  isSet = false;
  waiting = 0;
  asked = 0;
  #set = Promise.withResolvers<void>();

  set(): void {
    this.isSet = true;
    this.#set.resolve();
  }

  clear(): void {
    this.isSet = false;
    this.#set = Promise.withResolvers();
  }

  ready(): boolean {
    return this.isSet;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    this.waiting++;
    this.asked++;
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stopped.resolve());
    await Promise.race([this.#set.promise, stopped.promise]);
    this.waiting--;
  }

  [WAITABLE](): WaitSource {
    return this;
  }
}

/** What is left of it a moment later, as that needs no more than microtasks. */
async function noneWaiting(...flags: Flag[]): Promise<void> {
  for (let i = 0; i < 5; i++) await null;
  assertEquals(flags.map(({ waiting }) => waiting), flags.map(() => 0));
}

describe("wait()", () => {
  nothingLeft();

  it("gives promises that are settled, however, in their order", async () => {
    const rejected = Promise.reject(new Error("no"));
    assertEquals(await wait([never, rejected, settled]), [rejected, settled]);
    assertEquals(await wait([settled, never, settled]), [settled, settled]);
    assertEquals(await wait([settled], { timeout: 0 }), [settled]);
  });

  it("takes any iterable, and gives nothing for none, at once", async () => {
    assertEquals(await wait(new Set([settled])), [settled]);
    assertEquals(await wait([]), []);
    assertEquals(await wait([], { timeout: 0 }), []);
  });

  it("takes thenables, and calls them once", async () => {
    let calls = 0;
    const thenable: PromiseLike<number> = {
      then(resolve) {
        calls++;
        return Promise.resolve(5).then(resolve);
      },
    };
    const [found] = await wait([thenable, never]);
    assertStrictEquals(found, thenable);
    await wait([thenable]);
    assertEquals(calls, 1);
  });

  it("asks again, where a promise could not be asked before", async () => {
    const promise = Promise.resolve();
    let asked = 0;
    Object.defineProperty(promise, "constructor", {
      get() {
        if (asked++ === 0) throw new EvalError("not now");
        return Promise;
      },
    });
    await assertRejects(() => wait([promise]), EvalError, "not now");
    assertEquals(await wait([promise]), [promise]);
  });

  it("waits for the first one", async () => {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const waiting = wait([first.promise, second.promise]);
    second.resolve();
    assertEquals(await waiting, [second.promise]);
    first.resolve();
    assertEquals(await wait([first.promise, second.promise]), [
      first.promise,
      second.promise,
    ]);
  });

  it("leaves one reaction with a promise, however often it is asked", async () => {
    let reactions = 0;
    const promise = new Promise(() => {});
    const { then } = promise;
    promise.then = function (this: unknown, ...args: unknown[]) {
      reactions++;
      return Reflect.apply(then, this, args);
    } as typeof then;
    for (let i = 0; i < 50; i++) await wait([promise], { timeout: 0 });
    await wait([promise, settled]);
    assertEquals(reactions, 1);
  });

  it("waits for the end of processes by their sentinels", async () => {
    const processes = [0, 1].map(() => new Process({ target: sleepForever }));
    for (const process of processes) process.start();
    const sentinels = processes.map(({ sentinel }) => sentinel);
    assertEquals(await wait(sentinels, { timeout: 0 }), []);
    assertEquals(await wait(sentinels, { timeout: 10 }), []);
    processes[1]!.terminate();
    assertEquals(await wait(sentinels), [sentinels[1]]);
    processes[0]!.terminate();
    assertEquals(await wait([sentinels[0]!]), [sentinels[0]]);
    for (const process of processes) await process.join();
  });

  it("gives nothing when the time runs out, however long it is", async () => {
    const start = performance.now();
    assertEquals(await wait([never], { timeout: 20 }), []);
    assert(performance.now() - start >= 19);
    using time = new FakeTime();
    const month = 31 * 24 * 3600 * 1000;
    let result: unknown;
    const flag = new Flag();
    const waiting = waitForAny([flag], { timeout: month })
      .then((found) => result = found);
    while (flag.asked === 0) await time.tickAsync(0);
    await time.tickAsync(month + 1);
    await waiting;
    assertEquals(result, []);
  });

  it("rejects when the signal aborts, before or while it waits", async () => {
    const reason = new Error("enough");
    const aborted = { signal: AbortSignal.abort(reason) };
    await assertRejects(() => wait([settled], aborted), Error, "enough");
    const controller = new AbortController();
    const { signal } = controller;
    const flag = new Flag();
    const waiting = waitForAny([never, flag], { signal });
    const atOnce = waitForAny([never, flag], { signal, timeout: 0 });
    controller.abort(reason);
    await assertRejects(() => waiting, Error, "enough");
    await assertRejects(() => atOnce, Error, "enough");
    await noneWaiting(flag);
  });

  it("leaves nobody waiting, whatever the end", async () => {
    const [first, second] = [new Flag(), new Flag()];
    assertEquals(await waitForAny([first, second], { timeout: 10 }), []);
    await noneWaiting(first, second);
    const waiting = waitForAny([first, second]);
    setTimeout(() => second.set());
    assertEquals(await waiting, [second]);
    await noneWaiting(first, second);
  });

  it("goes on when somebody else was faster", async () => {
    const flag = new Flag();
    const waiting = waitForAny([flag], { timeout: 60_000 });
    setTimeout(() => {
      flag.set();
      flag.clear();
      setTimeout(() => flag.set());
    });
    assertEquals(await waiting, [flag]);
    assert(flag.asked >= 2);
    await noneWaiting(flag);
  });

  it("lets everything else go on in a loop over what is ready", async () => {
    const flag = new Flag();
    flag.set();
    let late = false;
    setTimeout(() => late = true);
    while (!late) assertEquals(await waitForAny([flag]), [flag]);
  });

  it("says what cannot be waited for", async () => {
    for (const wrong of [5, null, undefined, "text", {}, { then: 5 }]) {
      await assertRejects(
        () => wait([settled, wrong as never]),
        TypeError,
        "wait for connections, listeners, futures and promises",
      );
    }
    await assertRejects(() => wait([settled], { timeout: -1 }), RangeError);
    await assertRejects(() => wait(5 as never), TypeError);
  });

  it("waits for connections, listeners and promises together", async () => {
    const listener = new Listener({ address: ["127.0.0.1", 0] });
    const later = Promise.withResolvers<void>();
    const objects: (Connection | Listener | Promise<void>)[] = [
      listener,
      later.promise,
    ];
    assertEquals(await wait(objects, { timeout: 0 }), []);
    const waiting = wait(objects);
    using client = await connect(listener.address);
    assertEquals(await waiting, [listener]);
    assertEquals(await wait(objects), [listener]); // it has taken nobody
    using server = await listener.accept();
    objects.push(server);
    assertEquals(await wait(objects, { timeout: 0 }), []);
    await client.send("hello");
    assertEquals(await wait(objects, { timeout: 0 }), [server]);
    later.resolve();
    assertEquals(await wait(objects), [later.promise, server]);
    assertEquals(await server.recv(), "hello");
    const ended = wait([listener, server]);
    listener.close();
    assertEquals(await ended, [listener]);
    await assertRejects(() => wait([listener]), ShutDownError, "was closed");
  });
});
