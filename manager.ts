/**
 * Objects that one process serves to others, on this machine or elsewhere:
 * Python's `multiprocessing.managers`.
 *
 * A {@linkcode Manager} makes dicts, lists and more in a process of its own, and
 * gives proxies of them, which can be sent to other processes. A class of one's own
 * that extends {@linkcode BaseManager} serves what one registers with it, to all who
 * have the address and the key.
 *
 * ```ts
 * import { Manager } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new Manager();
 * const stock = await manager.dict({ apples: 3 });
 * await stock.update("apples", (n = 0) => n - 1);
 * assertEquals(await stock.get("apples"), 2);
 * ```
 *
 * Permissions: `--allow-net`; for a unix socket with a file `--allow-read` and
 * `--allow-write`, too; for `start()`, and so for a `Manager`, `--allow-run`.
 *
 * Python: `multiprocessing.managers`.
 *
 * @module
 */

import { ProcessError, ShutDownError } from "./errors.ts";
import { runForThread } from "./internal/context.ts";
import type { ChildHandle } from "./internal/launch/child.ts";
import { referTo } from "./internal/launch/function_reference.ts";
import { self } from "./internal/launch/identity.ts";
import { rememberManager } from "./internal/launch/known_managers.ts";
import { LEVELS, log } from "./internal/launch/log.ts";
import type { ArrayProxy } from "./internal/manager/array_proxy.ts";
import { addBuiltins, builtinTypes } from "./internal/manager/builtins.ts";
import { Client, connectTo } from "./internal/manager/client.ts";
import type { DictProxy } from "./internal/manager/dict_proxy.ts";
import type { ListProxy } from "./internal/manager/list_proxy.ts";
import type { NamespaceProxy } from "./internal/manager/namespace_proxy.ts";
import {
  checkNames,
  checkOptions,
  isIterable,
  type OptionNames,
} from "./internal/check.ts";
import type { DictKey } from "./internal/structure/keys.ts";
import type { NumberOf, Typecode } from "./internal/structure/numbers.ts";
import type { PoolProxy } from "./internal/manager/pool_proxy.ts";
import { reachBy } from "./internal/manager/places.ts";
import {
  addType,
  newEntry,
  type Registry,
  typesOf,
} from "./internal/manager/registry.ts";
import { ManagerServer } from "./internal/manager/server.ts";
import {
  defaultAddress,
  endServer,
  startServer,
} from "./internal/manager/start.ts";
import type { ValueProxy } from "./internal/manager/value_proxy.ts";
import {
  type Address,
  checkAddress,
  checkAuthkey,
  checkTls,
  nameOf,
  type TlsOptions,
} from "./internal/pipe/address.ts";
import { timeoutOf, waitFor, type WaitOptions } from "./internal/wait.ts";
import type { Connection } from "./pipe.ts";
import { JoinableQueue, Queue, SimpleQueue } from "./queue.ts";
import {
  Barrier,
  type BarrierOptions,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
} from "./sync.ts";

export { ArrayProxy } from "./internal/manager/array_proxy.ts";
export { DictProxy } from "./internal/manager/dict_proxy.ts";
export type { DictKey } from "./internal/structure/keys.ts";
export { BaseProxy } from "./internal/manager/side.ts";
export { ListProxy } from "./internal/manager/list_proxy.ts";
export { NamespaceProxy } from "./internal/manager/namespace_proxy.ts";
export type { NumberOf, Typecode } from "./internal/structure/numbers.ts";
export {
  PoolProxy,
  type ProxyMapOptions,
  type ProxyTaskOptions,
} from "./internal/manager/pool_proxy.ts";
export { ValueProxy } from "./internal/manager/value_proxy.ts";
export type { Address, TlsOptions } from "./internal/pipe/address.ts";
export type { WaitOptions } from "./internal/wait.ts";

/** What comes from a manager as what it is: the classes of this package. */
export type Shareable =
  // deno-lint-ignore no-explicit-any
  | ArrayProxy<any>
  // deno-lint-ignore no-explicit-any
  | DictProxy<any, any>
  // deno-lint-ignore no-explicit-any
  | ListProxy<any>
  // deno-lint-ignore no-explicit-any
  | NamespaceProxy<any>
  | PoolProxy
  // deno-lint-ignore no-explicit-any
  | ValueProxy<any>
  // deno-lint-ignore no-explicit-any
  | Queue<any>
  // deno-lint-ignore no-explicit-any
  | SimpleQueue<any>
  // deno-lint-ignore no-explicit-any
  | Connection<any>
  | Lock
  | RLock
  | Semaphore
  | Condition
  | Event
  | Barrier;

/**
 * What a manager's class has for each name that it serves: `T` is what is made,
 * from arguments of the types `A`.
 */
export type Typeid<T, A extends unknown[] = []> = (
  ...args: A
) => Promise<T extends Shareable ? T : AutoProxy<T>>;

/** A proxy of an object of any class: it has its methods, and all are async. */
export type AutoProxy<T> =
  & {
    readonly [
      K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never
    ]: T[K] extends (...args: infer A) => infer R
      ? (...args: A) => Promise<Awaited<R>>
      : never;
  }
  & Disposable;

/** What makes that which a {@linkcode Typeid} gives a proxy of. */
export type Referent<F> = F extends Typeid<infer T, infer A>
  ? (...args: A) => T | PromiseLike<T>
  : never;

/**
 * Where a manager is, and who may come there. So that all of many processes that are
 * started at once come in, who connects has 30 s to prove the key, and 512 may be at
 * it at a time; at a `Listener` it is 10 s and 64, unless it is told otherwise.
 */
export interface ManagerOptions {
  /**
   * Where it is: a host and a port (0: one that is free), or a unix socket; by
   * default where only this machine can come. To `connect()`, it is needed.
   */
  address?: Address | undefined;
  /**
   * The secret that both sides must have; by default this process's own, which
   * the processes that it starts have too.
   */
  authkey?: string | Uint8Array | undefined;
  /**
   * Protects what is sent over TCP; without, others may read and change it. Where
   * strangers can reach the port, let a proxy do it: see {@linkcode TlsOptions}.
   */
  tls?: TlsOptions | undefined;
}

const MANAGER_NAMES: OptionNames<ManagerOptions> = {
  address: true,
  authkey: true,
  tls: true,
};

/** How a name is registered. */
export interface RegisterOptions<F> {
  /**
   * Makes what is served; called anew for each who asks. It may always give the
   * same. A client needs none.
   */
  callable?: F | undefined;
  /**
   * The methods that others may call; by default all whose names do not begin with
   * `_`.
   */
  exposed?: string[] | undefined;
}

/** How a manager is started. */
export interface StartOptions {
  /** Called first thing in the child. */
  initializer?: (() => unknown) | undefined;
}

/** What a manager can be at a time. */
type State =
  | { readonly is: "new" | "shut down" }
  | { readonly is: "serving"; readonly server: ManagerServer }
  | { readonly is: "started"; readonly child: ChildHandle }
  | { readonly is: "connected" };

/** Managers that nobody can shut down any more; what they have given may be in use. */
const forgotten = new FinalizationRegistry<string>((name) => {
  log(
    LEVELS.WARNING,
    `${name} was forgotten: shutdown() it when it is not needed any more`,
  );
});

let createBy: (
  manager: BaseManager,
  typeid: string,
  args: unknown[],
) => Promise<unknown>;

/**
 * Serves what is registered with it, or uses what another process serves.
 *
 * One extends it, declares a method for each name, and registers the names: where
 * it serves, with what makes the object, elsewhere alone. Then one of `start()`
 * (a server in a child process), `serve()` (a server in this process) or
 * `connect()` (somebody else's server). The methods give the objects: the classes
 * of this package as what they are, which then work as everywhere, all others as
 * proxies with the same methods.
 *
 * What is behind a proxy lives as long as anybody has a proxy of it. If the server
 * is gone, every call ends with an `EOFError`.
 *
 * Safety: nothing is served to who has not proven the key, which is itself never
 * sent. Nothing can be called but the methods that are served. Who has the key is
 * trusted not to use up the server's memory.
 *
 * @example A server here, and who uses it
 * ```ts
 * import { BaseManager, type Typeid } from "@multi/processing/manager";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter {
 *   #count = 0;
 *   add(n: number): number {
 *     return this.#count += n;
 *   }
 * }
 *
 * class CounterManager extends BaseManager {
 *   declare getCounter: Typeid<Counter>;
 * }
 * const counter = new Counter();
 * CounterManager.register("getCounter", { callable: () => counter });
 *
 * await using server = new CounterManager({ address: ["127.0.0.1", 0], authkey: "abc" });
 * await server.serve();
 *
 * await using client = new CounterManager({ address: server.address, authkey: "abc" });
 * await client.connect();
 * const proxy = await client.getCounter();
 * assertEquals(await proxy.add(2), 2);
 * assertEquals(counter.add(3), 5);
 * ```
 *
 * Python: `multiprocessing.managers.BaseManager`.
 */
export class BaseManager implements AsyncDisposable {
  #address: Address | undefined;
  #authkey: Uint8Array;
  #tls: TlsOptions | undefined;
  #state: State = { is: "new" };
  /** Whether it is becoming something. */
  #isBusy = false;
  #client: Client | null = null;
  /** Called when nobody is to be told any more how to connect. */
  #forget = () => {};

  static {
    createBy = (manager, typeid, args) => manager.#create(typeid, args);
  }

  /**
   * Makes a manager, which does nothing yet.
   *
   * Python: `BaseManager(address, authkey)`.
   */
  constructor(options: ManagerOptions = {}) {
    checkOptions(options, "use a manager", '{ address: ["127.0.0.1", 0] }');
    checkNames(options, MANAGER_NAMES, "use a manager");
    const { address, authkey, tls } = options;
    this.#address = address === undefined
      ? undefined
      : checkAddress(address, "use a manager");
    this.#authkey = authkey === undefined
      ? self().authkey
      : checkAuthkey(authkey, "use a manager");
    checkTls(this.#address, tls, "use a manager");
    this.#tls = tls;
  }

  /**
   * Lets managers of this class serve something under a name, or use what is served
   * under it. The class gets a method of that name.
   *
   * For `start()`, the callable travels like the target of a Process: it is a
   * function that a module exports, or one that uses nothing but its arguments and
   * globals. Or this is called when its module is loaded, not under
   * `if (import.meta.main)`: the child does it, too, and uses its own callable, which
   * sees what the module has there. For `serve()` it may be any.
   *
   * Python: `BaseManager.register`.
   */
  static register<
    M extends BaseManager,
    K extends string & Exclude<keyof M, keyof BaseManager>,
  >(
    this: new (...args: never[]) => M,
    typeid: K,
    options: RegisterOptions<Referent<M[K]>> = {},
  ): void {
    if (typeof typeid !== "string" || typeid === "") {
      throw new TypeError(
        `Cannot register ${
          Deno.inspect(typeid)
        } as a name is a text that is not empty`,
      );
    }
    if (typeid in BaseManager.prototype) {
      throw new TypeError(
        `Cannot register "${typeid}" as every manager has a method of that name: take another one`,
      );
    }
    checkOptions(options, `register "${typeid}"`, "{ callable: () => shelf }");
    const { callable, exposed } = options;
    addType(this, typeid, newEntry(this, typeid, callable, exposed));
    Object.defineProperty(this.prototype, typeid, {
      configurable: true,
      writable: true,
      value(this: BaseManager, ...args: unknown[]) {
        return createBy(this, typeid, args);
      },
    });
  }

  /**
   * Where it is.
   *
   * @throws {ProcessError} If it was given none, and has not been started.
   *
   * Python: `BaseManager.address`.
   */
  get address(): Address {
    if (this.#address !== undefined) return this.#address;
    throw new ProcessError(
      `Cannot tell the address of a ${this.constructor.name} before it has one: give one, or await start() or serve() first`,
    );
  }

  /**
   * Starts a server in a child process, which ends with this one. What the callables
   * give is there: what a module has made to be served, such as a queue, the child
   * has another one of, and this process gets it from the manager, as all do.
   *
   * Cancel safety: giving up changes nothing, it starts all the same.
   *
   * @throws {Deno.errors.AddrInUse} If somebody listens there.
   * @throws {ProcessError} If a callable cannot be found by a child, or this has
   * been started, served or connected before.
   * @throws What the initializer throws.
   *
   * Python: `BaseManager.start`.
   */
  async start(options: StartOptions = {}): Promise<void> {
    checkOptions(options, "start", "{ initializer }");
    const { initializer } = options;
    const reference = initializer === undefined
      ? null
      : referTo(initializer, "initializer");
    const started = runForThread(() =>
      this.#become("start", async () => {
        const { transport, child } = await startServer({
          name: this.constructor.name,
          registry: this.#registry,
          builtins: this instanceof Manager,
          address: this.#address,
          authkey: this.#authkey,
          tls: this.#tls,
          initializer: reference,
        });
        const client = new Client(transport, this.#address ?? "");
        this.#use(client, await client.askAddress());
        return { is: "started", child };
      })
    );
    await waitFor(started);
  }

  /**
   * Begins to serve in this process. That keeps the program alive until `shutdown()`;
   * what it does meanwhile goes on. But a `Process` ends when its target returns: one
   * that only serves awaits what never comes, `new Promise(() => {})`. What is got
   * from this manager itself, where it is of this package's own classes, is the object
   * itself.
   *
   * @throws {Deno.errors.AddrInUse} If somebody listens there.
   * @throws {ProcessError} If this has been started, served or connected before.
   *
   * Python: `BaseManager.get_server().serve_forever()`, which does not return.
   */
  async serve(): Promise<void> {
    // deno-lint-ignore require-await
    await this.#become("serve", async () => {
      const server = new ManagerServer(this.#registry, {
        address: this.#address ?? defaultAddress(),
        authkey: this.#authkey,
        tls: this.#tls,
      });
      const { address } = server;
      this.#use(server.connectHere(), address);
      return { is: "serving", server };
    });
  }

  /**
   * Connects to a server elsewhere. With a `timeout`, it tries again until that has
   * run out if nobody listens there yet, or a server is just ending; without, it
   * tries once.
   *
   * Cancel safety: giving up leaves the manager as it was.
   *
   * @throws {AuthenticationError} If the server has another key.
   * @throws {Deno.errors.ConnectionRefused} If nobody listens there; for a unix
   * socket that is not there {@linkcode Deno.errors.NotFound}.
   * @throws {EOFError} If it closes the connection before the key is proven.
   * @throws {TimeoutError} If it does not answer in time.
   * @throws {ProcessError} If this has been started, served or connected before.
   *
   * Python: `BaseManager.connect`.
   */
  async connect(options: WaitOptions = {}): Promise<void> {
    timeoutOf(options);
    const address = this.#address;
    if (address === undefined) {
      throw new TypeError(
        `Cannot connect this ${this.constructor.name} as it has no address: give it the one of its server`,
      );
    }
    await this.#become("connect", async () => {
      const how = { authkey: this.#authkey, tls: this.#tls };
      const transport = await connectTo(address, how, options);
      this.#use(new Client(transport, address), address);
      return { is: "connected" };
    });
  }

  /**
   * Ends it: the server, if it was started or serves here, or else this connection.
   * Whoever uses what it has served gets an `EOFError` from then on. Twice does
   * nothing new.
   *
   * Python: `BaseManager.shutdown`.
   */
  async shutdown(): Promise<void> {
    const state = this.#state;
    this.#state = { is: "shut down" };
    this.#client?.close();
    this.#forget();
    forgotten.unregister(this);
    if (state.is === "serving") {
      state.server.close();
      await state.server.ended;
    }
    if (state.is === "started") await endServer(state.child);
  }

  /** The same as {@linkcode BaseManager.shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  get #registry(): Registry {
    const builtins = this instanceof Manager ? builtinTypes() : [];
    return new Map([...builtins, ...typesOf(this.constructor)]);
  }

  async #become(method: string, begin: () => Promise<State>): Promise<void> {
    this.#checkOpen(`use ${method}() of`);
    if (this.#isBusy || this.#state.is !== "new") {
      throw new ProcessError(
        `Cannot ${method} this ${this.constructor.name} as it has been started, served or connected before: make a new one`,
      );
    }
    this.#showMethods();
    this.#isBusy = true;
    try {
      const state = await begin();
      const isOver = (this.#state as State).is === "shut down";
      this.#state = state;
      if (isOver) await this.shutdown();
    } finally {
      this.#isBusy = false;
    }
  }

  #use(client: Client, address: Address): void {
    this.#address = address;
    this.#client = client;
    this.#forget = rememberManager(address, this.#authkey, this.#tls);
    reachBy(client);
    const name = `the ${this.constructor.name} at ${nameOf(address)}`;
    forgotten.register(this, name, this);
  }

  /** A field that was written without `declare` hides the method of its name. */
  #showMethods(): void {
    const fields = this as unknown as Record<string, unknown>;
    for (const typeid of typesOf(this.constructor).keys()) {
      if (Object.hasOwn(this, typeid) && fields[typeid] === undefined) {
        delete fields[typeid];
      }
    }
  }

  async #create(typeid: string, args: unknown[]): Promise<unknown> {
    this.#checkOpen(`get "${typeid}" from`);
    if (this.#state.is === "new" && this instanceof Manager) await start(this);
    const client = this.#client;
    if (client === null) {
      throw new ProcessError(
        `Cannot get "${typeid}" from this ${this.constructor.name} before it is there: await start(), serve() or connect() first`,
      );
    }
    if (this.#state.is === "serving") {
      const ticket = await client.offer(typeid, args);
      const taken = this.#state.server.take(ticket);
      return taken === null ? await client.claim(ticket) : taken.value;
    }
    return await client.create(typeid, args);
  }

  #checkOpen(use: string): void {
    if (this.#state.is !== "shut down") return;
    throw new ShutDownError(
      `Cannot ${use} this ${this.constructor.name} as it was shut down`,
    );
  }
}

const starts = new WeakMap<BaseManager, Promise<void>>();

/** Starts it, once, for all who wait for that; if it fails, the next one tries anew. */
async function start(manager: BaseManager): Promise<void> {
  let started = starts.get(manager);
  if (started === undefined) {
    started = runForThread(() => manager.start());
    starts.set(manager, started);
    started.catch(() => starts.delete(manager));
  }
  await waitFor(started);
}

/**
 * Makes dicts, lists and more, for all processes of a program.
 *
 * It is a server in a child process, which starts by itself at the first use. It
 * can also `serve()` here, or `connect()` to one elsewhere.
 *
 * Where all processes are on one machine and have `--allow-ffi`, `SharedDict` and
 * its like are the same in shared memory, and many times as fast.
 *
 * @example Shared by processes
 * ```ts
 * import { type ListProxy, Manager, Process } from "@multi/processing";
 * import { assertEquals } from "@std/assert";
 *
 * const square = async (n: number, results: ListProxy<number>) => {
 *   await results.append(n * n);
 * };
 *
 * await using manager = new Manager();
 * const results = await manager.list<number>();
 * const processes = [1, 2, 3].map((n) =>
 *   new Process({ target: square, args: [n, results] })
 * );
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals((await results.slice()).sort(), [1, 4, 9]);
 * ```
 *
 * Python: `multiprocessing.Manager()`.
 */
export class Manager extends BaseManager {
  static {
    addBuiltins({
      queue: (maxsize?: number) => new Queue(maxsize),
      joinableQueue: (maxsize?: number) => new JoinableQueue(maxsize),
      simpleQueue: () => new SimpleQueue(),
      lock: () => new Lock(),
      rLock: () => new RLock(),
      semaphore: (value?: number) => new Semaphore(value),
      boundedSemaphore: (value?: number) => new BoundedSemaphore(value),
      condition: (lock?: Lock | RLock) => new Condition(lock),
      event: () => new Event(),
      barrier: (parties: number, options?: BarrierOptions) =>
        new Barrier(parties, options),
    });
  }

  /**
   * A {@linkcode Queue}.
   *
   * Python: `manager.Queue(maxsize)`.
   */
  queue<T>(maxsize?: number): Promise<Queue<T>> {
    return made(this, "queue", maxsize);
  }

  /**
   * A {@linkcode JoinableQueue}.
   *
   * Python: `manager.JoinableQueue(maxsize)`.
   */
  joinableQueue<T>(maxsize?: number): Promise<JoinableQueue<T>> {
    return made(this, "joinableQueue", maxsize);
  }

  /** A {@linkcode SimpleQueue}. */
  simpleQueue<T>(): Promise<SimpleQueue<T>> {
    return made(this, "simpleQueue");
  }

  /**
   * A {@linkcode Lock}.
   *
   * Python: `manager.Lock()`.
   */
  lock(): Promise<Lock> {
    return made(this, "lock");
  }

  /**
   * An {@linkcode RLock}.
   *
   * Python: `manager.RLock()`.
   */
  rLock(): Promise<RLock> {
    return made(this, "rLock");
  }

  /**
   * A {@linkcode Semaphore}.
   *
   * Python: `manager.Semaphore(value)`.
   */
  semaphore(value?: number): Promise<Semaphore> {
    return made(this, "semaphore", value);
  }

  /**
   * A {@linkcode BoundedSemaphore}.
   *
   * Python: `manager.BoundedSemaphore(value)`.
   */
  boundedSemaphore(value?: number): Promise<BoundedSemaphore> {
    return made(this, "boundedSemaphore", value);
  }

  /**
   * A {@linkcode Condition}, of a lock of its own or of this manager.
   *
   * Python: `manager.Condition(lock)`.
   */
  condition(lock?: Lock | RLock): Promise<Condition> {
    return made(this, "condition", lock);
  }

  /**
   * An {@linkcode Event}.
   *
   * Python: `manager.Event()`.
   */
  event(): Promise<Event> {
    return made(this, "event");
  }

  /**
   * A {@linkcode Barrier}; one with an action can be made by who serves only,
   * because no code travels to a server.
   *
   * Python: `manager.Barrier(parties, timeout=timeout)`.
   */
  barrier(
    parties: number,
    options?: Omit<BarrierOptions, "action">,
  ): Promise<Barrier> {
    return made(this, "barrier", parties, options);
  }

  /**
   * A dict, empty or with these entries.
   *
   * @throws {TypeError} If it is neither a plain object nor pairs.
   *
   * Python: `manager.dict(entries)`.
   */
  dict<V>(entries?: Readonly<Record<string, V>>): Promise<DictProxy<V>>;
  /**
   * A dict of these pairs, whose keys may be numbers, too.
   *
   * @throws {TypeError} If these are no pairs, or a key is none of those that can
   * be.
   *
   * Python: `manager.dict(pairs)`.
   */
  dict<V, K = string>(
    pairs?: Iterable<readonly [key: K & DictKey, value: V]>,
  ): Promise<DictProxy<V, K & DictKey>>;
  dict(entries?: object): Promise<unknown> {
    return made(this, "dict", asArray(entries));
  }

  /**
   * A list, empty or of these items.
   *
   * @throws {TypeError} If it is not iterable.
   *
   * Python: `manager.list(items)`.
   */
  list<T>(items?: Iterable<T>): Promise<ListProxy<T>> {
    return made(this, "list", asArray(items));
  }

  /**
   * Names with values.
   *
   * @throws {TypeError} If it is no plain object.
   *
   * Python: `manager.Namespace(**names)`.
   */
  namespace<
    // deno-lint-ignore no-explicit-any
    T extends object = Record<string, any>,
  >(names?: T): Promise<NamespaceProxy<T>> {
    return made(this, "namespace", names);
  }

  /**
   * A number, by default 0.
   *
   * @throws {TypeError} If the typecode is none, or the number of another type.
   * @throws {RangeError} If the number does not fit.
   *
   * Python: `manager.Value(typecode, initial)`.
   */
  value<C extends Typecode>(
    typecode: C,
    initial?: NumberOf<C>,
  ): Promise<ValueProxy<C>> {
    return made(this, "value", typecode, initial);
  }

  /**
   * So many numbers, all of them 0, or these.
   *
   * @throws {TypeError} If the typecode is none, or a number of another type.
   * @throws {RangeError} If a number does not fit, or the length is none.
   *
   * Python: `manager.Array(typecode, values)`.
   */
  array<C extends Typecode>(
    typecode: C,
    lengthOrValues: number | Iterable<NumberOf<C>>,
  ): Promise<ArrayProxy<C>> {
    return made(this, "array", typecode, asArray(lengthOrValues));
  }

  /**
   * A pool of so many processes; by default one for each core.
   *
   * Python: `manager.Pool(processes)`.
   */
  pool(processes?: number): Promise<PoolProxy> {
    return made(this, "pool", processes);
  }
}

function made<T>(
  manager: Manager,
  typeid: string,
  ...args: unknown[]
): Promise<T> {
  return createBy(manager, typeid, args) as Promise<T>;
}

/** As an array, which can be sent, whatever iterates over it. */
function asArray(items: unknown): unknown {
  return isIterable(items) ? [...items] : items;
}
