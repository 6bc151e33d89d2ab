/** The objects of the other end of a connection that this process uses. */

import type { Relay, Remote } from "./remote.ts";
import type { SharedClass } from "./service.ts";

/** One of them. */
export interface Imported {
  readonly id: number;
  /** How often it was received since it was last released. */
  count: number;
  released: boolean;
  /** What stands for it, held by the object that users have. */
  remote: WeakRef<Relay>;
  /** The object that users have. */
  object: WeakRef<object>;
}

/** What stands here for each of the other end's objects. */
export class Imports {
  #byId = new Map<number, Imported>();
  #makeRemote: (imported: Imported, description: unknown) => Relay;
  #reach: (shared: SharedClass<object>, remote: Relay, at: unknown) => Remote;
  #release: (id: number, count: number) => void;
  #registry = new FinalizationRegistry<Imported>((imported) =>
    this.release(imported)
  );

  /**
   * @param makeRemote Makes what stands for one of them.
   * @param reach What to use instead of that, where the message says where it is.
   * @param release Tells the other end that one is not used any more.
   */
  constructor(
    makeRemote: (imported: Imported, description: unknown) => Relay,
    reach: (
      shared: SharedClass<object>,
      remote: Relay,
      at: unknown,
    ) => Remote,
    release: (id: number, count: number) => void,
  ) {
    this.#makeRemote = makeRemote;
    this.#reach = reach;
    this.#release = release;
  }

  /** A message has it: the object that stands for it. */
  receive(
    shared: SharedClass<object>,
    id: number,
    description: unknown,
    at?: unknown,
  ): object {
    const imported = this.#byId.get(id);
    const remote = imported?.remote.deref();
    const known = imported?.object.deref();
    // One that is being closed goes on being the one that it was.
    const isClosed = known !== undefined && shared.isClosed?.(known);
    if (imported === undefined || remote === undefined || isClosed) {
      const [made, object] = this.#make(shared, id, description, at);
      this.#byId.set(id, made);
      return object;
    }
    imported.count++;
    if (known !== undefined) return known;
    const object = this.#present(shared, remote, description, at);
    imported.object = new WeakRef(object);
    return object;
  }

  /**
   * What stands for it, for one who has just received it and shares it with nobody:
   * whether others have it too, and when they let go of it, is nothing to that one.
   */
  apart(
    shared: SharedClass<object>,
    imported: Imported,
    description: unknown,
  ): object {
    const { id, count } = imported;
    const object = imported.object.deref()!;
    if (imported.released) return object;
    if (count === 1) {
      this.#forget(imported); // who receives it from now on gets another one
      return object;
    }
    imported.count--;
    return this.#make(shared, id, description)[1];
  }

  /** It is used no more. Twice does nothing new. */
  release(imported: Imported): void {
    if (imported.released) return;
    imported.released = true;
    this.#forget(imported);
    this.#release(imported.id, imported.count);
  }

  /** How many there are that whoever receives them shares. */
  get size(): number {
    return this.#byId.size;
  }

  /** One that was received again since it was released is another one by now. */
  #forget(imported: Imported): void {
    if (this.#byId.get(imported.id) === imported) {
      this.#byId.delete(imported.id);
    }
  }

  #make(
    shared: SharedClass<object>,
    id: number,
    description: unknown,
    at?: unknown,
  ): [Imported, object] {
    const imported = { id, count: 1, released: false } as Imported;
    const remote = this.#makeRemote(imported, description);
    const object = this.#present(shared, remote, description, at);
    imported.remote = new WeakRef(remote);
    imported.object = new WeakRef(object);
    this.#registry.register(remote, imported);
    return [imported, object];
  }

  #present(
    shared: SharedClass<object>,
    remote: Relay,
    description: unknown,
    at: unknown,
  ): object {
    return shared.fromRemote(this.#reach(shared, remote, at), description);
  }
}
