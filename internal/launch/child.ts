/** One child process: its birth, what it reports, and its end. */

import type { MemoryGrant } from "../memory/grant.ts";
import { grantToChild, sweepDead } from "../memory/home.ts";
import { encode } from "../wire/encode.ts";
import type { Holdable } from "../wait.ts";
import { newKey } from "../wire/frames.ts";
import { dropPinsFrom, takeOut } from "../wire/parcels.ts";
import { type BootMessage, type Call, ENTRIES, type Replay } from "./boot.ts";
import { ChildLink } from "./child_link.ts";
import { type Launch, runDeno } from "./deno_process.ts";
import { exitCodeOf } from "./exit_code.ts";
import { checkMayRun } from "./granted.ts";
import type { Identity } from "./identity.ts";
import { LineWriter } from "./line_writer.ts";
import { LEVELS, log, settings } from "./log.ts";
import { loadTypes } from "./load_types.ts";
import { checkMayStart } from "./may_start.ts";
import { others } from "./others.ts";
import { permissionFlags, type Permissions } from "./permissions.ts";
import { Outcome, Report } from "./report.ts";
import { ReportStream } from "./report_stream.ts";
import { canShareMemory } from "./shares_memory.ts";
import { takeSpare } from "./spares.ts";
import { startSettings } from "./start_method.ts";
import { tellChild } from "./tell_child.ts";

/** How a child is run: what is left away is as in this process. */
export interface ChildSettings {
  readonly permissions?: Permissions;
  readonly v8Flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | URL;
  readonly stdout?: "inherit" | "null";
  readonly stderr?: "inherit" | "null";
}

/** What a child is started with. */
export interface ChildOptions extends ChildSettings {
  readonly identity: Identity;
  readonly job: Call | Replay;
}

/** A child that may be started: what is said here is settled. */
export interface ChildPlan {
  readonly identity: Identity;
  readonly job: Call | Replay;
  readonly launch: Launch;
  readonly stderr: "inherit" | "null";
}

/** A child, for who has started it. */
export interface ChildHandle extends Holdable {
  readonly daemon: boolean;
  /** Its process's id; `null` where it is not known yet. */
  readonly pid: number | null;
  /** Its exit code; `null` as long as it runs. -9: ended by signal 9. */
  readonly exitcode: number | null;
  /** What came of its target; `null` where it has reported nothing, or never will. */
  readonly outcome: Outcome | null;
  /** Resolved as soon as `outcome` is final. */
  readonly reported: Promise<void>;
  /** Its exit code, once it has ended and all it said was read. */
  readonly ended: Promise<number>;
  /** The last lines that it wrote to stderr. */
  readonly lastWords: string;
  kill(signal: Deno.Signal): void;
}

/** How much of what a child said last is kept to explain its death. */
const LAST_WORDS = 2000;
/** The children that have not ended. */
const children: Set<Child> = new Set();

/**
 * Settles how a child will be run, with no more permissions than the thread has
 * that asks; whoever runs it then only does that.
 */
export function planChild(options: ChildOptions): ChildPlan {
  const { identity, job } = options;
  const permissions = options.permissions ?? "inherit";
  checkMayStart(identity.name);
  const isReplay = "returned" in job;
  const modules = isReplay ? [identity.mainModule] : job.target.modules;
  const launch: Launch = {
    permissions: permissionFlags(permissions, [...ENTRIES, ...modules]),
    inherits: permissions === "inherit",
    modules,
    v8Flags: options.v8Flags ?? [],
    env: options.env ?? {},
    cwd: options.cwd ?? undefined,
    stdout: isReplay ? "piped" : options.stdout ?? "inherit",
    replay: isReplay ? identity.mainModule : null,
  };
  checkMayRun();
  return { identity, job, launch, stderr: options.stderr ?? "inherit" };
}

/** A child process, from the moment it was started. */
export class Child implements ChildHandle {
  readonly daemon: boolean;
  readonly ended: Promise<number>;
  exitcode: number | null = null;
  outcome: Outcome | null = null;
  readonly reported: Promise<void>;

  #process: Deno.ChildProcess;
  #setReported: () => void;
  #finished = false;
  /** Whether a spare has said that it does what it was told. */
  #taken = false;
  /** The last signal that was sent. */
  #sent: Deno.Signal | null = null;
  #stderr: LineWriter;
  /** Where its stdout passes through this process. */
  #stdout: LineWriter | null;
  /** How many reasons there are for this program to go on while the child runs. */
  #holds: number;
  /** By which it uses objects of this process; `null`: by memory. */
  #link: ChildLink | null;

  constructor(plan: ChildPlan) {
    const { identity, launch, stderr } = plan;
    const isReplay = "returned" in plan.job;
    const shares = canShareMemory(launch.permissions);
    this.#link = shares || isReplay ? null : new ChildLink(
      identity.name,
      (yes) => yes ? this.hold() : this.release(),
    );
    const job = this.#link?.relay(plan.job as Call) ?? plan.job;
    const spare = takeSpare(launch);
    this.#process = spare?.process ?? runDeno(launch);
    const memory = shares ? grantTo(this.#process) : null;
    this.daemon = identity.daemon;
    this.#holds = this.daemon ? 0 : 1;
    // What a replay prints up to its call was printed by this process already.
    const pass = stderr === "inherit" && !isReplay;
    this.#stderr = new LineWriter(Deno.stderr, LAST_WORDS, pass);
    this.#stdout = isReplay ? new LineWriter(Deno.stdout, 0, false) : null;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reported = promise;
    this.#setReported = resolve;
    const boot: BootMessage = {
      key: newKey(),
      identity,
      log: settings,
      starts: startSettings(),
      job,
      changes: spare?.changes ?? null,
      memory,
    };
    children.add(this);
    others.add(this);
    endAllAtEnd();
    this.ended = this.#run(boot, spare === null ? null : launch);
    log(LEVELS.INFO, `started ${identity.name} (pid ${this.pid})`);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Sends a signal; one that has ended gets none. */
  kill(signal: Deno.Signal): void {
    if (this.exitcode !== null) return;
    this.#sent = signal;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It has ended, and this process will learn of it in a moment.
      if (
        !(error instanceof TypeError || error instanceof Deno.errors.NotFound)
      ) {
        throw error;
      }
    }
  }

  hold(): void {
    if (this.#holds++ === 0) this.#keepProgram(true);
  }

  release(): void {
    if (--this.#holds === 0) this.#keepProgram(false);
  }

  get lastWords(): string {
    return this.#stderr.lastWords;
  }

  /**
   * Tells the child what to do, and follows it to its end. `again` says how to
   * run another process if this one, a spare, has died while it waited. That is
   * certain where the message could not be written, and where all that it ever
   * said was read and it has not said that it has read the message, which a spare
   * does before anything else.
   */
  async #run(
    boot: BootMessage,
    again: Launch | null,
  ): Promise<number> {
    this.#keepProgram(this.#holds > 0);
    const { key, memory } = boot;
    const reports = new ReportStream(
      this.#process.stderr,
      key,
      this.#stderr,
      (kind, report) => this.#receive(kind, report),
      () => this.#link?.receivePart(),
    );
    const out = this.#stdout;
    const printed = out &&
      new ReportStream(this.#process.stdout, key, out, () => out.pass = true);
    const stdin = this.#process.stdin.getWriter();
    this.#link?.open(stdin);
    const written = tellChild(this.#process, stdin, encode(boot));
    // While the child starts: it takes longer.
    if (memory !== null) loadTypes();
    const status = await this.#process.status;
    const exitcode = exitCodeOf(status, this.#sent);
    const heardAll = await reports.drain(exitcode < 0);
    if (
      again !== null && this.#sent === null &&
      (heardAll && !this.#taken || !await written)
    ) {
      try {
        this.#process = runDeno(again);
      } catch (error) {
        this.outcome = Outcome.failed(error);
        return this.#end(1);
      }
      return this.#run({ ...boot, changes: null }, null);
    }
    await printed?.drain(exitcode < 0);
    this.#link?.end();
    this.#stderr.flush();
    out?.flush();
    // What is left of its stderr is a subprocess's: nobody waits for that.
    this.#keepProgram(false);
    // What was thrown beside the target was not what ended it.
    if (!this.#finished && exitcode !== 1) this.outcome = null;
    // It may have died before it held what it was sent.
    if ("pins" in boot.job) takeOut(boot.job.pins);
    dropPinsFrom(this.pid, this.outcome?.pins ?? []);
    // Who only sends to it sleeps nowhere, and so would not look for its death.
    if (memory !== null) sweepDead();
    this.#end(exitcode);
    // It stayed open as the sign that this process lives.
    await written;
    await stdin.close().catch(() => {});
    return exitcode;
  }

  #end(exitcode: number): number {
    this.exitcode = exitcode;
    children.delete(this);
    others.delete(this);
    this.#setReported();
    return exitcode;
  }

  #keepProgram(yes: boolean): void {
    if (this.exitcode !== null) return;
    try {
      if (yes) this.#process.ref();
      else this.#process.unref();
    } catch (error) {
      // It has ended, and keeps nothing any more.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  #receive(kind: number, report: Uint8Array): void {
    if (kind === Report.LINK) return this.#link?.receive(report.subarray(1));
    if (kind === Report.TAKEN) return void (this.#taken = true);
    if (this.#finished) return;
    if (kind === Report.REACHED) this.#stderr.pass = true;
    this.outcome = new Outcome(report, this.#link?.lazy);
    // What was thrown beside the target counts only if the target gives nothing.
    if (kind === Report.UNCAUGHT) return;
    this.#finished = true;
    this.#setReported();
  }
}

/** What lets a child that has just been run share memory; without it, that ends. */
function grantTo(process: Deno.ChildProcess): MemoryGrant | null {
  try {
    return grantToChild(); // takes less than the start of the runtime meanwhile
  } catch (error) {
    process.kill("SIGKILL");
    throw error;
  }
}

let atEnd = false;

/** What runs when this process ends runs no longer. */
function endAllAtEnd(): void {
  if (atEnd) return;
  atEnd = true;
  globalThis.addEventListener("unload", () => {
    for (const child of children) child.kill("SIGTERM");
  });
}
