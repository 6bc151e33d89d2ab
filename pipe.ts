/**
 * Connections that carry messages between processes, on one machine or between
 * several: Python's `multiprocessing.Pipe` and `multiprocessing.connection`.
 *
 * {@linkcode pipe} makes a connection in shared memory, the ends of which are sent
 * to processes and threads as any other value.
 *
 * ```ts
 * import { Process } from "@multi/processing/process";
 * import { type Connection, pipe } from "@multi/processing/pipe";
 * import { assertEquals } from "@std/assert";
 *
 * export async function double(connection: Connection<number>) {
 *   for await (const n of connection) await connection.send(n * 2);
 * }
 *
 * if (import.meta.main) {
 *   const [here, there] = pipe<number>();
 *   const process = new Process({ target: double, args: [there] });
 *   process.start();
 *   there.close(); // the process has it
 *   await here.send(21);
 *   assertEquals(await here.recv(), 42);
 *   here.close(); // which ends the loop of the process
 *   await process.join();
 * }
 * ```
 *
 * A {@linkcode Listener} waits at an address, which is a unix socket or a host
 * and port; {@linkcode connect} goes there. Each side then has a
 * {@linkcode Connection}, which takes every value that can travel. Before
 * anything else both prove to each other that they have the same `authkey`,
 * which itself is never sent.
 *
 * ```ts
 * import { connect, Listener } from "@multi/processing/pipe";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = new Listener({ address: ["127.0.0.1", 0], authkey: "secret" });
 *
 * using client = await connect(listener.address, { authkey: "secret" });
 * await client.send({ question: 6n * 7n });
 *
 * using server = await listener.accept();
 * assertEquals(await server.recv(), { question: 42n });
 * ```
 *
 * Permissions: for sockets `--allow-net`; for a unix socket `--allow-read` and
 * `--allow-write` too. A pipe needs nothing: with `--allow-ffi` (on Linux) it is in
 * memory that all processes of a family share; without, the process that has made it
 * serves it to its children.
 *
 * Python: `multiprocessing.Pipe`, `multiprocessing.connection`.
 *
 * @module
 */

import { BufferTooShortError, EOFError, ShutDownError } from "./errors.ts";
import {
  checkInteger,
  checkMilliseconds,
  checkNames,
  checkOptions,
  mustBe,
  type OptionNames,
} from "./internal/check.ts";
import { throwIfKilled } from "./internal/context.ts";
import { self } from "./internal/launch/identity.ts";
import { LEVELS, log } from "./internal/launch/log.ts";
import { Acceptor } from "./internal/pipe/acceptor.ts";
import {
  type Address,
  checkAddress,
  checkAuthkey,
  type TlsOptions,
} from "./internal/pipe/address.ts";
import type { Channel } from "./internal/pipe/channel.ts";
import { dial } from "./internal/pipe/dial.ts";
import { openChannel } from "./internal/travel/open_channel.ts";
import { checkMaxLength } from "./internal/pipe/framing.ts";
import { listen } from "./internal/pipe/listen.ts";
import { ownHome } from "./internal/memory/home.ts";
import { PipeCore } from "./internal/queue/pipe_core.ts";
import { RemoteChannel } from "./internal/queue/remote_channel.ts";
import { RingChannel } from "./internal/queue/ring_channel.ts";
import { createPipe } from "./internal/structure/pipe.ts";
import { readHandle, writeHandle } from "./internal/travel/handles.ts";
import { registerShared } from "./internal/travel/shared_class.ts";
import {
  type SyncWaitOptions,
  timeoutOf,
  waitFor,
  type WaitOptions,
} from "./internal/wait.ts";
import { Unsendable } from "./internal/wire/unsendable.ts";
import { WAITABLE, waitForAny, type WaitSource } from "./internal/waitable.ts";

export type { Address, TlsOptions } from "./internal/pipe/address.ts";
export type { SyncWaitOptions, WaitOptions } from "./internal/wait.ts";

/** How bytes are received. */
export interface ReceiveBytesOptions extends WaitOptions {
  /** The longest message that is taken, in bytes; by default any. */
  maxlength?: number | undefined;
}

let newConnection: <T>(channel: Channel) => Connection<T>;

/** Closes the ends that a program has lost without closing them. */
const forgotten = new FinalizationRegistry<Channel>((channel) => {
  if (channel.closed) return;
  log(
    LEVELS.WARNING,
    `the connection with ${channel.peer} was forgotten: close() it when it is not needed any more`,
  );
  channel.close();
});

/**
 * One end of a connection. What one end sends, the other receives: messages
 * arrive whole, each once, and in their order.
 *
 * Values and bytes are messages of two kinds, each with its own pair of methods.
 *
 * A connection that nobody waits at does not keep the program alive.
 *
 * @example Values, bytes, and the end
 * ```ts
 * import { connect, EOFError, Listener } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using listener = new Listener({ address: ["127.0.0.1", 0] });
 * using client = await connect(listener.address);
 * using server = await listener.accept();
 *
 * await client.send(new Map([["answer", 42]]));
 * await client.sendBytes(new Uint8Array([1, 2, 3]));
 * client.close();
 *
 * assertEquals(await server.recv(), new Map([["answer", 42]]));
 * assertEquals(await server.recvBytes(), new Uint8Array([1, 2, 3]));
 * await assertRejects(() => server.recv(), EOFError);
 * ```
 *
 * Python: `multiprocessing.connection.Connection`.
 *
 * @typeParam T What is sent and received.
 */
export class Connection<T = unknown> implements AsyncIterable<T>, Disposable {
  #channel: Channel;
  /** Set behind each wait, so that who waits has not forgotten it. */
  #used = false;

  static {
    newConnection = (channel) => new Connection(channel);
    registerShared<Connection>({
      name: "Connection",
      class: Connection as unknown as abstract new () => Connection,
      encode(connection) {
        const { object, end } = ringOf(connection.#channel);
        return writeHandle(object, end);
      },
      decode: (handle) =>
        newConnection(
          new RingChannel(
            readHandle(handle, (object, end) => new PipeCore(object, end)),
          ),
        ),
      remoteOf(connection) {
        const channel = connection.#channel;
        return channel instanceof RemoteChannel ? channel.remote : null;
      },
      isClosed: ({ closed }) => closed,
      another: (connection) =>
        newConnection(new RingChannel(ringOf(connection.#channel))),
      fromRemote: (remote, description) =>
        newConnection(new RemoteChannel(remote, description)),
      service: {
        methods: ["send", "sendBytes", "close"],
        waiting: ["recv", "recvBytes", "poll"],
        carries: true,
        left: (connection) => connection.close(),
        describe: ({ readable, writable }) => ({ readable, writable }),
        giveBack: {
          recv: (connection, message) => putBack(connection.#channel, message),
          recvBytes: (connection, message) =>
            putBack(connection.#channel, message, true),
        },
      },
    });
  }

  private constructor(channel: Channel) {
    this.#channel = channel;
    forgotten.register(this, channel, this);
  }

  /** Whether this end was closed, on this side. */
  get closed(): boolean {
    return this.#channel.closed;
  }

  /** Whether this end is one that receives. */
  get readable(): boolean {
    return this.#channel.readable;
  }

  /** Whether this end is one that sends. */
  get writable(): boolean {
    return this.#channel.writable;
  }

  /**
   * Sends a value. It is copied at the call; what is done to it afterwards does
   * not matter. Resolves when the system has taken it, which it does while the
   * other end has not fallen too far behind in receiving.
   *
   * Ordering: messages arrive in the order of the calls, whether or not one waits
   * for each.
   *
   * Cancel safety: a coroutine that is killed while it waits may have sent the
   * message.
   *
   * @throws {DataCloneError} If the value cannot be sent; nothing was sent.
   * @throws {RangeError} If the message is too long; nothing was sent.
   * @throws {EOFError} If the other end is gone.
   * @throws {ShutDownError} If this end was closed.
   *
   * Python: `Connection.send`.
   */
  async send(value: T): Promise<void> {
    throwIfKilled();
    await waitFor(this.#channel.sendObject(value));
    this.#used = true;
  }

  /**
   * Receives a value. Several calls at a time are served in their order.
   *
   * Cancel safety: giving up leaves the message there; none is lost.
   *
   * @throws {EOFError} If the other end is gone, and all was received.
   * @throws {TypeError} If bytes come next: they stay there for `recvBytes()`.
   * @throws {TimeoutError} If nothing came in time.
   * @throws {DataCloneError} If the message cannot be read, such as an instance of
   * a class that is not registered here; it has been taken.
   * @throws {ShutDownError} If this end was closed.
   *
   * Python: `Connection.recv`.
   */
  async recv(options: WaitOptions = {}): Promise<T> {
    const value = await this.#channel.receiveObject(options);
    this.#used = true;
    return value as T;
  }

  /**
   * Whether something can be received now, be it the end; with a `timeout`, or
   * `Infinity`, within that time. If several receive from this end, another one
   * may be faster.
   *
   * @param options By default the timeout is 0.
   * @throws {ShutDownError} If this end was closed.
   *
   * Python: `Connection.poll`.
   */
  async poll(options: WaitOptions = {}): Promise<boolean> {
    timeoutOf(options);
    const { timeout = 0, signal } = options;
    const ready = await this.#channel.poll({ timeout, signal });
    this.#used = true;
    return ready;
  }

  /**
   * Sends bytes, also none. Resolves as that of `send()` does; until then the
   * bytes must not change, because long ones are not copied.
   *
   * Python: `Connection.send_bytes`. There is no offset and size: send
   * `bytes.subarray(from, to)`.
   */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot send as bytes what is no Uint8Array: send() takes any value; current value is ${
          Deno.inspect(bytes, { depth: 0 })
        }`,
      );
    }
    throwIfKilled();
    await waitFor(this.#channel.sendBytes(bytes));
    this.#used = true;
  }

  /**
   * Receives bytes, in memory of their own.
   *
   * Cancel safety: giving up leaves the message there; none is lost.
   *
   * @throws {BufferTooShortError} If there are more than `maxlength`; the message
   * has been taken, and is in the error.
   * @throws {TypeError} If a value comes next: it stays there for `recv()`.
   * @throws {EOFError} If the other end is gone, and all was received.
   * @throws {TimeoutError} If nothing came in time.
   * @throws {ShutDownError} If this end was closed.
   *
   * Python: `Connection.recv_bytes`.
   */
  async recvBytes(
    options: ReceiveBytesOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    timeoutOf(options);
    const { maxlength = Infinity } = options;
    if (maxlength !== Infinity) {
      checkInteger(maxlength, "receive bytes", "maxlength", 0);
    }
    const bytes = await this.#channel.receiveBytes(options);
    this.#used = true;
    if (bytes.length <= maxlength) return bytes;
    throw new BufferTooShortError(
      `The message has ${bytes.length} bytes, which is more than "maxlength", ${maxlength}: it is in this error's "bytes"`,
      { bytes },
    );
  }

  /**
   * As `send()`, blocking this thread.
   *
   * @throws {TypeError} If this connection is no pipe: use `await send()`.
   */
  sendSync(value: T): void {
    const channel = this.#channel;
    if (!channel.sendObjectSync) throw noTwin("sendSync", "send");
    channel.sendObjectSync(value);
  }

  /**
   * As `recv()`, blocking this thread.
   *
   * @throws {TypeError} If this connection is no pipe: use `await recv()`.
   */
  recvSync(options: SyncWaitOptions = {}): T {
    const channel = this.#channel;
    if (!channel.receiveObjectSync) throw noTwin("recvSync", "recv");
    timeoutOf(options);
    return channel.receiveObjectSync(options) as T;
  }

  /**
   * Closes this end; of a pipe, for this thread. What was sent before still arrives,
   * over a socket as long as the other end takes it within 5 seconds; who waits here
   * gets a `ShutDownError`. Twice does nothing new.
   *
   * Python: `Connection.close`.
   */
  close(): void {
    forgotten.unregister(this);
    this.#channel.close();
  }

  /** Closes this end. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Receives values up to the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (true) {
      try {
        yield await this.recv();
      } catch (error) {
        if (error instanceof EOFError) return;
        throw error;
      }
    }
  }

  /** @ignore */
  [WAITABLE](): WaitSource {
    return this.#channel.source;
  }
}

function noTwin(name: string, instead: string): TypeError {
  return new TypeError(
    `Cannot use ${name}() as this connection is no pipe in shared memory, for which alone the thread can block: use await ${instead}()`,
  );
}

/** A message was received for somebody elsewhere, who did not take it. */
function putBack(channel: Channel, message: unknown, isBytes = false): void {
  channel.putBack?.(message, isBytes);
}

/** The end of a pipe that a channel is. */
function ringOf(channel: Channel): PipeCore {
  if (channel instanceof RingChannel) return channel.core!;
  throw new Unsendable(
    "a connection by a socket cannot be sent: an end of a pipe() can",
  );
}

/** How to make a {@linkcode pipe}. */
export interface PipeOptions {
  /** Whether both ends send and receive; by default `true`. */
  duplex?: boolean | undefined;
}

/**
 * Makes a connection in shared memory, and gives both its ends; where it is not
 * duplex, first the one that receives, then the one that sends.
 *
 * An end is held by every process and thread that it was sent to, until they have
 * closed it, or have died. When the last of those has who held one end, `recv()` at
 * the other end drains what was sent and is an `EOFError` then, and `send()` at once.
 * So close the end in your own process that you have sent to another one: else you
 * hold it too.
 *
 * What is sent and was not received is limited to 1 MiB, or one message that is
 * longer: `send()` then waits. What is on its way when an end is closed still arrives.
 *
 * @example One way
 * ```ts
 * import { EOFError, pipe } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const [receiver, sender] = pipe<string>({ duplex: false });
 * await sender.send("hello");
 * sender.close();
 * assertEquals(await receiver.recv(), "hello");
 * await assertRejects(() => receiver.recv(), EOFError);
 * receiver.close();
 * ```
 *
 * Python: `multiprocessing.Pipe`.
 *
 * @typeParam T What is sent and received.
 */
export function pipe<T = unknown>(
  options: PipeOptions = {},
): [Connection<T>, Connection<T>] {
  checkOptions(options, "make pipe", "{ duplex: false }");
  const { duplex = true } = options;
  if (typeof duplex !== "boolean") {
    throw mustBe("make pipe", "duplex", "true or false", duplex);
  }
  const { space, holdings } = ownHome();
  const object = createPipe(space, duplex);
  const end = (end: number) =>
    newConnection<T>(
      new RingChannel(
        holdings.adopt(object, end, new PipeCore(object, end)),
      ),
    );
  return [end(0), end(1)];
}

/** What both sides of a connection can be told. */
export interface ConnectionOptions {
  /**
   * The secret that both sides must have; by default this process's own, which
   * the processes that it starts have too. It should be as long as a random one:
   * who has seen a connection begin can try keys against that.
   */
  authkey?: string | Uint8Array | undefined;
  /**
   * Protects what is sent over TCP; without, others may read and change it. Where
   * strangers can reach the port, let a proxy do it: see {@linkcode TlsOptions}.
   */
  tls?: TlsOptions | undefined;
  /**
   * The longest message that may come or go, in bytes; by default 1 GiB. A
   * connection on which a longer one comes is closed.
   */
  maxMessageSize?: number | undefined;
}

/** How a {@linkcode Listener} listens. */
export interface ListenerOptions extends ConnectionOptions {
  /** Where: a host and a port (0: one that is free), or a unix socket. */
  address: Address;
  /**
   * How many connections may wait for an `accept()`; by default 128. Others wait
   * in `connect()`.
   */
  backlog?: number | undefined;
  /** How long the other side has to prove the key, in ms; by default 10,000. */
  handshakeTimeout?: number | undefined;
  /**
   * How many connections may be proving the key at a time; by default 64. When
   * there are more, one that has taken longer than a second is closed.
   */
  maxUnauthenticated?: number | undefined;
}

const CONNECTION_NAMES: OptionNames<ConnectionOptions> = {
  authkey: true,
  tls: true,
  maxMessageSize: true,
};
const LISTENER_NAMES: OptionNames<ListenerOptions> = {
  ...CONNECTION_NAMES,
  address: true,
  backlog: true,
  handshakeTimeout: true,
  maxUnauthenticated: true,
};
const DEFAULT_BACKLOG = 128;
const DEFAULT_HANDSHAKE_MS = 10_000;
const DEFAULT_UNAUTHENTICATED = 64;
const PATIENCE_MS = 1000;

/**
 * Waits for connections at an address. It answers those who connect also while
 * nobody calls `accept()`.
 *
 * Who does not prove the key is refused: that side gets an
 * `AuthenticationError`, this one a line in the log (see `logToStderr`), and
 * `accept()` goes on waiting. Whatever such a client does costs its own
 * connection only.
 *
 * A listener at which nobody waits does not keep the program alive.
 *
 * @example Serving whoever comes
 * ```ts
 * import { connect, Listener } from "@multi/processing/pipe";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = new Listener({ address: ["127.0.0.1", 0] });
 * const serving = (async () => {
 *   for await (const connection of listener) {
 *     using client = connection;
 *     await client.send(`Hello, ${await client.recv()}`);
 *   }
 * })();
 *
 * using client = await connect(listener.address);
 * await client.send("Alice");
 * assertEquals(await client.recv(), "Hello, Alice");
 * listener.close();
 * await serving;
 * ```
 *
 * Python: `multiprocessing.connection.Listener`. A wrong key is no error of
 * `accept()`.
 */
export class Listener implements AsyncIterable<Connection>, Disposable {
  #acceptor: Acceptor<Channel>;

  /**
   * Begins to listen. A unix socket that a listener has left behind which is
   * gone is replaced.
   *
   * @throws {Deno.errors.AddrInUse} If somebody listens there.
   * @throws {TypeError} If an option is of a wrong type, or
   * `tls` is given for a unix socket, or without `cert` and `key`.
   * @throws {RangeError} If an option is out of range, such as an empty `authkey`.
   * @throws {Deno.errors.NotCapable} If a permission is missing.
   */
  constructor(options: ListenerOptions) {
    checkOptions(options, "listen", '{ address: ["127.0.0.1", 0] }');
    checkNames(options, LISTENER_NAMES, "listen");
    const { authkey, tls } = options;
    const address = checkAddress(options.address, "listen");
    const backlog = count(options, "backlog", DEFAULT_BACKLOG);
    const settings = {
      authkey: authkey === undefined
        ? self().authkey
        : checkAuthkey(authkey, "listen"),
      maxLength: checkMaxLength(options.maxMessageSize, "listen"),
      backlog,
      timeToProve: checkMilliseconds(
        options.handshakeTimeout ?? DEFAULT_HANDSHAKE_MS,
        "listen",
        "handshakeTimeout",
      ),
      maxStrangers: count(
        options,
        "maxUnauthenticated",
        DEFAULT_UNAUTHENTICATED,
      ),
      patience: PATIENCE_MS,
      log: (isWarning: boolean, message: string) =>
        log(isWarning ? LEVELS.WARNING : LEVELS.INFO, message),
    };
    this.#acceptor = new Acceptor(
      listen(address, tls, backlog),
      settings,
      openChannel,
    );
  }

  /** Where it listens; with the port that the system has chosen. */
  get address(): Address {
    return this.#acceptor.address;
  }

  /**
   * The next connection, whose other end has proven the key. Several calls at a
   * time are served in their order.
   *
   * Cancel safety: giving up leaves the connection for the next call.
   *
   * @throws {TimeoutError} If nobody came in time.
   * @throws {ShutDownError} If it was closed, before or while waiting. Then the
   * address is free for another one.
   *
   * Python: `Listener.accept`.
   */
  async accept<T = unknown>(options: WaitOptions = {}): Promise<Connection<T>> {
    return newConnection<T>(await this.#acceptor.accept(options));
  }

  /**
   * Ends it: whoever was not accepted yet is disconnected, and a unix socket is
   * removed. The connections that were accepted stay. Twice does nothing new.
   *
   * Python: `Listener.close`.
   */
  close(): void {
    this.#acceptor.close();
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Accepts connections until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    while (true) {
      try {
        yield await this.accept();
      } catch (error) {
        if (error instanceof ShutDownError) return;
        throw error;
      }
    }
  }

  /** @ignore */
  [WAITABLE](): WaitSource {
    return this.#acceptor.source;
  }
}

function count(
  options: ListenerOptions,
  name: "backlog" | "maxUnauthenticated",
  byDefault: number,
): number {
  return checkInteger(options[name] ?? byDefault, "listen", name, 1);
}

/** How to {@linkcode connect}. */
export interface ConnectOptions extends ConnectionOptions, WaitOptions {}

const CONNECT_NAMES: OptionNames<ConnectOptions> = {
  ...CONNECTION_NAMES,
  timeout: true,
  signal: true,
};

/**
 * Connects to a {@linkcode Listener}, in this process or another one.
 *
 * Cancel safety: giving up closes what was begun. The listener may then have
 * accepted a connection whose other end is gone.
 *
 * @example Nobody there
 * ```ts
 * import { connect } from "@multi/processing/pipe";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(
 *   () => connect(["127.0.0.1", 1], { timeout: 1000 }),
 *   Deno.errors.ConnectionRefused,
 *   "nobody listens there",
 * );
 * ```
 *
 * @throws {AuthenticationError} If the other side has another key, or is no
 * listener of this package.
 * @throws {Deno.errors.ConnectionRefused} If nobody listens there; for a unix
 * socket that is not there {@linkcode Deno.errors.NotFound}.
 * @throws {EOFError} If the other side closes before the key is proven.
 * @throws {TimeoutError} If it does not answer in time.
 * @throws {Deno.errors.NotCapable} If a permission is missing.
 *
 * Python: `multiprocessing.connection.Client`.
 */
export async function connect<T = unknown>(
  address: Address,
  options: ConnectOptions = {},
): Promise<Connection<T>> {
  timeoutOf(options);
  checkNames(options, CONNECT_NAMES, "connect");
  const { authkey, tls, maxMessageSize, timeout, signal } = options;
  const settings = {
    authkey: authkey === undefined
      ? self().authkey
      : checkAuthkey(authkey, "connect"),
    maxLength: checkMaxLength(maxMessageSize, "connect"),
    tls,
    timeout,
    signal,
  };
  const where = checkAddress(address, "connect");
  const channel = await dial(where, settings, openChannel);
  return newConnection<T>(channel);
}

/**
 * What {@linkcode wait} waits for: a {@linkcode Connection} at which something
 * can be received, be it the end; a {@linkcode Listener} that has a connection;
 * a promise that is settled, such as a `Process`'s `sentinel`.
 */
export type Waitable = Connection | Listener | PromiseLike<unknown>;

/**
 * Waits until one of the objects is ready, at least, and gives all that are, in
 * the order in which they were given; none, if the time runs out. Nothing is
 * taken from any of them.
 *
 * Cancel safety: giving up leaves everything as it was.
 *
 * @example Whoever has something to say
 * ```ts
 * import { connect, Listener, wait } from "@multi/processing/pipe";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = new Listener({ address: ["127.0.0.1", 0] });
 * using client = await connect(listener.address);
 * assertEquals(await wait([client, listener], { timeout: 1000 }), [listener]);
 * using server = await listener.accept();
 * await server.send("hello");
 * assertEquals(await wait([client, listener], { timeout: 1000 }), [client]);
 * assertEquals(await client.recv(), "hello");
 * assertEquals(await wait([client, listener], { timeout: 0 }), []);
 * ```
 *
 * @throws {TypeError} If one of them can not be waited for.
 * @throws {ShutDownError} If one of them was closed before.
 *
 * Python: `multiprocessing.connection.wait`.
 */
export function wait<T extends Waitable>(
  objects: Iterable<T>,
  options: WaitOptions = {},
): Promise<T[]> {
  return waitForAny(objects, options);
}
