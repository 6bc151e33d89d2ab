/** Listeners, and how one connects to them. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  type Address,
  AuthenticationError,
  connect,
  type Connection,
  EOFError,
  Listener,
  type ListenerOptions,
  Process,
  type SharedMemory,
  ShutDownError,
  TimeoutError,
  type TlsOptions,
} from "@multi/processing";
import { playAt } from "./fixtures/connection_roles.ts";
import { refused } from "./fixtures/sends_objects.ts";
import { authorityCertificate, certificate } from "./support/certificate.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno, pathOf, ROOT } from "./support/run.ts";

const LOOPBACK: Address = ["127.0.0.1", 0];

let folder: string;
const path = (name = "socket"): string => `${folder}/${name}`;

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Both ends of a connection with this listener. */
async function meet(
  listener: Listener,
  options = {},
): Promise<[Connection, Connection]> {
  return await Promise.all([
    connect(listener.address, options),
    listener.accept(),
  ]);
}

async function checkWorks(listener: Listener): Promise<void> {
  const [client, server] = await meet(listener);
  using _client = client, _server = server;
  await client.send("hello");
  assertEquals(await server.recv(), "hello");
}

describe("Listener", () => {
  nothingLeft();

  beforeEach(async () => {
    folder = await Deno.makeTempDir();
  });
  afterEach(() => Deno.remove(folder, { recursive: true }));

  it("has no memory in messages between two programs", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const authkey = "between strangers";
    using listener = new Listener({ address: LOOPBACK, authkey });
    const program = deno([
      "run",
      "-A",
      pathOf("tests/fixtures/sends_objects.ts"),
      ...[...listener.address].map(String),
    ]);
    using connection = await listener.accept();
    const all = new Array(5).fill("value.object");
    assertEquals(await connection.recv(), all);
    assertEquals(await refused(connection), all);
    // What has a name is found by that.
    const { memory } = await connection.recv() as { memory: SharedMemory };
    assertEquals([...memory.buf.subarray(0, 3)], [1, 2, 3]);
    memory.close();
    await connection.send("done");
    const { code, stderr } = await program;
    assertEquals([code, stderr], [0, ""]);
  });

  it("gives the port that the system has chosen", async () => {
    using listener = new Listener({ address: LOOPBACK });
    const [host, port] = listener.address;
    assertEquals(host, "127.0.0.1");
    assertNotEquals(port, 0);
    await checkWorks(listener);
  });

  it("takes names of hosts, and IPv6", async () => {
    for (const host of ["localhost", "::1"]) {
      using listener = new Listener({ address: [host, 0] });
      await checkWorks(listener);
    }
  });

  it("makes a unix socket, and removes it when it closes", async () => {
    const listener = new Listener({ address: path() });
    assertEquals(listener.address, path());
    assert(exists(path()));
    await checkWorks(listener);
    listener.close();
    assert(!exists(path()));
    using again = new Listener({ address: path() });
    await checkWorks(again);
  });

  it("does not remove the socket of another one that came after it", async () => {
    const first = new Listener({ address: path() });
    const accepting = first.accept();
    first.close();
    using second = new Listener({ address: path() });
    await assertRejects(() => accepting, ShutDownError);
    await checkWorks(second);
    first.close();
    await Deno.remove(path());
    using third = new Listener({ address: path() });
    second.close();
    await assertRejects(() => second.accept(), ShutDownError);
    await checkWorks(third);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  });

  it("takes abstract names", {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const address = `\0processing ${Deno.pid}`;
    using listener = new Listener({ address });
    assertEquals(listener.address, address);
    await checkWorks(listener);
    const error = assertThrows(
      () => new Listener({ address }),
      Deno.errors.AddrInUse,
    );
    assertStringIncludes(error.message, `@processing ${Deno.pid}`);
  });

  it("says what is in its way, where that is no socket", async () => {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/file`;
    await Deno.writeTextFile(file, "");
    for (const [address, what] of [[folder, "folder"], [file, "file"]]) {
      assertThrows(
        () => new Listener({ address: address! }),
        Deno.errors.AddrInUse,
        `there is a ${what}: take another path`,
      );
    }
    await Deno.remove(folder, { recursive: true });
  });

  it("refuses an address at which another one listens", async () => {
    for (const address of [LOOPBACK, path()]) {
      using first = new Listener({ address });
      const error = assertThrows(
        () => new Listener({ address: first.address }),
        Deno.errors.AddrInUse,
        "is in use",
      );
      assertMatch(
        error.message,
        /^Cannot listen at (127\.0\.0\.1:\d+|\/.*) as/,
      );
      await checkWorks(first);
    }
  });

  it("replaces a socket whose listener is dead", async () => {
    const { stdout } = await deno([
      "run",
      "-q",
      "-A",
      pathOf("tests/fixtures/leaves_connections.ts"),
      path(),
      "kill",
    ]);
    assertEquals(stdout, "idle\n");
    assert(exists(path()));
    await assertRejects(() => connect(path()), Deno.errors.ConnectionRefused);
    using listener = new Listener({ address: path() });
    await checkWorks(listener);
  });

  it("never replaces what is no socket", async () => {
    await Deno.writeTextFile(path(), "mine");
    assertThrows(
      () => new Listener({ address: path() }),
      Deno.errors.AddrInUse,
    );
    assertEquals(await Deno.readTextFile(path()), "mine");
  });

  for (const how of ["return", "exit"]) {
    it(`holds no program, nor do connections, and leaves no socket (${how})`, async () => {
      const { code, stdout, stderr } = await deno([
        "run",
        "-q",
        "-A",
        pathOf("tests/fixtures/leaves_connections.ts"),
        path(),
        how,
      ]);
      assertEquals([code, stdout, stderr], [0, "idle\n", ""]);
      assert(!exists(path()));
    });
  }

  it("holds the program while somebody waits", async () => {
    using listener = new Listener({ address: path(), authkey: "k" });
    const running = deno([
      "run",
      "-q",
      "-A",
      pathOf("tests/fixtures/waits_at_connection.ts"),
      path(),
      "k",
    ]);
    using connection = await listener.accept();
    for (const step of ["ready", 1, 2]) {
      if (step === "ready") assertEquals(await connection.recv(), "ready");
      await connection.send(step);
    }
    await connection.send(3);
    assertEquals(await connection.recv(), "listening");
    using other = await connect(`${path()}.2`, { authkey: "k" });
    await connection.send("go");
    await other.send("last");
    const { code, stdout, stderr } = await running;
    assertEquals(
      [code, stdout.split("\n"), stderr],
      [0, ["ready", "true", "1", "1", "last", ""], ""],
    );
  });

  it("answers those who connect although nobody accepts", async () => {
    using listener = new Listener({ address: path() });
    const clients = [];
    for (let i = 0; i < 5; i++) {
      const client = await connect(path());
      await client.send(i);
      clients.push(client);
    }
    for (let i = 0; i < 5; i++) {
      using server = await listener.accept();
      assertEquals(await server.recv(), i);
    }
    for (const client of clients) client.close();
  });

  it("lets others wait in connect() when its backlog is full", async () => {
    using listener = new Listener({ address: path(), backlog: 1 });
    using _first = await connect(path());
    using _onItsWay = await connect(path());
    await assertRejects(() => connect(path(), { timeout: 30 }), TimeoutError);
    const connecting = connect(path());
    for (let i = 0; i < 2; i++) (await listener.accept()).close();
    using third = await connecting;
    await third.send("hello");
    using server = await listener.accept();
    assertEquals(await server.recv(), "hello");
  });

  it("gives up accepting when the time runs out, and loses nobody", async () => {
    using listener = new Listener({ address: path() });
    const start = performance.now();
    await assertRejects(
      () => listener.accept({ timeout: 20 }),
      TimeoutError,
      "Nobody has connected",
    );
    assert(performance.now() - start >= 19);
    await assertRejects(() => listener.accept({ timeout: 0 }), TimeoutError);
    await assertRejects(() => listener.accept({ timeout: -1 }), RangeError);
    const controller = new AbortController();
    const aborted = listener.accept({ signal: controller.signal });
    const last = listener.accept();
    controller.abort(new Error("enough"));
    await assertRejects(() => aborted, Error, "enough");
    using _client = await connect(path());
    using _server = await last;
  });

  it("accepts in the order of asking", async () => {
    using listener = new Listener({ address: path() });
    const accepts = [1, 2, 3].map(() => listener.accept());
    for (const [i, accepting] of accepts.entries()) {
      using client = await connect(path());
      await client.send(i);
      using server = await accepting;
      assertEquals(await server.recv(), i);
    }
  });

  it("ends those who wait when it closes, and then its address is free", async () => {
    for (const address of [LOOPBACK, path()]) {
      const listener = new Listener({ address });
      const bound = listener.address;
      using waiting = await connect(bound);
      const [client, server] = await meet(listener);
      assertEquals(await waiting.poll(), false);
      server.close(); // that was `waiting`'s
      const accepts = [listener.accept(), listener.accept(), listener.accept()];
      (await accepts[0]!).close(); // that was `client`'s
      listener.close();
      listener.close();
      for (const accepting of accepts.slice(1)) {
        await assertRejects(() => accepting, ShutDownError, "was closed");
      }
      await assertRejects(() => listener.accept(), ShutDownError);
      for (const end of [waiting, client]) {
        await assertRejects(() => end.recv(), EOFError);
        end.close();
      }
      await assertRejects(() => connect(bound), Error);
      using again = new Listener({ address: bound });
      await checkWorks(again);
    }
  });

  it("disconnects whom it has not accepted when it closes", async () => {
    const listener = new Listener({ address: path() });
    using client = await connect(path());
    listener.close();
    await assertRejects(() => client.recv(), EOFError);
  });

  it("can be iterated until it closes", async () => {
    const listener = new Listener({ address: path() });
    const got: unknown[] = [];
    const serving = (async () => {
      for await (const connection of listener) {
        using client = connection;
        got.push(await client.recv());
        await client.send("thanks");
      }
    })();
    for (let i = 0; i < 3; i++) {
      using client = await connect(path());
      await client.send(i);
      assertEquals(await client.recv(), "thanks");
    }
    listener[Symbol.dispose]();
    await serving;
    assertEquals(got, [0, 1, 2]);
  });

  it("says what is wrong with its options", () => {
    const wrong: [Partial<ListenerOptions>, new () => Error, string][] = [
      [{ address: "" }, TypeError, '"address" must be'],
      [{ address: 80 as never }, TypeError, '"address" must be'],
      [{ address: ["", 80] }, TypeError, '"address" must be'],
      [{ address: ["127.0.0.1", -1] }, RangeError, "port"],
      [{ address: ["127.0.0.1", 65536] }, RangeError, "port"],
      [{ address: ["127.0.0.1", 1.5] }, RangeError, "port"],
      [{ authkey: "" }, RangeError, '"authkey" must not be empty'],
      [
        { authkey: new Uint8Array() },
        RangeError,
        '"authkey" must not be empty',
      ],
      [{ authkey: 5 as never }, TypeError, '"authkey" must be'],
      [{ backlog: 0 }, RangeError, '"backlog"'],
      [{ maxUnauthenticated: 0.5 }, RangeError, '"maxUnauthenticated"'],
      [{ maxMessageSize: 0 }, RangeError, 'Cannot listen as "maxMessageSize"'],
      [{ handshakeTimeout: -1 }, RangeError, '"handshakeTimeout"'],
      [{ tls: {} }, TypeError, '"tls.cert" and "tls.key"'],
      [
        { tls: null as never },
        TypeError,
        "{ cert, key }: current value is null",
      ],
      [{ tls: "PEM" as never }, TypeError, '"tls" must be an object'],
      [{ tls: { cert: 5 } as never }, TypeError, '"tls.cert" must be a text'],
      [{ tls: { ca_certs: [] } as never }, TypeError, 'write "caCerts"'],
      [{ authKey: "secret" } as never, TypeError, 'write "authkey"'],
      [{ TLS: certificate } as never, TypeError, 'write "tls"'],
      [{ max_message_size: 5 } as never, TypeError, 'write "maxMessageSize"'],
      [{ tls: certificate, address: path() }, TypeError, "is a unix socket"],
      [
        { tls: { cert: "x", key: "y" } },
        Deno.errors.InvalidData,
        "no certificate",
      ],
      [
        { tls: { ...certificate, key: authorityCertificate.key } },
        Deno.errors.InvalidData,
        "no certificate with its key",
      ],
      [
        { address: path("x".repeat(200)) },
        RangeError,
        "Cannot listen as the path of a socket has at most 10",
      ],
      [{ address: path("a\0b") }, TypeError, "zero byte"],
      [{ address: path("no/folder") }, Deno.errors.NotFound, "folder"],
      [
        { address: ["203.0.113.1", 0] },
        Deno.errors.AddrNotAvailable,
        "not this machine",
      ],
      [{ address: ["host.invalid", 0] }, Error, "host.invalid:0"],
      [
        { address: ["a b", 0] },
        TypeError,
        "Cannot listen at a b:0 as the host is no name and no IP address",
      ],
    ];
    for (const [options, Class, message] of wrong) {
      assertThrows(
        () => new Listener({ address: LOOPBACK, ...options }),
        Class,
        message,
      );
    }
  });
});

describe("connect()", () => {
  nothingLeft();

  beforeEach(async () => {
    folder = await Deno.makeTempDir();
  });
  afterEach(() => Deno.remove(folder, { recursive: true }));

  it("names the address at which nobody listens", async () => {
    await assertRejects(
      () => connect(path()),
      Deno.errors.NotFound,
      `Cannot connect to ${path()} as nobody listens there`,
    );
    const listener = new Listener({ address: LOOPBACK });
    const { address } = listener;
    listener.close();
    await assertRejects(() => listener.accept(), ShutDownError);
    await assertRejects(
      () => connect(address),
      Deno.errors.ConnectionRefused,
      `Cannot connect to 127.0.0.1:${address[1]} as nobody listens there`,
    );
    await assertRejects(
      () => connect(["host.invalid", 1]),
      Error,
      "Cannot connect to host.invalid:1",
    );
  });

  it("says that the listener was closed before it had accepted", async () => {
    const listener = Deno.listen({ transport: "unix", path: path() });
    const connecting = assertRejects(() => connect(path()), EOFError, "closed");
    listener.close(); // it has connected
    await connecting;
  });

  it("says what is wrong with its options", async () => {
    const wrong: [Address, object, new () => Error, string][] = [
      ["", {}, TypeError, '"address" must be'],
      [["127.0.0.1", 70000], {}, RangeError, "port"],
      [["127.0.0.1", 0], {}, RangeError, "127.0.0.1:0 as port 0 is any free"],
      [path("a\0b"), {}, TypeError, "zero byte"],
      [path(), { authkey: "" }, RangeError, '"authkey" must not be empty'],
      [path(), { tls: {} }, TypeError, "is a unix socket"],
      [["127.0.0.1", 1], { tls: null }, TypeError, '"tls" must be an object'],
      [path(), { authKey: "secret" }, TypeError, 'write "authkey"'],
      [
        ["a b", 1],
        {},
        TypeError,
        "Cannot connect to a b:1 as the host is no name and no IP address",
      ],
      [
        ["127.0.0.1", 1],
        { tls: { caCerts: "x" } },
        TypeError,
        "an array of PEM texts",
      ],
      [
        ["127.0.0.1", 1],
        { tls: { caCerts: ["c.pem"] } },
        TypeError,
        '"c.pem" is none',
      ],
      [path(), { timeout: -1 }, RangeError, '"timeout" must be >= 0'],
      [
        path(),
        { maxMessageSize: 2 ** 32 },
        RangeError,
        'Cannot connect as "maxMessageSize"',
      ],
    ];
    for (const [address, options, Class, message] of wrong) {
      await assertRejects(() => connect(address, options), Class, message);
    }
  });

  it("gives up on one that does not answer", async () => {
    for (
      const silent of [
        Deno.listen({ hostname: "127.0.0.1", port: 0 }),
        Deno.listen({ transport: "unix", path: path() }),
      ]
    ) {
      const { addr } = silent;
      const address: Address = addr.transport === "tcp"
        ? [addr.hostname, addr.port]
        : path();
      await assertRejects(
        () => connect(address, { timeout: 20 }),
        TimeoutError,
        "within 20 ms",
      );
      const reason = new Error("enough");
      const controller = new AbortController();
      const { signal } = controller;
      const connecting = connect(address, { signal });
      const waits = [await silent.accept(), await silent.accept()];
      controller.abort(reason);
      await assertRejects(() => connecting, Error, "enough");
      await assertRejects(() => connect(address, { signal }), Error, "enough");
      for (const socket of waits) {
        while (await socket.read(new Uint8Array(100)) !== null);
        socket.close();
      }
      silent.close();
    }
  });

  it("waits where too many wait at a unix socket", async () => {
    const busy = Deno.listen({ transport: "unix", path: path() });
    const waiting: Deno.Conn[] = [];
    let isFull = false;
    while (!isFull) {
      try {
        waiting.push(await Deno.connect({ transport: "unix", path: path() }));
      } catch (error) {
        assertInstanceOf(error, Deno.errors.WouldBlock);
        isFull = true;
      }
    }
    await assertRejects(() => connect(path(), { timeout: 30 }), TimeoutError);
    const connecting = connect(path());
    (await busy.accept()).close();
    for (const socket of waiting) socket.close();
    busy.close();
    await assertRejects(() => connecting);
  });

  it("needs the same key: a text, bytes, or the process's own", async () => {
    const keys = ["s\u00e9cret", new TextEncoder().encode("s\u00e9cret")];
    for (const authkey of keys) {
      using listener = new Listener({ address: path(), authkey });
      for (const authkey of keys) {
        const [client, server] = await meet(listener, { authkey });
        client.close();
        server.close();
      }
      for (const authkey of ["secret", undefined]) {
        await assertRejects(
          () => connect(path(), { authkey }),
          AuthenticationError,
          `${path()} as it has another key: give both sides the same "authkey"`,
        );
      }
    }
  });

  it("has the same key in a child, and in a child's child", async () => {
    using listener = new Listener({ address: path() });
    const process = new Process({ target: playAt, args: [path(), "sum"] });
    process.start();
    using connection = await listener.accept();
    await connection.send(7);
    connection.close();
    await process.join();
    assertEquals(process.exitcode, 7);
  });

  it("accepts no connection before the key is proven", async () => {
    using listener = new Listener({ address: path(), authkey: "right" });
    const accepting = listener.accept();
    await assertRejects(
      () => connect(path(), { authkey: "wrong" }),
      AuthenticationError,
    );
    using client = await connect(path(), { authkey: "right" });
    using server = await accepting;
    await client.send("x");
    assertEquals(await server.recv(), "x");
  });
});

describe("TLS", () => {
  nothingLeft();

  const listen = () => new Listener({ address: LOOPBACK, tls: certificate });
  const port = ({ address }: Listener) => address[1] as number;

  it("protects a connection, and names the host that it is for", async () => {
    using listener = listen();
    const { caCerts } = certificate;
    for (
      const [host, tls] of [
        ["127.0.0.1", { caCerts }],
        ["localhost", { caCerts }],
        ["127.0.0.1", { caCerts, hostname: "localhost" }],
      ] as const
    ) {
      const [client, server] = await Promise.all([
        connect([host, port(listener)], { tls: { ...tls, caCerts } }),
        listener.accept(),
      ]);
      await client.send("secret");
      assertEquals(await server.recv(), "secret");
      client.close();
      server.close();
    }
  });

  it("refuses a certificate that nobody trusts, or of another host", async () => {
    using listener = listen();
    const { caCerts } = certificate;
    const wrong: [TlsOptions, string][] = [
      [{}, '"tls.caCerts"'],
      [{ caCerts, hostname: "example.com" }, '"tls.hostname"'],
    ];
    for (const [tls, message] of wrong) {
      const error = await assertRejects(
        () => connect(listener.address, { tls }),
        Deno.errors.InvalidData,
        message,
      );
      assertMatch(
        error.message,
        /^Cannot connect to 127\.0\.0\.1:\d+ by TLS: /,
      );
    }
    const [client, server] = await meet(listener, { tls: certificate });
    client.close();
    server.close();
    using authority = new Listener({
      address: LOOPBACK,
      tls: authorityCertificate,
    });
    await assertRejects(
      () => connect(authority.address, { tls: authorityCertificate }),
      Deno.errors.InvalidData,
      "(CaUsedAsEndEntity)); the certificate is an authority's",
    );
  });

  it("is refused where only one side has it", async () => {
    using secured = listen();
    await assertRejects(
      () => connect(secured.address),
      EOFError,
      'before the key was proven (if its listener has "tls", give it here, too)',
    );
    using plain = new Listener({ address: LOOPBACK });
    await assertRejects(
      () => connect(plain.address, { tls: certificate }),
      Deno.errors.InvalidData,
      'its listener has no "tls"',
    );
    await checkWorks(plain);
  });

  it("gives up on one that does not answer", async () => {
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = silent.addr as Deno.NetAddr;
    const connecting = connect([hostname, port], {
      tls: certificate,
      timeout: 30,
    });
    const socket = await silent.accept();
    await assertRejects(() => connecting, TimeoutError, "within 30 ms");
    socket.close();
  });

  it("still needs the key", async () => {
    using listener = listen();
    await assertRejects(
      () => connect(listener.address, { tls: certificate, authkey: "wrong" }),
      AuthenticationError,
      "another key",
    );
  });
});

describe("a connection", () => {
  it("is closed and reported when it is forgotten, but not while one waits", async () => {
    const folder = await Deno.makeTempDir();
    const { code, stdout, stderr } = await deno([
      "run",
      "-q",
      "-A",
      "--v8-flags=--expose-gc",
      pathOf("tests/fixtures/forgets_connections.ts"),
      `${folder}/socket`,
    ]);
    await Deno.remove(folder, { recursive: true });
    assertEquals([code, stdout], [0, "forgotten\ntrue\nstill here\n"]);
    assertMatch(
      stderr,
      /^\[WARNING\/MainProcess\] the connection with \/.*\/socket was forgotten: close\(\) it.*\n/,
    );
  });
});

describe("the permissions", () => {
  it("are asked of the runtime, whose errors say what is missing", async () => {
    const code = `import { connect, Listener } from "${new URL(
      "pipe.ts",
      ROOT,
    )}";
      try { new Listener({ address: ["127.0.0.1", 0] }); }
      catch (error) { console.log(error.name, error.message); }
      try { await connect(["127.0.0.1", 1]); }
      catch (error) { console.log(error.name, error.message); }`;
    const { stdout } = await deno([
      "run",
      "-q",
      "--no-prompt",
      `--config=${pathOf("deno.json")}`,
      `data:application/typescript,${encodeURIComponent(code)}`,
    ]);
    const lines = stdout.trim().split("\n");
    assertEquals(lines.length, 2);
    for (const line of lines) assertMatch(line, /^NotCapable .*--allow-net/);
  });
});

describe("an error of the system", () => {
  it("keeps its cause", async () => {
    const error = await assertRejects(() => connect("/nowhere/socket"));
    assertInstanceOf(error, Deno.errors.NotFound);
    assertInstanceOf(error.cause, Deno.errors.NotFound);
  });
});
