/** What a message tells of that a manager serves, while it is looked for. */

import { assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { spawn } from "@multi/processing";
import { WAY } from "../internal/manager/homes.ts";
import { locateFrom } from "../internal/travel/route.ts";
import { type Box, sharedBox } from "./support/box.ts";
import { nothingLeft } from "./support/nothing_left.ts";
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

/** What stands here for a box that is served there. */
function boxAt(address: [string, number], ticket: string): Box {
  return locateFrom(sharedBox(), [WAY, address, ticket, "box"]) as Box;
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
});
