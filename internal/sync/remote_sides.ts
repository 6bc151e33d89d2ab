/** Locks, events and barriers that another process serves. */

import {
  currentContext,
  currentCoroutine,
  runFor,
  runInSync,
} from "../context.ts";
import { callWaiting, noSync, type Remote } from "../travel/remote.ts";
import type { WaitOptions } from "../wait.ts";
import { type AcquireOptions, repairOf } from "./options.ts";
import { callbackOwner, ownerAround } from "./rlock_core.ts";
import { type LockSide, mend, type Taken } from "./side.ts";

/** What is served elsewhere, and what it is called in errors. */
export class RemoteSide {
  readonly remote: Remote;
  readonly name: string;
  readonly state = null;

  constructor(remote: Remote, name: string) {
    this.remote = remote;
    this.name = name;
  }

  /** Calls a method that does not wait. */
  call<R>(method: string, ...args: unknown[]): Promise<R> {
    return this.remote.call(method, args) as Promise<R>;
  }

  /** Calls one that does; `late` as of {@linkcode callWaiting}. */
  callWaiting<R>(
    method: string,
    options?: WaitOptions,
    late?: () => R,
  ): Promise<R> {
    return callWaiting(this.remote, method, [], options, late);
  }

  /** Refuses a method that would block the thread. */
  refuse(method: string): never {
    throw noSync(this.name, method);
  }
}

/** A lock of some kind elsewhere. */
export class RemoteLock extends RemoteSide implements LockSide {
  async acquire(options: AcquireOptions = {}): Promise<boolean> {
    const repair = repairOf(options);
    const taken = await callWaiting<Taken | null>(
      this.remote,
      "acquire",
      [repair !== undefined],
      options,
      () => null,
    );
    if (taken === "abandoned") await mend(repair!, () => this.call("abandon"));
    return taken !== null;
  }

  acquireSync(): never {
    this.refuse("acquireSync");
  }

  /** No wait: a coroutine that was killed while it had the lock gives it back. */
  release(): Promise<void> {
    return runFor(currentContext().owner, () => this.call("release"));
  }

  releaseSync(): never {
    this.refuse("releaseSync");
  }

  locked(): Promise<boolean> {
    return this.call("locked");
  }

  lockedSync(): never {
    this.refuse("lockedSync");
  }

  newOwner(): object | null {
    return null;
  }
}

/**
 * An RLock elsewhere. Owners are told apart there; but that a callback within a
 * callback has what those around it have is known here only.
 */
export class RemoteRLock extends RemoteLock {
  #counts = new WeakMap<object, number>();

  override async acquire(options: AcquireOptions = {}): Promise<boolean> {
    const owner = this.#owner();
    const taken = await this.#as(owner, () => super.acquire(options));
    if (taken) this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    return taken;
  }

  override async release(): Promise<void> {
    const owner = this.#owner();
    await this.#as(owner, () => super.release());
    this.#counts.set(owner, (this.#counts.get(owner) ?? 1) - 1);
  }

  override newOwner(): object | null {
    return (this.#counts.get(this.#owner()) ?? 0) > 0 ? null : callbackOwner();
  }

  /** Runs as the one of these here that has it. */
  asOwner<R>(fn: () => R): R {
    return this.#as(this.#owner(), fn);
  }

  /** The one that has it, of this owner and those around it; else this one. */
  #owner(): object {
    const { owner } = currentContext();
    return ownerAround(
      owner,
      (around) => (this.#counts.get(around) ?? 0) > 0,
    ) ?? owner;
  }

  #as<R>(owner: object, fn: () => R): R {
    return runInSync({ owner, coroutine: currentCoroutine() }, fn);
  }
}
