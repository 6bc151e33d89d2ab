/** A channel over a pipe in shared memory: one of the connections of a thread. */

import { ShutDownError } from "../../errors.ts";
import type { Channel } from "../pipe/channel.ts";
import type { SyncWaitOptions, WaitOptions } from "../wait.ts";
import type { WaitSource } from "../waitable.ts";
import type { PipeCore } from "./pipe_core.ts";
import type { Putter } from "./putter.ts";
import { PEER, type Receiver } from "./receiver.ts";

/** An end of a pipe as a channel; others of this thread may be the same end. */
export class RingChannel implements Channel {
  readonly peer = PEER;
  readonly readable: boolean;
  readonly writable: boolean;
  #core: PipeCore | null;

  constructor(core: PipeCore) {
    this.readable = core.receiver !== null;
    this.writable = core.sender !== null;
    this.#core = core;
    core.enter();
  }

  /** The end that it is; `null`: it was closed. */
  get core(): PipeCore | null {
    return this.#core;
  }

  get closed(): boolean {
    return this.#core === null;
  }

  get source(): WaitSource {
    return this.#receiver("wait for");
  }

  sendObject(value: unknown): Promise<void> {
    return this.#sender().put(value);
  }

  sendBytes(bytes: Uint8Array): Promise<void> {
    return this.#sender().putBytes(bytes);
  }

  sendObjectSync(value: unknown): void {
    this.#sender().putSync(value);
  }

  receiveObject(options: WaitOptions): Promise<unknown> {
    return this.#receiver("receive from").receiveObject(options);
  }

  receiveBytes(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#receiver("receive from").receiveBytes(options);
  }

  receiveObjectSync(options: SyncWaitOptions): unknown {
    return this.#receiver("receive from").receiveObjectSync(options);
  }

  putBack(message: unknown, isBytes: boolean): void {
    this.#core?.receiver?.putBack(message, isBytes);
  }

  poll(options: WaitOptions): Promise<boolean> {
    return this.#receiver("poll").poll(options);
  }

  close(): void {
    const core = this.#core;
    this.#core = null;
    core?.leave();
  }

  #sender(): Putter {
    if (this.#core === null) throw closed("send to");
    const { sender, object } = this.#core;
    if (sender !== null) {
      // Where there is room one need not wait, and would not hear of a death.
      object.member.sweepSome();
      return sender;
    }
    throw new TypeError(
      "Cannot send by this connection as it is the receiving end of a pipe that leads one way: use the other end",
    );
  }

  #receiver(use: string): Receiver {
    if (this.#core === null) throw closed(use);
    const { receiver } = this.#core;
    if (receiver !== null) return receiver;
    throw new TypeError(
      `Cannot ${use} this connection as it is the sending end of a pipe that leads one way: use the other end`,
    );
  }
}

function closed(use: string): ShutDownError {
  return new ShutDownError(
    `Cannot ${use} ${PEER} as this connection was closed here`,
  );
}
