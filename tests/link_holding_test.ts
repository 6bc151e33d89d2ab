/** What the two ends of a connection hold for each other, and for how long. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  DataCloneError,
  EOFError,
  type ListProxy,
  pipe,
  Queue,
} from "@multi/processing";
import { runAsOwnerSync } from "../internal/context.ts";
import { newList } from "../internal/manager/list_proxy.ts";
import { ManagerServer } from "../internal/manager/server.ts";
import { Kind } from "../internal/travel/protocol.ts";
import { memoryTransports } from "../internal/travel/memory_transport.ts";
import { encodeBehind } from "../internal/travel/message_buffer.ts";
import type { Findings } from "../internal/travel/route.ts";
import { SocketTransport } from "../internal/travel/socket_transport.ts";
import { breathe } from "../internal/turn.ts";
import { registerHandle } from "../internal/wire/classes.ts";
import { encode } from "../internal/wire/encode.ts";
import { Box } from "./support/box.ts";
import { collected, collectGarbage } from "./support/collect_garbage.ts";
import { pair } from "./support/link_pair.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { until } from "./support/until.ts";

nothingLeft();

/** An object of this library whose module is loaded late. */
class Late {}

function register(name: string): void {
  registerHandle<Late>({
    name,
    class: Late,
    encode: () => 1,
    decode: () => new Late(),
  });
}

/** Renames a class in a message to one that is not known yet. */
function rename(message: Uint8Array, from: string, to: string): void {
  const text = new TextDecoder("latin1").decode(message);
  message.set(new TextEncoder().encode(to), text.indexOf(from));
}

describe("what was closed", () => {
  it("cannot be sent by any way", async () => {
    using link = pair();
    using other = pair();
    const remote = await link.give(new Box());
    remote.close();
    const list = newList([]);
    const far = link.client.decode(link.server.encode(list, "list")) as object;
    (far as ListProxy).close();
    const queue = new Queue();
    queue.close();
    const [end, otherEnd] = pipe();
    end.close();
    otherEnd.close();
    for (
      const [name, object] of Object.entries({
        "tests.Box": remote,
        ListProxy: far,
        Queue: queue,
        Connection: end,
      })
    ) {
      for (const ends of [[], [link.server], [link.client], [other.server]]) {
        const [way] = ends;
        assertThrows(
          () => way ? way.encode([object], "args") : encode([object], "args"),
          DataCloneError,
          `args[0]: a ${name} that was closed cannot be sent`,
        );
      }
    }
  });
});

describe("what was sent", () => {
  it("is closed for itself on either side", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    const sent = async <T>(object: T): Promise<T> => {
      link.root.given = object;
      return await link.client.root().call("given", []) as T;
    };
    using queue = new Queue<string>();
    using queueThere = await sent(queue);
    await remote.put(queueThere);
    assertStrictEquals(await box.take(), queue); // it comes home as itself
    await queue.put("first");
    queue.close();
    assertEquals(await queueThere.get(), "first");
    await remote.put(queueThere);
    using home = await box.take() as Queue<string>;
    await home.put("second");
    assertEquals(await queueThere.get(), "second");

    const [near, far] = pipe<string>();
    const farThere = await sent(far);
    far.close();
    await near.send("still there");
    assertEquals(await farThere.recv(), "still there");
    farThere.close();
    await assertRejects(() => near.recv(), EOFError);
    near.close();
  });
});

describe("a connection with a manager", () => {
  it("is let go of when it has ended, and before its tickets", async () => {
    const server = new ManagerServer(new Map(), {
      address: ["127.0.0.1", 0],
      authkey: new Uint8Array(32),
      tls: undefined,
    });
    const connect = () => {
      const [here, there] = memoryTransports();
      server.attach(here, "the client");
      there.close();
      return new WeakRef(here);
    };
    let ended: WeakRef<object>;
    {
      using _time = new FakeTime(); // which does not pass for its tickets
      ended = connect();
      await breathe();
    }
    await until(() => {
      collectGarbage();
      return ended.deref() === undefined;
    });
    server.close();
    await server.ended;
  });
});

describe("an owner", () => {
  it("is known until its calls have their answers", async () => {
    using link = pair();
    const box = new Box();
    const remote = await link.give(box);
    const taking = runAsOwnerSync({}, () => remote.take()); // nobody else has it
    await until(() => box.events.includes("waits"));
    const { arrived } = link.serverSide;
    await collected();
    const isForgotten = () => arrived.some(([kind]) => kind === Kind.FORGET);
    assert(!isForgotten());
    await box.put("at last");
    assertEquals(await taking, "at last");
    await until(() => {
      collectGarbage();
      return isForgotten();
    });
  });
});

describe("what is in a message", () => {
  it("is held until the modules are loaded that it needs", async () => {
    register("tests.LateA");
    using link = pair({}, {
      async loadAll() {
        await collected();
        register("tests.LateB");
      },
    });
    link.root.given = [new Box("first"), new Late()];
    link.clientSide.held = [];
    const given = link.client.root().call("given", []);
    await until(() => link.clientSide.held!.length === 1);
    rename(link.clientSide.held[0]!, "tests.LateA", "tests.LateB");
    link.clientSide.letThrough();
    const [box] = await given as [Box, Late];
    assertEquals(await box.size(), 0);
    box.close();
    await until(() => link.server.sizes.exports === 1);
    assertEquals(link.ended, []);
  });

  it("is the same when it is read again, also if it was closed", async () => {
    using link = pair();
    const bytes = link.server.encode(new Box(), "value");
    const found: Findings = { objects: null };
    const box = link.client.decode(bytes, found) as Box;
    box.close();
    assertStrictEquals(link.client.decode(bytes, found), box);
    await until(() => link.server.sizes.exports === 1);
    assertEquals(link.client.sizes.imports, 0);
  });

  it("stays as it was until it is sent, whatever its length", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [here, there] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      listener.accept(),
    ]);
    const sender = new SocketTransport(here, "the receiver", 2 ** 20);
    const receiver = new SocketTransport(there, "the sender", 2 ** 20);
    const filled = (length: number, byte: number) =>
      new Uint8Array(length).fill(byte);
    const overhead = encode(filled(2 ** 16, 0)).length - 2 ** 16;
    const lengths: number[] = [];
    for (let by = -10; by <= 10; by++) lengths.push(2 ** 16 - overhead + by);
    const messages = lengths.map((length, i) => filled(length, i));
    for (const message of messages) sender.send(encodeBehind(0, message, ""));
    const received: Uint8Array[] = [];
    receiver.onmessage = (message) => void received.push(message.slice());
    receiver.hold(true);
    await until(() => received.length === messages.length);
    for (const [i, message] of messages.entries()) {
      assertEquals(received[i], encode(message));
    }
    sender.close();
    receiver.close();
  });
});
