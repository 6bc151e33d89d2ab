/** What a proxy of ours stands for: an object here, or one elsewhere. */

import { checkFunction } from "../check.ts";
import type { Remote } from "../travel/remote.ts";
import type { QuickMethod, SpecialMethod } from "../travel/service.ts";
import { registerShared } from "../travel/shared_class.ts";
import { locateHome } from "./homes.ts";

/** What one can do with an object, wherever it is. */
export interface Side {
  /** `signal` takes the call back; a method here has it as its last argument. */
  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown>;
  /** The same, at once where it is here. */
  callNow(method: string, args: readonly unknown[]): unknown;
  /** `null`: it is here. */
  readonly remote: Remote | null;
}

/** What can be done with a `H`, at once; who is given these names them. */
export type Methods<H> = Readonly<
  Record<string, (home: H, ...args: never[]) => unknown>
>;

/** The methods; each does something else first, which knows its first argument. */
export function beforeEach<H>(
  methods: Methods<H>,
  act: (home: H, first: unknown) => void,
): Methods<H> {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      (home: H, ...args: never[]) => {
        act(home, args[0]);
        return method(home, ...args);
      },
    ]),
  );
}

/** An object here. */
class HomeSide<H> implements Side {
  readonly remote = null;
  readonly #home: H;
  readonly #methods: Methods<H>;

  constructor(home: H, methods: Methods<H>) {
    this.#home = home;
    this.#methods = methods;
  }

  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    try {
      const all = signal === undefined ? args : [...args, signal];
      return Promise.resolve(this.callNow(method, all));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  callNow(method: string, args: readonly unknown[]): unknown {
    return this.#methods[method]!(this.#home, ...args as readonly never[]);
  }
}

/** An object elsewhere. */
class RemoteSide implements Side {
  readonly remote: Remote;

  constructor(remote: Remote) {
    this.remote = remote;
  }

  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    return this.remote.call(method, args, signal);
  }

  callNow(method: string, args: readonly unknown[]): unknown {
    return this.remote.call(method, args);
  }
}

let given: Side | null = null;

/** Makes a proxy of that side, by a constructor which takes it. */
function proxyOf<T>(side: Side, construct: () => T): T {
  given = side;
  try {
    return construct();
  } finally {
    given = null;
  }
}

let sideOf: (proxy: BaseProxy) => Side;

/**
 * What all proxies of ours have.
 *
 * @example Letting go of what is not needed any more
 * ```ts
 * import { BaseProxy, Manager } from "@multi/processing/manager";
 * import { assertInstanceOf } from "@std/assert";
 *
 * await using manager = new Manager();
 * {
 *   using stock = await manager.dict({ apples: 3 });
 *   assertInstanceOf(stock, BaseProxy);
 * } // closed: the manager's dict has ended
 * ```
 */
export abstract class BaseProxy implements Disposable {
  readonly #side: Side;

  static {
    sideOf = (proxy) => proxy.#side;
  }

  /** @ignore */
  constructor() {
    if (given === null) {
      throw new TypeError(
        `Cannot construct a ${new.target.name}: a Manager makes them`,
      );
    }
    this.#side = given;
    given = null;
  }

  /**
   * Lets go of what it stands for, which ends when nobody has a proxy of it any
   * more. That happens by itself too, some time after the proxy was forgotten.
   */
  close(): void {
    this.#side.remote?.release(); // here it is the object itself
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Does something with what a proxy stands for. */
export function call<R>(
  proxy: BaseProxy,
  method: string,
  ...args: unknown[]
): Promise<R> {
  return callBySignal(proxy, undefined, method, ...args);
}

/** The same, which the signal takes back, as the kill of the coroutine does. */
export function callBySignal<R>(
  proxy: BaseProxy,
  signal: AbortSignal | undefined,
  method: string,
  ...args: unknown[]
): Promise<R> {
  return sideOf(proxy).call(method, args, signal) as Promise<R>;
}

/** What was read of a place, and when: nothing else has the version that it has now. */
export type Reading<V> = readonly [value: V, version: number];

/**
 * Changes what is at a place. `fn` runs here: its result is set by `replace` if
 * nobody has changed what `read` gave meanwhile, which else is read anew.
 */
export async function update<V, W extends V>(
  proxy: BaseProxy,
  place: unknown,
  fn: (value: V) => W | PromiseLike<W>,
): Promise<W> {
  checkFunction(fn, "update", "fn");
  type Now = Reading<V> | null;
  let reading: Now = await call<Reading<V>>(proxy, "read", place);
  for (;;) {
    const [before, version]: Reading<V> = reading;
    const value = await fn(before);
    reading = await call<Now>(proxy, "replace", place, version, value);
    if (reading === null) return value;
  }
}

/**
 * Lets proxies of a class be sent, and what they stand for be served. Those of the
 * methods that are `waiting` end when their caller takes the call back, or is gone.
 */
export function registerProxy<T extends BaseProxy, H>(
  name: string,
  cls: new () => T,
  methods: Methods<H>,
  waiting: readonly string[] = [],
): void {
  const quick: Record<string, QuickMethod<T>> = {};
  const special: Record<string, SpecialMethod<T>> = {};
  for (const method of Object.keys(methods)) {
    if (waiting.includes(method)) {
      special[method] = (proxy, args, signal) =>
        sideOf(proxy).call(method, args, signal);
    } else {
      quick[method] = (proxy, args) => sideOf(proxy).callNow(method, args);
    }
  }
  registerShared<T>({
    name,
    class: cls,
    encode: (proxy) => locateHome(name, proxy),
    decode: () => {
      throw new TypeError(`A ${name} is no memory`);
    },
    remoteOf: (proxy) => sideOf(proxy).remote,
    fromRemote: (remote) => proxyOf(new RemoteSide(remote), () => new cls()),
    service: { methods: [], quick, special },
  });
}

/** Makes a proxy of something here. */
export function newHome<T extends BaseProxy, H>(
  cls: new () => T,
  home: H,
  methods: Methods<H>,
): T {
  return proxyOf(new HomeSide(home, methods), () => new cls());
}
