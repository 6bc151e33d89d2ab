/**
 * Objects in an arena: what a Lock, a Queue, a SharedDict is made of.
 *
 * ```text
 *   word 0        31            2 1     0
 *                +---------------+-------+   state  LIVE, or DESTROYED (being)
 *                |  changes      | state |   changes  how often somebody was added
 *                +---------------+-------+            to those who hold it
 *   word 1        uid: no other object of this arena has, or had, the same
 *   word 2        type
 *   word 3        who destroys it, or is about to
 *   word 4        its place in the table of objects
 *   words 16 …    holders of end 0: a bit for each slot
 *   words 48 …    holders of end 1, where the type has two ends
 *   then          what the type makes of it
 * ```
 *
 * An object lives as long as somebody holds one of its ends: a thread that has
 * the JavaScript object for it, or a message that is on its way (pins.ts). An end
 * that nobody holds is closed.
 *
 * Who may write what
 *   holders   each thread its own bit; who sweeps up after it, too.
 *   changes   who has set a bit or a pin adds 1, *before* it takes away the bit or
 *             pin that it had the object from.
 *   state     LIVE -> DESTROYED by who has signed as the destroyer, by
 *             compare-and-swap with `changes` as they were before one found that
 *             there is no holder and no pin.
 *   look      (of each slot) its thread: the epoch, before it looks at an object that
 *             may end meanwhile; 0, when it looks no more. Of a dead one, who sweeps
 *             up after it: 0.
 *
 * Invariants
 *   I1  Whoever gets an object has it from somebody who holds it, or from a pin,
 *       and sets its own bit first. So at every moment one of these is set; and a
 *       look that missed the one because it moved has the wrong `changes`.
 *   I2  A block is in the table, or in its thread's hand, or free. A thread that
 *       dies with one in its hand that is not in the table leaves it to be freed.
 *   I3  Who lets go looks whether it was the last, at an object that may end under
 *       its eyes. So it sets its look while it still holds the object; and whoever
 *       destroys that makes a new epoch *after* DESTROYED, and frees the block when all
 *       looks are of that epoch or later: those find it destroyed, and turn away.
 *       Until then it stays in the table, and whoever dies with that leaves it there.
 *   I4  One who finds somebody else's signature turns away: that one goes on, or
 *       takes the signature back and looks again, after that.
 *   I5  Who goes through the table holds nothing of what it finds: that may be gone
 *       before it looks, and its block something else. So it reads the place, then
 *       the state and the destroyer, then the place again. What is there then either
 *       was LIVE while it looked, or is left to it by a destroyer who is dead, or
 *       came while it looked: it stays. What was read before that counts no more.
 *
 * The race worth knowing: A looks at the pins (none), B, which holds it, pins it
 * for C and lets go, A looks at the holders (none). B has changed `changes`, which A
 * sees, and looks again.
 */

import { Allocator } from "./allocator.ts";
import { type Arena, offsetOf } from "./arena.ts";
import {
  Header,
  MAX_OBJECTS,
  OBJECT_TABLE,
  SET_WORDS,
  SLOT_BYTES,
} from "./layout.ts";
import type { Member } from "./member.ts";
import { isPinned, releasePinsOf } from "./pins.ts";

const STATE = 0;
const UID = 1;
const TYPE = 2;
const DESTROYER = 3;
const INDEX = 4;
const HOLDERS = 16;

const LIVE = 1;
const DESTROYED = 2;
const STATES = 3;
const CHANGE = 4;
/** So many places of the table are searched before a new one is taken. */
const NEAR = 64;
/** The word of a slot in which its thread says that it looks. */
const LOOK = 4;
/** Epochs are odd numbers: 0 says that nobody looks. */
const NEXT_EPOCH = 2;
/** In the table: reserved, by the owner whose name it is. */
const RESERVED = 0x80000000 | 0;

/** What an object is, and what is to be done at its end and at a thread's. */
export interface ObjectType {
  /** Its number in shared memory. */
  readonly code: number;
  /** How many ends it has, which are held apart. */
  readonly ends: 1 | 2;
  /** How much of what it makes of its block are words; by default all. */
  readonly wordBytes?: number;
  /** Whether this thread owns a part of it, as others are told if it dies now. */
  isOwned?(object: SharedObject): boolean;
  /** This thread ends as it should: what it owns it leaves to others. */
  handOver?(object: SharedObject): void;
  /** A thread that may have owned a part of it has died. Done twice, it does nothing new. */
  sweep?(object: SharedObject, slot: number, owner: number): void;
  /**
   * Nobody holds this end any more. May be called twice, and beside `destroy`: it
   * touches nothing but the words of the object.
   */
  endClosed?(object: SharedObject, end: number): void;
  /** Nobody holds it any more: frees what it owns. Done twice, it does nothing new. */
  destroy?(object: SharedObject): void;
}

const types = new Map<number, ObjectType>();

/** Makes a type known to this thread. */
export function defineType(type: ObjectType): ObjectType {
  types.set(type.code, type);
  return type;
}

/** How many bytes the head of an object takes, before what the type makes of it. */
export function headBytes(type: ObjectType): number {
  return (HOLDERS + type.ends * SET_WORDS) * 4;
}

/** The index of the word in which the thread of a slot says that it looks. */
function lookOf(slot: number): number {
  return slot * (SLOT_BYTES / 4) + LOOK;
}

/** An object as this thread sees it; it says nothing of who holds it. */
export class SharedObject {
  readonly space: Space;
  readonly type: ObjectType;
  /** Its place in the table of objects. */
  readonly index: number;
  readonly uid: number;
  /** Where its block lies. */
  readonly offset: number;
  /** The words of its block, which may be followed by other memory. */
  readonly words: Int32Array;
  /** The index in `words` of the first that the type has for itself. */
  readonly body: number;

  constructor(space: Space, pointer: number, type: ObjectType, index: number) {
    this.space = space;
    this.type = type;
    this.index = index;
    this.offset = offsetOf(pointer);
    this.words = space.arena.ints(
      this.offset,
      type.wordBytes === undefined
        ? space.allocator.sizeOf(pointer)
        : headBytes(type) + type.wordBytes,
    );
    this.uid = this.words[UID]!;
    this.body = headBytes(type) / 4;
  }

  /** This thread, as a member of the object's arena. */
  get member(): Member {
    return this.space.member;
  }

  /** The offset in the arena of one of the object's words. */
  offsetOfWord(index: number): number {
    return this.offset + index * 4;
  }

  /** Whether it is not being destroyed. */
  get isLive(): boolean {
    return (Atomics.load(this.words, STATE) & STATES) === LIVE;
  }

  /** Whether somebody holds this end, or will when a message arrives. */
  isHeld(end: number): boolean {
    return isPinned(this.space.arena, this, end) || this.#hasHolders(end);
  }

  /** Whether this thread is the only one that holds this end, right now. */
  isOnlyHeldHere(end: number): boolean {
    if (isPinned(this.space.arena, this, end)) return false;
    const { slot } = this.member;
    const at = HOLDERS + end * SET_WORDS;
    for (let i = 0; i < SET_WORDS; i++) {
      const own = i === slot >>> 5 ? 1 << (slot & 31) : 0;
      if ((Atomics.load(this.words, at + i) & ~own) !== 0) return false;
    }
    return true;
  }

  /** This thread holds an end from now on. */
  hold(end: number): void {
    const { slot } = this.member;
    const at = HOLDERS + end * SET_WORDS + (slot >>> 5);
    Atomics.or(this.words, at, 1 << (slot & 31));
    Atomics.add(this.words, STATE, CHANGE);
  }

  /** Somebody was added who holds it by other means. */
  changed(): void {
    Atomics.add(this.words, STATE, CHANGE);
  }

  /** A thread holds an end no more. */
  letGo(end: number, slot: number = this.member.slot): void {
    this.space.beginLook();
    try {
      this.#clear(end, slot);
      this.endIfUnheld(end);
    } finally {
      this.space.endLook();
    }
  }

  /**
   * Closes an end that nobody holds, and destroys the object if that was the last;
   * `true`: it is no more. Only for who looks.
   */
  endIfUnheld(end: number): boolean {
    for (;;) {
      const state = Atomics.load(this.words, STATE);
      if ((state & STATES) !== LIVE || this.isHeld(end)) return false;
      // Who holds it may have been missed, on the way from a bit to a pin.
      if (Atomics.load(this.words, STATE) !== state) continue;
      this.type.endClosed?.(this, end);
      for (let other = 0; other < this.type.ends; other++) {
        if (other !== end && this.isHeld(other)) return false;
      }
      if (!this.#sign(0)) return false;
      const destroyed = state & ~STATES | DESTROYED;
      if (
        Atomics.compareExchange(this.words, STATE, state, destroyed) === state
      ) {
        this.#destroy();
        return true;
      }
      Atomics.store(this.words, DESTROYER, 0);
    }
  }

  /** After a thread's death; only for who looks. */
  sweep(slot: number, owner: number): void {
    const destroyer = Atomics.load(this.words, DESTROYER);
    if ((Atomics.load(this.words, STATE) & STATES) === DESTROYED) {
      if (destroyer === owner && this.#sign(owner)) this.#destroy();
      return;
    }
    Atomics.compareExchange(this.words, DESTROYER, owner, 0);
    this.type.sweep?.(this, slot, owner);
    for (let end = 0; end < this.type.ends; end++) this.#clear(end, slot);
    // Also where it did not hold it any more: it may have died before it looked.
    for (let end = 0; end < this.type.ends; end++) {
      if (this.endIfUnheld(end)) return;
    }
  }

  #clear(end: number, slot: number): void {
    const at = HOLDERS + end * SET_WORDS + (slot >>> 5);
    Atomics.and(this.words, at, ~(1 << (slot & 31)));
  }

  /** Signs as the one who destroys it, in the place of nobody, or of a dead one. */
  #sign(predecessor: number): boolean {
    const { id } = this.member;
    return Atomics.compareExchange(
      this.words,
      DESTROYER,
      predecessor,
      id,
    ) === predecessor;
  }

  #destroy(): void {
    this.type.destroy?.(this);
    releasePinsOf(this.space, this.uid);
    this.space.bury(this);
  }

  #hasHolders(end: number): boolean {
    const at = HOLDERS + end * SET_WORDS;
    for (let i = 0; i < SET_WORDS; i++) {
      if (Atomics.load(this.words, at + i) !== 0) return true;
    }
    return false;
  }
}

/** An arena as one of its members sees it: its memory and its objects. */
export class Space {
  readonly arena: Arena;
  readonly member: Member;
  readonly allocator: Allocator;
  #table: Int32Array;
  /** How many of this thread's looks are within each other. */
  #looks = 0;
  /** Objects that this thread has destroyed, and the epochs from which on one may free them. */
  #buried: { readonly object: SharedObject; readonly epoch: number }[] = [];

  constructor(member: Member) {
    this.arena = member.arena;
    this.member = member;
    this.allocator = new Allocator(member);
    this.#table = this.arena.ints(OBJECT_TABLE, MAX_OBJECTS * 4);
    member.tidyBy(() => this.tidy());
  }

  /** Makes an object, all ends of which this thread holds. */
  create(type: ObjectType, bodyBytes: number): SharedObject {
    this.tidy();
    const { header } = this.arena;
    const hand = this.member.handOf(this.member.slot);
    const index = this.#reserve();
    const bytes = headBytes(type) + bodyBytes;
    const pointer = this.allocator.allocate(bytes, hand);
    const words = this.arena.ints(offsetOf(pointer), headBytes(type));
    words[UID] = Atomics.add(header, Header.NEXT_UID, 1);
    words[TYPE] = type.code;
    words[INDEX] = index;
    words[STATE] = LIVE;
    const object = new SharedObject(this, pointer, type, index);
    for (let end = 0; end < type.ends; end++) object.hold(end);
    Atomics.store(this.#table, index, pointer);
    this.#setHand(hand, 0);
    return object;
  }

  /** The object at a place of the table, if it is the one meant; else `null`. */
  find(index: number, uid: number): SharedObject | null {
    if (!(index >= 0 && index < MAX_OBJECTS)) return null;
    const object = this.#at(index);
    return object !== null && object.uid === uid && object.words[UID] === uid
      ? object
      : null;
  }

  /** All objects of a type that there are; only for who looks. */
  *objectsOf(type: ObjectType): Iterable<SharedObject> {
    const top = Atomics.load(this.arena.header, Header.OBJECTS_TOP);
    for (let index = 0; index < top; index++) {
      const object = this.#staying(index);
      if (object?.type === type) yield object;
    }
  }

  /** After a thread's death: what each object knows of it. */
  sweepObjects(slot: number, owner: number): void {
    const top = Atomics.load(this.arena.header, Header.OBJECTS_TOP);
    for (let index = 0; index < top; index++) {
      this.beginLook();
      try {
        const object = this.#staying(index, owner);
        if (object !== null) object.sweep(slot, owner);
      } finally {
        this.endLook();
      }
    }
  }

  /** What this thread finds from here on stays where it is, though it may end. */
  beginLook(): void {
    if (this.#looks++ > 0) return;
    const epoch = Atomics.load(this.arena.header, Header.EPOCH) | 1;
    Atomics.store(this.arena.slots, lookOf(this.member.slot), epoch);
  }

  /** It looks no more. */
  endLook(): void {
    if (--this.#looks > 0) return;
    Atomics.store(this.arena.slots, lookOf(this.member.slot), 0);
    this.tidy();
  }

  /** Frees the block of an object that was destroyed, when nobody looks at it. */
  bury(object: SharedObject): void {
    const { header } = this.arena;
    const before = Atomics.add(header, Header.EPOCH, NEXT_EPOCH);
    this.#buried.push({ object, epoch: before + NEXT_EPOCH | 1 });
  }

  /**
   * Frees what can be freed by now of what was buried. What others look at is left
   * for the next time: when this thread lets go of something, makes something, or
   * wakes up.
   */
  tidy(): void {
    const buried = this.#buried;
    if (buried.length === 0) return;
    this.#buried = [];
    for (let i = 0; i < buried.length; i++) {
      const { object, epoch } = buried[i]!;
      if (this.#isLookedAt(epoch)) this.#buried.push(buried[i]!);
      else this.#remove(object);
    }
  }

  /** Whether another thread has looked since before that epoch. */
  #isLookedAt(epoch: number): boolean {
    const { slots, header } = this.arena;
    const top = Atomics.load(header, Header.SLOTS_TOP);
    for (let slot = 0; slot < top; slot++) {
      if (slot === this.member.slot) continue;
      const look = Atomics.load(slots, lookOf(slot));
      if (look !== 0 && (look - epoch | 0) < 0) return true;
    }
    return false;
  }

  /**
   * What is at a place of the table, and stays where it is as long as this thread
   * looks; `null`: nothing does. See I5.
   */
  #staying(index: number, dead = 0): SharedObject | null {
    const pointer = Atomics.load(this.#table, index);
    if (pointer <= 0) return null;
    const words = this.arena.ints(offsetOf(pointer), 64);
    const isLive = (Atomics.load(words, STATE) & STATES) === LIVE;
    if (!isLive && Atomics.load(words, DESTROYER) !== dead) return null;
    return this.#at(index);
  }

  #remove(object: SharedObject): void {
    const hand = this.member.handOf(this.member.slot);
    const pointer = this.#table[object.index]!;
    this.#setHand(hand, pointer);
    Atomics.store(this.#table, object.index, 0);
    if (Atomics.load(this.arena.header, Header.OBJECTS_HINT) > object.index) {
      Atomics.store(this.arena.header, Header.OBJECTS_HINT, object.index);
    }
    this.allocator.free(hand);
  }

  /**
   * After a thread's death, first: what it had in its hand is not its own any more
   * where it is, or was, an object of the table.
   */
  sweepTable(slot: number, owner: number): void {
    this.allocator.settle();
    const hand = this.member.handOf(slot);
    const pointer = this.#hand(hand);
    if (pointer !== 0) {
      const index = this.arena.ints(offsetOf(pointer), 64)[INDEX]!;
      const inTable = index >= 0 && index < MAX_OBJECTS &&
        Atomics.load(this.#table, index) === pointer;
      if (inTable) this.#setHand(hand, 0);
    }
    const top = Atomics.load(this.arena.header, Header.OBJECTS_TOP);
    for (let index = 0; index < top; index++) {
      Atomics.compareExchange(this.#table, index, RESERVED | owner, 0);
    }
  }

  /**
   * After a thread's death, last: what it still had in its hand is nobody's. The
   * objects have been asked before, which may have taken it over.
   */
  sweepHand(slot: number): void {
    this.allocator.free(this.member.handOf(slot));
    Atomics.store(this.arena.slots, lookOf(slot), 0);
    this.tidy();
  }

  #at(index: number): SharedObject | null {
    const pointer = Atomics.load(this.#table, index);
    if (pointer <= 0) return null;
    const code = this.arena.ints(offsetOf(pointer), 64)[TYPE]!;
    const type = types.get(code);
    if (type === undefined) return null;
    return new SharedObject(this, pointer, type, index);
  }

  #reserve(): number {
    const { header } = this.arena;
    const mark = RESERVED | this.member.id;
    const top = Atomics.load(header, Header.OBJECTS_TOP);
    const hint = Math.min(Atomics.load(header, Header.OBJECTS_HINT), top);
    const near = Math.min(hint + NEAR, top);
    for (const [from, to] of [[hint, near], [top, MAX_OBJECTS], [0, top]]) {
      for (let index = from!; index < to!; index++) {
        if (Atomics.load(this.#table, index) !== 0) continue;
        if (Atomics.compareExchange(this.#table, index, 0, mark) !== 0) {
          continue;
        }
        Atomics.store(header, Header.OBJECTS_HINT, Math.min(index + 1, near));
        for (;;) {
          const top = Atomics.load(header, Header.OBJECTS_TOP);
          if (top > index) return index;
          Atomics.compareExchange(header, Header.OBJECTS_TOP, top, index + 1);
        }
      }
    }
    throw new RangeError(
      `Cannot share more than ${MAX_OBJECTS} objects: close those that are not needed`,
    );
  }

  #hand(offset: number): number {
    return this.arena.ints(offset, 4)[0]!;
  }

  #setHand(offset: number, pointer: number): void {
    Atomics.store(this.arena.ints(offset, 4), 0, pointer);
  }
}
