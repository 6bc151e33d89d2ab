/**
 * How a thread asks the main thread for what it had better not do itself: what
 * a Worker starts, processes and other Workers, the runtime ends with it.
 */

import type { Answer, Ask } from "./thread_messages.ts";
import { permissionStates } from "./granted.ts";

/** The way to the main thread, from a thread of its. */
export interface HubLink {
  /** Asks, and takes the answers; gives the number of the question. */
  ask(ask: Ask, answered: (answer: Answer) => void): number;
  /** Asks for what has no answer. */
  tell(ask: Ask): void;
}

let link: HubLink | null = null;
let states = "";
let questions = 0;
const open = new Map<number, (answer: Answer) => void>();

/** Called once, first thing in a thread that may ask. */
export function linkToHub(post: (id: number, ask: Ask) => void): void {
  states = permissionStates();
  link = {
    ask(ask, answered) {
      const id = ++questions;
      open.set(id, answered);
      post(id, ask);
      return id;
    },
    tell: (ask) => post(++questions, ask),
  };
}

/**
 * The way to the main thread; `null`: this is the main thread, or a thread that
 * has fewer permissions, or has given some up. It must do everything itself.
 */
export function hubLink(): HubLink | null {
  return link !== null && states === permissionStates() ? link : null;
}

/** An answer has come. */
export function takeAnswer(id: number, answer: Answer): void {
  const answered = open.get(id);
  if (
    answer.is === "failed" || answer.is === "exited" || answer.is === "ended"
  ) {
    open.delete(id);
  }
  answered?.(answer);
}
