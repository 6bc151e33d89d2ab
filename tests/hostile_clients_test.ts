/** What somebody without the key can do to a listener: nothing, but be refused. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  AuthenticationError,
  connect,
  EOFError,
  Listener,
  ProcessError,
  TimeoutError,
} from "@multi/processing";
import type { Channel } from "../internal/pipe/channel.ts";
import { openChannel } from "../internal/travel/open_channel.ts";
import { Acceptor, type AcceptorOptions } from "../internal/pipe/acceptor.ts";
import { authenticate } from "../internal/pipe/authenticate.ts";
import { listen } from "../internal/pipe/listen.ts";
import { readExactly } from "./support/byte_pair.ts";
import { certificate } from "./support/certificate.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf } from "./support/run.ts";
import { until } from "./support/until.ts";

const KEY = new TextEncoder().encode("secret");
const HELLO = 8 + 32;

/** An acceptor on loopback, and what it logs. */
class Door implements Disposable {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly acceptor: Acceptor<Channel>;

  constructor(options: Partial<AcceptorOptions> = {}, tls?: object) {
    this.acceptor = new Acceptor(listen(["127.0.0.1", 0], tls, 100), {
      authkey: KEY,
      maxLength: 1000,
      backlog: 100,
      timeToProve: 60_000,
      maxStrangers: 10,
      patience: 60_000,
      log: (isWarning, message) => {
        this.lines.push(message);
        if (isWarning) this.warnings.push(message);
      },
      ...options,
    }, openChannel);
  }

  get port(): number {
    return this.acceptor.address[1] as number;
  }

  /** Somebody who connects, and can do what he wants. */
  knock(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** Whether one with the key still gets in. */
  async checkWorks(): Promise<void> {
    using client = await connect(["127.0.0.1", this.port], { authkey: KEY });
    const server = await this.acceptor.accept({});
    await client.send("hello");
    assertEquals(await server.receiveObject({}), "hello");
    server.close();
  }

  [Symbol.dispose](): void {
    this.acceptor.close();
  }
}

/** Waits until the other side has closed; it may have said something. */
async function untilClosed(socket: Deno.Conn): Promise<void> {
  try {
    while (await socket.read(new Uint8Array(1000)) !== null);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  socket.close();
}

describe("a listener", () => {
  nothingLeft();

  it("refuses garbage, at once", async () => {
    using door = new Door();
    const accepting = door.acceptor.accept({});
    for (
      const garbage of [
        new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
        new Uint8Array(8),
        crypto.getRandomValues(new Uint8Array(65_536)),
      ]
    ) {
      const socket = await door.knock();
      await socket.write(garbage);
      await untilClosed(socket);
    }
    await until(() => door.warnings.length === 3);
    for (const line of door.warnings) {
      assertMatch(
        line,
        /^refused a connection at 127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ does not speak the protocol/,
      );
    }
    using _client = await connect(["127.0.0.1", door.port], { authkey: KEY });
    (await accepting).close();
    await door.checkWorks();
  });

  it("refuses one who goes in the middle of a word, with no alarm", async () => {
    using door = new Door();
    for (const length of [0, 1, 8, 20, HELLO, HELLO + 31]) {
      const socket = await door.knock();
      const hello = await readExactly(socket, HELLO);
      await socket.write(
        new Uint8Array([...hello, ...hello]).subarray(0, length),
      );
      socket.close();
    }
    await until(() => door.lines.length === 6);
    assertEquals(door.warnings, []);
    assertStringIncludes(door.lines[0]!, "closed the connection before");
    await door.checkWorks();
  });

  it("refuses a wrong key, and goes on waiting", async () => {
    using door = new Door();
    const accepting = door.acceptor.accept({});
    for (let i = 0; i < 3; i++) {
      await assertRejects(
        () => connect(["127.0.0.1", door.port], { authkey: "wrong" }),
        AuthenticationError,
      );
    }
    assertEquals(door.warnings.length, 3);
    assertStringIncludes(door.warnings[0]!, "has another key");
    using client = await connect(["127.0.0.1", door.port], { authkey: KEY });
    await client.send("it is me");
    const server = await accepting;
    assertEquals(await server.receiveObject({}), "it is me");
    server.close();
  });

  it("is not taken in by what it has said itself", async () => {
    using door = new Door();
    // Its own words, back to it.
    const mirror = await door.knock();
    const hello = await readExactly(mirror, HELLO);
    await mirror.write(hello);
    await mirror.write(hello.subarray(8));
    await untilClosed(mirror);
    // Its words in one connection, back to it in another one.
    const [one, two] = [await door.knock(), await door.knock()];
    await two.write(await readExactly(one, HELLO));
    await one.write(await readExactly(two, HELLO));
    for (const socket of [one, two]) {
      await socket.write(new Uint8Array(32));
      await untilClosed(socket);
    }
    await until(() => door.warnings.length === 3);
    for (const line of door.warnings) {
      assertStringIncludes(line, "has another key");
    }
    await door.checkWorks();
  });

  it("takes no word again that somebody with the key has said before", async () => {
    using door = new Door();
    const honest = await door.knock();
    const said: number[] = [];
    await authenticate(
      {
        read: (target) => honest.read(target),
        write: (bytes) => {
          said.push(...bytes);
          return honest.write(bytes);
        },
      },
      "connector",
      KEY,
      "the listener",
      "none",
    );
    (await door.acceptor.accept({})).close();
    honest.close();
    const thief = await door.knock();
    await thief.write(new Uint8Array(said));
    await untilClosed(thief);
    await until(() => door.warnings.length === 1);
    await door.checkWorks();
  });

  it("gives one who says nothing, or too little, no more than his time", async () => {
    using door = new Door({ timeToProve: 20 });
    const lengths = [0, 20, HELLO, HELLO + 31];
    await Promise.all(lengths.map(async (length) => {
      const socket = await door.knock();
      const hello = await readExactly(socket, HELLO);
      const words = new Uint8Array([...hello, ...hello]);
      await socket.write(words.subarray(0, length));
      await untilClosed(socket);
    }));
    await until(() => door.warnings.length === 4);
    for (const line of door.warnings) {
      assertStringIncludes(line, "did not prove the key within 20 ms");
    }
    await door.checkWorks();
  });

  it("does not mistake its own busy time for somebody's silence", async () => {
    using door = new Door({ timeToProve: 20 });
    const connecting = connect(["127.0.0.1", door.port], { authkey: KEY });
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      while (performance.now() - start < 60);
      await new Promise((resolve) => setTimeout(resolve));
    }
    (await connecting).close();
    (await door.acceptor.accept({})).close();
  });

  it("lets silent ones make room for others, when they are many", async () => {
    using door = new Door({ maxStrangers: 3, patience: 20 });
    const silent = [];
    for (let i = 0; i < 7; i++) silent.push(await door.knock());
    await door.checkWorks();
    assert(door.warnings.length >= 5);
    for (const line of door.warnings) {
      assertStringIncludes(line, "did not prove the key while others waited");
    }
    door.acceptor.close();
    for (const socket of silent) await untilClosed(socket);
  });

  it("lets others wait while those who are at it have their time", async () => {
    using door = new Door({ maxStrangers: 2 });
    const silent = [await door.knock(), await door.knock()];
    for (const socket of silent) await readExactly(socket, HELLO);
    const address = ["127.0.0.1", door.port] as const;
    await assertRejects(
      () => connect(address, { authkey: KEY, timeout: 30 }),
      TimeoutError,
    );
    silent[0]!.close();
    await door.checkWorks();
    silent[1]!.close();
  });

  it("lets in many at a time who have the key", async () => {
    using door = new Door({ maxStrangers: 3, backlog: 5 });
    const clients = Array.from({ length: 40 }, async (_, i) => {
      using client = await connect(["127.0.0.1", door.port], { authkey: KEY });
      await client.send(i);
      await assertRejects(() => client.recv(), EOFError);
    });
    const got: unknown[] = [];
    for (const _ of clients) {
      const server = await door.acceptor.accept({});
      got.push(await server.receiveObject({}));
      server.close();
    }
    await Promise.all(clients);
    assertEquals(got.toSorted((a, b) => Number(a) - Number(b)), [
      ...clients.keys(),
    ]);
    assertEquals(door.lines, []);
  });

  it("reads no more of a stranger than the handshake has", async () => {
    using door = new Door();
    const socket = await door.knock();
    const hello = await readExactly(socket, HELLO);
    await socket.write(hello);
    // Far more than fits anywhere on the way.
    const flood = socket.write(new Uint8Array(50e6)).catch(() => {});
    await untilClosed(socket);
    await flood;
    await until(() => door.warnings.length === 1);
    await door.checkWorks();
  });

  it("refuses garbage where it expects TLS", async () => {
    using door = new Door({}, certificate);
    const socket = await door.knock();
    await socket.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    await untilClosed(socket);
    await until(() => door.warnings.length === 1);
    using client = await connect(["127.0.0.1", door.port], {
      authkey: KEY,
      tls: certificate,
    });
    (await door.acceptor.accept({})).close();
    await assertRejects(() => client.recv(), EOFError);
  });

  it("does not see connections that end before they are accepted as errors", async () => {
    using door = new Door();
    for (let i = 0; i < 50; i++) (await door.knock()).close();
    await door.checkWorks();
    assertEquals(door.warnings, []);
  });

  it("says in the log who was refused, and never the key", async () => {
    const code = `
      import { connect, Listener, logToStderr } from "${
      import.meta.resolve("@multi/processing")
    }";
      logToStderr("WARNING");
      using listener = new Listener({ address: ["127.0.0.1", 0], authkey: "secret" });
      await connect(listener.address, { authkey: "guess" })
        .catch((error) => console.log(error.name));`;
    const { stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      `--config=${pathOf("deno.json")}`,
      `data:application/typescript,${encodeURIComponent(code)}`,
    ]);
    assertEquals(stdout, "AuthenticationError\n");
    assertMatch(
      stderr,
      /^\[WARNING\/MainProcess\] refused a connection at 127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ has another key\n$/,
    );
  });
});

/** Somebody who has the key, and then does what he wants. */
async function betray(listener: Listener): Promise<Deno.TcpConn> {
  const [hostname, port] = listener.address as [string, number];
  const socket = await Deno.connect({ hostname, port });
  await authenticate(socket, "connector", KEY, "the listener", "none");
  return socket;
}

describe("a connection", () => {
  nothingLeft();

  const address = ["127.0.0.1", 0] as const;

  it("takes no message that is too long, and sends none", async () => {
    using listener = new Listener({
      address,
      authkey: KEY,
      maxMessageSize: 1000,
    });
    using client = await connect(listener.address, { authkey: KEY });
    using server = await listener.accept();
    await client.sendBytes(new Uint8Array(1000));
    assertEquals((await server.recvBytes()).length, 1000);
    await assertRejects(
      () => server.sendBytes(new Uint8Array(1001)),
      RangeError,
      'Cannot send a message of 1001 bytes as "maxMessageSize" is 1000',
    );
    await assertRejects(() => server.send("x".repeat(1000)), RangeError);
    await server.send("still here");
    assertEquals(await client.recv(), "still here");
    await client.send("before");
    await client.sendBytes(new Uint8Array(1001));
    assertEquals(await server.recv(), "before");
    await assertRejects(
      () => server.recv(),
      ProcessError,
      "a message of 1001 bytes came from 127.0.0.1:",
    );
    await assertRejects(() => server.recvBytes(), ProcessError);
    await assertRejects(() => server.send(1), EOFError);
    assertEquals(await server.poll(), true);
    await assertRejects(() => client.recv(), EOFError);
  });

  it("believes no length, kind or value", async () => {
    using listener = new Listener({ address, authkey: KEY });
    const wrong: [number[], new () => Error, string][] = [
      [[1, 255, 255, 255, 255], ProcessError, "a message of 4294967295 bytes"],
      [[2, 64, 0, 0, 1], ProcessError, "a message of 1073741825 bytes"],
      [[0, 0, 0, 0, 0], ProcessError, "is no message"],
      [[3, 0, 0, 0, 1, 1], ProcessError, "is no message"],
      [[71, 69, 84, 32, 47], ProcessError, "is no message"],
      [[1, 0, 0, 0, 1, 255], ProcessError, "Cannot read this message"],
      [[1, 0, 0, 0, 0], ProcessError, "Cannot read this message"],
    ];
    for (const [bytes, Class, message] of wrong) {
      const socket = await betray(listener);
      using server = await listener.accept();
      await socket.write(new Uint8Array(bytes));
      await assertRejects(() => server.recv(), Class, message);
      server.close();
      await untilClosed(socket);
    }
  });

  it("goes on behind a value that cannot be read", async () => {
    using listener = new Listener({ address, authkey: KEY });
    using socket = await betray(listener);
    using server = await listener.accept();
    await socket.write(
      new Uint8Array([1, 0, 0, 0, 1, 255, 1, 0, 0, 0, 1, 7]),
    );
    await assertRejects(() => server.recv(), ProcessError);
    assertEquals(await server.recv(), 7);
  });

  it("waits for the rest of a message, and says so when it never comes", async () => {
    using listener = new Listener({ address, authkey: KEY });
    for (
      const part of [
        [1],
        [1, 0, 0, 0],
        [1, 0, 0, 0, 5],
        [1, 0, 0, 0, 5, 1, 2],
        [2, 1, 0, 0, 0, 1, 2],
      ]
    ) {
      const socket = await betray(listener);
      using server = await listener.accept();
      await socket.write(new Uint8Array(part));
      assertEquals(await server.poll(), false);
      await assertRejects(() => server.recv({ timeout: 5 }), TimeoutError);
      socket.close();
      await assertRejects(
        () => server.recv(),
        EOFError,
        "in the middle of a message",
      );
    }
  });

  it("takes a message of many small parts", async () => {
    using listener = new Listener({ address, authkey: KEY });
    using socket = await betray(listener);
    using server = await listener.accept();
    const message = new Uint8Array([2, 0, 0, 0, 3, 1, 2, 3, 1, 0, 0, 0, 1, 7]);
    for (const byte of message) await socket.write(new Uint8Array([byte]));
    assertEquals(await server.recvBytes(), new Uint8Array([1, 2, 3]));
    assertEquals(await server.recv(), 7);
  });
});
