/** Two ends of a connection inside of one program. */

import type { Transport } from "../../internal/travel/transport.ts";

/** An end that remembers what went through it. */
export class MemoryTransport implements Transport {
  onmessage: ((message: Uint8Array) => void) | null = null;
  onclose: (() => void) | null = null;
  /** What has arrived here. */
  readonly arrived: Uint8Array[] = [];
  peer: MemoryTransport | null = null;
  closed = false;
  /** While it is set, what arrives is kept back. */
  held: Uint8Array[] | null = null;

  send(message: Uint8Array<ArrayBuffer>): void {
    const copy = message.slice();
    const { peer } = this;
    queueMicrotask(() => {
      if (peer!.closed) return;
      if (peer!.held) peer!.held.push(copy);
      else peer!.deliver(copy);
    });
  }

  deliver(message: Uint8Array): void {
    this.arrived.push(message);
    this.onmessage?.(message);
  }

  /** Delivers what was kept back. */
  letThrough(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const message of held) this.deliver(message);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { peer } = this;
    queueMicrotask(() => {
      if (peer!.closed) return;
      peer!.closed = true;
      peer!.onclose?.();
    });
  }
}

export function transportPair(): [MemoryTransport, MemoryTransport] {
  const a = new MemoryTransport();
  const b = new MemoryTransport();
  a.peer = b;
  b.peer = a;
  return [a, b];
}
