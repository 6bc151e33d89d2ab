/** What all locks of one thread share that are one lock in memory. */

import { currentCoroutine, throwIfKilled } from "../context.ts";
import { homeIn } from "../memory/home.ts";
import type { SharedObject } from "../memory/objects.ts";
import type { WaitSet } from "../memory/wait_set.ts";
import { type Attempt, type Gate, Line } from "../memory/waits.ts";
import { timeoutOf, type WaitOptions } from "../wait.ts";
import { callSync } from "./callback.ts";
import {
  type AcquireOptions,
  repairOf,
  type SyncAcquireOptions,
} from "./options.ts";
import {
  DONE,
  type LockSide,
  mend,
  promised,
  type Taken,
  TRUE,
} from "./side.ts";

/** The line of a gate that lives as long as somebody waits in it. */
export function lineOf(object: SharedObject, gate: Gate): Line {
  return new Line(homeIn(object.space.arena.grant).waits, gate);
}

/** Checks how one wants to wait, and that one may; first thing in a wait. */
export function checkWait(options: WaitOptions): void {
  timeoutOf(options);
  options.signal?.throwIfAborted();
  throwIfKilled();
}

/**
 * A lock of some kind. It is the gate of its line, so that it, and its hold on the
 * object, stays as long as somebody waits.
 */
export abstract class Core implements LockSide, Gate {
  readonly object: SharedObject;
  readonly set: WaitSet;
  readonly line: Line;

  constructor(object: SharedObject, set: WaitSet) {
    this.object = object;
    this.set = set;
    this.line = lineOf(object, this);
  }

  abstract ready(): boolean;
  abstract refuse(): void;
  /** Takes it without ado, where that is possible. */
  abstract tryFast(): boolean;
  /** An attempt of who asks now. */
  abstract attempt(repair: boolean): Attempt<Taken>;
  /** Leaves what was just taken, as abandoned. */
  abstract abandon(): void;
  abstract releaseSync(): void;
  abstract lockedSync(): boolean;
  abstract readonly state: string;

  newOwner(): object | null {
    return null;
  }

  acquire(options?: AcquireOptions): Promise<boolean> {
    if (
      options === undefined && currentCoroutine() === null && this.tryFast()
    ) return TRUE;
    return this.#acquire(options);
  }

  async #acquire(options: AcquireOptions = {}): Promise<boolean> {
    const repair = repairOf(options);
    const taken = await this.take(repair !== undefined, options);
    if (taken === "abandoned") await mend(repair!, () => this.abandon());
    return taken !== undefined;
  }

  /** Takes it; `repair`: also abandoned, in which case it is to be mended. */
  async take(
    repair: boolean,
    options: WaitOptions,
  ): Promise<Taken | undefined> {
    checkWait(options);
    if (this.tryFast()) return "taken";
    return await this.line.wait(this.attempt(repair), options);
  }

  acquireSync(options?: SyncAcquireOptions): boolean {
    if (options === undefined && this.tryFast()) return true;
    return this.#acquireSync(options);
  }

  #acquireSync(options: SyncAcquireOptions = {}): boolean {
    const repair = repairOf(options);
    if (this.tryFast()) return true;
    const taken = this.line.waitSync(
      this.attempt(repair !== undefined),
      options,
    );
    if (taken === "abandoned") this.#mendSync(repair!);
    return taken !== undefined;
  }

  release(): Promise<void> {
    try {
      this.releaseSync();
      return DONE;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  locked(): Promise<boolean> {
    return promised(() => this.lockedSync());
  }

  #mendSync(repair: () => unknown): void {
    try {
      callSync(repair, "repair", "acquireSync");
    } catch (error) {
      this.abandon();
      throw error;
    }
  }
}
