/** Serves the objects of a manager to all who have its key. */

import { ShutDownError } from "../../errors.ts";
import { loadContexts, runForThread } from "../context.ts";
import { LEVELS, log } from "../launch/log.ts";
import { Acceptor } from "../pipe/acceptor.ts";
import { type Address, nameOf, type TlsOptions } from "../pipe/address.ts";
import { DEFAULT_LENGTH } from "../pipe/framing.ts";
import { listen } from "../pipe/listen.ts";
import { Link } from "../travel/link.ts";
import { memoryTransports } from "../travel/memory_transport.ts";
import {
  openTransport,
  type SocketTransport,
} from "../travel/socket_transport.ts";
import type { SharedClass } from "../travel/service.ts";
import type { Transport } from "../travel/transport.ts";
import { after } from "../wait.ts";
import { classOf } from "../wire/classes.ts";
import { asSentOn, isForeign, isServed, serve } from "./auto_proxy.ts";
import {
  addServer,
  belongsTo,
  type HomeServer,
  removeServer,
} from "./homes.ts";
import { OwnTickets } from "./own_tickets.ts";
import { type Registry, servedType } from "./registry.ts";
import { BaseProxy } from "./side.ts";

/** How a manager serves. */
interface ServerOptions {
  readonly address: Address;
  readonly authkey: Uint8Array;
  readonly tls: TlsOptions | undefined;
  /** Loads what may register a class that the users of this have sent. */
  readonly loadClasses?: () => Promise<unknown>;
}

const BACKLOG = 512;
/** Many processes may be started at once, which all connect first thing. */
const STRANGERS = 512;
const TIME_TO_PROVE_MS = 30_000;
const PATIENCE_MS = 5000;
/** How long a ticket is good for after the end of the connection it came by. */
const TICKET_MS = 60_000;
/** How long to wait for a ticket that is on its way, by another connection. */
const CLAIM_MS = 10_000;

/** What each connection can ask of the manager itself. */
class Session {
  readonly server: ManagerServer;
  /** Whether the other end is in this process, too. */
  readonly isHere: boolean;
  /** The tickets that have come by it. */
  readonly tickets = new Set<string>();

  constructor(server: ManagerServer, isHere: boolean) {
    this.server = server;
    this.isHere = isHere;
  }
}

const SESSION: SharedClass<Session> = {
  name: "Manager",
  class: Session,
  encode: () => {
    throw new TypeError("A session cannot be sent");
  },
  decode: () => {
    throw new TypeError("A session cannot be sent");
  },
  remoteOf: () => null,
  fromRemote: () => {
    throw new TypeError("A session cannot be sent");
  },
  service: {
    methods: [],
    special: {
      address: ({ server }) => server.address,
      create: ({ server }, [typeid, args]) =>
        server.create(String(typeid), args as unknown[]),
      offer: ({ server }, [typeid, args]) =>
        server.offer(String(typeid), args as unknown[]),
      keep: (session, [ticket, object]) =>
        session.server.keep(session, String(ticket), object as object),
      claim: ({ server }, [ticket], signal) =>
        server.claim(String(ticket), signal),
    },
  },
};

/** A server, from its beginning to its end. */
export class ManagerServer implements HomeServer {
  readonly address: Address;
  /** Resolved when it has ended. */
  readonly ended: Promise<void>;

  #registry: Registry;
  #loadClasses: (() => Promise<unknown>) | undefined;
  #acceptor: Acceptor<SocketTransport>;
  #links = new Set<Link>();
  #kept = new Map<string, unknown>();
  /** The tickets that are good for once. */
  #once = new Set<string>();
  /** The tickets for objects of this process. */
  readonly #own = new OwnTickets();
  /** Those who wait for a ticket. */
  #claims = new Map<string, Set<() => void>>();

  /** Begins to listen. */
  constructor(registry: Registry, options: ServerOptions) {
    const { address, authkey, tls, loadClasses } = options;
    this.#registry = registry;
    this.#loadClasses = loadClasses;
    this.#acceptor = new Acceptor(
      listen(address, tls, BACKLOG),
      {
        authkey,
        maxLength: DEFAULT_LENGTH,
        backlog: BACKLOG,
        timeToProve: TIME_TO_PROVE_MS,
        maxStrangers: STRANGERS,
        patience: PATIENCE_MS,
        log: (isWarning, message) =>
          log(isWarning ? LEVELS.WARNING : LEVELS.INFO, message),
      },
      openTransport,
    );
    this.address = this.#acceptor.address;
    addServer(this);
    this.ended = runForThread(() => this.#run());
  }

  /** Serves who is at the other end. */
  attach(
    transport: Transport,
    peer: string,
    ended?: () => void,
    isHere = false,
  ): void {
    const session = new Session(this, isHere);
    const link: Link = new Link(transport, {
      peer,
      root: {
        shared: SESSION as unknown as SharedClass<object>,
        object: session,
      },
      introduces: true,
      loadAll: () => import("../travel/all.ts"),
      ...this.#loadClasses && { loadClasses: this.#loadClasses },
      trouble: (error) => log(LEVELS.WARNING, `a served call failed: ${error}`),
      ended: (reason) => {
        ended?.();
        this.#links.delete(link);
        this.#expire(session);
        if (reason !== null) {
          log(
            LEVELS.WARNING,
            `ended the connection with ${peer}: ${reason.message}`,
          );
        }
      },
    });
    this.#links.add(link);
  }

  /** A connection with this process itself. */
  connectHere(): Transport {
    const [here, there] = memoryTransports();
    this.attach(here, "this process", undefined, true);
    return there;
  }

  /** Makes something, as it is to be sent. */
  async create(typeid: string, args: readonly unknown[]): Promise<unknown> {
    const where = nameOf(this.address);
    const { callable, exposed } = servedType(this.#registry, typeid, where);
    const value = await callable(...args);
    if (value instanceof BaseProxy) belongsTo(this, value);
    if (!isForeign(value) && !isCollection(value)) return value;
    belongsTo(this, value);
    return serve(value, exposed);
  }

  /** Makes something, and keeps it until it is claimed or taken, once. */
  async offer(typeid: string, args: readonly unknown[]): Promise<string> {
    const ticket = crypto.randomUUID();
    this.#keep(ticket, await this.create(typeid, args));
    this.#once.add(ticket);
    return ticket;
  }

  /** Gives what was offered, if it needs no proxy: then it is that itself. */
  take(ticket: string): { readonly value: unknown } | null {
    const value = this.#kept.get(ticket);
    if (typeof value === "object" && value !== null) {
      const kind = classOf(Object.getPrototypeOf(value))?.kind;
      const isItself = kind === "handle" && !isServed(value) &&
        !(value instanceof BaseProxy);
      if (!isItself) return null;
    }
    this.#once.delete(ticket);
    this.#kept.delete(ticket);
    return { value };
  }

  ticketFor(object: object): string {
    return this.#own.give(object);
  }

  kept(ticket: string): object | undefined {
    return this.#own.find(ticket) ??
      this.#kept.get(ticket) as object | undefined;
  }

  /** Somebody sends an object to others, who will come with that ticket. */
  keep(session: Session, ticket: string, object: object): void {
    if (session.isHere) {
      this.#own.keep(ticket, asSentOn(object));
      return this.#hasCome(ticket);
    }
    session.tickets.add(ticket);
    this.#keep(ticket, asSentOn(object));
  }

  /** Somebody comes with a ticket. */
  async claim(ticket: string, signal?: AbortSignal): Promise<unknown> {
    let own = this.#own.find(ticket);
    if (own === undefined && !this.#kept.has(ticket)) {
      await this.#ticketComes(ticket, signal);
      own = this.#own.find(ticket);
    }
    if (own !== undefined) return own;
    if (this.#kept.has(ticket)) {
      const object = this.#kept.get(ticket);
      if (this.#once.delete(ticket)) this.#kept.delete(ticket);
      return object;
    }
    throw new ShutDownError(
      "Cannot use an object that was sent as it is no more: nobody held it any longer",
    );
  }

  /** Ends it: who has proxies gets an `EOFError` from then on. */
  close(): void {
    removeServer(this);
    this.#acceptor.close();
    for (const link of this.#links) link.close();
    this.#kept.clear();
    this.#own.clear();
  }

  async #run(): Promise<void> {
    await loadContexts();
    for (;;) {
      let transport: SocketTransport;
      try {
        transport = await this.#acceptor.accept({});
      } catch (error) {
        if (error instanceof ShutDownError) return;
        throw error;
      }
      this.attach(transport, transport.peer);
    }
  }

  #keep(ticket: string, object: unknown): void {
    this.#kept.set(ticket, object);
    this.#hasCome(ticket);
  }

  #hasCome(ticket: string): void {
    for (const look of this.#claims.get(ticket) ?? []) look();
  }

  async #ticketComes(ticket: string, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let waiting = this.#claims.get(ticket);
    if (waiting === undefined) this.#claims.set(ticket, waiting = new Set());
    waiting.add(resolve);
    signal?.addEventListener("abort", () => resolve());
    const cancel = after(CLAIM_MS, resolve, false);
    await promise;
    cancel();
    waiting.delete(resolve);
    if (waiting.size === 0) this.#claims.delete(ticket);
    signal?.throwIfAborted();
  }

  /** What was sent by who is gone may be on its way. */
  #expire({ tickets }: Session): void {
    if (tickets.size === 0) return;
    after(TICKET_MS, () => {
      for (const ticket of tickets) this.#kept.delete(ticket);
    }, false);
  }
}

/** Whether it is data, which would be copied: what is served is used where it is. */
function isCollection(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ||
    Array.isArray(value) || value instanceof Map || value instanceof Set;
}
