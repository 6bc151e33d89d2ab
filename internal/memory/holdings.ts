/** Which objects of an arena this thread holds, and when it lets go of them. */

import type { SharedObject, Space } from "./objects.ts";
import { ShutDownError } from "../../errors.ts";
import { isInUsersCode } from "./users_code.ts";

/** What this thread has of an end of an object: one *core* for all its users. */
interface Holding {
  readonly object: SharedObject;
  core: WeakRef<object>;
  /** Cores that were made and not collected yet; of these only the last is in use. */
  count: number;
}

/** An end that is to be let go of. */
interface Left {
  readonly object: SharedObject;
  readonly end: number;
  readonly isUsed: () => boolean;
}

/** An end of an object. */
interface Held {
  readonly object: SharedObject;
  readonly end: number;
  readonly key: string;
}

/**
 * The objects that a thread holds. A core is what all JavaScript objects of this
 * thread share that stand for one end of a shared object. It is let go of when
 * nobody in this thread can reach it any more, or when that is asked for.
 */
export class Holdings {
  readonly #space: Space;
  #held = new Map<string, Holding>();
  #left: Left[] = [];
  /** Whether it has let go of something that it owned a part of. */
  #hasLeftOwned = false;
  #registry = new FinalizationRegistry<Held>((held) => this.#collected(held));

  constructor(space: Space) {
    this.#space = space;
  }

  /** The core of an end that this thread holds already, having made the object. */
  adopt<C extends object>(object: SharedObject, end: number, core: C): C {
    const key = `${object.uid}/${end}`;
    const holding = this.#held.get(key);
    if (holding === undefined) {
      this.#held.set(key, { object, core: new WeakRef(core), count: 1 });
    } else {
      holding.core = new WeakRef(core);
      holding.count++;
    }
    this.#registry.register(core, { object, end, key }, core);
    return core;
  }

  /**
   * The core of an end of an object that somebody has sent; made at the first time.
   *
   * @throws {ShutDownError} If the object is no more.
   */
  obtain<C extends object>(
    index: number,
    uid: number,
    end: number,
    make: (object: SharedObject) => C,
  ): C {
    const known = this.#held.get(`${uid}/${end}`)?.core.deref();
    if (known !== undefined) return known as C;
    const object = this.#space.find(index, uid);
    if (object === null) {
      throw new ShutDownError(
        "Cannot use an object that was sent as it is no more: nobody held it any longer",
      );
    }
    object.hold(end);
    return this.adopt(object, end, make(object));
  }

  /**
   * Lets go of an end before its core is collected. While users' code runs, which
   * may have been called in the middle of what is done to the object, that has time
   * until it is over, and does nothing if the core `isUsed` again by then. Twice
   * does nothing new.
   */
  letGo(
    object: SharedObject,
    end: number,
    isUsed: () => boolean = () => false,
  ): void {
    this.#left.push({ object, end, isUsed });
    this.#letGoOfLeft();
    if (this.#left.length > 0) queueMicrotask(() => this.#letGoOfLeft());
  }

  #letGoOfLeft(): void {
    if (isInUsersCode()) return;
    for (const { object, end, isUsed } of this.#left.splice(0)) {
      const key = `${object.uid}/${end}`;
      const core = this.#held.get(key)?.core.deref();
      if (core === undefined || isUsed()) continue;
      if (this.#registry.unregister(core)) this.#drop(object, end, key);
    }
  }

  /** Whether somebody may wait for this thread to let go of what it holds. */
  get areAwaited(): boolean {
    for (const { object } of this.#held.values()) {
      if (object.type.endClosed !== undefined) return true;
    }
    return false;
  }

  /** This thread ends as it should: what others may let go of it leaves to them. */
  handOver(): void {
    for (const { object } of this.#held.values()) {
      object.type.handOver?.(object);
    }
  }

  /** Whether its death would be told of: it owns a part of something. */
  get areOwned(): boolean {
    if (this.#hasLeftOwned) return true;
    for (const { object } of this.#held.values()) {
      if (object.type.isOwned?.(object)) return true;
    }
    return false;
  }

  #collected({ object, end, key }: Held): void {
    this.#drop(object, end, key);
  }

  #drop(object: SharedObject, end: number, key: string): void {
    const holding = this.#held.get(key);
    if (holding === undefined) return;
    if (--holding.count > 0) return;
    this.#held.delete(key);
    if (object.type.isOwned?.(object)) this.#hasLeftOwned = true;
    object.letGo(end);
  }
}
