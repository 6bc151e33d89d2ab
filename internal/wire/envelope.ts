/**
 * What goes with a message beside its bytes: its way, and what was found in it.
 *
 * Who writes or reads a message says its way before, and takes the notes after. Each
 * is that one message's: what users' code writes or reads meanwhile, in a getter or
 * a class's `encode`, begins with neither.
 */

/** For whose sake something is pinned: a thread's, or an object's. */
export type Beneficiary = { readonly owner: number } | {
  readonly object: number;
};

/** What was found in the message that is being written. */
export interface Note {
  /** Tells it from others. */
  readonly key: string;
  /** Pins it; gives the pin's number. `null`: it is held by other means. */
  readonly pin: ((beneficiary: Beneficiary) => number) | null;
}

/** What goes with one message. */
export interface Envelope {
  /** By which way it goes; `null`: by none that must be known. */
  readonly way: unknown;
  /** What was noted; `null`: nothing; `undefined`: nobody asks. */
  notes: Note[] | null | undefined;
}

const PLAIN: Envelope = { way: null, notes: undefined };

/** Of the message that is written or read, and of the one that comes next. */
let current = PLAIN;
let next = PLAIN;

/** The way of the message that is being written or read. */
export function currentWay(): unknown {
  return current.way;
}

/** Writes or reads a message, in one go or several, that goes by a way. */
export function by<R>(way: unknown, fn: () => R): R {
  const outer = next;
  next = { way, notes: undefined };
  try {
    return fn();
  } finally {
    next = outer;
  }
}

/** Notes what is being written. */
export function note(found: Note): void {
  if (current.notes === undefined) return;
  const notes = current.notes ??= [];
  // A message may be written twice, or tell of one object twice.
  if (!notes.some(({ key }) => key === found.key)) notes.push(found);
}

/** Asks for notes; the result is to be given to what takes them. */
export function beginNotes(): Envelope {
  const outer = next;
  next = { way: outer.way, notes: null };
  return outer;
}

/** Takes what was noted; `null`: nothing. */
export function endNotes(outer: Envelope): Note[] | null {
  const { notes } = next;
  next = outer;
  return notes!;
}

/** A message begins; the result is to be given to what ends it. */
export function openEnvelope(): Envelope {
  const outer = current;
  // Most messages are plain, and so is what they are written in; stores are not free.
  if (next !== outer) {
    current = next;
    next = PLAIN;
  }
  return outer;
}

/** It has ended, and may be written again. */
export function closeEnvelope(outer: Envelope): void {
  if (current === outer) return;
  next = current;
  current = outer;
}
