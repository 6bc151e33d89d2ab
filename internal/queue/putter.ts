/** How a thread puts into a ring. */

import { checkIterable } from "../check.ts";
import { throwIfKilled } from "../context.ts";
import type { SharedObject } from "../memory/objects.ts";
import type { Line } from "../memory/waits.ts";
import { done } from "../pace.ts";
import { compose } from "../structure/message.ts";
import { Put } from "../structure/put_side.ts";
import type { Ring } from "../structure/ring.ts";
import { giveBack, takeScratch } from "../structure/scratch.ts";
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from "../wait.ts";
import { takeOut } from "../wire/parcels.ts";
import {
  Batch,
  composeBytes,
  type Composed,
  holdMeanwhile,
  keep,
  offer,
} from "./draft.ts";

/** What was not put. */
export type Rest = { item: unknown } | { items: unknown[] };

/** Whose ring it is, and what that makes of it. */
export interface PutterOptions {
  /** Is not collected while somebody waits. */
  readonly core: object;
  readonly object: SharedObject;
  readonly ring: Ring;
  /** Where this thread waits for room. */
  readonly line: Line;
  /** How errors call what is put. */
  readonly root: string;
  /** Called when so many were put. */
  put(count: number): void;
  /** The error of a ring that is sealed. */
  sealed(): Error;
  /** The error of one that stays full. */
  full(options: SyncWaitOptions, rest: Rest): Error;
}

/** The putting thread. */
export class Putter {
  readonly line: Line;
  readonly #options: PutterOptions;
  readonly #object: SharedObject;
  readonly #ring: Ring;

  constructor(options: PutterOptions) {
    this.line = options.line;
    this.#options = options;
    this.#object = options.object;
    this.#ring = options.ring;
  }

  put(item: unknown, options?: WaitOptions): Promise<void> {
    try {
      if (options !== undefined) check(options);
      throwIfKilled();
      const rest = this.#putNow(item, this.line.isEmpty);
      return rest === null ? done() : this.#putLater(rest, item, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Puts bytes, as they are; they must stay so until they are put. */
  putBytes(bytes: Uint8Array): Promise<void> {
    const scratch = takeScratch();
    try {
      throwIfKilled();
      const composed = composeBytes(scratch, bytes);
      return this.line.isEmpty && this.#attempt(composed)
        ? done()
        : this.#putLater(keep(composed), bytes, undefined);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      giveBack(scratch);
    }
  }

  putSync(item: unknown, options: SyncWaitOptions = {}): void {
    timeoutOf(options);
    const rest = this.#putNow(item, true);
    if (rest === null) return;
    const pins = this.#hold([rest.notes]);
    try {
      const put = this.line.waitSync(() => this.#attempt(rest), options);
      if (put === undefined) throw this.#options.full(options, { item });
    } finally {
      takeOut(pins);
    }
  }

  async putMany(
    list: Iterable<unknown>,
    options: WaitOptions = {},
  ): Promise<void> {
    check(options);
    checkIterable(list, "put", "items");
    throwIfKilled();
    const items = [...list];
    const batch = new Batch(items);
    const pins = this.#hold(batch.notes);
    try {
      const put = await this.line.wait(() => this.#attemptMany(batch), options);
      if (put === undefined) {
        throw this.#options.full(options, { items: items.slice(batch.done) });
      }
    } finally {
      takeOut(pins);
    }
    await done();
  }

  /** Puts items, be there room or not; not to wait, they come before who waits. */
  putAnyway(items: readonly unknown[]): void {
    const { puts } = this.#ring;
    puts.ignoreBounds(true);
    try {
      for (const item of items) this.putSync(item, { timeout: 0 });
    } finally {
      puts.ignoreBounds(false);
    }
  }

  /** Puts what waits for room, be there some or not. */
  putAll(): void {
    this.#ring.puts.ignoreBounds(true);
    this.line.lookNow();
    this.#ring.puts.ignoreBounds(false);
  }

  /** Puts an item, if there is room, and one may; gives it, if not. */
  #putNow(item: unknown, mayPut: boolean): Composed | null {
    const scratch = takeScratch();
    try {
      const notes = compose(scratch, 0, item, this.#options.root);
      const composed = { scratch, from: 0, length: scratch.length, notes };
      return mayPut && this.#attempt(composed) ? null : keep(composed);
    } finally {
      giveBack(scratch);
    }
  }

  async #putLater(
    rest: Composed,
    item: unknown,
    options: WaitOptions | undefined,
  ): Promise<void> {
    const pins = this.#hold([rest.notes]);
    try {
      const put = await this.line.wait(() => this.#attempt(rest), options);
      if (put === undefined) throw this.#options.full(options!, { item });
    } finally {
      takeOut(pins);
    }
  }

  #attempt(composed: Composed): true | undefined {
    this.line.checkOpen();
    const put = offer(this.#ring.puts, this.#object, composed);
    if (put === Put.SEALED) throw this.#options.sealed();
    if (put === Put.FULL) return undefined;
    this.#options.put(1);
    return true;
  }

  #attemptMany(batch: Batch): true | undefined {
    const before = batch.done;
    const put = batch.offer(this.#ring.puts, this.#object);
    if (batch.done > before) this.#options.put(batch.done - before);
    if (put === Put.SEALED) throw this.#options.sealed();
    return put === Put.DONE ? true : undefined;
  }

  #hold(notes: Batch["notes"]): number[] | null {
    return notes.some((found) => found !== null)
      ? holdMeanwhile(this.#object.member.id, notes)
      : null;
  }
}

/** Refuses options that no wait could have. */
function check(options: WaitOptions): void {
  timeoutOf(options);
  options.signal?.throwIfAborted();
}
