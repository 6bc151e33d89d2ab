/**
 * What a process does for a worker that cannot look at its memory: it passes on
 * messages, and reads none of them. The dispatcher never notices.
 */

import { Scratch } from "../structure/scratch.ts";
import { decodeFrom } from "../wire/decode.ts";
import { UnknownClassError } from "../wire/classes.ts";
import type { Note } from "../wire/envelope.ts";
import { takeOut } from "../wire/parcels.ts";
import type { Link } from "./link.ts";
import {
  Answer,
  composeMessage,
  infoOf,
  insteadOf,
  kindOf,
  LEAD,
  leadOf,
  Order,
  valueOf,
} from "./messages.ts";
import { takeMessage } from "./take_message.ts";
import { Got } from "./worker_end.ts";

/** A message, as it goes over a connection. */
export type Passed = readonly [
  id: number,
  info: number,
  bytes: Uint8Array<ArrayBuffer>,
  /** The objects in it; `null`: none. See wording.ts. */
  objects: readonly object[] | null,
];

const FIRST_BYTES = 2 ** 12;
/** Larger memory is not kept for the next message. */
const MOST_KEPT = 2 ** 21;

/** It stands where the worker would, if that could look at the link. */
export class LinkServer {
  readonly #link: Link;
  /** The message that was taken last, and the task that it is about. */
  readonly #taken: Scratch = new Scratch(FIRST_BYTES);
  #id = 0;
  readonly #answer: Scratch = new Scratch(FIRST_BYTES);

  constructor(link: Link) {
    this.#link = link;
  }

  /** Takes a message for the worker; `null`: nothing more will come. */
  async take(signal: AbortSignal): Promise<Passed | null> {
    for (;;) {
      this.#taken.shrink(MOST_KEPT, FIRST_BYTES);
      const attempt = () => takeMessage(this.#link, this.#taken);
      const got = await this.#link.line.wait(attempt, { signal });
      if (got === Got.END) return null;
      this.#id = this.#taken.words[leadOf(this.#taken, 0)]!;
      try {
        return await this.#read();
      } catch (error) {
        this.refuse(error);
      }
    }
  }

  /** The message that was taken last cannot be passed on, for that reason. */
  refuse(error: unknown): void {
    const info = infoOf(Answer.ERROR, 0);
    const notes = composeMessage(this.#answer, 0, this.#id, info, error, "");
    this.#put(notes);
  }

  /** The worker has a task, which it will read now, and begin. */
  begin(task: number): void {
    const { words } = this.#link;
    words.seen = task;
    words.begun = task;
  }

  /** Another item of a task that is timed begins. */
  beat(): void {
    this.#link.words.beat();
  }

  /** The worker answers; where there is no room for that, an error goes on. */
  answer(...[id, info, bytes, objects]: Passed): void {
    try {
      this.#pass(id, info, bytes, objects);
    } catch (error) {
      const instead = insteadOf(info);
      if (instead === null) throw error;
      this.#put(composeMessage(this.#answer, 0, id, instead, error, ""));
    }
  }

  /** Waits until a task is to end, and says why. */
  whenAborted(task: number, signal: AbortSignal): Promise<number> {
    return this.#link.whenAborted(task, signal);
  }

  #pass(...[id, info, bytes, objects]: Passed): void {
    const scratch = this.#answer;
    if (objects !== null) {
      const pair = [bytes, objects];
      return this.#put(composeMessage(scratch, 0, id, info, pair, "value"));
    }
    const head = (1 + LEAD) * 4;
    scratch.grow(head + bytes.length);
    scratch.length = LEAD * 4 + bytes.length;
    scratch.words.set([scratch.length, id, info]);
    scratch.bytes.set(bytes, head);
    this.#put(null);
  }

  /** The message that was taken, in memory of its own. */
  async #read(): Promise<Passed> {
    const scratch = this.#taken;
    const info = scratch.words[leadOf(scratch, 0) + 1]!;
    if (kindOf(info) === Order.FUNCTION) this.#link.words.seen = this.#id;
    const { start, end, pins } = valueOf(scratch, 0);
    if (pins === null) {
      return [this.#id, info, scratch.bytes.slice(start, end), null];
    }
    try {
      const read = () => decodeFrom(scratch.bytes, start, end);
      const pair = await withAllClasses(read) as [
        Uint8Array<ArrayBuffer>,
        object[],
      ];
      return [this.#id, info, ...pair];
    } finally {
      takeOut(pins);
    }
  }

  /** Puts the answer that was written. */
  #put(notes: readonly Note[] | null): void {
    this.#link.answer(this.#answer, notes);
    this.#answer.shrink(MOST_KEPT, FIRST_BYTES);
  }
}

/** The owner may be another thread, which has loaded more than this one. */
async function withAllClasses(read: () => unknown): Promise<unknown> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnknownClassError)) throw error;
    await import("../travel/all.ts");
    return read();
  }
}
