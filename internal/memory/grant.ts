/**
 * How a child process or a thread joins the memory of its family. This module is
 * apart from all that does it, so that a child that shares nothing loads nothing.
 */

import type { ArenaGrant } from "./arena.ts";

/** What a child or a thread is told of its family's memory. */
export interface MemoryGrant {
  readonly arena: ArenaGrant;
  /** Who has started it, as an owner there: what it reports is for that one's sake. */
  readonly parent: number;
}

let granted: MemoryGrant | null = null;

/** Called once, first thing in a child or thread. */
export function acceptMemory(grant: MemoryGrant | null): void {
  granted = grant;
}

/** What this child or thread was told; `null`: it makes memory of its own. */
export function grantedMemory(): MemoryGrant | null {
  return granted;
}
