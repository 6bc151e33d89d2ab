import type { Transport } from "./transport.ts";

/** One end of a connection within a program. */
class MemoryTransport implements Transport {
  onmessage: ((message: Uint8Array) => void) | null = null;
  onclose: (() => void) | null = null;
  other: MemoryTransport | null = null;
  #closed = false;

  send(message: Uint8Array<ArrayBuffer>): void {
    const { other } = this;
    const own = message.slice();
    queueMicrotask(() => {
      if (!other!.#closed) other!.onmessage?.(own);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    queueMicrotask(() => this.other!.#end());
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onclose?.();
  }
}

/** Both ends of a connection within a program. */
export function memoryTransports(): [Transport, Transport] {
  const one = new MemoryTransport();
  const other = new MemoryTransport();
  one.other = other;
  other.other = one;
  return [one, other];
}
