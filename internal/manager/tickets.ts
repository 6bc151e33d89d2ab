/** Tickets for objects of a server, which others may come with. */

import { after } from "../wait.ts";

/** How long an object is held that was sent, at least (ms). */
export const HOLD_MS = 600_000;

/** What all the tickets of a server are for. */
export type AllTickets = Map<string, WeakRef<object>>;

/** What a ticket is for; `undefined`: nothing, or it is no more. */
export function findIn(all: AllTickets, ticket: string): object | undefined {
  return all.get(ticket)?.deref();
}

/**
 * The tickets that come from one of those who send objects of a server.
 *
 * A message does not tell when it was read, or that nobody will. So an object that
 * was sent is held for a time, anew each time that it is sent; after that it is
 * found as long as somebody else has it.
 *
 * All that is held is in one of two sets, so that one timer is enough for any number:
 * what was held in the time before this one is let go of at its end.
 */
export class Tickets {
  readonly #all: AllTickets;
  readonly #ms: number;
  /** Those that were given here, by their objects. */
  readonly #given = new WeakMap<object, string>();
  readonly #own = new Set<string>();
  readonly #gone = new FinalizationRegistry<string>((ticket) => {
    if (findIn(this.#all, ticket) === undefined) this.#forget(ticket);
  });
  #held = new Set<object>();
  #heldBefore = new Set<object>();
  #cancel: (() => void) | null = null;

  /** @param ms How long an object is held at least; it may be twice as long. */
  constructor(all: AllTickets, ms = HOLD_MS) {
    this.#all = all;
    this.#ms = ms;
  }

  /** The ticket for an object, which is the same each time. */
  give(object: object): string {
    let ticket = this.#given.get(object);
    if (ticket === undefined) {
      this.#given.set(object, ticket = crypto.randomUUID());
    }
    this.keep(ticket, object);
    return ticket;
  }

  /** Somebody has given a ticket of his own for it, maybe not for the first time. */
  keep(ticket: string, object: object): void {
    if (findIn(this.#all, ticket) !== object) {
      this.#all.set(ticket, new WeakRef(object));
      this.#own.add(ticket);
      this.#gone.register(object, ticket);
    }
    this.#held.add(object);
    this.#cancel ??= after(this.#ms, () => this.#letGo(), false);
  }

  /** None of them is good any more. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const ticket of this.#own) this.#forget(ticket);
    this.#held.clear();
    this.#heldBefore.clear();
  }

  #forget(ticket: string): void {
    if (this.#own.delete(ticket)) this.#all.delete(ticket);
  }

  #letGo(): void {
    this.#heldBefore = this.#held;
    this.#held = new Set();
    this.#cancel = this.#heldBefore.size > 0
      ? after(this.#ms, () => this.#letGo(), false)
      : null;
  }
}
