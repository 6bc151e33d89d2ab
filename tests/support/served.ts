/** Objects that are served, as another process has them, within this thread. */

import { programHolder } from "../../internal/travel/hold_program.ts";
import { Link } from "../../internal/travel/link.ts";
import { memoryTransports } from "../../internal/travel/memory_transport.ts";
import { SocketTransport } from "../../internal/travel/socket_transport.ts";

/** Who calls from elsewhere: each owner there is another one here. */
export class Caller {
  readonly #here: Link;
  readonly #there: Link;

  constructor() {
    const [here, there] = memoryTransports();
    this.#here = new Link(here, { peer: "the caller" });
    this.#there = new Link(there, {
      peer: "the one who serves",
      waiting: programHolder(),
    });
  }

  /** What stands for an object at this caller's. */
  has<T extends object>(object: T): T {
    return this.#there.decode(this.#here.encode(object, "value")) as T;
  }

  /** It dies. */
  die(): void {
    this.#there.close();
    this.#here.close();
  }
}

/** One over a socket, who may stop to read. */
export class SlowCaller {
  #here!: Link;
  #there!: Link;
  #transport!: SocketTransport;
  #socket!: Deno.Conn;
  #mayRead: PromiseWithResolvers<void> | null = null;

  async connect(): Promise<void> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [near, far] = await Promise.all([
      listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    ]);
    this.#socket = far;
    this.#transport = new SocketTransport(near, "the caller", 2 ** 30);
    this.#here = new Link(this.#transport, { peer: "the caller" });
    const slow = {
      read: async (target: Uint8Array) => {
        await this.#mayRead?.promise;
        return await far.read(target);
      },
      write: (bytes: Uint8Array) => far.write(bytes),
      close: () => far.close(),
      ref() {},
      unref() {},
    };
    this.#there = new Link(
      new SocketTransport(slow, "the one who serves", 2 ** 30),
      { peer: "the one who serves" },
    );
  }

  /** What stands for an object at this caller's. */
  has<T extends object>(object: T): T {
    return this.#there.decode(this.#here.encode(object, "value")) as T;
  }

  /** How many calls have come. */
  get calls(): number {
    return this.#here.sizes.incoming;
  }

  /** Whether a part of a long answer has gone. */
  get isWriting(): boolean {
    return this.#transport.moved > 0;
  }

  /** It reads nothing more. */
  stop(): void {
    this.#mayRead = Promise.withResolvers();
  }

  die(): void {
    this.#socket.close();
    this.#mayRead?.resolve();
  }
}
