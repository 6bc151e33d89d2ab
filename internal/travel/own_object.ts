/** What was looked for elsewhere, and is an object of this process itself. */

import { ShutDownError } from "../../errors.ts";
import { holdsProgram, makeQuiet } from "../wait.ts";
import { giveBackTo, leaveBy, methodOf, type Servable } from "./methods.ts";
import { released, type Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** One of those who use it; when that one lets go of it, the object goes on. */
export class OwnObject implements Remote {
  readonly description: unknown;
  readonly #own: Servable;
  readonly #where: () => unknown;
  readonly #closer = new AbortController();

  /** @param where Tells how it is found again. */
  constructor(
    shared: SharedClass<object>,
    object: object,
    where: () => unknown,
    description: unknown,
  ) {
    this.#own = { shared, object, remote: shared.remoteOf(object) };
    this.#where = where;
    this.description = description;
  }

  async call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (this.isReleased) throw released(method);
    const { call } = methodOf(this.#own, method);
    return await call(this.#own.object, args, this.#untilClosed(signal));
  }

  tell(method: string, args: readonly unknown[]): void {
    this.call(method, args).catch(() => {});
  }

  get isReleased(): boolean {
    return this.#closer.signal.aborted;
  }

  release(): void {
    if (this.isReleased) return;
    this.#closer.abort(
      new ShutDownError("Cannot go on with this call as the object was closed"),
    );
  }

  giveBack(method: string, result: unknown): void {
    giveBackTo(this.#own, method, result);
  }

  gone(owner: object): void {
    leaveBy(this.#own, owner);
  }

  itself(): this {
    return this;
  }

  locate(): unknown {
    return this.#where();
  }

  whereabouts(): null {
    return null; // who is connected with this process needs no other way
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    const { signal: closed } = this.#closer;
    if (signal === undefined) return closed;
    const either = AbortSignal.any([closed, signal]);
    if (!holdsProgram(signal)) makeQuiet(either);
    return either;
  }
}
