/** The objects of the other end of a connection that this process uses. */

import type { Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** One of them. */
export interface Imported {
  readonly id: number;
  /** How often it was received since it was last released. */
  count: number;
  released: boolean;
  /** What stands for it, held by the object that users have. */
  remote: WeakRef<Remote>;
  /** The object that users have. */
  object: WeakRef<object>;
}

/** What stands here for each of the other end's objects. */
export class Imports {
  #byId = new Map<number, Imported>();
  #makeRemote: (imported: Imported, description: unknown) => Remote;
  #release: (id: number, count: number) => void;
  #registry = new FinalizationRegistry<Imported>((imported) =>
    this.release(imported)
  );

  /**
   * @param makeRemote Makes what stands for one of them.
   * @param release Tells the other end that one is not used any more.
   */
  constructor(
    makeRemote: (imported: Imported, description: unknown) => Remote,
    release: (id: number, count: number) => void,
  ) {
    this.#makeRemote = makeRemote;
    this.#release = release;
  }

  /** A message has it: the object that stands for it. */
  receive(
    shared: SharedClass<object>,
    id: number,
    description: unknown,
  ): object {
    const imported = this.#byId.get(id);
    const remote = imported?.remote.deref();
    if (imported === undefined || remote === undefined) {
      return this.#make(shared, id, description);
    }
    imported.count++;
    const known = imported.object.deref();
    if (known !== undefined) return known;
    const object = shared.fromRemote(remote, description);
    imported.object = new WeakRef(object);
    return object;
  }

  /** The object that stands for it, if there is one. */
  find(id: number): object | undefined {
    return this.#byId.get(id)?.object.deref();
  }

  /** It is used no more. Twice does nothing new. */
  release(imported: Imported): void {
    if (imported.released) return;
    imported.released = true;
    // One that was received again since then is another one by now.
    if (this.#byId.get(imported.id) === imported) {
      this.#byId.delete(imported.id);
    }
    this.#release(imported.id, imported.count);
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  #make(
    shared: SharedClass<object>,
    id: number,
    description: unknown,
  ): object {
    const imported = { id, count: 1, released: false } as Imported;
    const remote = this.#makeRemote(imported, description);
    const object = shared.fromRemote(remote, description);
    imported.remote = new WeakRef(remote);
    imported.object = new WeakRef(object);
    this.#byId.set(id, imported);
    this.#registry.register(remote, imported);
    return object;
  }
}
