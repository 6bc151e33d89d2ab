/**
 * Objects that are on their way: while an object is in a message, the sender may
 * let go of it or die, and the receiver does not hold it yet. So who sends it
 * pins it, and who receives it holds it first and then takes the pin out.
 *
 * ```text
 *   word 0   state         0 free; PIN and its generation; or the name of who is
 *                          making it
 *   word 1   object        its uid
 *   word 2   index         its place in the table
 *   word 3   end
 *   word 4   for           the owner (slot and generation) or, negative, the uid of
 *                          the object for whose sake it is pinned: with that, it goes
 *   word 5   from          the process that has made it
 * ```
 *
 * A pin for a thread goes when that thread dies; one for an object, such as the
 * queue that the message is in, with that object. Where a process has died, and all
 * that it had sent to somebody was read, its other pins for that one were for
 * messages that were never sent. So no pin stays for ever.
 *
 * There is no count of an object's pins, which would have to be changed together
 * with the pin: they are looked through.
 */

import type { Beneficiary } from "../wire/envelope.ts";
import type { Arena } from "./arena.ts";
import { Header, MAX_PINS, PIN_BYTES, PIN_TABLE } from "./layout.ts";
import type { Member } from "./member.ts";

const WORDS = PIN_BYTES / 4;
const STATE = 0;
const UID = 1;
const INDEX = 2;
const END = 3;
const FOR = 4;
const FROM = 5;
const PIN = 1 << 30;

/** What is pinned: an object. */
interface Pinned {
  readonly uid: number;
  readonly index: number;
  readonly space: Space;
  changed(): void;
}

/** Where it lies. */
interface Space {
  readonly arena: Arena;
  readonly member: Member;
  find(
    index: number,
    uid: number,
  ): { endIfUnheld(end: number): boolean } | null;
  beginLook(): void;
  endLook(): void;
}

const tables = new WeakMap<Arena, Int32Array>();

function tableOf(arena: Arena): Int32Array {
  let table = tables.get(arena);
  if (table === undefined) {
    table = arena.ints(PIN_TABLE, MAX_PINS * PIN_BYTES);
    tables.set(arena, table);
  }
  return table;
}

/** The generations that fit beside PIN. */
const GENERATIONS = PIN;

/**
 * Pins an end of an object that this thread holds; gives the pin's number, which
 * no other pin has: to take one out twice does nothing new.
 */
export function pin(
  object: Pinned,
  end: number,
  beneficiary: Beneficiary,
): number {
  const { arena, member } = object.space;
  const table = tableOf(arena);
  const { header } = arena;
  const hint = Atomics.load(header, Header.PINS_HINT);
  for (let i = 0; i < MAX_PINS; i++) {
    const pin = (hint + i) % MAX_PINS;
    const at = pin * WORDS;
    if (Atomics.compareExchange(table, at + STATE, 0, member.id) !== 0) {
      continue;
    }
    table[at + UID] = object.uid;
    table[at + INDEX] = object.index;
    table[at + END] = end;
    table[at + FOR] = "owner" in beneficiary
      ? beneficiary.owner
      : -beneficiary.object;
    table[at + FROM] = member.pid;
    for (;;) {
      const top = Atomics.load(header, Header.PINS_TOP);
      if (top > pin) break;
      Atomics.compareExchange(header, Header.PINS_TOP, top, pin + 1);
    }
    const generation = Atomics.add(header, Header.NEXT_PIN, 1) &
      (GENERATIONS - 1);
    Atomics.store(table, at + STATE, PIN | generation);
    Atomics.store(header, Header.PINS_HINT, pin + 1);
    object.changed();
    return numberOf(pin, generation);
  }
  throw new RangeError(
    `Cannot send this object as ${MAX_PINS} objects are in messages that nobody has received`,
  );
}

/** The number of a pin, by its place and its state. */
function numberOf(pin: number, state: number): number {
  return (state & (GENERATIONS - 1)) * MAX_PINS + pin;
}

/** Takes a pin out; what it has pinned may end with it. */
export function unpin(space: Space, number: number): void {
  takeOut(
    space,
    number % MAX_PINS,
    PIN | Math.floor(number / MAX_PINS),
  );
}

function takeOut(space: Space, pin: number, state: number): void {
  const table = tableOf(space.arena);
  const at = pin * WORDS;
  if (Atomics.load(table, at + STATE) !== state) return;
  space.beginLook(); // before the object may end with the pin
  try {
    const object = space.find(table[at + INDEX]!, table[at + UID]!);
    const end = table[at + END]!;
    if (Atomics.compareExchange(table, at + STATE, state, 0) !== state) return;
    Atomics.store(space.arena.header, Header.PINS_HINT, pin);
    object?.endIfUnheld(end);
  } finally {
    space.endLook();
  }
}

/** Whether an end of an object is pinned. */
export function isPinned(
  arena: Arena,
  object: { readonly uid: number },
  end: number,
): boolean {
  const table = tableOf(arena);
  const top = Atomics.load(arena.header, Header.PINS_TOP);
  for (let at = 0; at < top * WORDS; at += WORDS) {
    if (
      Atomics.load(table, at + STATE) & PIN &&
      table[at + UID] === object.uid && table[at + END] === end
    ) return true;
  }
  return false;
}

/** Takes out all pins for the sake of an object. */
export function releasePinsOf(space: Space, uid: number): void {
  release(space, -uid);
}

/**
 * Takes out all pins for this thread by a process of which nothing more will come,
 * but for those in a message that has come and was not read.
 */
export function dropPinsFrom(
  space: Space,
  pid: number,
  unread: readonly number[],
): void {
  release(space, space.member.id, pid, unread);
}

/** Takes out all pins for the sake of a thread that has died, or that it was making. */
export function sweepPins(space: Space, owner: number): void {
  const table = tableOf(space.arena);
  const top = Atomics.load(space.arena.header, Header.PINS_TOP);
  for (let at = 0; at < top * WORDS; at += WORDS) {
    Atomics.compareExchange(table, at + STATE, owner, 0);
  }
  release(space, owner);
}

function release(
  space: Space,
  beneficiary: number,
  pid?: number,
  unread: readonly number[] = [],
): void {
  const table = tableOf(space.arena);
  const top = Atomics.load(space.arena.header, Header.PINS_TOP);
  for (let pin = 0; pin < top; pin++) {
    const at = pin * WORDS;
    const state = Atomics.load(table, at + STATE);
    if (!(state & PIN)) continue;
    if (pid !== undefined && table[at + FROM] !== pid) continue;
    if (table[at + FOR] !== beneficiary) continue;
    if (!unread.includes(numberOf(pin, state))) takeOut(space, pin, state);
  }
}
