/** A worker's end of its link. */

import { offer } from "../queue/draft.ts";
import { Take } from "../structure/get_side.ts";
import { Seal } from "../structure/ring_words.ts";
import { Scratch } from "../structure/scratch.ts";
import { Why } from "../structure/worker_link.ts";
import type { Link } from "./link.ts";
import { Answer, composeMessage, infoOf } from "./messages.ts";

/** What a worker may get from its owner. */
export const Got = {
  /** A message, in the scratch. */
  MESSAGE: 1,
  /** Nothing more will come. */
  END: 2,
} as const;
/** One of these. */
export type Got = typeof Got[keyof typeof Got];

/** Larger memory is not kept for the next message, … */
const MOST_KEPT = 2 ** 23;
/** … and none but this while there is none. */
const FIRST_BYTES = 2 ** 14;

/** What a worker does with its link. */
export class WorkerEnd {
  /** The message that was taken last. */
  scratch: Scratch = new Scratch(FIRST_BYTES);
  readonly #link: Link;
  #answer: Scratch = new Scratch(FIRST_BYTES);

  constructor(link: Link) {
    this.#link = link;
  }

  /** Takes a message, for which it blocks the thread for `timeout` at most. */
  takeSync(options: { timeout: number }): Got | undefined {
    return this.#link.line.waitSync(this.#attempt, options);
  }

  /** Takes a message when there is one. */
  async take(): Promise<Got> {
    if (this.scratch.bytes.length > FIRST_BYTES) {
      this.scratch = new Scratch(FIRST_BYTES);
    }
    if (this.#answer.bytes.length > FIRST_BYTES) {
      this.#answer = new Scratch(FIRST_BYTES);
    }
    return (await this.#link.line.wait(this.#attempt))!;
  }

  /** Answers; a `DataCloneError` where the value cannot be sent. */
  answer(id: number, info: number, value: unknown, root: string): void {
    const scratch = this.#answer;
    const notes = composeMessage(scratch, 0, id, info, value, root);
    const { length } = scratch;
    offer(this.#link.words.results.puts, this.#link.object, {
      scratch,
      from: 0,
      length,
      notes,
    });
    this.#link.inbox.ring();
    if (scratch.bytes.length > MOST_KEPT) {
      this.#answer = new Scratch(FIRST_BYTES);
    }
  }

  /** Tells of a task's progress. */
  tell(id: number, value: unknown): void {
    this.answer(id, infoOf(Answer.PROGRESS, 0), value, "value");
  }

  /** A task begins. */
  begin(task: number): void {
    this.#link.words.begun = task;
  }

  /** Another item of a task that is timed begins. */
  beat(): void {
    this.#link.words.beat();
  }

  /** Whether a task is to end, and why. */
  abortedBy(task: number): number {
    return this.#link.words.whyAborted(task);
  }

  /** Waits until it is. */
  async whenAborted(task: number, signal: AbortSignal): Promise<number> {
    const { words, line } = this.#link;
    words.listening = task;
    const why = await line.wait(() => words.whyAborted(task) || undefined, {
      signal,
    });
    return why ?? Why.NOT;
  }

  /** This worker ends. */
  close(): void {
    this.#link.close();
  }

  readonly #attempt = (): Got | undefined => {
    const { tasks } = this.#link.words;
    const { seal } = tasks; // before one looks: there may be a last message
    if (this.scratch.bytes.length > MOST_KEPT) {
      this.scratch = new Scratch(FIRST_BYTES);
    }
    if (tasks.gets.take(this.scratch, -1) === Take.DONE) return Got.MESSAGE;
    return seal === Seal.OPEN ? undefined : Got.END;
  };
}
