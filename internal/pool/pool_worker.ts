/** A worker of a pool, as its owner sees it. */

import { offer } from "../queue/draft.ts";
import { dropCell } from "../structure/message.ts";
import { Take } from "../structure/get_side.ts";
import { cellWords, Seal } from "../structure/ring_words.ts";
import { giveBack, Scratch, takeScratch } from "../structure/scratch.ts";
import type { Carrier } from "./carriers.ts";
import { Clock } from "./clock.ts";
import { Deque } from "./deque.ts";
import type { PoolFunction } from "./functions.ts";
import type { Link } from "./link.ts";
import {
  composeMessage,
  infoOf,
  kindOf,
  leadOf,
  numberOf,
  Order,
  SLOTS,
} from "./messages.ts";
import { State, type Task } from "./task.ts";

const AT_ONCE = 256;

/** A worker, and the tasks that it has. */
export class PoolWorker {
  readonly carrier: Carrier;
  readonly link: Link;
  /** What it was given, as far as there is no answer; only the first may have begun. */
  readonly given: Deque<Task> = new Deque();
  /** Since when it is up (ms); `Infinity`: it is not yet. */
  upSince = Infinity;
  /** Whether it gets no more tasks: it is to end, or it has been given up. */
  isLeaving = false;
  /** Whether nobody cares any more what comes of it. */
  isGone = false;
  /** How many tasks it has done. */
  done = 0;
  /** How many more it may be given. */
  left: number;
  /** How long a task takes, by and large (ms); a guess. */
  pace = Infinity;
  /** When it last answered, or was given something to do. */
  since = 0;
  readonly clock: Clock;
  #functions: (PoolFunction | undefined)[] = [];
  /** Answers that were taken together: where they are, and how many are left. */
  #answers: Scratch | null = null;
  #next = 0;
  #left = 0;

  constructor(carrier: Carrier, link: Link, left: number) {
    this.carrier = carrier;
    this.link = link;
    this.left = left;
    this.clock = new Clock(link.words);
  }

  /** Whether it is up. */
  get isReady(): boolean {
    return this.upSince !== Infinity;
  }

  /** Whether it has nothing to do. */
  get isIdle(): boolean {
    return this.given.size === 0;
  }

  /** Gives it a task. */
  give(task: Task): void {
    const { link } = this;
    const { words } = link;
    const { fn } = task;
    if (this.#functions[fn.number % SLOTS] !== fn) this.#teach(task);
    offer(words.tasks.puts, link.object, task.draft);
    if (this.given.size === 0) this.since = performance.now();
    this.given.push(task);
    this.left--;
    task.state = State.GIVEN;
    task.worker = this;
    const { set } = words.gate;
    if (set.wantsWake) set.wakeOne(link.object.member);
  }

  /** Takes back all tasks that it has not begun; the last one comes first. */
  takeBack(): Task[] {
    const ids: number[] = [];
    this.#takeAll((scratch, from) => {
      const lead = leadOf(scratch, from);
      const info = scratch.words[lead + 1]!;
      dropCell(scratch, from);
      if (kindOf(info) === Order.FUNCTION) {
        this.forget(numberOf(info));
      } else ids.push(scratch.words[lead]!);
    });
    // The worker may have taken some in between.
    const back: Task[] = [];
    const begun: Task[] = [];
    while (back.length < ids.length) {
      const task = this.given.pop()!;
      if (task.id !== ids[ids.length - 1 - back.length]) begun.push(task);
      else {
        back.push(task);
        task.worker = null;
        if (task.state === State.GIVEN) task.state = State.PENDING;
      }
    }
    while (begun.length > 0) this.given.push(begun.pop()!);
    this.left += back.length;
    return back;
  }

  /** Whether it has had anything to do. */
  get wasBusy(): boolean {
    return this.link.words.seen !== 0;
  }

  /** Reckons how long a task takes, as it has done so many since it was asked last. */
  reckon(done: number): void {
    const now = performance.now();
    const each = (now - this.since) / done;
    this.since = now;
    this.pace = Math.min(each, (3 * this.pace + each) / 4) || each;
  }

  /** It does not know that function, or no more. */
  forget(number: number): void {
    this.#functions[number % SLOTS] = undefined;
  }

  /** Lets it end when it has done what it was given. */
  leave(): void {
    if (this.isLeaving) return;
    this.isLeaving = true;
    const { words, object } = this.link;
    words.tasks.puts.seal(Seal.PUT);
    words.gate.set.wakeAll(object.member);
  }

  /**
   * Calls back with each answer, from a word on; they are taken into `scratch`.
   * Within that it may be called again: then it goes on with what was taken already,
   * so that the order stays.
   */
  receive(
    scratch: Scratch,
    answer: (scratch: Scratch, from: number) => void,
  ): void {
    for (;;) {
      while (this.#left > 0) {
        const answers = this.#answers!;
        const from = this.#next;
        this.#next += cellWords(answers.words[from]!);
        this.#left--;
        answer(answers, from);
      }
      this.#answers = null;
      const { results: { isEmpty, gets } } = this.link.words;
      if (isEmpty) return;
      let taken = gets.takeMany(scratch, AT_ONCE);
      if (taken === 0) {
        if (gets.take(scratch, -1) !== Take.DONE) return;
        taken = 1;
      }
      this.#answers = scratch;
      this.#next = 0;
      this.#left = taken;
    }
  }

  /** Lets go of the link: the worker is dead, or nobody cares. */
  close(): void {
    this.isGone = true;
    this.clock.stop();
    this.link.close();
  }

  /** Tells it the function that a task needs. */
  #teach({ id, fn }: Task): void {
    const { link } = this;
    const scratch = takeScratch();
    try {
      const info = infoOf(Order.FUNCTION, fn.number);
      const { reference } = fn;
      composeMessage(scratch, 0, id, info, reference, "fn");
      const { length } = scratch;
      const cell = { scratch, from: 0, length, notes: null };
      offer(link.words.tasks.puts, link.object, cell);
    } finally {
      giveBack(scratch);
    }
    this.#functions[fn.number % SLOTS] = fn;
  }

  #takeAll(taken: (scratch: Scratch, from: number) => void): void {
    const { gets } = this.link.words.tasks;
    const scratch = new Scratch(2 ** 12);
    for (;;) {
      const count = gets.takeMany(scratch, AT_ONCE);
      for (let i = 0, from = 0; i < count; i++) {
        const next = from + cellWords(scratch.words[from]!);
        taken(scratch, from);
        from = next;
      }
      if (count > 0) continue;
      if (gets.take(scratch, -1) !== Take.DONE) return;
      taken(scratch, 0);
    }
  }
}
