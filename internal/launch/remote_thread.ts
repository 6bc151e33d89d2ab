/** A thread of a thread, whose Worker the main thread has made. */

import type { HubLink } from "./hub_link.ts";
import { ThreadHandle } from "./thread_handle.ts";
import type { ThreadPlan } from "./thread_messages.ts";

/** A thread, as the one sees it that has asked for it. */
export class RemoteThread extends ThreadHandle {
  #link: HubLink;
  #id: number;

  constructor(plan: ThreadPlan, link: HubLink) {
    super(plan);
    this.#link = link;
    this.#id = link.ask({ to: "start thread", plan }, (answer) => {
      if (answer.is === "ended") this.setEnd(answer.end);
    });
  }

  terminate(): void {
    if (this.runs) {
      this.#link.tell({ to: "terminate thread", started: this.#id });
    }
  }

  wake(): void {
    this.#link.tell({ to: "wake thread", started: this.#id });
  }

  /** The main thread keeps the program where it must; a thread ends nothing. */
  hold(): void {}

  release(): void {}
}
