/**
 * How a child process or a thread joins the memory of its family. This module is
 * apart from all that does it, so that a child that shares nothing loads nothing.
 */

import { frozenMessage } from "../frozen.ts";
import type { ArenaGrant } from "./arena.ts";

/** What a child or a thread is told of its family's memory. */
export interface MemoryGrant {
  readonly arena: ArenaGrant;
  /** Who has started it, as an owner there: what it reports is for that one's sake. */
  readonly parent: number;
}

let granted: MemoryGrant | null | undefined;

/** Called once, first thing in a child or thread. */
export function acceptMemory(grant: MemoryGrant | null): void {
  granted = grant;
}

/** What this child or thread was told; `null`: it makes memory of its own. */
export function grantedMemory(): MemoryGrant | null {
  if (granted === undefined) {
    granted = frozenMessage<{ memory: MemoryGrant | null }>()?.memory ?? null;
  }
  return granted;
}

/** What a thread holds in its family's memory, as far as others need it. */
interface Held {
  /** Whether somebody may wait for it to let go of that. */
  readonly areAwaited: boolean;
  /** Whether it owns a part of that. */
  readonly areOwned: boolean;
  handOver(): void;
}

/** What it waits for there. */
interface Waiting {
  readonly isPending: boolean;
}

let holdings: Held | null = null;
let waits: Waiting | null = null;
let announce: ((owner: number) => void) | null = null;

/** Calls back when this thread joins its family's memory, with its name there. */
export function whenJoined(callback: (owner: number) => void): void {
  announce = callback;
}

/** This thread has joined, and has that name there. */
export function joined(owner: number, having: Held, waiting: Waiting): void {
  holdings = having;
  waits = waiting;
  announce?.(owner);
}

/** Whether something of this thread waits, which would go on in the next one. */
export function isWaiting(): boolean {
  return waits?.isPending ?? false;
}

/** Whether somebody may wait for this thread to let go of what it holds, or to end. */
export function isAwaited(): boolean {
  return (holdings?.areAwaited ?? false) || ownsSomething();
}

/** This thread ends as it should: the permits that it has are nobody's from now on. */
export function handOver(): void {
  holdings?.handOver();
}

/** Whether this thread has a lock or a permit: who comes next is told if it dies. */
export function ownsSomething(): boolean {
  return holdings?.areOwned ?? false;
}
