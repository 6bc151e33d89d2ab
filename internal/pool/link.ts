/** What an owner and its worker have of each other: see structure/worker_link.ts. */

import { homeIn, ownHome } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import { Line } from "../memory/waits.ts";
import { offer } from "../queue/draft.ts";
import { createInbox, Inbox } from "../structure/inbox.ts";
import type { Scratch } from "../structure/scratch.ts";
import { createLink, LinkWords, Why } from "../structure/worker_link.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import { registerHandle } from "../wire/classes.ts";
import type { Note } from "../wire/envelope.ts";

/** Makes an inbox, which this thread holds until {@linkcode leaveInbox}. */
export function newInbox(): Inbox {
  const { space, holdings } = ownHome();
  const object = createInbox(space);
  return holdings.adopt(object, 0, new Inbox(object));
}

/** Lets go of it. */
export function leaveInbox({ object }: Inbox): void {
  ownHome().holdings.letGo(object, 0);
}

/** A link, for one thread: the owner's, or the worker's. */
export class Link {
  readonly object: SharedObject;
  readonly words: LinkWords;
  readonly inbox: Inbox;
  /** Where the worker waits. */
  readonly line: Line;

  static {
    registerHandle<Link>({
      name: "Link",
      class: Link,
      encode: (link) => writeHandle(link.object, 0),
      decode: (handle) =>
        readHandle(handle as never, (object) => new Link(object)),
    });
  }

  constructor(object: SharedObject) {
    const words = new LinkWords(object);
    const { waits, holdings } = homeIn(object.space.arena.grant);
    const [index, uid] = words.inbox;
    this.object = object;
    this.words = words;
    this.inbox = holdings.obtain(index, uid, 0, (inbox) => new Inbox(inbox));
    this.line = new Line(waits, words.gate);
  }

  /** The worker answers with what was written at the beginning of `scratch`. */
  answer(scratch: Scratch, notes: readonly Note[] | null): void {
    const { words, object, inbox } = this;
    const { length } = scratch;
    offer(words.results.puts, object, { scratch, from: 0, length, notes });
    inbox.ring();
  }

  /** The worker waits until a task is to end, and is told why. */
  async whenAborted(task: number, signal: AbortSignal): Promise<number> {
    const { words, line } = this;
    words.listening = task;
    const attempt = () => words.whyAborted(task) || undefined;
    return await line.wait(attempt, { signal }) ?? Why.NOT;
  }

  /** Lets go of it. */
  close(): void {
    const { holdings } = homeIn(this.object.space.arena.grant);
    holdings.letGo(this.object, 0);
  }
}

/**
 * A worker lets go of its link, and of the inbox that it has by it: its thread may
 * be kept for others, and long.
 */
export function leaveLink({ object, inbox }: Link): void {
  const { holdings } = homeIn(object.space.arena.grant);
  holdings.letGo(object, 0);
  holdings.letGo(inbox.object, 0);
}

/** Makes a link, whose worker rings at that inbox. */
export function newLink(inbox: Inbox): Link {
  const { space, holdings } = ownHome();
  const object = createLink(space, inbox.object);
  return holdings.adopt(object, 0, new Link(object));
}
