/**
 * The threads of this process that are alive, for all of them to see.
 *
 * ```text
 *   word 0    how many slots were ever used
 *   then slots of 128 bytes:
 *     word 0  FREE | CLAIMED | ALIVE | DAEMON
 *     word 1  the thread's ident
 *     word 2  the length of its name in bytes
 *     …       its name in UTF-8, cut off where it is too long
 * ```
 *
 * Who may write what: `enroll()` takes a slot from FREE to CLAIMED, which makes
 * it the only writer, writes the rest, and the state last. `strike()`, called
 * once for each slot that was taken, takes it back to FREE.
 *
 * The race worth knowing: a slot is freed and taken again while it is read. An
 * ident is never used twice, so a reader that finds the same one alive before
 * and after has read its name.
 *
 * The main thread is not in it: it is always alive.
 */

import type { ThreadIdentity } from "./this_thread.ts";

const FREE = 0;
const CLAIMED = 1;
const ALIVE = 2;
const DAEMON = 3;

const SLOTS = 4096;
const SLOT_BYTES = 128;
const SLOT_WORDS = SLOT_BYTES / Int32Array.BYTES_PER_ELEMENT;
const NAME_WORD = 3;
const NAME_BYTES = SLOT_BYTES - NAME_WORD * Int32Array.BYTES_PER_ELEMENT;

let words: Int32Array<SharedArrayBuffer> | null = null;

/** The memory of the roster, for another thread. */
export function sharedRoster(): SharedArrayBuffer {
  // Memory that is not touched is not taken.
  words ??= new Int32Array(new SharedArrayBuffer((1 + SLOTS) * SLOT_BYTES));
  return words.buffer;
}

/** Uses that roster from now on: called once, first thing in a thread. */
export function shareRoster(memory: SharedArrayBuffer): void {
  words = new Int32Array(memory);
}

/** Adds a thread, and returns its slot; -1: there is no room for more. */
export function enroll({ name, ident, daemon }: ThreadIdentity): number {
  const memory = sharedRoster();
  const roster = words!;
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = (1 + slot) * SLOT_WORDS;
    if (Atomics.compareExchange(roster, at, FREE, CLAIMED) !== FREE) continue;
    const bytes = new TextEncoder().encode(name).subarray(0, NAME_BYTES);
    new Uint8Array(memory).set(
      bytes,
      (at + NAME_WORD) * Int32Array.BYTES_PER_ELEMENT,
    );
    Atomics.store(roster, at + 1, ident);
    Atomics.store(roster, at + 2, bytes.length);
    Atomics.store(roster, at, daemon ? DAEMON : ALIVE);
    let used = Atomics.load(roster, 0);
    while (used <= slot) {
      const before = Atomics.compareExchange(roster, 0, used, slot + 1);
      if (before === used) break;
      used = before;
    }
    return slot;
  }
  return -1;
}

/** Takes out the thread in that slot. */
export function strike(slot: number): void {
  if (slot !== -1) Atomics.store(words!, (1 + slot) * SLOT_WORDS, FREE);
}

/** The threads that are alive now, without the main thread. */
export function enrolled(): ThreadIdentity[] {
  if (words === null) return [];
  const found: ThreadIdentity[] = [];
  const used = Atomics.load(words, 0);
  for (let slot = 0; slot < used; slot++) {
    const thread = read(words, (1 + slot) * SLOT_WORDS);
    if (thread !== null) found.push(thread);
  }
  return found.sort((a, b) => a.ident - b.ident);
}

function read(
  roster: Int32Array<SharedArrayBuffer>,
  at: number,
): ThreadIdentity | null {
  const state = Atomics.load(roster, at);
  if (state < ALIVE) return null;
  const ident = Atomics.load(roster, at + 1);
  const length = Atomics.load(roster, at + 2);
  const start = (at + NAME_WORD) * Int32Array.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(roster.buffer).slice(start, start + length);
  const isSame = Atomics.load(roster, at) === state &&
    Atomics.load(roster, at + 1) === ident;
  if (!isSame) return null; // it has ended meanwhile
  return {
    name: new TextDecoder().decode(bytes),
    ident,
    daemon: state === DAEMON,
  };
}
