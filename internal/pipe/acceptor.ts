/** Lets those in who prove the key, and keeps the others from doing harm. */

import { EOFError, ShutDownError, TimeoutError } from "../../errors.ts";
import { throwIfKilled } from "../context.ts";
import { after, TIMED_OUT, timeoutOf, type WaitOptions } from "../wait.ts";
import { WaitQueue } from "../wait_queue.ts";
import type { WaitSource } from "../waitable.ts";
import { type Address, nameOf, toAddress } from "./address.ts";
import { familyId } from "../memory/home.ts";
import { authenticate } from "./authenticate.ts";
import type { ListeningSocket } from "./listen.ts";
import { closable } from "./closable.ts";
import type { Opener } from "./stream_channel.ts";

/** How strangers are treated. */
export interface AcceptorOptions {
  readonly authkey: Uint8Array;
  /** The longest message of a connection. */
  readonly maxLength: number;
  /** How many connections may wait for an `accept()`. */
  readonly backlog: number;
  /** How long one has to prove the key, in milliseconds. */
  readonly timeToProve: number;
  /** How many may be at it at a time. */
  readonly maxStrangers: number;
  /**
   * When there are more, the one that has been at it longest makes room for
   * another one, but only after so many milliseconds.
   */
  readonly patience: number;
  /** Told of those who were refused, and of trouble in accepting. */
  log(isWarning: boolean, message: string): void;
}

/** A program that was busy has not looked at what came in time: it looks then. */
const GRACE_MS = 1000;
/** Until the next try, when the system gives no connection: too many open files. */
const RETRY_MS = 100;

interface Stranger {
  readonly socket: Deno.Conn;
  readonly since: number;
}

/**
 * Accepts connections all the time, so that who connects has an answer although
 * nobody calls `accept()` right now; so many as may wait for that.
 *
 * It keeps the program alive only while somebody waits for a connection.
 *
 * @typeParam C What a connection is to who accepts it.
 */
export class Acceptor<C extends { close(): void }> implements WaitSource {
  #socket: ListeningSocket;
  #options: AcceptorOptions;
  #name: string;
  #strangers = new Set<Stranger>();
  /** Those who have proven the key, and were not accepted yet. */
  #proven: C[] = [];
  #open: Opener<C>;
  #accepting = new WaitQueue<C>(() => this.#count());
  #watching = new WaitQueue<void>(() => this.#count());
  /** Resolved when there may be room for one more connection. */
  #room = Promise.withResolvers<void>();
  #isAwaited = false;
  #isInTrouble = false;
  #closed = false;

  /** Begins to accept. */
  constructor(
    socket: ListeningSocket,
    options: AcceptorOptions,
    open: Opener<C>,
  ) {
    this.#open = open;
    this.#socket = socket;
    this.#options = options;
    this.#name = nameOf(socket.address);
    socket.unref();
    this.#run();
  }

  /** Where it listens. */
  get address(): Address {
    return this.#socket.address;
  }

  /** The next connection whose other end has proven the key. */
  async accept(options: WaitOptions): Promise<C> {
    timeoutOf(options);
    throwIfKilled();
    options.signal?.throwIfAborted();
    if (this.#closed) throw this.#shutDown("accept at");
    if (this.#accepting.size === 0 && this.#proven.length > 0) {
      this.#room.resolve();
      return this.#proven.shift()!;
    }
    const channel = await this.#accepting.wait(undefined, options);
    if (channel !== TIMED_OUT) return channel;
    throw new TimeoutError(
      `Nobody has connected to ${this.#name} within ${options.timeout} ms`,
    );
  }

  /** What `wait()` asks. */
  get source(): WaitSource {
    if (this.#closed) throw this.#shutDown("wait for");
    return this;
  }

  ready(): boolean {
    return this.#proven.length > 0 || this.#closed;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    if (!this.ready()) await this.#watching.wait(undefined, { signal });
  }

  /** Ends it, and whoever was not accepted yet. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    for (const { socket } of this.#strangers) close(socket);
    for (const channel of this.#proven.splice(0)) channel.close();
    this.#room.resolve();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#makeRoom();
      try {
        const socket = await this.#socket.accept();
        this.#isInTrouble = false;
        this.#admit(socket);
      } catch (error) {
        if (!this.#closed) await this.#pause(error);
      }
    }
    // Only now the system has let go of the address.
    this.#accepting.rejectAll(() => this.#shutDown("accept at"));
    this.#watching.resolveAll();
  }

  /** Waits until one more may come in. */
  async #makeRoom(): Promise<void> {
    const { backlog, maxStrangers, patience } = this.#options;
    while (!this.#closed && this.#proven.length >= backlog) {
      await this.#roomWithin(Infinity);
    }
    while (!this.#closed && this.#strangers.size >= maxStrangers) {
      const [oldest] = this.#strangers;
      const left = oldest!.since + patience - performance.now();
      if (left > 0) await this.#roomWithin(left);
      else this.#expel(oldest!);
    }
  }

  #expel(stranger: Stranger): void {
    this.#strangers.delete(stranger);
    close(stranger.socket);
  }

  async #pause(error: unknown): Promise<void> {
    if (!this.#isInTrouble) {
      this.#options.log(true, `cannot accept at ${this.#name}: ${error}`);
    }
    this.#isInTrouble = true;
    await this.#roomWithin(RETRY_MS);
  }

  /**
   * Waits for room, but not for longer than that. (Not as those wait who use
   * this: it is nobody's coroutine that is at work here.)
   */
  async #roomWithin(ms: number): Promise<void> {
    this.#room = Promise.withResolvers();
    const cancel = after(ms, this.#room.resolve, this.#isAwaited);
    await this.#room.promise;
    cancel();
  }

  /** Lets one in who proves the key; sees to it that this does not take long. */
  async #admit(socket: Deno.Conn): Promise<void> {
    closable(socket);
    if (this.#closed) return close(socket);
    if ("setNoDelay" in socket) (socket as Deno.TcpConn).setNoDelay();
    if (!this.#isAwaited) socket.unref();
    const { authkey, maxLength, timeToProve, log } = this.#options;
    const peer = this.#peerOf(socket);
    const stranger = { socket, since: performance.now() };
    this.#strangers.add(stranger);
    let isLate = false;
    const expire = () => {
      isLate = true;
      close(socket);
    };
    let cancel = after(timeToProve, () => {
      cancel = after(GRACE_MS, expire, false);
    }, false);
    try {
      const isFamily = await authenticate(
        socket,
        "listener",
        authkey,
        peer,
        familyId(),
      );
      if (!this.#strangers.has(stranger)) throw new Error("expelled");
      this.#welcome(this.#open(socket, peer, maxLength, isFamily));
    } catch (error) {
      close(socket);
      if (this.#closed) return;
      const why = isLate
        ? `${peer} did not prove the key within ${timeToProve} ms`
        : !this.#strangers.has(stranger)
        ? `${peer} did not prove the key while others waited`
        : (error as Error).message;
      const isWarning = !(error instanceof EOFError);
      log(isWarning, `refused a connection at ${this.#name}: ${why}`);
    } finally {
      cancel();
      this.#strangers.delete(stranger);
      this.#room.resolve();
    }
  }

  #welcome(channel: C): void {
    const accepting = this.#accepting.first;
    if (this.#closed) channel.close();
    else if (accepting) accepting.resolve(channel);
    else {
      this.#proven.push(channel);
      this.#watching.resolveAll();
    }
  }

  #peerOf({ remoteAddr }: Deno.Conn): string {
    return "path" in remoteAddr
      ? `a client of ${this.#name}`
      : nameOf(toAddress(remoteAddr));
  }

  /** Waiting for a connection is waiting for a stranger to prove the key. */
  #count(): void {
    const somebody = this.#accepting.size + this.#watching.size > 0;
    if (somebody === this.#isAwaited) return;
    this.#isAwaited = somebody;
    const sockets = [...this.#strangers].map(({ socket }) => socket);
    for (const socket of [this.#socket, ...sockets]) {
      if (somebody) socket.ref();
      else socket.unref();
    }
  }

  #shutDown(use: string): ShutDownError {
    return new ShutDownError(
      `Cannot ${use} ${this.#name} as the listener was closed`,
    );
  }
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // It was closed before, for another reason.
  }
}
