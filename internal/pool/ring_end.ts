/** A worker's end of a link in memory at which it can look. */

import { Scratch } from "../structure/scratch.ts";
import { decodeFrom } from "../wire/decode.ts";
import { checkValue, takeOut } from "../wire/parcels.ts";
import { leaveLink, type Link } from "./link.ts";
import { composeMessage, leadOf, valueOf } from "./messages.ts";
import { takeMessage } from "./take_message.ts";
import { Got, type WorkerEnd } from "./worker_end.ts";

/** Larger memory is not kept for the next message, … */
const MOST_KEPT = 2 ** 23;
/** … and none but this while there is none. */
const FIRST_BYTES = 2 ** 14;

/** It takes messages from one ring, and puts answers into the other. */
export class RingEnd implements WorkerEnd {
  id = 0;
  info = 0;
  readonly #link: Link;
  readonly #scratch: Scratch = new Scratch(FIRST_BYTES);
  readonly #answer: Scratch = new Scratch(FIRST_BYTES);

  constructor(link: Link) {
    this.#link = link;
  }

  takeSync(options: { readonly timeout: number }): Got | undefined {
    return this.#link.line.waitSync(this.#attempt, options);
  }

  async take(): Promise<Got> {
    this.#scratch.shrink(FIRST_BYTES);
    this.#answer.shrink(FIRST_BYTES);
    return (await this.#link.line.wait(this.#attempt))!;
  }

  read(): unknown {
    const { start, end } = valueOf(this.#scratch, 0);
    return decodeFrom(this.#scratch.bytes, start, end);
  }

  drop(): void {
    const { pins } = valueOf(this.#scratch, 0);
    if (pins !== null) takeOut(pins);
  }

  answer(id: number, info: number, value: unknown, root: string): void {
    const scratch = this.#answer;
    const notes = composeMessage(scratch, 0, id, info, value, root);
    this.#link.answer(scratch, notes);
    scratch.shrink(MOST_KEPT, FIRST_BYTES);
  }

  check(value: unknown, root: string): void {
    checkValue(value, root);
  }

  see(task: number): void {
    this.#link.words.seen = task;
  }

  begin(task: number): void {
    this.#link.words.begun = task;
  }

  beat(): void {
    this.#link.words.beat();
  }

  abortedBy(task: number): number {
    return this.#link.words.whyAborted(task);
  }

  whenAborted(task: number, signal: AbortSignal): Promise<number> {
    return this.#link.whenAborted(task, signal);
  }

  close(): void {
    leaveLink(this.#link);
  }

  readonly #attempt = (): Got | undefined => {
    const scratch = this.#scratch;
    scratch.shrink(MOST_KEPT, FIRST_BYTES);
    const got = takeMessage(this.#link, scratch);
    if (got !== Got.MESSAGE) return got;
    const lead = leadOf(scratch, 0);
    this.id = scratch.words[lead]!;
    this.info = scratch.words[lead + 1]!;
    return got;
  };
}
