/** The objects of this process that the other end of a connection uses. */

import { ProcessError } from "../../errors.ts";
import type { Servable } from "./methods.ts";
import type { Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** One of them. */
export interface Exported extends Servable {
  readonly id: number;
  /** What is served; the other end may close it, and have it again. */
  object: object;
  /**
   * How often it was sent, or is in a message that is being written, less how often
   * that was released.
   */
  count: number;
  /** Whether nobody here has it, as it was made for the other end. */
  isGiven: boolean;
  /** What somebody here has of it, who closes that for himself; else `null`. */
  readonly original: object | null;
  /** In how many calls it is used that may have to give something back to it. */
  uses: number;
  /** Whether the other end uses it no more. */
  isLeft: boolean;
}

/** The ids under which the other end knows our objects, and keeps them alive. */
export class Exports {
  readonly #most: number;
  #byId = new Map<number, Exported>();
  #byObject = new Map<object, Exported>();
  #lastId = 0;

  /** @param most How many there may be. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Gives an object its id; whoever writes it into a message counts that. */
  offer(
    shared: SharedClass<object>,
    object: object,
    remote: Remote | null,
    isGiven: boolean,
  ): Exported {
    const known = this.#byObject.get(object);
    if (known !== undefined) return opened(known);
    if (this.#byId.size >= this.#most) {
      throw new ProcessError(
        `Cannot send another object over this connection as the other side uses ${this.#most} already: let go of those that are not needed`,
      );
    }
    do this.#lastId = this.#lastId % 0xFFFF_FFFF + 1; while (
      this.#byId.has(this.#lastId)
    );
    const id = this.#lastId;
    const isKept = remote === null && !isGiven;
    const another = isKept ? shared.another?.(object) : undefined;
    const exported = {
      id,
      object: another ?? object,
      original: another === undefined ? null : object,
      shared,
      remote,
      count: 0,
      isGiven: isGiven || another !== undefined,
      uses: 0,
      isLeft: false,
    };
    this.#byId.set(exported.id, exported);
    this.#byObject.set(object, exported);
    return exported;
  }

  /** What the other end has from the beginning, and never releases. */
  addRoot(
    id: number,
    { shared, object }: { shared: SharedClass<object>; object: object },
  ): void {
    const exported = {
      id,
      object,
      original: null,
      shared,
      remote: null,
      count: 0,
      isGiven: false,
      uses: 0,
      isLeft: false,
    };
    this.#byId.set(id, exported);
    this.#byObject.set(object, exported);
  }

  /** A message with these objects does not go out; gives those that are out of use. */
  kept(objects: readonly Exported[]): Exported[] {
    return objects.filter((exported) => {
      if (--exported.count > 0 || exported.id === 0) return false;
      this.#remove(exported);
      return true;
    });
  }

  /** The one that has this id. */
  get(id: number): Exported | undefined {
    return this.#byId.get(id);
  }

  /** The same, to be called. */
  opened(id: number): Exported | undefined {
    const exported = this.#byId.get(id);
    return exported && opened(exported);
  }

  /** The other side does without what it was sent so often; `true`: for good. */
  release(id: number, count: number): boolean {
    const exported = this.#byId.get(id);
    if (exported === undefined || count === 0 || exported.count < count) {
      throw new ProcessError("what it releases it does not have");
    }
    exported.count -= count;
    if (exported.count === 0) this.#remove(exported);
    else opened(exported);
    return exported.count === 0;
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** Lets go of all of them, and gives them. */
  clear(): Exported[] {
    const all = [...this.#byId.values()];
    this.#byId.clear();
    this.#byObject.clear();
    return all;
  }

  #remove(exported: Exported): void {
    this.#byId.delete(exported.id);
    this.#byObject.delete(exported.original ?? exported.object);
  }
}

/**
 * The other end closes what it has of an object; if that is sent there again before
 * it is released, what is there for it has to be open again. That cannot be where
 * somebody here has closed it, too.
 */
function opened(exported: Exported): Exported {
  const { shared, original, object } = exported;
  if (
    original !== null && shared.isClosed!(object) && !shared.isClosed!(original)
  ) exported.object = shared.another!(original);
  return exported;
}
