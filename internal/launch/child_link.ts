/** A parent's link to a child that cannot look at its memory. */

import { LazyLink } from "../travel/lazy_link.ts";
import type { Transport } from "../travel/transport.ts";
import { decode } from "../wire/decode.ts";
import { takeOut } from "../wire/parcels.ts";
import type { Call } from "./boot.ts";
import { LEVELS, log } from "./log.ts";
import { withLength } from "./pipe_messages.ts";

/** So much of a message is written at a time. */
const PART_BYTES = 2 ** 20;

/** Out by the child's stdin, back by its reports. */
export class ChildLink {
  /** The link, which objects in what it reports came by. */
  readonly lazy: LazyLink;
  #transport = new StdinTransport();

  /**
   * @param name The child's, for messages.
   * @param waiting Whether somebody here waits for an object of the child's.
   */
  constructor(name: string, waiting: (yes: boolean) => void) {
    this.lazy = new LazyLink(this.#transport, {
      peer: name,
      waiting,
      loadAll: () => import("../travel/all.ts"),
      ended: (reason) => {
        if (reason) log(LEVELS.WARNING, `ended the link to ${name}: ${reason}`);
      },
      trouble: (error) => log(LEVELS.WARNING, `a served call failed: ${error}`),
    });
  }

  /**
   * What the child is to do, written so that it can reach what is in the
   * arguments. Throws where that cannot be.
   */
  relay(job: Call): Call {
    if (!job.hasObjects) return job;
    const { args, kwargs, pins } = job;
    try {
      return {
        ...job,
        args: this.lazy.encode(decode(args), "args", "given"),
        kwargs: kwargs && this.lazy.encode(decode(kwargs), "kwargs", "given"),
        pins: [],
      };
    } finally {
      takeOut(pins); // they are held by the link now
    }
  }

  /** From now on it can be written to the child, behind what was before. */
  open(stdin: WritableStreamDefaultWriter<Uint8Array>): void {
    this.#transport.stdin = stdin;
  }

  /** The child has reported a message. */
  receive(message: Uint8Array): void {
    this.#transport.onmessage?.(message);
  }

  /** The child has reported a part of one. */
  receivePart(): void {
    this.#transport.moved++;
  }

  /** The child has ended, and all that it said was read. */
  end(): void {
    this.lazy.close();
  }
}

class StdinTransport implements Transport {
  onmessage: ((message: Uint8Array) => void) | null = null;
  onclose: (() => void) | null = null;
  stdin: WritableStreamDefaultWriter<Uint8Array> | null = null;
  moved = 0;

  /** The child speaks first, so it has been told by then what to do. */
  send(message: Uint8Array<ArrayBuffer>): Promise<void> {
    const stdin = this.stdin!;
    const { length } = message;
    const first = message.subarray(0, PART_BYTES);
    let written = stdin.write(withLength(first, length));
    for (let at = PART_BYTES; at < length; at += PART_BYTES) {
      written.then(() => void this.moved++, () => {});
      written = stdin.write(message.subarray(at, at + PART_BYTES));
    }
    return written;
  }

  close(): void {
    this.onmessage = null;
  }
}
