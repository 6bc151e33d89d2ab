/** Whose calls go over a connection: owners here, and those of the other end. */

/** The numbers under which the other end knows the owners of this process. */
export class OwnNumbers {
  #numbers = new WeakMap<object, number>();
  #last = 0;
  #registry: FinalizationRegistry<number>;

  /** @param forget Tells the other end that one will call no more. */
  constructor(forget: (number: number) => void) {
    this.#registry = new FinalizationRegistry(forget);
  }

  /** The number of an owner that has one. */
  find(owner: object): number | undefined {
    return this.#numbers.get(owner);
  }

  /** The number of an owner. */
  of(owner: object): number {
    let number = this.#numbers.get(owner);
    if (number === undefined) {
      number = this.#last = this.#last % 0xFFFF_FFFF + 1;
      this.#numbers.set(owner, number);
      this.#registry.register(owner, number);
    }
    return number;
  }
}

/** What stands here for the owners of the other end, and what they have called. */
export class Callers<O> {
  #owners = new Map<number, object>();
  /** By objects that they may hold something of. */
  #called = new Map<O, Set<object>>();
  #holds: (object: O, owner: object) => boolean;

  /** @param holds Whether an owner holds something of an object. */
  constructor(holds: (object: O, owner: object) => boolean) {
    this.#holds = holds;
  }

  /** The owner that has that number. */
  get(number: number): object {
    let owner = this.#owners.get(number);
    if (owner === undefined) this.#owners.set(number, owner = {});
    return owner;
  }

  /** It calls an object, and may hold something of it from now on. */
  calls(owner: object, object: O): void {
    const callers = this.#called.get(object);
    if (callers === undefined) this.#called.set(object, new Set([owner]));
    else callers.add(owner);
  }

  /** It has died: what it has called, for the last time. */
  *die(number: number): Iterable<[object: O, owner: object]> {
    const owner = this.#owners.get(number);
    this.#owners.delete(number);
    if (owner === undefined) return;
    for (const [object, callers] of [...this.#called]) {
      if (!callers.delete(owner)) continue;
      if (callers.size === 0) this.#called.delete(object);
      yield [object, owner];
    }
  }

  /** It will call no more; where it holds something, that is remembered. */
  forget(number: number): void {
    const owner = this.#owners.get(number);
    this.#owners.delete(number);
    if (owner === undefined) return;
    for (const object of this.#called.keys()) this.#leave(object, owner);
  }

  /** Nobody calls an object any more; who holds something is remembered. */
  leave(object: O): void {
    const callers = this.#called.get(object);
    for (const owner of callers ?? []) this.#leave(object, owner);
  }

  /** All owners, each with what it has called; for the last time. */
  *end(): Iterable<[object: O, owner: object]> {
    const called = this.#called;
    this.#called = new Map();
    this.#owners.clear();
    for (const [object, callers] of called) {
      for (const owner of callers) yield [object, owner];
    }
  }

  #leave(object: O, owner: object): void {
    const callers = this.#called.get(object);
    if (!callers?.has(owner) || this.#holds(object, owner)) return;
    callers.delete(owner);
    if (callers.size === 0) this.#called.delete(object);
  }
}
