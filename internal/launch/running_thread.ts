/** A thread whose Worker was made here. */

import { takeOut } from "../wire/parcels.ts";
import { others } from "./others.ts";
import { strike } from "./roster.ts";
import { ThreadHandle } from "./thread_handle.ts";
import type { ThreadEnd, ThreadPlan } from "./thread_messages.ts";
import {
  type Server,
  takeWorker,
  type ThreadOwner,
  type ThreadWorker,
} from "./thread_worker.ts";

/** A thread, from the moment it was started. */
export class RunningThread extends ThreadHandle implements ThreadOwner {
  #plan: ThreadPlan;
  #newServer: () => Server;
  #worker: ThreadWorker;
  /** How many reasons there are for this program to go on while it runs. */
  #holds: number;

  /** `newServer` does what the thread itself cannot. */
  constructor(plan: ThreadPlan, newServer: () => Server) {
    super(plan);
    this.#plan = plan;
    this.#newServer = newServer;
    this.#holds = plan.daemon ? 0 : 1;
    this.#worker = takeWorker(plan, newServer);
    others.add(this);
    this.#run();
  }

  terminate(): void {
    if (this.runs) this.#worker.stop();
  }

  wake(): void {
    if (this.runs) this.#worker.wake();
  }

  hold(): void {
    if (this.#holds++ === 0) this.#keepProgram(true);
  }

  release(): void {
    if (--this.#holds === 0) this.#keepProgram(false);
  }

  ends(end: ThreadEnd): void {
    others.delete(this);
    strike(this.#plan.slot);
    // It may have ended before it held what it was sent.
    takeOut(this.#plan.job.pins);
    this.setEnd(end);
  }

  again(): void {
    this.#worker = takeWorker(this.#plan, this.#newServer);
    this.#run();
  }

  #run(): void {
    this.#worker.ref(this.#holds > 0);
    this.#worker.run(this.#plan, this);
  }

  #keepProgram(yes: boolean): void {
    if (this.runs) this.#worker.ref(yes);
  }
}
