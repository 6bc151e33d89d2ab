/** What a connection is to the classes above it, whatever carries it. */

import type { SyncWaitOptions, WaitOptions } from "../wait.ts";
import type { WaitSource } from "../waitable.ts";

/** What a message is; its first byte on the way. */
export const Kind = {
  /** A value, encoded. */
  OBJECT: 1,
  /** Bytes, as they are. */
  BYTES: 2,
} as const;

/** One of these. */
export type Kind = typeof Kind[keyof typeof Kind];

/**
 * One end of a connection. Messages arrive whole, once, and in the order in
 * which they were sent; whoever receives is served in the order of asking.
 *
 * After `close()` everything is a `ShutDownError`; when the other end is gone,
 * to send is an `EOFError`, and to receive is one when all has been received. To
 * receive a message of the other kind is a `TypeError`, and leaves it there. What
 * is wrong at the call may be thrown, and need not reject.
 */
export interface Channel {
  /** Who is at the other end, for messages. */
  readonly peer: string;
  /** Whether one can receive here. */
  readonly readable: boolean;
  /** Whether one can send here. */
  readonly writable: boolean;
  /** Whether it was closed on this side. */
  readonly closed: boolean;
  /** Sends a value, which is encoded before this returns. */
  sendObject(value: unknown): Promise<void>;
  /** Sends bytes, which must stay as they are until this has settled. */
  sendBytes(bytes: Uint8Array): Promise<void>;
  /** Receives a value; a `TimeoutError`, if none has come in time. */
  receiveObject(options: WaitOptions): Promise<unknown>;
  /** Receives bytes of their own; a `TimeoutError`, if none have come in time. */
  receiveBytes(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Waits until there is something to receive, be it the end. */
  poll(options: WaitOptions): Promise<boolean>;
  /** What `wait()` asks: whether there is something to receive, be it the end. */
  readonly source: WaitSource;
  /** Closes this end. What was sent before still arrives. Twice is fine. */
  close(): void;
  /** Takes back what was received, for who receives next; where that is possible. */
  putBack?(message: unknown, isBytes: boolean): void;
  /** As `sendObject`, blocking the thread; where that is possible. */
  sendObjectSync?(value: unknown): void;
  /** As `receiveObject`, blocking the thread; where that is possible. */
  receiveObjectSync?(options: SyncWaitOptions): unknown;
}
