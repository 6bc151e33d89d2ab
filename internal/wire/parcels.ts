/**
 * Messages in which objects of this library travel.
 *
 * While such an object is on its way it is *pinned*, because the sender may let
 * go of it or die before the receiver holds it. Pins are no part of the message,
 * which may have to be written twice; they go beside it.
 *
 * This module knows nothing of shared memory, so that a child that shares none
 * need not load it: who writes a handle notes how to pin what it stands for.
 */

import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import {
  beginNotes,
  type Beneficiary,
  endNotes,
  type Note,
} from "./envelope.ts";

/** A message and its pins. */
export interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pins: readonly number[] | null;
}

/** Shared memory, as far as messages need it. */
export interface Pinning {
  /** This thread, as an owner. */
  owner(): number;
  /** Takes out pins. */
  unpin(pins: readonly number[]): void;
  /**
   * Takes out what a process has pinned for this thread that will send no more, but
   * for what is in a message of its that was not read.
   */
  dropFrom(pid: number, unread: readonly number[]): void;
}

let pinning: Pinning | null = null;

/** Called by who can pin. */
export function pinBy(means: Pinning): void {
  pinning = means;
}

/**
 * Pins what was noted, for the sake of this thread where nobody else is named: all
 * of it, or nothing.
 */
export function pinAll(
  notes: readonly Note[],
  beneficiary?: Beneficiary,
): number[] {
  const pins: number[] = [];
  try {
    for (const { pin } of notes) {
      if (pin !== null) {
        pins.push(pin(beneficiary ?? { owner: pinning!.owner() }));
      }
    }
  } catch (error) {
    takeOut(pins);
    throw error;
  }
  return pins;
}

/**
 * Encodes a message, and pins what is in it, for the sake of this thread where
 * nobody else is named.
 */
export function pack(
  value: unknown,
  root?: string,
  beneficiary?: Beneficiary,
): Parcel {
  const { bytes, notes } = write(value, root);
  const pins = notes && pinAll(notes, beneficiary);
  return { bytes, pins };
}

/** Throws where a value cannot be sent; pins nothing. */
export function checkValue(value: unknown, root: string): void {
  write(value, root);
}

function write(
  value: unknown,
  root?: string,
): { bytes: Uint8Array<ArrayBuffer>; notes: Note[] | null } {
  const outer = beginNotes();
  let notes: Note[] | null = null;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = encode(value, root);
  } finally {
    notes = endNotes(outer);
  }
  return { bytes, notes };
}

/** Decodes a message; what is in it is held then, and not pinned any more. */
export function unpack({ bytes, pins }: Parcel): unknown {
  const value = decode(bytes);
  takeOut(pins);
  return value;
}

/** Takes out pins. To take one out twice does nothing new. */
export function takeOut(pins: readonly number[] | null): void {
  if (pins !== null && pins.length > 0) pinning?.unpin(pins);
}

/**
 * Nothing more will come from that process: what it has pinned for this thread goes,
 * but for what is in a message that was not read.
 */
export function dropPinsFrom(pid: number, unread: readonly number[]): void {
  pinning?.dropFrom(pid, unread);
}
