/** One Worker, which runs one thread after another. */

import { BootstrapError } from "../../errors.ts";
import { runForThread } from "../context.ts";
import type { MemoryGrant } from "../memory/grant.ts";
import {
  declareDead,
  grantToThread,
  interruptThread,
  whenDead,
} from "../memory/home.ts";
import { libc } from "../memory/libc.ts";
import { encode } from "../wire/encode.ts";
import { openThreadModule, THREAD_ENTRY, threadModule } from "./boot.ts";
import { type Carrier, openCarrier } from "./carrier.ts";
import { Count, countUp, sharedCounts } from "./counts.ts";
import { endWorkers } from "./covered.ts";
import { self } from "./identity.ts";
import { loadTypes } from "./load_types.ts";
import { settings } from "./log.ts";
import { startSettings } from "./start_method.ts";
import { isWhole } from "./granted.ts";
import { encodeError, Report } from "./report.ts";
import { sharedRoster } from "./roster.ts";
import {
  type Answer,
  type Ask,
  type FromWorker,
  outOfMemory,
  START,
  type ThreadEnd,
  type ThreadPlan,
  type ToWorker,
  unwrap,
  wrap,
} from "./thread_messages.ts";
import { writeAll } from "./write_all.ts";

/** Does what a Worker's thread asks for, and answers. */
export type Server = (
  id: number,
  ask: Ask,
  answer: (answer: Answer) => void,
) => void;

/** Who has started the thread that a Worker runs. */
export interface ThreadOwner {
  /** The thread has ended. */
  ends(end: ThreadEnd): void;
  /** The Worker has ended before the thread began: it needs another one. */
  again(): void;
}

const TERMINATED: ThreadEnd = { how: "was terminated", exitcode: null };
/** How long a thread may take to yield when it is terminated. */
const GRACE_MS = 1000;
/** Each has 8 MB or more, and saves the next thread 15 ms. */
const MOST_IDLE = Math.max(4, navigator.hardwareConcurrency);

/** The Workers that wait for a thread, the last used last. */
const idle: ThreadWorker[] = [];

/** A Worker for that thread: an idle one, where one fits. */
export function takeWorker(
  plan: ThreadPlan,
  newServer: () => Server,
): ThreadWorker {
  if (isPlain(plan)) {
    for (let i = idle.length - 1; i >= 0; i--) {
      if (idle[i]!.mayLoad(plan.job.target.modules)) {
        return idle.splice(i, 1)[0]!;
      }
    }
  }
  return new ThreadWorker(plan, newServer());
}

/** Whether its Worker is one like most, which others may have used and may use. */
function isPlain({ permissions, maxHeapMb, fresh }: ThreadPlan): boolean {
  return permissions === "inherit" && maxHeapMb === null && !fresh;
}

/** A Worker and the thread that it runs, if it runs one. */
export class ThreadWorker {
  #carrier: Carrier;
  #server: Server;
  /** What it can load; `null`: anything. */
  #modules: Set<string> | null;
  #isPlain: boolean;
  /** Whether this thread starts others for it. */
  #asks: boolean;
  #plan: ThreadPlan | null = null;
  #owner: ThreadOwner | null = null;
  /** Whether it has begun to listen, as far as this thread has heard. */
  #isReady = false;
  /** Whether it has begun, or is to end; see `START`. */
  #start = new Int32Array(new SharedArrayBuffer(4));
  #isStopping = false;
  #isGivenUp = false;
  /** Its name in shared memory; 0: it has not joined. */
  #member = 0;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(plan: ThreadPlan, server: Server) {
    const { permissions, maxHeapMb } = plan;
    const { modules } = plan.job.target;
    this.#server = server;
    this.#isPlain = isPlain(plan);
    this.#asks = permissions === "inherit";
    const isOpen = permissions === "inherit" && isWhole("read") &&
      isWhole("import");
    this.#modules = isOpen ? null : new Set(modules);
    this.#carrier = openCarrier({
      module: isOpen ? openThreadModule() : threadModule(modules),
      entry: THREAD_ENTRY,
      permissions,
      maxHeapMb,
      received: (data) => {
        const message = unwrap<FromWorker>(data);
        if (message !== null) this.#receive(message);
      },
      failed: (message, isOutOfMemory) => this.#fail(message, isOutOfMemory),
    });
    this.#post({
      is: "boot",
      identity: encode(self()),
      counts: sharedCounts(),
      roster: sharedRoster(),
      // What is mapped can be looked at with ffi permission only.
      memory: permissions === "inherit" || libc() === null
        ? this.#grant()
        : null,
      asks: this.#asks,
      limited: maxHeapMb !== null,
      start: this.#start.buffer,
    });
    // While the Worker starts: it takes longer.
    loadTypes();
  }

  /** What lets it share memory; without that its Worker ends. */
  #grant(): MemoryGrant {
    try {
      return grantToThread();
    } catch (error) {
      this.#carrier.end();
      throw error;
    }
  }

  /** Whether it may load these modules. */
  mayLoad(modules: readonly string[]): boolean {
    const own = this.#modules;
    return own === null || modules.every((module) => own.has(module));
  }

  /** Runs a thread. */
  run(plan: ThreadPlan, owner: ThreadOwner): void {
    this.#plan = plan;
    this.#owner = owner;
    const starts = startSettings();
    this.#post({ is: "run", plan, log: { ...settings }, starts });
  }

  /** Whether the program goes on as long as the thread runs. */
  ref(yes: boolean): void {
    if (!this.#isGivenUp) this.#carrier.ref(yes);
  }

  /** Lets a thread that waits at its gate look at it. */
  wake(): void {
    this.#post({ is: "wake" });
  }

  /**
   * Ends the thread: at once where it yields or waits in a `…Sync` call. What
   * does not yield cannot be stopped by this runtime, so it is given up after a
   * while.
   */
  stop(): void {
    if (this.#isStopping || this.#owner === null) return;
    this.#isStopping = true;
    const { BEGUN, REFUSED } = START;
    const hasBegun = Atomics.exchange(this.#start, 0, REFUSED) === BEGUN;
    // One that still loads this library yields.
    if (!hasBegun) return this.#end(TERMINATED);
    this.#interrupt();
    this.#post({ is: "stop" });
    this.#grace = setTimeout(() => this.#giveUp(), GRACE_MS);
  }

  #post(message: ToWorker): void {
    this.#carrier.post(wrap(message));
  }

  /** Ends what it waits for in a `…Sync` call. */
  #interrupt(): void {
    if (this.#member !== 0) interruptThread(this.#member);
  }

  #receive(message: FromWorker): void {
    switch (message.is) {
      case "ready":
        this.#isReady = true;
        break;
      case "joined":
        this.#member = message.owner;
        if (this.#isStopping) this.#interrupt();
        break;
      case "done":
        if (message.reusable && this.#isPlain && !this.#isStopping) {
          this.#rest(message);
        } else this.#end(message, message.owns);
        break;
      case "left":
        this.#end(message.end, message.owns, message.ident);
        break;
      case "stopped":
        if (this.#plan !== null) this.#end(TERMINATED, message.owns);
        else this.#end(null);
        break;
      case "ask":
        // Whoever has fewer permissions must not have others start what it may not.
        if (!this.#asks) break;
        this.#server(
          message.id,
          message.ask,
          (answer) => this.#post({ is: "answer", to: message.id, answer }),
        );
    }
  }

  /** It has failed in a way that its Worker could not tell by itself. */
  #fail(message: string, isOutOfMemory: boolean): void {
    if (this.#plan === null) return this.#end(null);
    if (isOutOfMemory) {
      this.#end(outOfMemory(this.#plan));
    } else if (this.#isReady) {
      this.#end({ how: `failed (${message})`, exitcode: null });
    } else {
      const { name } = this.#plan;
      this.#end({
        report: encodeError(
          Report.ERROR,
          new BootstrapError(`Cannot start ${name}: ${message}`),
        ),
      });
    }
  }

  /** The thread has ended, and its Worker waits for another one. */
  #rest(end: ThreadEnd): void {
    const owner = this.#owner;
    this.#owner = this.#plan = null;
    this.#carrier.ref(false);
    idle.push(this);
    leaveAtEnd();
    if (idle.length > MOST_IDLE) idle.shift()!.#end(null);
    owner?.ends(end);
  }

  /** The program ends, and this Worker waits. */
  leave(): void {
    this.#carrier.end();
  }

  /**
   * The Worker ends, or has; `owns`: with a lock. The last thread that it has begun
   * is `ident`.
   */
  #end(end: ThreadEnd | null, owns = false, ident = this.#plan?.ident): void {
    const owner = this.#owner;
    const plan = this.#plan;
    this.#owner = this.#plan = null;
    clearTimeout(this.#grace);
    const at = idle.indexOf(this);
    if (at !== -1) idle.splice(at, 1);
    if (this.#isGivenUp) countUp(Count.GIVEN_UP, -1);
    this.#isGivenUp = false;
    this.#carrier.end();
    if (this.#member !== 0) declareDead(this.#member);
    if (owner === null) return;
    const isStopping = this.#isStopping;
    const tell = () => {
      if (plan!.ident === ident) owner.ends(end!);
      else if (isStopping) owner.ends(TERMINATED);
      else owner.again();
    };
    // Who comes for its locks from then on is told that they were abandoned.
    if (owns) runForThread(() => whenDead(this.#member)).then(tell);
    else tell();
  }

  /** The program goes on, and in the end ends, without it. */
  #giveUp(): void {
    const owner = this.#owner!;
    const { name } = this.#plan!;
    this.#owner = null;
    this.#carrier.ref(false);
    this.#isGivenUp = true;
    countUp(Count.GIVEN_UP);
    const text =
      `${name} was terminated, but has not yielded for ${GRACE_MS} ms: it is given up, and may run until the program ends. What may never yield belongs in a Process\n`;
    writeAll(Deno.stderr, new TextEncoder().encode(text));
    owner.ends({
      how:
        `was terminated and given up, as it did not yield within ${GRACE_MS} ms,`,
      exitcode: null,
    });
  }
}

let atEnd = false;

/** What code a Worker has run is written down only if it is ended. */
function leaveAtEnd(): void {
  if (atEnd) return;
  atEnd = true;
  globalThis.addEventListener("unload", () =>
    endWorkers(idle.length, () => {
      for (const worker of idle) worker.leave();
    }));
}
