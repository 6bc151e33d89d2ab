import { BARRIER, barrierBytes, barrierOf } from "../structure/barrier.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import { registerShared } from "../travel/shared_class.ts";
import {
  checkTimeout,
  type SyncWaitOptions,
  type WaitOptions,
} from "../wait.ts";
import { ownAction, referenceTo, writeReference } from "./barrier_action.ts";
import { BarrierCore } from "./barrier_core.ts";
import {
  checkFunction,
  checkInteger,
  checkNames,
  checkOptions,
  type OptionNames,
} from "../check.ts";
import { givenOr, giving } from "./given.ts";
import { RemoteSide } from "./remote_sides.ts";
import { barrierService } from "./services.ts";
import { newShared } from "./shared.ts";
import { show } from "./side.ts";

/** How a {@linkcode Barrier} is made. */
export interface BarrierOptions {
  /**
   * Called once in each round, by one of those who wait, when all have arrived and
   * before anybody passes. If it throws, who called it gets that error, and the
   * barrier is broken.
   *
   * It runs in the thread that made the barrier, where that one waits too; else it
   * travels as the target of a process does, so it must be found there.
   */
  action?: (() => unknown) | undefined;
  /** How long those wait who do not say, in milliseconds; by default for ever. */
  timeout?: number | undefined;
}

const NAMES: OptionNames<BarrierOptions> = { action: true, timeout: true };

/** The most parties that a barrier can have. */
const MOST_PARTIES = 2 ** 20;

/**
 * Where a number of parties wait for each other: as soon as all have arrived, all
 * pass, and the next round begins.
 *
 * A barrier breaks when the time of one who waits runs out, when one dies that
 * waits, when its action fails, and by `abort()`. Then all who wait, and all who
 * come, get a {@linkcode BrokenBarrierError}, until `reset()`.
 *
 * @example Three that wait for each other
 * ```ts
 * import { Barrier } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * let rounds = 0;
 * const barrier = new Barrier(3, { action: () => rounds++ });
 * const indices = await Promise.all([1, 2, 3].map(() => barrier.wait()));
 * assertEquals(indices.sort(), [0, 1, 2]);
 * assertEquals(rounds, 1);
 * ```
 *
 * Python: `multiprocessing.Barrier`, `threading.Barrier`.
 */
export class Barrier {
  #side: BarrierCore | RemoteBarrier;

  /**
   * Makes a barrier for so many parties.
   *
   * Python: `multiprocessing.Barrier(parties, action, timeout)`.
   *
   * @throws {RangeError} If `parties` is less than 1, or no integer, or the time-out
   * is negative.
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    this.#side = givenOr<BarrierCore | RemoteBarrier>(() =>
      newBarrier(parties, options)
    );
  }

  /** How many have to arrive. */
  get parties(): number {
    return this.#side.parties;
  }

  /**
   * Arrives, and waits until all have.
   *
   * Cancel safety: by its signal one goes away again, and the barrier waits for
   * another one; by its time-out, one breaks it.
   *
   * Ordering: what any party wrote to shared memory before it arrived is seen by
   * all after they have passed.
   *
   * Python: `multiprocessing.Barrier.wait`.
   *
   * @returns An integer from 0 to `parties - 1`, another one for each party.
   * @throws {BrokenBarrierError} If it is broken, or breaks while this one waits;
   * so it does when the time of this one runs out.
   * @throws {unknown} The signal's reason when it aborts; what the action throws.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.#side.wait(options);
  }

  /**
   * {@linkcode Barrier.wait}, blocking the thread. The action must not be async.
   *
   * Python: `multiprocessing.Barrier.wait`.
   */
  waitSync(options?: SyncWaitOptions): number {
    return this.#side.waitSync(options);
  }

  /**
   * Makes it as new: those who wait get a {@linkcode BrokenBarrierError}, those who
   * come later begin the first round.
   *
   * Python: `multiprocessing.Barrier.reset`.
   */
  reset(): Promise<void> {
    return this.#side.reset();
  }

  /**
   * {@linkcode Barrier.reset}, at once.
   *
   * Python: `multiprocessing.Barrier.reset`.
   */
  resetSync(): void {
    this.#side.resetSync();
  }

  /**
   * Breaks it, until `reset()`.
   *
   * Python: `multiprocessing.Barrier.abort`.
   */
  abort(): Promise<void> {
    return this.#side.abort();
  }

  /**
   * {@linkcode Barrier.abort}, at once.
   *
   * Python: `multiprocessing.Barrier.abort`.
   */
  abortSync(): void {
    this.#side.abortSync();
  }

  /**
   * How many wait: a snapshot, stale by the time it is read.
   *
   * Python: `multiprocessing.Barrier.n_waiting`.
   */
  nWaiting(): Promise<number> {
    return this.#side.nWaiting();
  }

  /**
   * {@linkcode Barrier.nWaiting}, at once.
   *
   * Python: `multiprocessing.Barrier.n_waiting`.
   */
  nWaitingSync(): number {
    return this.#side.nWaitingSync();
  }

  /**
   * Whether it is broken: a snapshot, stale by the time it is read.
   *
   * Python: `multiprocessing.Barrier.broken`.
   */
  broken(): Promise<boolean> {
    return this.#side.broken();
  }

  /**
   * {@linkcode Barrier.broken}, at once.
   *
   * Python: `multiprocessing.Barrier.broken`.
   */
  brokenSync(): boolean {
    return this.#side.brokenSync();
  }

  static {
    registerShared<Barrier>({
      name: "Barrier",
      class: Barrier,
      encode: (barrier) =>
        writeHandle((barrier.#side as BarrierCore).object, 0),
      decode: (handle) =>
        giving(
          readHandle(handle, (object) => new BarrierCore(object, null)),
          () => new Barrier(1),
        ),
      remoteOf: (barrier) =>
        barrier.#side instanceof RemoteBarrier ? barrier.#side.remote : null,
      fromRemote: (remote, parties) =>
        giving(
          new RemoteBarrier(remote, parties as number),
          () => new Barrier(1),
        ),
      service: barrierService((barrier) => barrier.#side as BarrierCore),
    });
  }

  /** What is shown of it in the console: a snapshot, where it is in memory. */
  [Symbol.for("Deno.customInspect")](): string {
    return show(this, this.#side);
  }
}

/** A barrier elsewhere. */
class RemoteBarrier extends RemoteSide {
  readonly parties: number;

  constructor(remote: RemoteSide["remote"], parties: number) {
    super(remote, "Barrier");
    this.parties = parties;
  }

  wait(options?: WaitOptions): Promise<number> {
    return this.callWaiting("wait", options);
  }
  reset(): Promise<void> {
    return this.call("reset");
  }
  abort(): Promise<void> {
    return this.call("abort");
  }
  nWaiting(): Promise<number> {
    return this.call("nWaiting");
  }
  broken(): Promise<boolean> {
    return this.call("broken");
  }
  waitSync(): never {
    this.refuse("waitSync");
  }
  resetSync(): never {
    this.refuse("resetSync");
  }
  abortSync(): never {
    this.refuse("abortSync");
  }
  nWaitingSync(): never {
    this.refuse("nWaitingSync");
  }
  brokenSync(): never {
    this.refuse("brokenSync");
  }
}

function newBarrier(
  parties: number,
  options: BarrierOptions,
): BarrierCore {
  checkOptions(options, "create barrier", "{ timeout: 1000 }");
  checkNames(options, NAMES, "create barrier");
  const { action, timeout } = options;
  checkInteger(parties, "create barrier", "parties", 1, MOST_PARTIES);
  checkTimeout(timeout);
  if (action !== undefined) checkFunction(action, "create barrier", "action");
  return newShared(
    BARRIER,
    barrierBytes(parties),
    (object) => {
      const words = barrierOf(object);
      words.init(parties, action !== undefined, timeout ?? Infinity);
      const reference = action && referenceTo(action);
      if (reference) writeReference(object, words.actionAt, reference);
    },
    (object) =>
      new BarrierCore(object, action === undefined ? null : ownAction(action)),
  );
}
