import { BrokenBarrierError } from "../../errors.ts";
import type { SharedObject } from "../memory/objects.ts";
import type { WaitSet } from "../memory/wait_set.ts";
import type { Gate, Line } from "../memory/waits.ts";
import {
  type Arrival,
  barrierOf,
  type BarrierWords,
  type Standing,
} from "../structure/barrier.ts";
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from "../wait.ts";
import { type Action, referredAction } from "./barrier_action.ts";
import { checkWait, lineOf } from "./core.ts";
import { promised } from "./side.ts";

/** One of this thread who waits, before and after it has arrived. */
interface Ticket {
  arrival: Arrival | "broken" | null;
}

/** A Barrier in this thread. It is the gate of its line, as a `Core` is. */
export class BarrierCore implements Gate {
  readonly object: SharedObject;
  readonly set: WaitSet;
  readonly #words: BarrierWords;
  readonly #line: Line;
  readonly #action: Action | null;
  /** How long those wait who do not say. */
  readonly #timeout: number;
  /**
   * Those who have not arrived as a round was full. Whoever looks lets all of them
   * arrive that can, so that in the line those who have arrived come first.
   */
  #pending = new Set<Ticket>();
  /** Those who wait, having arrived. */
  #arrived = new Set<Ticket>();
  /** Whether the action runs here. */
  #isActing = false;
  /** The round when somebody looked last. */
  #seen = -1;

  /** With the action itself, where this thread has that. */
  constructor(object: SharedObject, own: Action | null) {
    this.object = object;
    this.#words = barrierOf(object);
    this.#timeout = this.#words.timeout;
    this.#action = own ??
      (this.#words.hasAction
        ? referredAction(object, this.#words.actionAt)
        : null);
    this.set = this.#words.set;
    this.#line = lineOf(object, this);
  }

  get parties(): number {
    return this.#words.parties;
  }

  get state(): string {
    return `parties: ${this.parties}, ${
      this.brokenSync() ? "broken" : `waiting: ${this.nWaitingSync()}`
    }`;
  }

  nWaiting(): Promise<number> {
    return promised(() => this.nWaitingSync());
  }

  nWaitingSync(): number {
    return this.#words.waiting;
  }

  broken(): Promise<boolean> {
    return promised(() => this.brokenSync());
  }

  brokenSync(): boolean {
    return this.#words.isBroken;
  }

  ready(): boolean {
    return this.#words.hasChanged(this.#seen);
  }

  async wait(options: WaitOptions = {}): Promise<number> {
    checkWait(options);
    const timeout = options.timeout ?? this.#timeout;
    const ticket = this.#enter();
    let standing: Standing | undefined;
    try {
      standing = this.#look(ticket) ??
        await this.#line.wait(() => this.#look(ticket), {
          ...options,
          timeout,
        });
    } catch (error) {
      this.#withdraw(ticket);
      throw error;
    }
    if (standing !== "runs") return this.#end(ticket, standing);
    let failure: { error: unknown } | null = null;
    try {
      await this.#action!.run();
    } catch (error) {
      failure = { error };
    }
    return this.#finish(ticket, failure);
  }

  waitSync(options: SyncWaitOptions = {}): number {
    timeoutOf(options);
    const timeout = options.timeout ?? this.#timeout;
    const ticket = this.#enter();
    let standing: Standing | undefined;
    try {
      standing = this.#look(ticket) ??
        this.#line.waitSync(() => this.#look(ticket), { timeout });
    } catch (error) {
      this.#withdraw(ticket);
      throw error;
    }
    if (standing !== "runs") return this.#end(ticket, standing);
    let failure: { error: unknown } | null = null;
    try {
      this.#action!.runSync();
    } catch (error) {
      failure = { error };
    }
    return this.#finish(ticket, failure);
  }

  reset(): Promise<void> {
    return promised(() => this.resetSync());
  }

  abort(): Promise<void> {
    return promised(() => this.abortSync());
  }

  resetSync(): void {
    this.#words.reset();
    this.#wake();
  }

  abortSync(): void {
    this.#words.breakIt();
    this.#wake();
  }

  #enter(): Ticket {
    const ticket: Ticket = { arrival: null };
    this.#pending.add(ticket);
    if (this.#admit()) this.#wake();
    return ticket;
  }

  /** Lets those arrive who can; whether that may have ended a round. */
  #admit(): boolean {
    let ended = false;
    for (const ticket of this.#pending) {
      const arrival = this.#words.arrive();
      if (arrival === undefined) break;
      this.#pending.delete(ticket);
      ticket.arrival = arrival;
      if (arrival === "broken") continue;
      this.#arrived.add(ticket);
      ended ||= this.#words.standing(arrival) === "passed";
    }
    return ended;
  }

  /** How it stands with one who waits; `undefined`: it has to wait. */
  #look(ticket: Ticket): Standing | undefined {
    this.#seen = this.#words.round;
    // This thread is looking already, so it need not wake itself.
    if (this.#pending.size > 0 && this.#admit()) this.#words.wakeAll();
    const { arrival } = ticket;
    if (arrival === null) return undefined;
    if (arrival === "broken") return "broken";
    const standing = this.#words.standing(arrival);
    if (standing === "waits") return undefined;
    if (standing === "runs") {
      if (this.#isActing) return undefined;
      this.#isActing = true;
    }
    this.#arrived.delete(ticket);
    return standing;
  }

  /** The result of one who waits no more; its time ran out if it still should. */
  #end(ticket: Ticket, standing: Standing | undefined): number {
    const { arrival } = ticket;
    if (standing === undefined) {
      this.#pending.delete(ticket);
      this.#arrived.delete(ticket);
      this.#words.breakIt(isArrival(arrival) ? arrival : undefined);
      this.#wake();
      if (!isArrival(arrival)) {
        throw broken("the time of one who waits ran out");
      }
      if (this.#words.standing(arrival) === "passed") return arrival.index;
      throw broken("the time of one who waits ran out");
    }
    if (standing === "passed") return (arrival as Arrival).index;
    throw broken(
      "its action has failed, it was aborted or reset, somebody's time ran out, or a party has died",
    );
  }

  /** The action has been run here. */
  #finish(ticket: Ticket, failure: { error: unknown } | null): number {
    this.#isActing = false;
    const arrival = ticket.arrival as Arrival;
    const passed = this.#words.finish(arrival, failure === null);
    this.#wake();
    if (failure !== null) throw failure.error;
    return this.#end(ticket, passed ? "passed" : "broken");
  }

  /**
   * One gives up, by its signal or because it was killed; or because its thread is
   * being terminated, which is a death.
   */
  #withdraw(ticket: Ticket): void {
    this.#pending.delete(ticket);
    this.#arrived.delete(ticket);
    const { arrival } = ticket;
    if (!isArrival(arrival)) return;
    const isLast = ![...this.#arrived].some((other) =>
      (other.arrival as Arrival).round === arrival.round
    );
    if (this.object.member.stopped) this.#words.breakIt(arrival);
    else this.#words.withdraw(arrival, isLast);
    this.#wake();
  }

  #wake(): void {
    this.#line.lookNow();
    this.#words.wakeAll();
  }
}

function isArrival(arrival: Ticket["arrival"]): arrival is Arrival {
  return arrival !== null && arrival !== "broken";
}

function broken(why: string): BrokenBarrierError {
  return new BrokenBarrierError(
    `Cannot pass the barrier as it is broken (${why}): reset() makes it as new`,
  );
}
