/** A worker's end of a link in memory at which it cannot look. */

import { EOFError } from "../../errors.ts";
import { runForThread } from "../context.ts";
import { Why } from "../structure/worker_link.ts";
import { type Apart, decodeApart, encodeApart } from "../travel/apart.ts";
import type { Remote } from "../travel/remote.ts";
import { withoutFields } from "../wire/sendable_error.ts";
import type { Passed } from "./link_server.ts";
import { Answer, insteadOf, kindOf, Order } from "./messages.ts";
import { Got, type WorkerEnd } from "./worker_end.ts";

/** It asks the process that can: see link_server.ts. */
export class ServedEnd implements WorkerEnd {
  id = 0;
  info = 0;
  readonly #remote: Remote;
  #message: Passed | null = null;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** The thread must not block: what is asked for comes by its event loop. */
  takeSync(): undefined {
    return undefined;
  }

  async take(): Promise<Got> {
    this.#message = null;
    for (;;) {
      try {
        const message = await this.#remote.call("take", []) as Passed | null;
        if (message === null) return Got.END;
        this.#message = message;
        [this.id, this.info] = message;
        return Got.MESSAGE;
      } catch (error) {
        if (error instanceof EOFError) throw error;
        // There is one, but with objects that cannot be had here.
        await this.#remote.call("refuse", [withoutFields(error)]);
      }
    }
  }

  read(): unknown {
    const [, , bytes, objects] = this.#message!;
    return decodeApart({ bytes, objects: objects ?? [] });
  }

  drop(): void {
    this.#message = null;
  }

  answer(id: number, info: number, value: unknown, root: string): void {
    this.#pass(id, info, encodeApart(value, root)).catch((error) => {
      if (kindOf(info) === Answer.PROGRESS || error instanceof EOFError) return;
      // An object is in it that cannot be sent, or it is too large: why is neither.
      const instead = insteadOf(info) ?? info;
      return this.#pass(id, instead, encodeApart(error, "error"));
    }).catch(() => {}); // the connection has ended
  }

  /** Only one with objects may be such that it cannot be read there. */
  #pass(id: number, info: number, { bytes, objects }: Apart): Promise<void> {
    // A task's coroutine may tell of its progress, and be killed.
    return runForThread(() => this.#send(id, info, bytes, objects));
  }

  async #send(
    id: number,
    info: number,
    bytes: Uint8Array<ArrayBuffer>,
    objects: readonly object[],
  ): Promise<void> {
    const passed: Passed = [id, info, bytes, objects];
    if (objects.length > 0) await this.#remote.call("answer", passed);
    else this.#remote.tell("answer", [id, info, bytes, null]);
  }

  check(value: unknown, root: string): void {
    encodeApart(value, root);
  }

  see(task: number): void {
    if (kindOf(this.info) === Order.FUNCTION) return; // seen as it was passed on
    this.#tell("begin", task);
  }

  /** Said already. */
  begin(): void {}

  beat(): void {
    this.#tell("beat");
  }

  /** That comes by the event loop, too. */
  abortedBy(): number {
    return Why.NOT;
  }

  async whenAborted(task: number, signal: AbortSignal): Promise<number> {
    return await this.#remote.call("whenAborted", [task], signal) as number;
  }

  close(): void {
    this.#remote.release();
  }

  #tell(method: string, ...args: number[]): void {
    try {
      this.#remote.tell(method, args);
    } catch {
      // The connection has ended, and so will this process.
    }
  }
}
