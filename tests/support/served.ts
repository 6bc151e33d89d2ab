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
  readonly #here: Link;
  readonly #there: Link;
  readonly #answers: SocketTransport;
  readonly #socket: Deno.Conn;
  #mayRead: PromiseWithResolvers<void> | null = null;

  static async connect(): Promise<SlowCaller> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return new SlowCaller(
      ...await Promise.all([
        listener.accept(),
        Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      ]),
    );
  }

  private constructor(here: Deno.Conn, there: Deno.Conn) {
    this.#socket = there;
    this.#answers = new SocketTransport(here, "the caller", 2 ** 30);
    this.#here = new Link(this.#answers, { peer: "the caller" });
    const slow = {
      read: async (target: Uint8Array) => {
        await this.#mayRead?.promise;
        return await there.read(target);
      },
      write: (bytes: Uint8Array) => there.write(bytes),
      close: () => there.close(),
      ref() {},
      unref() {},
    };
    const peer = "the one who serves";
    this.#there = new Link(new SocketTransport(slow, peer, 2 ** 30), { peer });
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
    return this.#answers.moved > 0;
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
