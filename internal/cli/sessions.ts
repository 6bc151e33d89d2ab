/**
 * The way of a worker to the server, which may go and come back.
 *
 * All that ask wait for one connection. When that is found to be broken, a new one is
 * made at once, or a little later where the server has said that it stops. By it the
 * server is told what this worker still does. A report that could not be made is made
 * to the same run of the server when it is there again: one that was started anew does
 * not know the task.
 */

import { delay } from "@std/async/delay";
import { AuthenticationError, EOFError, ShutDownError } from "../../errors.ts";
import type { AutoProxy } from "../../manager.ts";
import type { Lock } from "../../sync.ts";
import { nameOf } from "../pipe/address.ts";
import type { Way } from "./options.ts";
import {
  type Applicant,
  CommandManager,
  type Order,
  type Report,
  type Seat,
} from "./protocol.ts";
import { BEAT_MS } from "./seat.ts";

/** A connection with the server. */
interface Session {
  readonly manager: CommandManager;
  readonly seat: AutoProxy<Seat>;
  /** Held: if it were forgotten, this worker would count as gone. */
  readonly life: Lock;
  /** The server's run. */
  readonly run: string;
  /** Takes back that it says that it is still there. */
  readonly beating: ReturnType<typeof setInterval>;
}

/** What the sessions are told, and tell. */
export interface SessionsOptions {
  /** When no more tasks are to be taken. */
  readonly stop: AbortSignal;
  note(message: string): void;
}

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
/** How long who is to stop tries to say what has become of its tasks. */
const LAST_WORDS_MS = 5000;
/** How long an answer may take. */
const ANSWER_MS = 30_000;

/** One connection after the other. */
export class Sessions {
  readonly #way: Way;
  readonly #applicant: Applicant;
  readonly #stop: AbortSignal;
  readonly #note: (message: string) => void;
  /** The connection, or what will be it. */
  #session: Promise<Session> | null = null;
  #current: Session | null = null;
  /** What runs here, by the run of the server that it came from. */
  readonly #held = new Map<number, string>();
  /** How many of these have ended, and are being told of. */
  #reports = 0;
  #run: string | null = null;
  /** Aborts what tries to connect. */
  readonly #giveUp = new AbortController();
  #hurrying: ReturnType<typeof setTimeout> | undefined;

  constructor(way: Way, applicant: Applicant, options: SessionsOptions) {
    this.#way = way;
    this.#applicant = applicant;
    this.#stop = options.stop;
    this.#note = options.note;
    options.stop.addEventListener("abort", () => this.#stopped());
  }

  /** The next task, and from which run of the server it is; `null`: no more. */
  async take(): Promise<{ order: Order; run: string } | null> {
    while (!this.#stop.aborted) {
      const session = await this.#open();
      if (session === null) break;
      try {
        const order = await session.seat.next();
        if (typeof order === "object") {
          this.#held.set(order.key, session.run);
          return { order, run: session.run };
        }
        if (order === "the server stops") this.#lost(session, order);
      } catch (error) {
        this.#lost(session, (error as Error).message);
      }
    }
    return null;
  }

  /** Says what has become of a task. */
  async report(run: string, order: Order, report: Report): Promise<void> {
    this.#reports++;
    this.#hurry();
    const isTold = await this.#tell(run, report);
    this.#reports--;
    this.#held.delete(order.key);
    if (isTold) return;
    this.#note(
      `what task ${order.id} (${order.fn}) gave is lost, as the server that it came from is gone`,
    );
  }

  /** `false`: that run of the server is gone. */
  async #tell(run: string, report: Report): Promise<boolean> {
    for (;;) {
      const session = await this.#open();
      if (session?.run !== run) return false;
      try {
        await session.seat.report(report);
        return true;
      } catch (thrown) {
        const error = thrown as Error;
        if (isBroken(error)) this.#lost(session, error.message);
        else if (report.is === "failed") throw error;
        // It cannot be sent as it is.
        else return await this.#tell(run, { ...report, is: "failed", error });
      }
    }
  }

  /** Ends the connection. */
  async end(): Promise<void> {
    clearTimeout(this.#hurrying);
    this.#giveUp.abort();
    const session = this.#current;
    this.#current = null; // that it ends is no loss
    if (session !== null) await close(session);
  }

  /** The connection, or a new one; `null`: it is to stop, and there is none. */
  async #open(): Promise<Session | null> {
    try {
      return await (this.#session ??= this.#connect());
    } catch (error) {
      if (this.#giveUp.signal.aborted) return null;
      throw error;
    }
  }

  async #connect(pause = 0): Promise<Session> {
    const { signal } = this.#giveUp;
    const name = nameOf(this.#way.address);
    this.#hurry();
    for (let isFirst = true;; isFirst = false) {
      signal.throwIfAborted();
      if (pause > 0) await delay(pause * (0.5 + Math.random() / 2), { signal });
      pause = longer(pause);
      try {
        const session = this.#current = await this.#enter(signal);
        clearTimeout(this.#hurrying);
        session.seat.ended().then(
          (why) => this.#lost(session, why),
          (error) => this.#lost(session, error.message),
        );
        if (this.#stop.aborted) await this.#leave(session);
        this.#note(`connected to the server at ${name}`);
        return session;
      } catch (error) {
        if (isFinal(error)) throw error;
        const { message } = error as Error;
        if (isFirst) this.#note(`waits for the server at ${name}: ${message}`);
      }
    }
  }

  async #enter(signal: AbortSignal): Promise<Session> {
    const manager = new CommandManager(this.#way);
    try {
      await manager.connect({
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      const seat = await manager.getSeat(this.#applicant);
      const life = await seat.life();
      await life.acquire();
      const keys = [...this.#held].filter(([, run]) => run === this.#run)
        .map(([key]) => key);
      const run = this.#run = await seat.begin(this.#run, keys);
      const beating = setInterval(() => this.#beat(session), BEAT_MS);
      const session: Session = { manager, seat, life, run, beating };
      return session;
    } catch (error) {
      await manager.shutdown();
      throw error;
    }
  }

  #beat(session: Session): void {
    const lost = (why: string) => this.#lost(session, why);
    const timer = setTimeout(lost, ANSWER_MS, "it does not answer any more");
    session.seat.beat().catch((error) => lost(error.message))
      .finally(() => clearTimeout(timer));
  }

  /** That one is of no more use. */
  #lost(session: Session, why: string): void {
    if (this.#current !== session) return;
    this.#current = this.#session = null;
    this.#note(`lost the server: ${why}`);
    close(session);
    // It is to know as soon as it is there again that its tasks are done here.
    this.#session = this.#connect(
      why === "the server stops" ? FIRST_PAUSE_MS : 0,
    );
    this.#session.catch(() => {}); // who asks next gets the error
  }

  #stopped(): void {
    if (this.#current !== null) this.#leave(this.#current);
    this.#hurry();
  }

  /** Takes no more. */
  async #leave({ seat }: Session): Promise<void> {
    await seat.leave().catch(() => {}); // it is gone: who asks next finds out
  }

  /** Where it is to stop, and does nothing any more, it waits for nobody for long. */
  #hurry(): void {
    const isIdle = this.#held.size === this.#reports;
    if (!this.#stop.aborted || this.#current !== null || !isIdle) return;
    const ms = this.#reports === 0 ? 0 : LAST_WORDS_MS;
    clearTimeout(this.#hurrying);
    this.#hurrying = setTimeout(() => this.#giveUp.abort(), ms);
  }
}

function longer(pause: number): number {
  return Math.min(Math.max(pause * 2, FIRST_PAUSE_MS), LAST_PAUSE_MS);
}

async function close({ manager, beating }: Session): Promise<void> {
  clearInterval(beating);
  await manager.shutdown();
}

function isBroken(error: unknown): boolean {
  return error instanceof EOFError || error instanceof ShutDownError;
}

/** What no waiting cures. */
function isFinal(error: unknown): boolean {
  return error instanceof AuthenticationError ||
    error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.InvalidData ||
    error instanceof TypeError; // the address is none
}
