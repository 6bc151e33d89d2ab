/** What a message tells of that a manager serves, while it is looked for. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  EOFError,
  ShutDownError,
  spawn,
} from "@multi/processing";
import { Client } from "../internal/manager/client.ts";
import { WAY } from "../internal/manager/homes.ts";
import { reachBy } from "../internal/manager/places.ts";
import { ManagerServer } from "../internal/manager/server.ts";
import {
  type AllTickets,
  findIn,
  Tickets,
} from "../internal/manager/tickets.ts";
import { Kind, readMessage } from "../internal/travel/protocol.ts";
import { locateFrom } from "../internal/travel/route.ts";
import { decode } from "../internal/wire/decode.ts";
import { encode } from "../internal/wire/encode.ts";
import { Box, sharedBox } from "./support/box.ts";
import { collected, collectGarbage } from "./support/collect_garbage.ts";
import { pair } from "./support/link_pair.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import {
  type MemoryTransport,
  transportPair,
} from "./support/transport_pair.ts";
import { until } from "./support/until.ts";

nothingLeft();

/** Who accepts connections, and says nothing. */
class Mute implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly connections: Deno.Conn[] = [];
  #isOver = false;

  constructor() {
    this.#accept();
  }

  get address(): [string, number] {
    return ["127.0.0.1", this.#listener.addr.port];
  }

  /** Ends all connections, and lets no more come. Twice does nothing new. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.close();
    for (const connection of this.connections) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.connections.push(connection);
    }
  }
}

/** An address where nobody listens: what is there is found by other means. */
const NOWHERE: [string, number] = ["127.0.0.1", 1];

/** What stands here for a box that is served there. */
function boxAt(address: [string, number], ticket: string): Box {
  return locateFrom(sharedBox(), [WAY, address, ticket, "box"]) as Box;
}

/** A server, and a connection with it by which what is at an address is found. */
class Served implements Disposable {
  readonly server = new ManagerServer(new Map(), {
    address: ["127.0.0.1", 0],
    authkey: new Uint8Array(32),
    tls: undefined,
  });
  readonly #tickets = this.server.newTickets();
  readonly client: Client;
  readonly clientSide: MemoryTransport;
  readonly serverSide: MemoryTransport;

  constructor(address: [string, number]) {
    const [serverSide, clientSide] = transportPair();
    this.server.attach(serverSide, "the client");
    this.clientSide = clientSide;
    this.serverSide = serverSide;
    this.client = new Client(clientSide, address);
    reachBy(this.client);
  }

  /** Somebody sends a box by that ticket. */
  keep(ticket: string, box: Box): void {
    this.server.keep(this.#tickets, ticket, box);
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.server.close();
  }
}

describe("an object whose server is looked for", () => {
  it("is given up by a signal", async () => {
    using mute = new Mute();
    const box = boxAt(mute.address, "none");
    const controller = new AbortController();
    const { signal } = controller;
    const taking = assertRejects(() => box.take({ signal }), Error, "enough");
    const other = assertRejects(
      () => box.size(),
      Deno.errors.ConnectionRefused,
    );
    await until(() => mute.connections.length === 1);
    controller.abort(new Error("enough"));
    await taking;
    mute[Symbol.dispose]();
    await other;
  });

  it("is given up by the kill of a coroutine", async () => {
    using mute = new Mute();
    const box = boxAt(mute.address, "none");
    const other = assertRejects(
      () => box.size(),
      Deno.errors.ConnectionRefused,
    );
    const taker = spawn(() => box.take());
    await until(() => mute.connections.length === 1);
    await taker.kill();
    mute[Symbol.dispose]();
    await other;
  });

  it("loses no kill in the moment in which it is found", async () => {
    for (let moment = 0; moment < 60; moment++) {
      using served = new Served(NOWHERE);
      served.keep("ticket", new Box());
      served.serverSide.held = [];
      const box = boxAt(NOWHERE, "ticket");
      const putter = spawn(async () => {
        for (;;) await box.put(1);
      });
      await until(() => served.serverSide.held!.length > 0);
      served.serverSide.letThrough();
      for (let i = 0; i < moment; i++) await Promise.resolve();
      assertEquals(await putter.kill({ timeout: 5000 }), true, `${moment}`);
    }
  });

  it("is waited for in the time that its call has", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    served.serverSide.held = [];
    const box = boxAt(NOWHERE, "ticket");
    const taking = assertRejects(() => box.take({ timeout: 1e5 }), EOFError);
    await until(() => served.serverSide.held!.length > 0);
    served.serverSide.letThrough();
    const { arrived } = served.serverSide;
    const isTake = (bytes: Uint8Array) => {
      const message = readMessage(bytes);
      return "method" in message && message.method === "take";
    };
    await until(() => arrived.some(isTake));
    const { body } = readMessage(arrived.find(isTake)!) as { body: Uint8Array };
    const [{ timeout }] = decode(body) as [{ timeout: number }];
    assert(timeout < 1e5 && timeout > 0, `${timeout}`);
    served.client.close();
    await taking;
  });

  it("is found for all, if who received it was killed", async () => {
    using served = new Served(NOWHERE);
    let box: Box | undefined;
    const receiver = spawn(async () => {
      box = boxAt(NOWHERE, "ticket");
      await box.size();
    });
    await until(() => box !== undefined);
    await receiver.kill();
    served.keep("ticket", new Box());
    assertEquals(await box!.size(), 0);
  });
});

describe("a connection with a server", () => {
  it("is kept when another one fails", async () => {
    using mute = new Mute();
    const lost = boxAt(mute.address, "lost"); // begins to connect
    await until(() => mute.connections.length === 1);
    using served = new Served(mute.address);
    mute[Symbol.dispose]();
    await assertRejects(() => lost.size(), Deno.errors.ConnectionRefused);
    served.keep("ticket", new Box());
    assertEquals(await boxAt(mute.address, "ticket").size(), 0);
  });

  it("is kept when another one ends", async () => {
    using served = new Served(NOWHERE);
    new Served(NOWHERE)[Symbol.dispose]();
    served.keep("ticket", new Box());
    assertEquals(await boxAt(NOWHERE, "ticket").size(), 0);
  });
});

/** A box of a third process, as it arrives with who is told that it is there. */
async function sent(own: Box, at: unknown) {
  const there = pair({}, { locate: () => at });
  const here = pair({ introduces: true }, { introduces: true });
  const box = await there.give(own);
  await here.client.root().call("put", [box]);
  return {
    box,
    received: await here.root.take() as Box,
    [Symbol.dispose]() {
      here[Symbol.dispose]();
      there[Symbol.dispose]();
    },
  };
}

describe("an object of a third process", () => {
  it("is used there, whatever its sender does", async () => {
    using served = new Served(NOWHERE);
    const own = new Box();
    served.keep("ticket", own);
    using sending = await sent(own, [WAY, NOWHERE, "ticket"]);
    assertEquals(await sending.received.size(), 0);
    sending[Symbol.dispose]();
    await sending.received.put("there");
    assertEquals(await own.take(), "there");
    sending.received.close();
    await assertRejects(() => sending.received.size(), ShutDownError);
  });

  it("is used by its sender where it cannot be reached", async () => {
    const own = new Box();
    using sending = await sent(own, [WAY, NOWHERE, "ticket"]);
    const { box, received } = sending;
    await received.put("by the sender");
    assertEquals(await own.take(), "by the sender");
    box.close();
    await assertRejects(() => received.size(), ShutDownError);
  });

  it("is used by its sender once the way there has failed", async () => {
    using mute = new Mute();
    using sending = await sent(new Box(), [WAY, mute.address, "ticket"]);
    const size = sending.received.size();
    await until(() => mute.connections.length === 1);
    mute[Symbol.dispose]();
    assertEquals(await size, 0);
  });

  it("is used by its sender where it was sent on before that was known", async () => {
    using mute = new Mute();
    const own = new Box();
    using sending = await sent(own, [WAY, mute.address, "ticket"]);
    const message = encode(sending.received);
    await until(() => mute.connections.length === 1);
    mute[Symbol.dispose]();
    const box = decode(message) as Box;
    await box.put("by the sender");
    assertEquals(await own.take(), "by the sender");
    assertStrictEquals(decode(message), box);
  });

  it("is used there where it was sent on before that was known", async () => {
    using served = new Served(NOWHERE);
    const own = new Box();
    served.keep("ticket", own);
    using sending = await sent(own, [WAY, NOWHERE, "ticket"]);
    const message = encode(sending.received);
    assertEquals(await sending.received.size(), 0);
    sending[Symbol.dispose]();
    await (decode(message) as Box).put("there");
    assertEquals(await own.take(), "there");
  });

  it("is used where it was sent on, although it was closed then", async () => {
    using served = new Served(NOWHERE);
    const own = new Box();
    served.keep("ticket", own);
    using sending = await sent(own, [WAY, NOWHERE, "ticket"]);
    const message = encode(sending.received);
    sending.received.close();
    const box = decode(message) as Box;
    await box.put("still there");
    assertEquals(await own.take(), "still there");
    await assertRejects(() => sending.received.size(), ShutDownError);
  });

  it("is used by a server that has sent it, in the same way", async () => {
    using mute = new Mute();
    using served = new Served(NOWHERE);
    const own = new Box();
    using there = pair({}, { locate: () => [WAY, mute.address, "ticket"] });
    served.keep("box", await there.give(own));
    const message = encode(await served.client.claim("box"));
    await until(() => mute.connections.length > 0);
    const box = decode(message) as Box;
    mute[Symbol.dispose]();
    await box.put("by the server");
    assertEquals(await own.take(), "by the server");
  });

  it("is at no place that makes no sense", async () => {
    for (const at of [1, "x", ["here", "x", 1], [WAY, NOWHERE, 1], [WAY]]) {
      using sending = await sent(new Box(), at);
      assertEquals(await sending.received.size(), 0);
    }
    for (const address of [["x", -1], ["", 1], "", 5, undefined]) {
      await assertRejects(
        () => sent(new Box(), [WAY, address, "ticket"]),
        Error,
        "Cannot reach an object",
      );
    }
  });
});

describe("an object that is sent", () => {
  it("is held for a time, and found as long as somebody has it", async () => {
    const all: AllTickets = new Map();
    const tickets = new Tickets(all, 1);
    const box = new Box();
    const ticket = tickets.give(box);
    assertEquals(tickets.give(box), ticket);
    let isLost = false;
    const registry = new FinalizationRegistry(() => isLost = true);
    const lost = (() => {
      const box = new Box();
      registry.register(box, undefined);
      return tickets.give(box);
    })();
    assert(findIn(all, lost) !== undefined);
    await until(() => {
      collectGarbage();
      return isLost && all.size === 1;
    });
    assertStrictEquals(findIn(all, ticket), box);
    tickets.clear();
    assertEquals(all.size, 0);
  });
});

describe("an object that is sent to who is not connected", () => {
  it("need not wait for another one that is no more", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    let isOver = false;
    const lost = boxAt(NOWHERE, "of nothing").size()
      .catch((error) => error)
      .finally(() => isOver = true);
    assertEquals(await boxAt(NOWHERE, "ticket").size(), 0);
    assert(!isOver);
    served[Symbol.dispose]();
    assert(await lost instanceof EOFError);
  });

  it("can be passed on, however long it was not used", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    const box = boxAt(NOWHERE, "ticket");
    assertEquals(await box.size(), 0);
    await collected();
    assertEquals(await (decode(encode(box)) as Box).size(), 0);
  });

  it("is used by others when one has closed it", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    const box = boxAt(NOWHERE, "ticket");
    const other = boxAt(NOWHERE, "ticket");
    assertEquals(await box.size(), 0);
    assertEquals(await other.size(), 0);
    box.close();
    assertEquals(await other.size(), 0);
    await assertRejects(() => box.size(), ShutDownError);
    assertThrows(() => encode(box), DataCloneError, "closed");
  });

  it("lets whoever waits go on when that one closes it", async () => {
    using served = new Served(NOWHERE);
    const own = new Box();
    served.keep("ticket", own);
    const box = boxAt(NOWHERE, "ticket");
    const other = boxAt(NOWHERE, "ticket");
    const taking = assertRejects(() => box.take(), ShutDownError, "closed");
    const otherTaking = other.take();
    const waits = (event: string) => own.events.filter((e) => e === event);
    await until(() => waits("waits").length === 2);
    box.close();
    await taking;
    await until(() => waits("waits no more").length === 1);
    await other.put("for the other");
    assertEquals(await otherTaking, "for the other");
  });

  it("is used by others when who has it directly closes it", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    for (const isDirectFirst of [true, false]) {
      const claim = () => served.client.claim("ticket") as Promise<Box>;
      const early = isDirectFirst ? await claim() : null;
      const box = boxAt(NOWHERE, "ticket");
      assertEquals(await box.size(), 0);
      const direct = early ?? await claim();
      direct.close();
      await assertRejects(() => direct.size(), ShutDownError);
      assertEquals(await box.size(), 0);
      const again = await claim();
      box.close();
      assertEquals(await again.size(), 0);
      assertEquals(await (decode(encode(again)) as Box).size(), 0);
    }
  });

  it("is let go of when all have closed it", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    const boxes = [1, 2].map(() => boxAt(NOWHERE, "ticket"));
    for (const box of boxes) assertEquals(await box.size(), 0);
    const direct = await served.client.claim("ticket") as Box;
    const released = () =>
      served.serverSide.arrived.filter(([kind]) => kind === Kind.RELEASE)
        .length;
    for (const box of [...boxes, direct]) box.close();
    await until(() => released() === 3);
  });

  it("comes home, and is used as itself, and not closed", async () => {
    using served = new Served(NOWHERE);
    const middle = new Box();
    served.keep("middle", middle);
    const own = new Box();
    await (await served.client.claim("middle") as Box).put(own);
    served.keep("own", await middle.take() as Box);
    const box = boxAt(NOWHERE, "own");
    await box.put("through the other");
    assertEquals(await own.take(), "through the other");
    assertEquals(await box.enter(), true);
    assert(own.isEntered);
    await box.leave();
    const sent = decode(encode(box)) as Box;
    await sent.put("once more");
    assertEquals(await box.take(), "once more");
    const taking = assertRejects(() => box.take(), ShutDownError, "closed");
    await until(() => own.events.filter((e) => e === "waits").length === 1);
    box.close();
    await taking;
    await assertRejects(() => box.size(), ShutDownError);
    await sent.put("still here");
    assertEquals(await own.take(), "still here");
  });

  it("ends nobody's kill", async () => {
    using served = new Served(NOWHERE);
    served.keep("ticket", new Box());
    const box = await served.client.claim("ticket") as Box;
    const { promise: killed, resolve } = Promise.withResolvers<void>();
    served.clientSide.held = [];
    let [isSent, goesOn] = [false, false];
    const sender = spawn(async () => {
      encode(box);
      isSent = true;
      await killed;
      await box.size();
      goesOn = true;
    });
    await until(() => isSent && served.clientSide.held!.length === 1);
    const end = sender.kill();
    served.clientSide.letThrough();
    resolve();
    await end;
    assert(!goesOn);
  });
});
