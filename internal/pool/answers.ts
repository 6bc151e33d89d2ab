/** Reads what the workers of a pool answer. */

import { dropCell } from "../structure/message.ts";
import { Scratch } from "../structure/scratch.ts";
import { Answer, kindOf, leadOf, numberOf } from "./messages.ts";
import type { PoolWorker } from "./pool_worker.ts";
import { State, type Task } from "./task.ts";
import type { Wording } from "./wording.ts";

const FIRST_BYTES = 2 ** 14;
/** Larger memory is not kept for the next answer. */
const MOST_KEPT = 2 ** 23;

/** What is told of them. */
export interface AnswerEvents {
  /** A worker is up. */
  up(worker: PoolWorker): void;
  /** A worker's initializer has thrown that. */
  failed(error: unknown): void;
  /** A task was not done, as its worker has to be told its function again. */
  unknown(task: Task): void;
  /** A task's function could not be called at all. */
  missing(task: Task): void;
  /** That came of a task, or of all its items. */
  ended(task: Task, ok: boolean, value: unknown): void;
}

/** The reader of answers. */
export class Answers {
  readonly #wording: Wording;
  readonly #events: AnswerEvents;
  /** To where answers are copied, if nobody reads them now. */
  #scratch: Scratch | null = null;

  constructor(wording: Wording, events: AnswerEvents) {
    this.#wording = wording;
    this.#events = events;
  }

  /** Reads what a worker has answered; how many tasks it has done, by that. */
  readFrom(worker: PoolWorker): number {
    const before = worker.done;
    const scratch = this.#scratch ?? new Scratch(FIRST_BYTES);
    this.#scratch = null; // not for what comes within this
    worker.receive(
      scratch,
      (scratch, from) => this.#readOne(worker, scratch, from),
    );
    scratch.shrink(MOST_KEPT, FIRST_BYTES);
    this.#scratch = scratch;
    const done = worker.done - before;
    if (done > 0) worker.reckon(done);
    return done;
  }

  /** Lets go of memory that is not needed as long as there are no tasks. */
  rest(): void {
    this.#scratch?.shrink(FIRST_BYTES);
  }

  #readOne(worker: PoolWorker, scratch: Scratch, from: number): void {
    const lead = leadOf(scratch, from);
    const info = scratch.words[lead + 1]!;
    const kind = kindOf(info);
    if (kind === Answer.READY) return this.#events.up(worker);
    if (kind === Answer.FAILED) {
      return this.#events.failed(this.#value(scratch, from).value);
    }
    const task = worker.given.first;
    if (task === undefined || task.id !== scratch.words[lead]) {
      return dropCell(scratch, from);
    }
    const isItem = kind === Answer.ITEM_OK || kind === Answer.ITEM_ERROR;
    const isLast = isItem
      ? ++task.answered === task.items
      : kind !== Answer.PROGRESS;
    if (isLast) {
      worker.given.shift();
      if (kind === Answer.UNKNOWN) worker.left++; // it was not done
      else worker.done++;
    }
    if (task.state === State.OVER) return dropCell(scratch, from);
    if (kind === Answer.UNKNOWN) {
      worker.forget(numberOf(info));
      return this.#events.unknown(task);
    }
    const { ok, value } = this.#value(scratch, from);
    if (kind === Answer.PROGRESS) {
      if (ok) task.owner.told?.(value);
      return;
    }
    if (isItem) {
      const isGood = ok && kind === Answer.ITEM_OK;
      task.owner.itemEnded!(task, numberOf(info), isGood, value);
      if (isLast) this.#events.ended(task, true, undefined);
      return;
    }
    if (kind === Answer.MISSING) this.#events.missing(task);
    this.#events.ended(task, ok && kind === Answer.OK, value);
  }

  /** The value of an answer; `ok` is false where it cannot be read. */
  #value(scratch: Scratch, from: number): { ok: boolean; value: unknown } {
    try {
      return { ok: true, value: this.#wording.read(scratch, from) };
    } catch (error) {
      return { ok: false, value: error };
    }
  }
}
