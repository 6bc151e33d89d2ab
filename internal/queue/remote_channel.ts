/** A channel to an end of a pipe that another process has, and serves. */

import { ShutDownError, TimeoutError } from "../../errors.ts";
import { runForThread } from "../context.ts";
import type { Channel } from "../pipe/channel.ts";
import {
  callWaiting,
  type NoAnswerError,
  type Remote,
} from "../travel/remote.ts";
import type { WaitOptions } from "../wait.ts";
import type { WaitSource } from "../waitable.ts";
import { PEER } from "./receiver.ts";

/** What is known of the end there. */
interface Description {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** An end of a pipe elsewhere. */
export class RemoteChannel implements Channel, WaitSource {
  readonly peer = PEER;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly remote: Remote;
  #closed = false;
  #isReady = false;

  constructor(remote: Remote, description: unknown) {
    const { readable, writable } = description as Description;
    this.remote = remote;
    this.readable = readable;
    this.writable = writable;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get source(): WaitSource {
    this.#check("wait for");
    return this;
  }

  async sendObject(value: unknown): Promise<void> {
    this.#check("send to");
    await this.remote.call("send", [value]);
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    this.#check("send to");
    await this.remote.call("sendBytes", [bytes]);
  }

  async receiveObject(options: WaitOptions): Promise<unknown> {
    this.#check("receive from");
    this.#isReady = false;
    return await callWaiting(this.remote, "recv", [], options, silent);
  }

  async receiveBytes(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    this.#check("receive from");
    this.#isReady = false;
    return await callWaiting(this.remote, "recvBytes", [], options, silent);
  }

  async poll(options: WaitOptions): Promise<boolean> {
    this.#check("poll");
    return await this.#poll(options);
  }

  ready(): boolean {
    return this.#isReady;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    this.#isReady = await this.#poll({ signal });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const release = () => this.remote.release();
    runForThread(() => this.remote.call("close", [])).then(release, release);
  }

  #poll(options: WaitOptions): Promise<boolean> {
    return callWaiting(this.remote, "poll", [], options, () => false);
  }

  #check(use: string): void {
    if (!this.#closed) return;
    throw new ShutDownError(
      `Cannot ${use} ${PEER} as this connection was closed here`,
    );
  }
}

/** Nothing came in time: what comes later stays there. */
function silent({ peer }: NoAnswerError): never {
  throw new TimeoutError(
    `Cannot receive from ${PEER} as ${peer} does not answer`,
  );
}
