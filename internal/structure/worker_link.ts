/**
 * What a pool and one of its workers share.
 *
 * ```text
 *   words 0 …     the ring of tasks, from the owner to the worker
 *   words 80 …    the ring of results, from the worker to the owner
 *   word 160      ABORTED    the task that the owner wants to end; 0: none
 *   word 163      WHY        why; written first
 *   word 166      BEGUN      the task that the worker has begun last
 *   word 167      SEEN       the task whose message, or whose function's, the worker
 *                            has, and will read now
 *   word 161      LISTENING  the task that has asked for its signal
 *   word 162      BEATS      how many items of timed tasks it has begun, modulo 2^32
 *   words 164 …   INBOX      the inbox that the worker rings: its index, and its uid
 *   words 176 …   the wait set of the worker
 * ```
 *
 * Who may write what
 *   the rings   either side: the owner also *takes back* tasks that it has put.
 *   ABORTED, WHY  the owner.
 *   the rest    the worker; INBOX the owner, at the beginning.
 *
 * Invariants
 *   I1  The worker takes one task at a time, when it has put all results of the one
 *       before. So of the tasks that it was given, and of which the owner has no
 *       result, all that are in the ring were not begun, and of the others one was.
 *   I2  What kills a worker by being read is in SEEN before that. So a task that is
 *       neither in the ring nor SEEN can be given to another worker; one that is in
 *       the ring and SEEN may be the one whose function has killed it.
 *   I3  A task is taken from the ring by one side only: what the owner has taken
 *       back, the worker will never see. That is the whole lease.
 *
 * The race worth knowing: the owner decides to kill the worker, because its task has
 * run for too long; meanwhile the worker ends that task and begins the next one. So
 * the owner first takes back all tasks, then looks for results, and only then
 * kills: the worker then has the task that is meant, or none.
 */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { WAIT_SET_BYTES, WaitSet } from "../memory/wait_set.ts";
import type { Gate } from "../memory/waits.ts";
import { Ring } from "./ring.ts";
import { RING_BYTES, Seal } from "./ring_words.ts";

const RESULTS = RING_BYTES / 4;
const ABORTED = 2 * RESULTS;
const LISTENING = ABORTED + 1;
const BEATS = ABORTED + 2;
const WHY = ABORTED + 3;
const INBOX = ABORTED + 4;
const BEGUN = ABORTED + 6;
const SEEN = ABORTED + 7;
const SET = ABORTED + 16;
const LINK_BYTES = SET * 4 + WAIT_SET_BYTES;

/** Why a task is to end. */
export const Why = {
  /** It is not. */
  NOT: 0,
  /** Nobody wants it any more. */
  UNWANTED: 1,
  /** It has run for too long. */
  LATE: 2,
} as const;

/** The type of links. */
export const LINK: ObjectType = defineType({
  code: 31,
  ends: 1,
  sweep: (object, slot) => new LinkWords(object).sweep(slot),
  destroy: (object) => {
    for (const ring of ringsOf(object)) ring.destroy();
  },
});

/** Makes a link, whose worker will ring at that inbox. */
export function createLink(space: Space, inbox: SharedObject): SharedObject {
  const object = space.create(LINK, LINK_BYTES);
  const { words, body } = object;
  words[body + INBOX] = inbox.index;
  words[body + INBOX + 1] = inbox.uid;
  for (const ring of ringsOf(object)) ring.puts.begin(0, 0);
  return object;
}

/** A link, for one thread. */
export class LinkWords {
  readonly object: SharedObject;
  readonly tasks: Ring;
  readonly results: Ring;
  /** Where the worker waits. */
  readonly gate: Gate;
  readonly #words: Int32Array;
  readonly #body: number;

  constructor(object: SharedObject) {
    const { words, body } = object;
    const [tasks, results] = ringsOf(object);
    this.object = object;
    this.tasks = tasks;
    this.results = results;
    this.#words = words;
    this.#body = body;
    this.gate = {
      set: new WaitSet(words, body + SET),
      ready: () => !tasks.isEmpty || tasks.seal !== Seal.OPEN,
    };
  }

  /** The place of the inbox among the objects, and its uid. */
  get inbox(): readonly [index: number, uid: number] {
    const at = this.#body + INBOX;
    return [this.#words[at]!, this.#words[at + 1]!];
  }

  /** Whether a task is to end, and why. */
  whyAborted(task: number): number {
    const [words, body] = [this.#words, this.#body];
    if (Atomics.load(words, body + ABORTED) !== task) return Why.NOT;
    return Atomics.load(words, body + WHY);
  }

  /** A task is to end. */
  abort(task: number, why: number): void {
    Atomics.store(this.#words, this.#body + WHY, why);
    Atomics.store(this.#words, this.#body + ABORTED, task);
    this.gate.set.wakeAll(this.object.member);
  }

  /** The task that listens for that. */
  get listening(): number {
    return Atomics.load(this.#words, this.#body + LISTENING);
  }
  set listening(task: number) {
    Atomics.store(this.#words, this.#body + LISTENING, task);
  }

  /** The task that was begun last. */
  get begun(): number {
    return Atomics.load(this.#words, this.#body + BEGUN);
  }
  set begun(task: number) {
    Atomics.store(this.#words, this.#body + BEGUN, task);
  }

  /** The task that the worker has seen last; it may not have begun yet. */
  get seen(): number {
    return Atomics.load(this.#words, this.#body + SEEN);
  }
  set seen(task: number) {
    Atomics.store(this.#words, this.#body + SEEN, task);
  }

  /** How many items of timed tasks were begun. */
  get beats(): number {
    return Atomics.load(this.#words, this.#body + BEATS);
  }

  /** One more was. */
  beat(): void {
    Atomics.add(this.#words, this.#body + BEATS, 1);
  }

  /** After a thread's death. */
  sweep(slot: number): void {
    this.tasks.sweep();
    this.results.sweep();
    this.gate.set.sweep(this.object.member, slot);
  }
}

function ringsOf(object: SharedObject): readonly [Ring, Ring] {
  const { space, body } = object;
  return [
    new Ring(space, object.offsetOfWord(body)),
    new Ring(space, object.offsetOfWord(body + RESULTS)),
  ];
}
