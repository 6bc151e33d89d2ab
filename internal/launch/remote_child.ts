/** A child process of a thread, which the main thread has started for it. */

import { encode } from "../wire/encode.ts";
import type { ChildHandle, ChildPlan } from "./child.ts";
import type { HubLink } from "./hub_link.ts";
import { newReply, waitForReply } from "./reply.ts";
import { Outcome } from "./report.ts";
import type { Answer } from "./thread_messages.ts";

/**
 * How long `start()` blocks for the main thread, which answers as soon as it
 * yields. After that the pid, or what went wrong, is learnt later: the main
 * thread may be blocked until this very thread goes on.
 */
const REPLY_MS = 1000;

/** A child, as the thread sees it that has asked for it. */
export class RemoteChild implements ChildHandle {
  readonly daemon: boolean;
  pid: number | null = null;
  exitcode: number | null = null;
  outcome: Outcome | null = null;
  lastWords = "";
  readonly reported: Promise<void>;
  readonly ended: Promise<number>;

  #link: HubLink;
  #id: number;
  #reported = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<number>();

  /** Asks for it, and throws where it cannot be started. */
  constructor(plan: ChildPlan, link: HubLink) {
    this.daemon = plan.identity.daemon;
    this.reported = this.#reported.promise;
    this.ended = this.#ended.promise;
    this.#link = link;
    const reply = newReply();
    this.#id = link.ask(
      { to: "start process", plan: encode(plan), reply },
      (answer) => this.#take(answer),
    );
    const first = waitForReply(reply, REPLY_MS);
    if (first === null) return;
    if (first.is === "failed") new Outcome(first.report).take();
    this.#take(first);
  }

  kill(signal: Deno.Signal): void {
    if (this.exitcode !== null) return;
    this.#link.tell({ to: "kill process", started: this.#id, signal });
  }

  /** The main thread keeps the program where it must; a thread ends nothing. */
  hold(): void {}

  release(): void {}

  #take(answer: Answer): void {
    switch (answer.is) {
      case "started":
        this.pid = answer.pid;
        break;
      case "failed":
        this.#end(1, answer.report);
        break;
      case "reported":
        this.#setOutcome(answer.report);
        this.#reported.resolve();
        break;
      case "exited":
        this.lastWords = answer.lastWords;
        this.#end(answer.exitcode, answer.report);
    }
  }

  /** An outcome that was decoded stays what it is. */
  #setOutcome(report: Uint8Array | null): void {
    if (report === null) this.outcome = null;
    else this.outcome ??= new Outcome(report);
  }

  #end(exitcode: number, report: Uint8Array | null): void {
    this.#setOutcome(report);
    this.exitcode = exitcode;
    this.#reported.resolve();
    this.#ended.resolve(exitcode);
  }
}
