/** Tickets for objects of this very process, which others may come with. */

import { after } from "../wait.ts";

/** How long an object is held that was sent, at least (ms). */
export const HOLD_MS = 600_000;

/**
 * A message does not tell when it was read, or that nobody will. So an object that
 * was sent is held for a time, anew each time that it is sent or asked for; after
 * that it is found as long as somebody else has it.
 *
 * All that is held is in one of two sets, so that one timer is enough for any number:
 * what was held in the time before this one is let go of at its end.
 */
export class OwnTickets {
  readonly #ms: number;
  readonly #tickets = new WeakMap<object, string>();
  readonly #objects = new Map<string, WeakRef<object>>();
  readonly #gone = new FinalizationRegistry<string>((ticket) => {
    if (this.find(ticket) === undefined) this.#objects.delete(ticket);
  });
  #held = new Set<object>();
  #heldBefore = new Set<object>();
  #cancel: (() => void) | null = null;

  /** @param ms How long an object is held at least; it may be twice as long. */
  constructor(ms = HOLD_MS) {
    this.#ms = ms;
  }

  /** The ticket for an object, which is the same each time. */
  give(object: object): string {
    let ticket = this.#tickets.get(object);
    if (ticket === undefined) {
      this.#tickets.set(object, ticket = crypto.randomUUID());
    }
    this.keep(ticket, object);
    return ticket;
  }

  /** Somebody has given a ticket of his own for it, maybe not for the first time. */
  keep(ticket: string, object: object): void {
    if (this.#objects.get(ticket)?.deref() !== object) {
      this.#objects.set(ticket, new WeakRef(object));
      this.#gone.register(object, ticket);
    }
    this.#hold(object);
  }

  /** What that is a ticket for; `undefined`: nothing, or it is no more. */
  find(ticket: string): object | undefined {
    const object = this.#objects.get(ticket)?.deref();
    if (object !== undefined) this.#hold(object);
    return object;
  }

  /** Finds nothing any more. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const all of [this.#objects, this.#held, this.#heldBefore]) {
      all.clear();
    }
  }

  #hold(object: object): void {
    this.#held.add(object);
    this.#cancel ??= after(this.#ms, () => this.#letGo(), false);
  }

  #letGo(): void {
    this.#heldBefore = this.#held;
    this.#held = new Set();
    this.#cancel = this.#heldBefore.size > 0
      ? after(this.#ms, () => this.#letGo(), false)
      : null;
  }
}
