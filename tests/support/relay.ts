/** A way over TCP that a test can cut. */

/** Passes on all that comes to a port of its own. */
export class Relay implements Disposable {
  readonly address: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #target: Deno.ConnectOptions;

  /** @param target HOST:PORT of where it leads. */
  constructor(target: string) {
    const [hostname, port] = target.split(":");
    this.#target = { hostname: hostname!, port: Number(port) };
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accept();
  }

  /** Ends all connections; new ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) {
      try {
        socket.close();
      } catch {
        // Its other end was faster.
      }
    }
    this.#sockets.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) {
        const far = await Deno.connect(this.#target);
        for (const socket of [near, far]) this.#sockets.add(socket);
        const both = [
          near.readable.pipeTo(far.writable),
          far.readable.pipeTo(near.writable),
        ];
        for (const one of both) one.catch(() => this.cut());
      }
    } catch {
      // It was closed.
    }
  }
}
