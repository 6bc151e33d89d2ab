import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AuthenticationError, EOFError } from "@multi/processing";
import { authenticate } from "../internal/pipe/authenticate.ts";
import { type ByteEnd, bytePair, readExactly } from "./support/byte_pair.ts";

const encoder = new TextEncoder();
const KEY = encoder.encode("secret");
const HELLO = new Uint8Array([0x93, ...encoder.encode("MULTIP"), 1]);

const listen = (end: ByteEnd, key = KEY, memory = "ours") =>
  authenticate(end, "listener", key, "the client", memory);
const connect = (end: ByteEnd, key = KEY, memory = "ours") =>
  authenticate(end, "connector", key, "the server", memory);

/** What this role proves, made anew from what the comment says. */
async function proof(
  role: "listener" | "connector",
  ...nonces: Uint8Array[]
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey(
    "raw",
    KEY,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const data = [encoder.encode(`@multi/processing ${role}`), ...nonces]
    .flatMap((bytes) => [...bytes]);
  const signature = await crypto.subtle.sign("HMAC", key, new Uint8Array(data));
  return new Uint8Array(signature);
}

/** Writes bytes as somebody at the other end, who then says no more. */
async function say(end: ByteEnd, ...parts: Iterable<number>[]) {
  const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  await end.write(bytes);
}

describe("authenticate()", () => {
  for (const most of [Infinity, 1, 7]) {
    it(`lets both sides prove the key, ${most} bytes at a time`, async () => {
      const [a, b] = bytePair(most);
      await Promise.all([listen(a), connect(b)]);
      assertEquals(a.written.length, 8 + 32 + 1 + 32);
      assertEquals(b.written.length, 8 + 32 + 32);
      assertEquals(a.written.slice(0, 8), [...HELLO]);
      assertEquals(b.written.slice(0, 8), [...HELLO]);
      const [listeners, connectors] = [a, b].map(({ written }) =>
        new Uint8Array(written.slice(8, 40))
      );
      assertEquals(
        b.written.slice(40),
        [...await proof("connector", listeners!, connectors!)],
      );
      assertEquals(
        a.written.slice(41),
        [...await proof("listener", listeners!, connectors!)],
      );
    });
  }

  it("tells both sides whether they share memory, without its name", async () => {
    for (const isOne of [true, false]) {
      const [a, b] = bytePair();
      const told = await Promise.all([
        listen(a, KEY, "memory of a"),
        connect(b, KEY, isOne ? "memory of a" : "memory of b"),
      ]);
      assertEquals(told, [isOne, isOne]);
      for (const { written } of [a, b]) {
        assert(!String.fromCharCode(...written).includes("memory of"));
      }
    }
  });

  it("never sends the key, nor the same twice", async () => {
    const seen: string[] = [];
    for (let i = 0; i < 2; i++) {
      const [a, b] = bytePair();
      await Promise.all([listen(a), connect(b)]);
      for (const { written } of [a, b]) {
        const text = String.fromCharCode(...written);
        assertEquals(text.includes("secret"), false);
        seen.push(text);
      }
    }
    assertNotEquals(seen[0]!.slice(8, 40), seen[2]!.slice(8, 40));
    assertNotEquals(seen[1]!.slice(8), seen[3]!.slice(8));
  });

  it("refuses another key, on both sides", async () => {
    const [a, b] = bytePair();
    const others = encoder.encode("Secret");
    const refused = assertRejects(
      () => listen(a),
      AuthenticationError,
      "the client has another key",
    );
    await assertRejects(
      () => connect(b, others),
      AuthenticationError,
      "the server as it has another key",
    );
    await refused;
    assertEquals(a.written.length, 8 + 32 + 1); // it has proven nothing
  });

  it("leaves alone what follows", async () => {
    const [a, b] = bytePair();
    const listening = (async () => {
      await listen(a);
      await say(a, encoder.encode("hello"));
    })();
    const connecting = (async () => {
      await connect(b);
      await say(b, encoder.encode("hi"));
    })();
    await Promise.all([listening, connecting]);
    assertEquals(await readExactly(b, 5), encoder.encode("hello"));
    assertEquals(await readExactly(a, 2), encoder.encode("hi"));
  });

  it("takes no proof that was made for the other role", async () => {
    // Who listens without the key sends the connector's own proof back to it.
    const [a, b] = bytePair();
    const connecting = connect(b);
    await say(a, HELLO, new Uint8Array(32));
    await readExactly(a, 40);
    await say(a, [1], await readExactly(a, 32));
    await assertRejects(
      () => connecting,
      AuthenticationError,
      "does not have the key, although it accepts ours",
    );
    // Nor the listener's, with the nonces that it would be good for.
    const [c, d] = bytePair();
    const listening = listen(c);
    const nonce = (await readExactly(d, 40)).subarray(8);
    const mine = new Uint8Array(32);
    await say(d, HELLO, mine, await proof("listener", nonce, mine));
    await assertRejects(() => listening, AuthenticationError);
  });

  it("takes no proof that was made for another connection", async () => {
    const [a, b] = bytePair();
    await Promise.all([listen(a), connect(b)]);
    const [c, d] = bytePair();
    const listening = listen(c);
    await say(d, b.written);
    await assertRejects(() => listening, AuthenticationError);
    const [e, f] = bytePair();
    const connecting = connect(f);
    await say(e, a.written);
    await assertRejects(() => connecting, AuthenticationError);
  });

  it("does not mind its own nonce, which proves nothing", async () => {
    const [a, b] = bytePair();
    const listening = listen(a);
    const nonce = (await readExactly(b, 40)).subarray(8);
    // Without the key there is nothing better than to guess.
    await say(b, HELLO, nonce, new Uint8Array(32));
    await assertRejects(() => listening, AuthenticationError);
  });

  it("tells another version and another protocol, at once", async () => {
    const greetings: [Iterable<number>, string][] = [
      [[...HELLO.subarray(0, 7), 2], "version 2 of the protocol"],
      [encoder.encode("GET / HT"), "does not speak the protocol"],
      [encoder.encode("HTTP/1.1"), "does not speak the protocol"],
      [new Uint8Array(8), "does not speak the protocol"],
    ];
    for (const [greeting, message] of greetings) {
      for (const side of [listen, connect]) {
        const [a, b] = bytePair();
        const waiting = side(a);
        await say(b, greeting);
        await assertRejects(() => waiting, AuthenticationError, message);
      }
    }
  });

  it("ends where the other side does, after any number of bytes", async () => {
    for (const [side, whole] of [[listen, 72], [connect, 73]] as const) {
      for (let length = 0; length < whole; length++) {
        const [a, b] = bytePair();
        const waiting = side(a);
        const bytes = [...HELLO, ...new Array(32).fill(0), 1];
        await say(b, bytes.slice(0, length));
        b.end();
        await assertRejects(
          () => waiting,
          EOFError,
          "closed the connection before the key was proven",
        );
      }
    }
  });

  it("takes nothing but a yes or no for an answer", async () => {
    const [a, b] = bytePair();
    const connecting = connect(b);
    await say(a, HELLO, new Uint8Array(32), [2]);
    await assertRejects(
      () => connecting,
      AuthenticationError,
      "what no listener does",
    );
  });
});
