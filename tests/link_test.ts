/** Objects that are served over a connection: both ends in one program. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  EOFError,
  ProcessError,
  RemoteError,
  ShutDownError,
  TimeoutError,
} from "../errors.ts";
import {
  loadContexts,
  runAsOwner,
  runAsOwnerSync,
  runIn,
} from "../internal/context.ts";
import { Kind } from "../internal/travel/protocol.ts";
import { encode } from "../internal/wire/encode.ts";
import { collectGarbage } from "./support/collect_garbage.ts";
import { Box } from "./support/box.ts";
import { pair } from "./support/link_pair.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";
import { writeCall } from "./support/write_call.ts";

nothingLeft();

describe("a served object", () => {
  it("stays in a message although a call within that fails", async () => {
    using link = pair();
    const served = new Box();
    const remote = await link.give(served);
    const box = new Box();
    let failing: Promise<unknown>;
    await remote.put({
      box,
      get calls() {
        failing = assertRejects(
          () => remote.put({ box, no: () => {} }),
          DataCloneError,
        );
        return 1;
      },
    });
    await failing!;
    const { box: there } = await served.take() as { box: Box };
    assertEquals(await there.size(), 0);
  });

  it("may give what cannot be looked at", async () => {
    using link = pair();
    link.root.given = {
      get then() {
        throw new Error("do not look");
      },
    };
    await assertRejects(
      () => link.client.root().call("given", []),
      Error,
      "do not look",
    );
    assertEquals(link.ended, []);
    assertEquals(link.server.sizes.incoming, 0);
  });

  it("is called, and answers", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    assert(remote.isRemote);
    await remote.put({ deep: [1, 2n, new Map([["a", new Uint8Array(3)]])] });
    assertEquals(await remote.size(), 1);
    assertEquals(await box.take(), {
      deep: [1, 2n, new Map([["a", new Uint8Array(3)]])],
    });
  });

  it("can be told what nobody waits for, in its order among the calls", async () => {
    using first = pair();
    using second = pair();
    const box = new Box();
    const remote = await first.give(box);
    remote.remote.tell("put", ["told"]);
    await remote.put("called");
    assertEquals(await box.take(), "told");
    assertEquals(await box.take(), "called");
    const end = await second.give(remote); // a chain
    end.remote.tell("put", ["far"]);
    assertEquals(await box.take(), "far");
    assertEquals(first.client.sizes.outgoing, 0);
  });

  it("is told in vain what fails, or waits", async () => {
    const troubles: unknown[] = [];
    using link = pair({ trouble: (error) => troubles.push(error) });
    const { remote } = await link.give(new Box());
    remote.tell("fail", []);
    remote.tell("take", [{}]);
    remote.tell("unserved", []);
    await until(() => troubles.length === 3);
    assertEquals(
      troubles.map((error) => (error as Error).message.split(" as ")[0]),
      [
        "take() has to be called",
        'Cannot call "unserved" of a tests.Box',
        "it fails",
      ],
    );
    const error = assertThrows(
      () => remote.tell("put", [() => {}]),
      DataCloneError,
    );
    assertEquals(error.path, "args[0]");
    remote.release();
    assertThrows(() => remote.tell("put", [1]), ShutDownError);
    link.client.close();
    const root = link.client.root();
    assertThrows(() => root.tell("put", [1]), EOFError);
  });

  it("has its description at the other end", async () => {
    using link = pair();
    assertEquals((await link.give(new Box("red"))).label, "remote red");
  });

  it("is one object at the other end, however often it is sent", async () => {
    using link = pair();
    const box = new Box();
    const first = await link.give(box);
    assertStrictEquals(await link.give(box), first);
    link.root.given = [box, box];
    const both = await link.client.root().call("given", []) as Box[];
    assertStrictEquals(both[0], first);
    assertStrictEquals(both[1], first);
    assertEquals(link.server.sizes.exports, 2);
  });

  it("comes home as itself", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await remote.put([remote]);
    const [inside] = await box.take() as [Box];
    assertStrictEquals(inside, box);
    const mine = new Box("mine");
    assertStrictEquals(await link.client.root().call("echo", [mine]), mine);
  });

  it("can be the caller's own", async () => {
    using link = pair();
    const mine = new Box("mine");
    await link.client.root().call("put", [mine]);
    const remote = await link.root.take() as Box;
    assertEquals(remote.label, "remote mine");
    await remote.put(5);
    assertEquals(await mine.take(), 5);
  });

  it("is reached through a chain, and is itself at both ends", async () => {
    using first = pair();
    using second = pair();
    const box = new Box("far");
    const middle = await first.give(box); // a proxy, which is served again
    const end = await second.give(middle);
    await end.put("through");
    assertEquals(await box.take(), "through");
    await end.put(end);
    assertStrictEquals(await box.take(), box);
    const own = new Box("own");
    await end.put(own);
    const ownAtHome = await box.take() as Box;
    await ownAtHome.put("back");
    assertEquals(await own.take(), "back");
    await box.put(ownAtHome);
    assertStrictEquals(await end.take(), own);
  });

  it("answers in any order, and to many calls at a time", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const takes = Array.from({ length: 100 }, () => remote.take());
    assertEquals(await remote.size(), 0); // which does not wait for those
    for (let i = 0; i < 100; i++) await remote.put(i);
    assertEquals(
      (await Promise.all(takes) as number[]).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  it("throws as it does at home, with its stack there", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const error = await assertRejects(() => remote.fail(), RangeError, "it");
    assertEquals((error as RangeError & { code: number }).code, 7);
    assert(error.stack!.includes("box.ts"));
  });

  it("throws all that can be sent of an error, which is counted once", async () => {
    using link = pair();
    const box = new Box();
    const twin = new Box();
    box.fail = () =>
      Promise.reject(
        Object.assign(new RangeError("it fails"), {
          twin,
          again: twin,
          fn() {},
        }),
      );
    const remote = await link.give(box);
    const error = await assertRejects(
      () => remote.fail(),
      RangeError,
      "it fails",
    ) as RangeError & { twin: Box; again: Box };
    assert(error.stack!.includes("left out: error.fn: a function"));
    assertStrictEquals(error.twin, error.again);
    await error.twin.put(1);
    assertEquals(await twin.size(), 1);
    const { exports } = link.server.sizes;
    error.twin.close();
    await until(() => link.server.sizes.exports === exports - 1);
  });

  it("tells where a value stands that cannot be sent, either way", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const there = await assertRejects(
      () => remote.put({ a: () => {} }),
      DataCloneError,
    );
    assertEquals(there.path, "args[0].a");
    const back = await assertRejects(
      () => remote.remote.call("odd", []),
      DataCloneError,
    );
    assertEquals(back.path, "result");
    assertEquals(await remote.size(), 0);
  });

  it("does not lose what cannot be sent", async () => {
    using link = pair();
    const box = new Box();
    await box.put(Symbol("odd"));
    const remote = await link.give(box);
    await assertRejects(() => remote.take(), DataCloneError);
    assertEquals(await box.size(), 1);
  });

  it("does nothing but what is served", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const names = [
      "unserved",
      "constructor",
      "__proto__",
      "toString",
      "hasOwnProperty",
      "isRemote",
      "events",
      "#items",
      "",
      "Symbol(x)",
      "valueOf",
      "call",
    ];
    for (const name of names) {
      await assertRejects(
        () => remote.remote.call(name, []),
        RemoteError,
        JSON.stringify(name),
      );
    }
    assertEquals(link.ended, []);
  });
});

describe("a call that waits", () => {
  it("gives up when its time runs out, there", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await assertRejects(() => remote.take({ timeout: 1 }), TimeoutError);
    assertEquals(box.events, ["waits", "waits no more"]);
  });

  it("is taken back when its signal aborts", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    const stop = new AbortController();
    const taking = remote.take({ signal: stop.signal });
    await until(() => box.events.length === 1);
    const reason = new Error("enough");
    stop.abort(reason);
    assertStrictEquals(await assertRejects(() => taking), reason);
    assertEquals(box.events, ["waits", "waits no more"]);
    await box.put(1);
    assertEquals(await box.size(), 1);
    assertEquals(link.client.sizes.outgoing, 0);
    assertEquals(link.server.sizes.incoming, 0);
  });

  it("is not sent when its signal has aborted", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const before = link.serverSide.arrived.length;
    await assertRejects(() =>
      remote.take({ signal: AbortSignal.abort(new Error("no")) })
    );
    await remote.size();
    assertEquals(link.serverSide.arrived.length, before + 1);
  });

  it("is not sent when its arguments have taken it back, or ended all", async () => {
    using link = pair();
    const remote = await link.give(new Box());
    const before = link.serverSide.arrived.length;
    const stop = new AbortController();
    const { signal } = stop;
    const { exports } = link.client.sizes;
    const argument = {
      box: new Box(),
      get stops() {
        return stop.abort(new Error("enough"));
      },
    };
    await assertRejects(
      () => remote.remote.call("take", [argument], signal),
      Error,
      "enough",
    );
    assertEquals(link.serverSide.arrived.length, before);
    assertEquals(link.client.sizes.exports, exports);
    const last = {
      get closes() {
        return link.client.close();
      },
    };
    await assertRejects(() => remote.put(last), EOFError);
    assertEquals(link.client.sizes.outgoing, 0);
  });

  it("gives what it has taken at the moment of the abort", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    const stop = new AbortController();
    link.clientSide.held = []; // the answer is on its way when the signal aborts
    await box.put("the one");
    const taking = remote.take({ signal: stop.signal });
    await until(() => link.clientSide.held!.length === 1);
    stop.abort();
    link.clientSide.letThrough();
    assertEquals(await taking, "the one");
  });

  it("gives back what it has taken when its coroutine is killed", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await loadContexts();
    let kill!: (exit: Error) => void;
    const coroutine = {
      greenlet: {},
      locals: new WeakMap<object, unknown>(),
      throwIfKilled() {},
      keepKill() {},
      onKill(callback: (exit: Error) => void) {
        kill = callback;
        return () => {};
      },
    };
    const inside = new Box("inside");
    await box.put([inside, remote]);
    link.clientSide.held = [];
    const taking = runIn({ owner: {}, coroutine }, () => remote.take());
    await until(() => link.clientSide.held!.length === 1);
    const exit = new Error("exit");
    kill(exit);
    assertStrictEquals(await assertRejects(() => taking), exit);
    link.clientSide.letThrough();
    await until(() => box.events.includes("given back"));
    const [same] = await box.take() as [Box];
    assertStrictEquals(same, inside);
    await until(() => {
      collectGarbage();
      return link.server.sizes.exports === 2; // the root, and the box
    });
    assertEquals(await remote.size(), 0);
  });

  it("keeps a program only if it is not done for somebody else", async () => {
    const holds: boolean[] = [];
    using far = pair({}, { waiting: (yes) => void holds.push(yes) });
    using near = pair();
    const box = new Box();
    const middle = await far.give(box);
    const end = await near.give(middle);
    await until(() => holds.at(-1) === false);
    holds.length = 0;
    const taking = end.take();
    await until(() => box.events.length === 1);
    assertEquals(holds, []);
    const own = middle.take();
    assertEquals(holds, [true]);
    await box.put(1);
    await box.put(2);
    assertEquals(await Promise.all([taking, own]), [1, 2]);
    await until(() => holds.at(-1) === false);
    assertEquals(holds, [true, false]);
  });

  it("keeps a program once for calls that follow each other", async () => {
    const holds: boolean[] = [];
    using link = pair({}, { waiting: (yes) => void holds.push(yes) });
    const remote = await link.give(new Box());
    for (let i = 0; i < 3; i++) await remote.size();
    assertEquals(holds, [true]);
    await until(() => holds.length > 1);
    assertEquals(holds, [true, false]);
  });
});

describe("owners", () => {
  it("are told apart, and are the same from call to call", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    assert(await remote.enter());
    assert(await remote.enter());
    const owner = {};
    const enter = () => remote.enter();
    assertEquals(await runAsOwner(owner, enter), false);
    await remote.leave();
    await remote.leave();
    assert(await runAsOwner(owner, enter));
    assertEquals(await remote.enter(), false);
    await assertRejects(() => remote.leave(), RangeError);
    await runAsOwner(owner, () => remote.leave());
    assertEquals(box.isEntered, false);
  });

  it("are not those of another connection, nor of this program", async () => {
    using one = pair();
    using other = pair();
    const box = new Box();
    assert(await (await one.give(box)).enter());
    assertEquals(await (await other.give(box)).enter(), false);
    assertEquals(await box.enter(), false);
  });

  it("stay themselves through a chain", async () => {
    using far = pair();
    using near = pair();
    const box = new Box();
    const middle = await far.give(box);
    const end = await near.give(middle);
    assert(await end.enter());
    assert(await end.enter());
    assertEquals(await middle.enter(), false);
    assertEquals(await runAsOwnerSync({}, () => end.enter()), false);
  });

  it("leave what they held when they die", async () => {
    const link = pair();
    const box = new Box();
    await (await link.give(box)).enter();
    assert(box.isEntered);
    link.client.close();
    await until(() => link.server.ended);
    assertEquals(box.isEntered, false);
    assertEquals(box.events, ["abandoned"]);
  });

  it("leave it at the far end of a chain", async () => {
    using far = pair();
    const near = pair();
    const box = new Box();
    const end = await near.give(await far.give(box));
    assert(await end.enter());
    near.client.close();
    await until(() => box.events.includes("abandoned"));
    assertEquals(box.isEntered, false);
  });

  it("hold it although they have let go of the object", async () => {
    const link = pair();
    const box = new Box();
    const remote = await link.give(box);
    await remote.enter();
    remote.close();
    await until(() => link.server.sizes.exports === 1);
    assert(box.isEntered);
    link.client.close();
    await until(() => link.server.ended);
    assertEquals(box.events, ["abandoned"]);
  });
});

describe("the life of a served object", () => {
  it("ends when it is closed at the other end", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    assertEquals(link.server.sizes.exports, 2);
    remote.close();
    remote.close();
    await until(() => link.server.sizes.exports === 1);
    assertEquals(link.client.sizes.imports, 0);
    await assertRejects(() => remote.size(), ShutDownError);
    const error = await assertRejects(
      () => link.client.root().call("put", [remote]),
      DataCloneError,
    );
    assertEquals(error.path, "args[0]");
    const again = await link.give(box);
    assertEquals(await again.size(), 0);
  });

  it("outlasts a release that crosses it on its way", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    link.serverSide.held = [];
    remote.close(); // held back, while the box is sent once more
    link.server.root();
    link.root.given = box;
    link.serverSide.letThrough();
    const again = await link.give(box);
    assertEquals(await again.size(), 0);
    link.clientSide.held = [];
    const sent = link.give(box); // sent again, and released before it arrives
    await until(() => link.clientSide.held!.length === 1);
    again.close();
    link.clientSide.letThrough();
    const third = await sent;
    assertEquals(await third.size(), 0);
    assertEquals(link.ended, []);
  });

  it("ends with the connection", async () => {
    const link = pair();
    const remote = await link.give(new Box());
    const taking = remote.take();
    link.server.close();
    await assertRejects(() => taking, EOFError, "the server");
    await assertRejects(() => remote.size(), EOFError, "the server");
    assertEquals(link.server.sizes.exports, 0);
    assertEquals(link.client.sizes.outgoing, 0);
  });

  it("ends when nobody refers to it", async () => {
    using link = pair();
    await (async () => {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          await (await link.give(new Box())).size();
        }),
      );
    })();
    link.root.given = undefined;
    await until(() => {
      collectGarbage();
      return link.server.sizes.exports < 10;
    });
  });

  it("gives back what a dead caller had not got, through a chain", async () => {
    using far = pair();
    const near = pair();
    const box = new Box();
    const end = await near.give(await far.give(box));
    const taking = assertRejects(() => end.take(), EOFError);
    await until(() => box.events.length === 1);
    far.clientSide.held = []; // the answer is on its way when the caller dies
    await box.put("kept");
    await until(() => far.clientSide.held!.length === 1);
    near.client.close();
    await taking;
    await until(() => near.server.ended);
    far.clientSide.letThrough();
    await until(() => box.events.includes("given back"));
    assertEquals(await box.take(), "kept");
  });

  it("gives back what a dead caller had not got", async () => {
    const link = pair();
    const box = new Box();
    const remote = await link.give(box);
    const taking = assertRejects(() => remote.take(), EOFError);
    await until(() => box.events.length === 1);
    // The item comes in the very moment in which the caller is gone.
    const put = box.put("kept");
    link.client.close();
    link.server.close();
    await put;
    await taking;
    await until(() => box.events.includes("given back"));
    assertEquals(await box.take(), "kept");
  });
});

describe("limits", () => {
  it("are kept as to calls", async () => {
    using link = pair({ limits: { maxCalls: 3 } });
    const box = new Box();
    const remote = await link.give(box);
    const takes = [remote.take(), remote.take(), remote.take()];
    await assertRejects(() => remote.size(), ProcessError, "more than 3 calls");
    for (let i = 0; i < 3; i++) await box.put(i);
    assertEquals(await Promise.all(takes), [0, 1, 2]);
    assertEquals(await remote.size(), 0);
  });

  it("are kept as to objects", async () => {
    using link = pair({ limits: { maxObjects: 3 } });
    await link.give(new Box());
    link.root.given = [new Box(), new Box(), new Box()];
    await assertRejects(
      () => link.client.root().call("given", []),
      ProcessError,
      "uses 3 already",
    );
    assertEquals(link.server.sizes.exports, 2);
  });

  it("are kept as to the length of messages", async () => {
    using link = pair(
      { limits: { maxMessageSize: 1000 } },
      { limits: { maxMessageSize: 1000 } },
    );
    const box = new Box();
    const remote = await link.give(box);
    await assertRejects(
      () => remote.put(new Uint8Array(2000)),
      RangeError,
      "at most 1000",
    );
    await box.put(new Uint8Array(2000));
    await assertRejects(() => remote.take(), RangeError, "at most 1000");
    assertEquals(await box.size(), 1);
  });
});

describe("what is no message", () => {
  const bad: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["an unknown kind", new Uint8Array([99, 0, 0, 0, 1])],
    ["half a call", new Uint8Array([Kind.CALL, 0, 0])],
    [
      "a name longer than its message",
      new Uint8Array([Kind.CALL, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255]),
    ],
    [
      "a name that is no text",
      new Uint8Array([
        Kind.CALL,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        0,
        1,
        255,
      ]),
    ],
    ["an answer to nothing", new Uint8Array([Kind.RESULT, 0, 0, 0, 9, 0xf6])],
    ["an error of nothing", new Uint8Array([Kind.ERROR, 0, 0, 0, 9, 0xf6])],
    ["a cancelled nothing", new Uint8Array([Kind.CANCELLED, 0, 0, 0, 9])],
    ["a longer cancel", new Uint8Array([Kind.CANCEL, 0, 0, 0, 9, 1])],
    ["a longer abandon", new Uint8Array([Kind.ABANDON, 0, 0, 0, 9, 1])],
    [
      "a long answer to nothing",
      new Uint8Array([Kind.LONG, 0, 0, 0, 9, 0, 0, 0, 1]),
    ],
    [
      "a release of nothing",
      new Uint8Array([Kind.RELEASE, 0, 0, 0, 9, 0, 0, 0, 1]),
    ],
    [
      "a release of the root",
      new Uint8Array([Kind.RELEASE, 0, 0, 0, 0, 0, 0, 0, 1]),
    ],
    [
      "a release no times",
      new Uint8Array([Kind.RELEASE, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
  ];
  for (const [what, bytes] of bad) {
    it(`ends the connection: ${what}`, async () => {
      using link = pair();
      link.serverSide.deliver(bytes);
      assertEquals(link.ended.length, 1);
      assertInstanceOf(link.ended[0], Error);
      await until(() => link.client.ended);
    });
  }

  it("is answered where it is in the arguments", async () => {
    using link = pair();
    const head = { object: 0, owner: 1, method: "put" };
    const bodies = [
      new Uint8Array([0xff]),
      new Uint8Array(),
      encode("no array"),
      encode({ length: 3 }),
    ];
    for (const [i, body] of bodies.entries()) {
      link.serverSide.deliver(writeCall(Kind.CALL, { call: i, ...head }, body));
    }
    assertEquals(link.ended, []);
    assertEquals(await link.root.size(), 0);
  });

  it("costs nobody else anything, whatever comes", async () => {
    let seed = 12345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor(seed / 2 ** 32 * below);
    };
    const box = new Box();
    using good = pair();
    const remote = await good.give(box);
    const valid = writeCall(
      Kind.CALL,
      { call: 7, object: 1, owner: 1, method: "put" },
      encode([[1, "two", { three: 3 }]]),
    );
    for (let round = 0; round < 10_000; round++) {
      using link = pair();
      link.root.given = box;
      const bytes = round % 2
        ? valid.slice(0, random(valid.length + 1))
        : Uint8Array
          .from({ length: random(40) }, () => random(256));
      for (let i = random(4); i >= 0 && bytes.length > 0; i--) {
        bytes[random(bytes.length)] = random(256);
      }
      link.serverSide.deliver(bytes);
    }
    await remote.put("fine");
    let last: unknown;
    for (let left = await box.size(); left > 0; left--) last = await box.take();
    assertEquals(last, "fine");
  });
});
