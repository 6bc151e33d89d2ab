/** The memory of this thread's family, and the thread's own place in it. */

import { type Arena, type ArenaGrant, openArena, textOf } from "./arena.ts";
import { memoryCalls } from "./libc.ts";
import { grantedMemory, joined, type MemoryGrant } from "./grant.ts";
import { Holdings } from "./holdings.ts";
import { onceTypesAreKnown } from "./known_types.ts";
import { createArena, newId } from "./make_arena.ts";
import { Member } from "./member.ts";
import { type SharedObject, Space } from "./objects.ts";
import { sweepPins } from "./pins.ts";
import { WAIT_SET_BYTES, WaitSet } from "./wait_set.ts";
import { Line, Waits } from "./waits.ts";

/** A thread that is ending may take so long for that (ms): its listeners run first. */
const MOST_MS = 1000;

/** This thread in an arena: what objects are made in, and how they are waited for. */
export interface Home {
  readonly space: Space;
  readonly waits: Waits;
  readonly holdings: Holdings;
}

let arena: Arena | null = null;
let id: Int32Array | null = null;
let home: Home | null = null;
const others = new Map<string, Home>();

/** This thread in its family's memory, which is made at the first need. */
export function ownHome(): Home {
  if (home === null) {
    home = enter(ownArena());
    joined(home.space.member.id, home.holdings, home.waits);
  }
  return home;
}

/** Tells the memory of this family from all others, also before there is any. */
export function familyId(): string {
  const grant = arena?.grant ?? grantedMemory()?.arena;
  return grant?.id ?? textOf(id ??= newId());
}

/** Takes that arena as this family's: for tests, before anything needs one. */
export function settleIn(made: Arena): void {
  arena = made;
}

/** This thread in the arena that somebody else has spoken of. */
export function homeIn(grant: ArenaGrant): Home {
  if (grant.id === ownArena().grant.id) return ownHome();
  let other = others.get(grant.id);
  if (other === undefined) {
    others.set(grant.id, other = enter(openArena(grant)));
  }
  return other;
}

/** Whether an object lies in the memory that all of this family look at. */
export function isOwn(object: SharedObject): boolean {
  return object.space === ownHome().space;
}

/** How a child process joins; `null`: it cannot, without ffi. */
export function grantToChild(): MemoryGrant | null {
  if (memoryCalls() === null) return null;
  const { space } = ownHome();
  return { arena: space.arena.grant, parent: space.member.id };
}

/** How another thread of this process joins. */
export function grantToThread(): MemoryGrant {
  const { space, waits } = ownHome();
  const { grant, base } = space.arena;
  waits.isAlone = false;
  return { arena: { ...grant, base }, parent: space.member.id };
}

/** Ends all waits of another thread, which is about to be terminated. */
export function interruptThread(owner: number): void {
  ownHome().space.member.interrupt(owner);
}

/** A process has ended: what its threads held is held no more. */
export function sweepDead(): void {
  ownHome().space.member.sweepDead();
}

/** Another thread has been ended; the kernel does not tell everywhere. */
export function declareDead(owner: number): void {
  ownHome().space.member.declareDead(owner);
}

/** Waits until a thread has died that is ending, and what it held is held no more. */
export async function whenDead(owner: number): Promise<void> {
  const { space: { member }, waits } = ownHome();
  // The death of any thread ends a sleep, and so the wait: nobody rings for that.
  const set = new WaitSet(new Int32Array(WAIT_SET_BYTES / 4), 0);
  const gate = { set, ready: () => !member.isAlive(owner) };
  const attempt = () => gate.ready() || undefined;
  await new Line(waits, gate).wait(attempt, { timeout: MOST_MS });
  member.sweepDead();
}

function ownArena(): Arena {
  if (arena !== null) return arena;
  const grant = grantedMemory();
  return arena = grant === null
    ? createArena(undefined, id ??= newId())
    : openArena(grant.arena);
}

/** Makes this thread a member of an arena. */
export function enter(arena: Arena): Home {
  const space = new Space(Member.join(arena));
  const { member } = space;
  // What one does not know, one would not sweep up, and nobody else would again.
  onceTypesAreKnown(() =>
    member.sweepBy((slot, owner) => sweepAfter(space, slot, owner))
  );
  const waits = new Waits(member);
  // Only threads that this one starts can look at memory that is not mapped.
  waits.isAlone = arena.base === null && grantedMemory() === null;
  return { space, waits, holdings: new Holdings(space) };
}

/** What a thread leaves behind that has died, wherever it was. */
function sweepAfter(space: Space, slot: number, owner: number): void {
  space.sweepTable(slot, owner);
  sweepPins(space, owner);
  space.sweepObjects(slot, owner);
  space.sweepHand(slot);
  // Whoever waits may depend on what has changed.
  for (const slot of space.member.living()) space.member.ring(slot);
}
