/**
 * How threads, and the coroutines in them, wait for what is in shared memory.
 *
 * What one waits for is a {@linkcode Gate}: a wait set, and whether it is worth
 * an attempt. An attempt takes what is waited for, or says that it is not there.
 *
 * A thread has one bit in the wait set and one doorbell. Its coroutines queue
 * behind that, first in, first out, in a {@linkcode Line} for each gate.
 */

import { ProcessError, ShutDownError } from "../../errors.ts";
import { currentCoroutine } from "../context.ts";
import { breathe } from "../turn.ts";
import {
  after,
  holdsProgram,
  type SyncWaitOptions,
  timeoutOf,
  type WaitOptions,
} from "../wait.ts";
import type { Member } from "./member.ts";
import { HEARTBEAT, STOP } from "./parking.ts";
import type { WaitSet } from "./wait_set.ts";

/** Takes what is waited for; `undefined`: it is not there yet. */
export type Attempt<R> = () => R | undefined;

/** Something that one can wait for. */
export interface Gate {
  readonly set: WaitSet;
  /** Whether an attempt may succeed now; nothing is taken. */
  ready(): boolean;
  /** This thread waits no more: what was given to it already goes to another. */
  refuse?(): void;
}

/** Where looking again and again may help, because others run beside this thread. */
const CAN_SPIN = navigator.hardwareConcurrency > 1;
const MOST_SPINS = 4000;
const FEWEST_SPINS = 50;
/**
 * After so many looks in vain on end, one that is as long as may be. Two threads that
 * both sleep are never quick enough for each other's short looks, and would not find
 * out how quick they are when awake.
 */
const PROBE_AFTER = 16;
/**
 * Where something has come so soon (ms) after the thread went to sleep, it blocks for
 * as long the next time, instead of sleeping without being blocked: that way it is
 * woken by one other thread, and not two. It does so a limited number of times on end,
 * as nothing else is seen meanwhile; and not where this thread itself has brought
 * what it waited for, which came by its event loop.
 */
const SOON_MS = 0.5;
const MOST_DOZES = 32;

interface Waiter {
  attempt: Attempt<unknown>;
  /** Whether the program goes on for it. */
  readonly keeps: boolean;
  resolve(value: unknown): void;
  /** While its attempt runs that is only noted: it may just have taken something. */
  reject(error: unknown): void;
  /** With what it was to be rejected meanwhile. */
  noted: { readonly error: unknown } | null;
}

/** Those of this thread who wait at one gate. */
export class Line {
  readonly gate: Gate;
  readonly #waits: Waits;
  #waiters: Waiter[] = [];
  /** For how many of them the program goes on. */
  #keepers = 0;
  #isAboutToLook = false;
  /** Whose attempt runs: code of the user in it (a `decode`) may get here again. */
  #asked: Waiter | null = null;
  /** Whether that was to look. */
  #looksAgain = false;
  /** The error of who begins to wait, where this thread has what is waited for no more. */
  #closed: (() => Error) | null = null;
  /**
   * How often to look before going to sleep: more after it has helped, less after
   * it has not. (To look longer where something came soon after it was given up
   * takes the processor from who is waited for, if there are not enough of them.)
   */
  #spins = FEWEST_SPINS * 4;
  /** How many times it went to sleep as that had not helped, on end. */
  #misses = 0;

  constructor(waits: Waits, gate: Gate) {
    this.#waits = waits;
    this.gate = gate;
  }

  /**
   * Waits until the attempt succeeds; `undefined`: time ran out.
   *
   * Cancel safety: who gives up has taken nothing, and passes on the wake-up
   * that it may have been given.
   */
  wait<R>(
    attempt: Attempt<R>,
    options: WaitOptions = {},
  ): Promise<R | undefined> {
    try {
      const timeout = timeoutOf(options);
      options.signal?.throwIfAborted();
      const coroutine = currentCoroutine();
      coroutine?.throwIfKilled();
      this.checkOpen();
      if (this.#waiters.length === 0) {
        const taken = attempt() ??
          (timeout === 0 ? undefined : this.#spin(attempt));
        if (taken !== undefined || timeout === 0) {
          return Promise.resolve(taken);
        }
      } else if (timeout === 0) return Promise.resolve(undefined);
      return this.#queue(attempt, timeout, options.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Waits like {@linkcode wait}, but blocks this thread. It comes before those who
   * wait in it already, who could not run.
   */
  waitSync<R>(
    attempt: Attempt<R>,
    options: SyncWaitOptions = {},
  ): R | undefined {
    const timeout = timeoutOf(options);
    this.checkOpen();
    const taken = attempt() ??
      (timeout === 0 ? undefined : this.#spin(attempt));
    if (taken !== undefined || timeout === 0) return taken;
    if (this.#waits.isAlone && timeout === Infinity) throw endless();
    this.#waits.suspend(this);
    try {
      return this.#block(attempt, timeout);
    } finally {
      this.#waits.resume();
    }
  }

  /** Whether nobody of this thread waits here. */
  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /**
   * Something has changed here that those of this thread may wait for: they look
   * at once, without being woken.
   */
  lookNow(): void {
    if (this.isEmpty) return;
    this.look();
    if (this.isEmpty) this.#waits.remove(this);
    else this.#waits.settle();
  }

  /**
   * Looks whether those who wait can have what they wait for. Within a look it is
   * put off until the end of that, as the first of them is about to have something.
   */
  look(): void {
    if (this.#asked !== null) {
      this.#looksAgain = true;
      return;
    }
    do {
      this.#looksAgain = false;
      this.#serve();
    } while (this.#looksAgain);
  }

  #serve(): void {
    const { set } = this.gate;
    const { member } = this.#waits;
    set.enter(member.slot);
    while (this.#waiters.length > 0) {
      const waiter = this.#waiters[0]!;
      this.#asked = waiter;
      try {
        const taken = waiter.attempt();
        this.#asked = null;
        if (taken !== undefined) waiter.resolve(taken);
        else if (waiter.noted === null) return;
        else waiter.reject(waiter.noted.error);
      } catch (error) {
        this.#asked = null;
        waiter.reject(error);
      }
      this.#remove(waiter);
    }
    this.handOver();
  }

  /**
   * What those who wait here wait for has come from this thread: they look when
   * the caller has gone on, without a bell.
   */
  lookSoon(): void {
    if (this.#isAboutToLook) return;
    this.#isAboutToLook = true;
    queueMicrotask(() => {
      this.#isAboutToLook = false;
      this.lookNow();
    });
  }

  /** Waits no more, at least for now; a wake-up that was not used moves on. */
  leave(): void {
    const { set } = this.gate;
    const { member } = this.#waits;
    const woken = set.leave(member.slot);
    this.gate.refuse?.();
    if (woken) set.wakeOne(member);
  }

  /** The same, and what is there already, of which this thread knows, is for others. */
  handOver(): void {
    this.leave();
    this.#passOn();
  }

  /** Whether the program goes on for somebody who waits here. */
  get keeps(): boolean {
    return this.#keepers > 0;
  }

  /** Ends all waits with that error. */
  fail(error: unknown): void {
    if (this.isEmpty) return;
    this.#keepers = 0;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    this.leave();
    this.#waits.remove(this);
  }

  /**
   * This thread lets go of what is waited for, whose memory may be another object's
   * from now on: all waits end with that error, and nobody begins another.
   */
  close(error: () => Error): void {
    this.#closed = error;
    this.fail(error());
  }

  /** It has it again, or still. */
  open(): void {
    this.#closed = null;
  }

  /**
   * Throws where it was closed. To be called after any code of the user that runs
   * in a call, such as a getter of its options, and before the memory is looked at.
   */
  checkOpen(): void {
    if (this.#closed !== null) throw this.#closed();
  }

  #queue<R>(
    attempt: Attempt<R>,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<R | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<R | undefined>();
    const coroutine = currentCoroutine();
    let exit: Error | null = null;
    const end = (error?: unknown) => {
      cancel();
      unlisten?.();
      signal?.removeEventListener("abort", abort);
      if (exit !== null && exit !== error) coroutine!.keepKill(exit);
    };
    const waiter: Waiter = {
      attempt,
      keeps: holdsProgram(signal),
      resolve: (value) => {
        end();
        resolve(value as R);
      },
      reject: (error) => {
        if (this.#asked === waiter) {
          waiter.noted ??= { error };
          return;
        }
        end(error);
        reject(error);
      },
      noted: null,
    };
    const abort = () => {
      this.#giveUp(waiter);
      waiter.reject(signal!.reason);
    };
    const cancel = after(timeout, () => {
      this.#giveUp(waiter);
      waiter.resolve(undefined);
    }, waiter.keeps);
    signal?.addEventListener("abort", abort);
    const unlisten = coroutine?.onKill((reason) => {
      exit = reason;
      this.#giveUp(waiter);
      waiter.reject(reason);
    });
    this.#waiters.push(waiter);
    if (waiter.keeps) this.#keepers++;
    if (this.#waiters.length === 1) this.look();
    if (this.#waiters.length > 0) this.#waits.add(this);
    return promise;
  }

  #giveUp(waiter: Waiter): void {
    this.#remove(waiter);
    if (this.isEmpty) {
      this.leave();
      this.#waits.remove(this);
    } else this.#waits.settle();
  }

  #remove(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index !== -1 && waiter.keeps) this.#keepers--;
    if (index === 0) this.#waiters.shift();
    else if (index > 0) this.#waiters.splice(index, 1);
  }

  #block<R>(attempt: Attempt<R>, timeout: number): R | undefined {
    const { set } = this.gate;
    const { member } = this.#waits;
    const end = performance.now() + timeout;
    try {
      for (;;) {
        const bell = member.readBell();
        if (bell & STOP) throw stopped();
        set.enter(member.slot);
        const taken = attempt();
        if (taken !== undefined) return taken;
        const left = end - performance.now();
        if (left <= 0) return undefined;
        member.sleep(bell, left);
      }
    } finally {
      this.handOver();
    }
  }

  /** What was taken may not have been all that was there. */
  #passOn(): void {
    const { set } = this.gate;
    if (set.isUsed && this.gate.ready()) set.wakeOne(this.#waits.member);
  }

  #spin<R>(attempt: Attempt<R>): R | undefined {
    if (!CAN_SPIN) return undefined;
    const isProbe = ++this.#misses > PROBE_AFTER;
    const most = isProbe ? MOST_SPINS : this.#spins;
    for (let i = 0; i < most; i++) {
      if (!this.gate.ready()) continue;
      const taken = attempt();
      if (taken === undefined) continue;
      this.#misses = 0;
      this.#spins = Math.min(MOST_SPINS, Math.max(this.#spins, i) * 2);
      this.#passOn();
      return taken;
    }
    if (isProbe) this.#misses = 0;
    this.#spins = Math.max(FEWEST_SPINS, this.#spins >> 1);
    return undefined;
  }
}

/** All waits of one thread in one arena. */
export class Waits {
  readonly member: Member;
  /** Whether nobody else can ever give this thread what it waits for. */
  isAlone = false;
  #lines = new Set<Line>();
  /** Where it is blocked: at several, if a `decode` blocks on the way out of one. */
  #blocked: Line[] = [];
  #running = false;
  /** Whether the program goes on during the sleep, or will during the next. */
  #keeps = false;
  /** Keeps it until a sleep that does not has ended. */
  #bridge: ReturnType<typeof setInterval> | undefined;
  /** Whether the last sleep was over soon, by what another thread did. */
  #isSoon = false;
  /** Whether this thread itself has changed during the sleep what it waits for. */
  #isDisturbed = false;
  #dozes = 0;

  constructor(member: Member) {
    this.member = member;
  }

  /** Whether anybody waits. */
  get isPending(): boolean {
    return this.#lines.size > 0;
  }

  /** Somebody waits in that line. */
  add(line: Line): void {
    this.#lines.add(line);
    this.#isDisturbed = true;
    if (!this.#running) this.#run();
    else this.settle();
  }

  /** Nobody waits there any more. */
  remove(line: Line): void {
    if (!this.#lines.delete(line)) return;
    this.#isDisturbed = true;
    this.settle();
  }

  /** Ends a sleep that keeps the program alive for nobody, or fails to do so. */
  settle(): void {
    if (!this.#running || this.#keeps === this.#mustKeep()) return;
    this.#keeps = !this.#keeps;
    if (this.#keeps) this.#bridge ??= setInterval(() => {}, HEARTBEAT);
    this.member.ring(this.member.slot);
  }

  #mustKeep(): boolean {
    for (const line of this.#lines) if (line.keeps) return true;
    return false;
  }

  /**
   * This thread is about to block there: what it waits for elsewhere is left to
   * others. (It may be in an attempt of another wait that blocks. That has taken
   * something then: no code of the user runs before.)
   */
  suspend(line: Line): void {
    for (const other of [...this.#lines, ...this.#blocked]) other.handOver();
    this.#blocked.push(line);
  }

  /** It runs again. */
  resume(): void {
    this.#blocked.pop();
    for (const line of [...this.#lines]) this.#look(line);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#lines.size > 0) {
      const bell = this.member.readBell();
      if (bell & STOP) {
        for (const line of [...this.#lines]) line.fail(stopped());
        break;
      }
      for (const line of [...this.#lines]) this.#look(line);
      if (this.#lines.size === 0) break;
      this.#keeps = this.#mustKeep();
      const began = performance.now();
      this.#isDisturbed = false;
      if (this.#keeps && this.#isSoon && ++this.#dozes % MOST_DOZES !== 0) {
        await breathe(); // whatever else can run comes first
        this.member.sleep(bell, SOON_MS);
      } else await this.member.sleepAsync(bell, HEARTBEAT, this.#keeps);
      this.#isSoon = !this.#isDisturbed && performance.now() - began < SOON_MS;
      clearInterval(this.#bridge);
      this.#bridge = undefined;
    }
    this.#running = false;
  }

  #look(line: Line): void {
    line.look();
    if (line.isEmpty) this.#lines.delete(line);
  }
}

/**
 * Something has come from this thread for so many who wait. Those of this thread
 * come first, who can have it without a bell.
 */
export function wake(line: Line, count: number, member: Member): void {
  if (!line.isEmpty) return line.lookSoon();
  const { set } = line.gate;
  for (let i = 0; i < count && set.wantsWake; i++) set.wakeOne(member);
}

function endless(): ProcessError {
  return new ProcessError(
    "Cannot block this thread until something comes as nobody could give it: its own coroutines could not run, it has started no threads, and its child processes do not share its memory (on Linux, with --allow-ffi, they do). Use the method without Sync, and await it, or give a timeout",
  );
}

function stopped(): ShutDownError {
  return new ShutDownError("Cannot wait as this thread is being terminated");
}
