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
        // In Deno 2.8, what is being read is not closed before the other side does.
        socket.closeWrite().catch(() => {});
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
        this.#pass(near, far);
        this.#pass(far, near);
      }
    } catch {
      // It was closed.
    }
  }

  /** Passes on what comes, and its end. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) return await to.closeWrite();
        for (let at = 0; at < count;) {
          at += await to.write(buffer.subarray(at, count));
        }
      }
    } catch {
      this.cut();
    }
  }
}
