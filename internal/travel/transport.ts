/** What carries whole messages between two processes, in their order. */

import { BUFFER, HEADER } from "../pipe/framing.ts";

/** So long a message fits into a socket's buffer: it is copied there. */
export const SHORT = BUFFER - HEADER;

export interface Transport {
  /**
   * Sends a message, whose memory may be used again at once if it is no longer
   * than {@linkcode SHORT}. A promise, where it gives one, resolves when there is
   * room for more; it need not be waited for.
   */
  send(message: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Called with each message; to be set before one can come. */
  onmessage: ((message: Uint8Array) => void) | null;
  /** Called once when no more can come: the other end has closed it, or is dead. */
  onclose: (() => void) | null;
  /**
   * Another number when a part of a long message has come, or has been taken by
   * the other end; where that is known.
   */
  readonly moved?: number;
  /** Closes it; `onclose` is not called then. Twice does nothing new. */
  close(): void;
}
