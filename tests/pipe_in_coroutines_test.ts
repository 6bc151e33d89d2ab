/** How a coroutine's kill ends its waits at connections, and nothing else. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { beforeAll, describe, it } from "@std/testing/bdd";
import {
  connect,
  type Connection,
  GreenletExit,
  Listener,
  wait,
} from "@multi/processing";
import { type Coroutine, loadContexts, runIn } from "../internal/context.ts";
import { nothingLeft } from "./support/nothing_left.ts";

/** A coroutine that can be killed once. */
class Killable implements Coroutine {
  readonly greenlet = {};
  readonly locals = new WeakMap<object, unknown>();
  readonly exit = new GreenletExit("killed");
  #isPending = false;
  #callbacks = new Set<(exit: Error) => void>();

  kill(): void {
    this.#isPending = this.#callbacks.size === 0;
    for (const callback of [...this.#callbacks]) callback(this.exit);
    this.#callbacks.clear();
  }

  get waits(): number {
    return this.#callbacks.size;
  }

  throwIfKilled(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    throw this.exit;
  }

  onKill(callback: (exit: Error) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  keepKill(): void {
    this.#isPending = true;
  }

  run<R>(fn: () => R): R {
    return runIn({ owner: {}, coroutine: this }, fn);
  }
}

async function checkKilled(
  coroutine: Killable,
  waiting: () => Promise<unknown>,
): Promise<void> {
  // In the middle of a wait …
  const first = coroutine.run(waiting);
  while (coroutine.waits === 0) await new Promise((r) => setTimeout(r));
  coroutine.kill();
  assertStrictEquals(
    await assertRejects(() => first, GreenletExit),
    coroutine.exit,
  );
  // … and before it.
  coroutine.kill();
  await assertRejects(() => coroutine.run(waiting), GreenletExit);
  assertEquals(coroutine.waits, 0);
}

describe("the kill of a coroutine", () => {
  nothingLeft();

  beforeAll(() => loadContexts() ?? undefined);

  const address = ["127.0.0.1", 0] as const;

  it("ends its waits, and loses nothing", async () => {
    const coroutine = new Killable();
    using listener = new Listener({ address });
    await checkKilled(coroutine, () => listener.accept());
    using client = await connect(listener.address);
    using server = await listener.accept();
    const waits: (() => Promise<unknown>)[] = [
      () => server.recv(),
      () => server.recvBytes(),
      () => server.poll({ timeout: Infinity }),
      () => wait([server]),
    ];
    for (const waiting of waits) await checkKilled(coroutine, waiting);
    await client.send("kept");
    assertEquals(await server.recv(), "kept");
    coroutine.kill();
    await assertRejects(
      () => coroutine.run(() => client.send("never sent")),
      GreenletExit,
    );
    await client.send("next");
    assertEquals(await server.recv(), "next");
  });

  it("ends its connecting", async () => {
    const coroutine = new Killable();
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = silent.addr as Deno.NetAddr;
    await checkKilled(coroutine, () => connect([hostname, port]));
    (await silent.accept()).close();
  });

  it("ends its sending to one who has fallen behind", async () => {
    const coroutine = new Killable();
    using listener = new Listener({ address });
    using client = await connect(listener.address);
    using server = await listener.accept();
    const bytes = new Uint8Array(50e6);
    const sending = coroutine.run(() => client.sendBytes(bytes));
    await server.poll({ timeout: Infinity });
    const more = coroutine.run(() => client.sendBytes(bytes));
    while (coroutine.waits === 0) await new Promise((r) => setTimeout(r));
    coroutine.kill();
    await assertRejects(() => more, GreenletExit);
    for (let i = 0; i < 2; i++) {
      assertEquals((await server.recvBytes()).length, bytes.length);
    }
    await sending.catch(() => {});
  });

  it("leaves what it has made at work", async () => {
    const coroutine = new Killable();
    const listener = coroutine.run(() => new Listener({ address, backlog: 1 }));
    const made: Connection[] = [];
    for (let i = 0; i < 3; i++) {
      coroutine.kill();
      made.push(await connect(listener.address));
      made.push(await listener.accept());
    }
    listener.close();
    for (const connection of made) connection.close();
  });
});
