import { writeHead, writeTag } from "./output.ts";
import { REFERENCE, SHAREABLE, UNSIGNED } from "./tags.ts";
import { Unsendable } from "./unsendable.ts";

/**
 * Which objects stand in the message more than once.
 *
 * Most messages are trees. So the first pass only remembers what it met, and the
 * first object that comes again ends it: `REPEATED` is thrown. The second
 * pass marks every object, and refers to those that it has written.
 *
 * Buffers are a case of their own. A view says only its own bytes, as long as it
 * is the only one of its buffer in the message; else the buffer must be written
 * as a whole, already with the first view. The second pass finds all such
 * buffers; if there were any that it had not known, a third one writes the message.
 */
export const REPEATED = Symbol("an object stands in the message twice");
const LAST_PASS = 3;

/** So few objects are found faster in a list than in a set. */
const FEW = 16;

/** What is known of the message that is being written. */
export const references = newReferences();

function newReferences() {
  return {
    pass: 1,
    /** The first objects that pass 1 met, and how many these are. */
    few: new Array<object | null>(FEW).fill(null),
    count: 0,
    /** All objects that pass 1 met, where they are more. */
    many: null as Set<object> | null,
    /** The numbers of the objects that a later pass has begun to write. */
    numbers: null as Map<object, number> | null,
    /** Those of them that nobody can refer to until they are complete. */
    incomplete: null as Set<object> | null,
    /** The buffers that this pass met. */
    buffers: null as Set<object> | null,
    /** Those that must be written whole. */
    whole: null as Set<object> | null,
    /** Whether this pass found one of these too late. */
    tooLate: false,
  };
}

/** Begins with a message inside of another one; the result restores that. */
export function setReferencesAside(): () => void {
  const outer = { ...references };
  Object.assign(references, newReferences());
  return () => Object.assign(references, outer);
}

/** Begins the next pass over the message. */
export function beginPass(): void {
  references.pass++;
  references.numbers = new Map();
  references.incomplete = new Set();
  references.buffers = null;
  references.tooLate = false;
}

/** Whether the pass that has ended was in vain. */
export function passWasInVain(): boolean {
  // A getter may make a new buffer each time it is asked: not for ever.
  return references.tooLate && references.pass < LAST_PASS;
}

/** Lets go of everything, for the next message. */
export function releaseReferences(): void {
  for (let i = 0; i < references.count; i++) references.few[i] = null;
  references.count = 0;
  references.many = null;
  references.buffers = null;
  if (references.pass === 1) return;
  references.pass = 1;
  references.numbers = null;
  references.incomplete = null;
  references.whole = null;
  references.tooLate = false;
}

/**
 * Sees an object that is to be written next. Where it was written already,
 * writes a reference to that and returns true.
 */
export function writeReference(object: object): boolean {
  if (references.numbers !== null) return mark(object, references.numbers);
  const { few, count } = references;
  if (references.many !== null) {
    meet(object, references.many);
    return false;
  }
  for (let i = 0; i < count; i++) if (few[i] === object) throw REPEATED;
  if (count < FEW) {
    few[count] = object;
    references.count = count + 1;
  } else {
    references.many = new Set(few as object[]).add(object);
  }
  return false;
}

function meet(object: object, many: Set<object>): void {
  const { size } = many;
  many.add(object); // one look-up; `has` would make it two
  if (many.size === size) throw REPEATED;
}

function mark(object: object, numbers: Map<object, number>): boolean {
  const number = numbers.get(object);
  if (number === undefined) {
    numbers.set(object, numbers.size);
    writeTag(SHAREABLE);
    return false;
  }
  if (references.incomplete!.has(object)) {
    throw new Unsendable(
      "an object that is part of what its own encode() gives cannot be sent; " +
        "register its class without encode and decode, or leave it out there",
    );
  }
  writeTag(REFERENCE);
  writeHead(UNSIGNED, number);
  return true;
}

/** Writes, by `write`, an object that is made only when it is read whole. */
export function writeIncomplete(object: object, write: () => void): void {
  references.incomplete?.add(object);
  write();
  references.incomplete?.delete(object);
}

/** Sees the buffer of a value; returns whether it must be written whole. */
export function seeBuffer(buffer: object): boolean {
  if (references.whole?.has(buffer)) return true;
  const buffers = references.buffers ??= new Set();
  if (buffers.has(buffer)) {
    (references.whole ??= new Set()).add(buffer);
    if (references.pass === 1) throw REPEATED;
    references.tooLate = true;
  }
  buffers.add(buffer);
  return false;
}
