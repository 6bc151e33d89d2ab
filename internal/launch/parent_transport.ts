import type { Transport } from "../travel/transport.ts";
import { MessageJoiner } from "./pipe_messages.ts";
import { Report, reportWith } from "./report.ts";
import type { Reporter } from "./reporter.ts";

/**
 * The way from a child to its parent at whose memory it cannot look: out by
 * reports, back by stdin. Its end is that of this process.
 */
export class ParentTransport implements Transport {
  onmessage: ((message: Uint8Array) => void) | null = null;
  onclose: (() => void) | null = null;
  #reporter: Reporter;
  #joiner = new MessageJoiner((message) => this.onmessage?.(message));

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** What is sent has gone by the time that `send` returns. */
  get moved(): number {
    return this.#joiner.moved;
  }

  /** More bytes have come on stdin. */
  push(bytes: Uint8Array): void {
    this.#joiner.push(bytes);
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.#reporter.send(reportWith(Report.LINK, message));
  }

  close(): void {}
}
