/**
 * Sockets that are closed at once, whatever is pending.
 *
 * In Deno 2.8, `close()` waits for a pending read, and so for the other side: that
 * one does not hear of it, and the read keeps the program alive. There the other side
 * is told, and the read ends. (The system's socket goes when the other side's does.)
 */

import type { Socket } from "./stream_channel.ts";

const KEEPS_READS = /^2\.[0-8]\./.test(Deno.version.deno);

/** The same socket; one read at a time may be pending. */
export function closable<S extends Deno.Conn>(socket: S): S {
  if (!KEEPS_READS) return socket;
  const read = socket.read.bind(socket);
  const close = socket.close.bind(socket);
  let cancel = () => {};
  const methods: Pick<Socket, "read" | "close"> = {
    read(target) {
      return new Promise((resolve, reject) => {
        cancel = () => reject(new Deno.errors.Interrupted("it was closed"));
        read(target).then(resolve, reject);
      });
    },
    close() {
      cancel();
      socket.unref();
      socket.closeWrite().catch(() => {});
      close();
    },
  };
  return Object.assign(socket, methods);
}
