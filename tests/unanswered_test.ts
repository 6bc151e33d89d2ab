/** Calls of who does not answer: given up when their time is over, and nothing lost. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Connection,
  EmptyError,
  EOFError,
  Manager,
  pipe,
  Process,
  Queue,
  TimeoutError,
  type Typeid,
} from "@multi/processing";
import { WAY } from "../internal/manager/homes.ts";
import "../internal/manager/places.ts";
import { programHolder } from "../internal/travel/hold_program.ts";
import { Kind, writeNumbers } from "../internal/travel/protocol.ts";
import { NoAnswerError } from "../internal/travel/remote.ts";
import { locateFrom } from "../internal/travel/route.ts";
import { pidOf } from "./fixtures/manager_work.ts";
import { giveUp, move } from "./fixtures/served_work.ts";
import { Box, sharedBox } from "./support/box.ts";
import { pair } from "./support/link_pair.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { tempFile } from "./support/temp_file.ts";
import { LARGE } from "./support/times.ts";
import { until } from "./support/until.ts";
import { start } from "./support/without_ffi.ts";

nothingLeft();

const reason = new Error("enough");
const MB = 2 ** 20;

/** How one gives up: after a time, or by a signal. */
const WAYS = [
  { options: () => ({ timeout: 1 }), error: "does not answer" },
  { options: () => ({ timeout: 0 }), error: "does not answer" },
  { options: () => ({ signal: aborting() }), error: "enough" },
  { options: () => ({ signal: aborting(), timeout: 1e6 }), error: "enough" },
];

/** A signal that aborts when the call has been made. */
function aborting(): AbortSignal {
  const stop = new AbortController();
  queueMicrotask(() => stop.abort(reason));
  return stop.signal;
}

describe("a call that nobody answers", () => {
  it("is given up, and what it has taken later goes back", async () => {
    await Promise.all(WAYS.map(async ({ options, error }) => {
      const holds: boolean[] = [];
      const hold = programHolder();
      const waiting = (yes: boolean) => {
        hold(yes);
        holds.push(yes);
      };
      using link = pair({}, { waiting });
      const box = new Box();
      const remote = await link.give(box);
      await box.put("the one");
      link.serverSide.held = [];
      await assertRejects(() => remote.take(options()), Error, error);
      await until(() => holds.at(-1) === false);
      assertEquals(await box.size(), 1);
      link.serverSide.letThrough();
      await until(() => box.events.includes("given back"));
      assertEquals(await box.size(), 1);
      assertEquals(link.client.sizes.outgoing, 0);
    }));
  });

  it("is given up where the answer is lost on its way, too", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await box.put("the one");
    link.clientSide.held = [];
    await assertRejects(() => remote.take({ timeout: 1 }), NoAnswerError);
    assertEquals(await box.size(), 0);
    link.clientSide.letThrough();
    await until(() => box.events.includes("given back"));
    assertEquals(await remote.take(), "the one");
  });

  it("gives back what it took although its caller is gone", async () => {
    await Promise.all([true, false].map(async (isServerLate) => {
      using link = pair();
      const box = new Box();
      const remote = await link.give(box);
      await box.put("the one");
      const late = isServerLate ? link.serverSide : link.clientSide;
      late.held = [];
      await assertRejects(() => remote.take({ timeout: 1 }), NoAnswerError);
      assertEquals(await box.size(), isServerLate ? 1 : 0);
      if (isServerLate) link.serverSide.letThrough();
      link.client.close();
      await until(() => box.events.includes("given back"));
      assertEquals(await box.size(), 1);
    }));
  });

  it("gives back an end of a pipe as open as it was", async () => {
    using link = pair();
    const queue = new Queue<Connection<number>>();
    const [here, there] = pipe<number>();
    await queue.put(there);
    there.close();
    const remote = link.client.decode(
      link.server.encode(queue, "queue"),
    ) as typeof queue;
    link.clientSide.held = [];
    await assertRejects(() => remote.get({ timeout: 1 }), EmptyError, "answer");
    link.client.close();
    using end = await queue.get({ timeout: 10_000 });
    await here.send(7);
    assertEquals(await end.recv(), 7);
    here.close();
  });

  it("gives back what it took where the answer cannot be written", async () => {
    using link = pair();
    const box = new Box();
    const taking = (await link.give(box)).take();
    await until(() => box.events.includes("waits"));
    link.serverSide.send = () => Promise.reject(new Error("a broken pipe"));
    await box.put("the one");
    await assertRejects(() => taking, EOFError);
    assert(box.events.includes("given back"));
  });

  it("does not give back what has arrived before", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    for (const item of ["one", "other"]) await box.put(item);
    assertEquals(await remote.take(), "one");
    assertEquals(await remote.take(), "other");
    link.serverSide.held = [];
    await assertRejects(() => remote.take({ timeout: 1 }), NoAnswerError);
    link.serverSide.letThrough();
    link.client.close();
    await until(() => box.events.includes("waits no more"));
    assertEquals(await box.size(), 0);
    assertEquals(box.events, ["waits", "waits no more"]);
  });

  it("is waited for without a limit, and while a part of it comes", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    let looks = 0;
    Object.defineProperty(link.clientSide, "moved", {
      get: () => looks < 3 ? ++looks : looks,
    });
    link.serverSide.held = [];
    const patient = remote.take();
    await assertRejects(() => remote.take({ timeout: 1 }), NoAnswerError);
    assertEquals(looks, 3);
    await box.put("for the patient one");
    link.serverSide.letThrough();
    assertEquals(await patient, "for the patient one");
  });

  it("is waited for longer where its answer is long", async () => {
    using link = pair();
    const [small, large, told] = [
      await link.give(new Box()),
      await link.give(new Box()),
      await link.give(new Box()),
    ];
    for (const item of [new Uint8Array(10 * MB), "more"]) await large.put(item);
    await told.put("more");
    await large.take();
    const held: Uint8Array[] = link.clientSide.held = [];
    const known = large.take({ timeout: 1 });
    const unknown = told.take({ timeout: 1 });
    await until(() => held.length === 2);
    const call = new DataView(held[1]!.buffer).getUint32(1);
    link.clientSide.deliver(writeNumbers(Kind.LONG, call, 10 * MB));
    await assertRejects(() => small.take({ timeout: 1 }), NoAnswerError);
    link.clientSide.letThrough();
    assertEquals(await Promise.all([known, unknown]), ["more", "more"]);
  });

  it("is told beforehand that its answer is long", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await box.put(new Uint8Array(2 * MB));
    await remote.take();
    const kinds = link.clientSide.arrived.slice(-2).map(([kind]) => kind);
    assertEquals(kinds, [Kind.LONG, Kind.RESULT]);
  });

  it("is given up while its server is looked for", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    const address = ["127.0.0.1", listener.addr.port];
    const where = [WAY, address, "ticket", "box"];
    const box = locateFrom(sharedBox(), where) as Box;
    await assertRejects(
      () => box.take({ timeout: 1 }),
      NoAnswerError,
      `the manager at 127.0.0.1:${listener.addr.port} does not answer`,
    );
    (await accepted).close();
    listener.close();
    await assertRejects(() => box.size());
  });
});

describe("a server that stands still", () => {
  it("is waited for as long as asked", async () => {
    class Still extends Manager {
      declare pid: Typeid<ReturnType<typeof pidOf>>;
    }
    Still.register("pid", { callable: pidOf });
    await using manager = new Still();
    const pid = await (await manager.pid()).get();
    const queue = await manager.joinableQueue<number>();
    const full = await manager.queue<number>(1);
    const lock = await manager.lock();
    const event = await manager.event();
    const condition = await manager.condition();
    const dict = await manager.dict({ a: 1 });
    await full.put(1);
    await queue.put(1);
    await condition.acquire();
    await event.set();
    Deno.kill(pid, "SIGSTOP");
    const still = "does not answer";
    const waits = [
      assertRejects(() => queue.get({ timeout: 1 }), EmptyError, still),
      assertRejects(() => queue.getNowait(), EmptyError, still),
      assertRejects(() => queue.getMany(2, { timeout: 1 }), EmptyError, still),
      assertRejects(() => full.put(2, { timeout: 1 }), TimeoutError, still),
      assertRejects(() => full.putMany([2], { timeout: 1 }), TimeoutError),
      assertRejects(() => queue.get({ signal: aborting() }), Error, "enough"),
    ];
    const flags = [
      lock.acquire({ timeout: 1 }),
      event.wait({ timeout: 1 }),
      queue.join({ timeout: 1 }),
    ];
    const untimed = dict.get("a");
    const notified = condition.wait({ timeout: 1 });
    await Promise.all(waits);
    assertEquals(await Promise.all(flags), [false, false, false]);
    Deno.kill(pid, "SIGCONT");
    assertEquals(await untimed, 1);
    assertEquals(await notified, false);
    await condition.release();
    assertEquals(await queue.get(), 1);
    assert(await lock.acquire());
    assertEquals(await full.get(), 1);
  });
});

describe("a process that cannot look at the memory", () => {
  it("loses nothing if it ends before its busy parent answers", {
    ignore: Deno.build.os !== "linux", // elsewhere its busy parent cannot begin it
  }, async () => {
    await using file = await tempFile();
    const queue = new Queue<string>();
    await queue.put("the one");
    const process = new Process({
      target: giveUp,
      args: [queue, file.path],
      permissions: { write: [file.path] },
    });
    process.start();
    await until(() => process.pid !== null);
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    while (Deno.statSync(file.path).size === 0) Atomics.wait(nothing, 0, 0, 1);
    assertEquals(await process.result(), "EmptyError");
    await process.join();
    assertEquals(await queue.get({ timeout: 10_000 }), "the one");
  });
});

describe("a long item", () => {
  const item = new Uint8Array(Math.min(LARGE, 30) * MB);

  it("comes and goes although time is short", async () => {
    const queue = new Queue<Uint8Array>();
    await queue.put(item);
    const process = start(move, queue);
    assertEquals(await process.result(), item.length);
    await process.join();
    assertEquals((await queue.get()).length, item.length);
  });

  it("comes and goes by way of a manager, too", async () => {
    await using manager = new Manager();
    const queue = await manager.queue<Uint8Array>();
    await queue.put(item);
    assertEquals(await move(queue), item.length);
    assertEquals(await queue.qsize(), 1);
  });
});
