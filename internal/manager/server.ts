/** Serves the objects of a manager to all who have its key. */

import { ShutDownError } from "../../errors.ts";
import { loadContexts, runForThread } from "../context.ts";
import { LEVELS, log } from "../launch/log.ts";
import { Acceptor } from "../pipe/acceptor.ts";
import { type Address, nameOf, type TlsOptions } from "../pipe/address.ts";
import { DEFAULT_LENGTH } from "../pipe/framing.ts";
import { listen } from "../pipe/listen.ts";
import { Link } from "../travel/link.ts";
import type { LinkOptions } from "../travel/link_options.ts";
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
import { Client } from "./client.ts";
import {
  addServer,
  belongsTo,
  type HomeServer,
  removeServer,
  serverAt,
} from "./homes.ts";
import { type Registry, servedType } from "./registry.ts";
import { BaseProxy } from "./side.ts";
import { type AllTickets, findIn, Tickets } from "./tickets.ts";

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
  /** Those that have come by it. */
  readonly tickets: Tickets;

  constructor(server: ManagerServer, tickets: Tickets) {
    this.server = server;
    this.tickets = tickets;
  }
}

/** Something that was made for one who comes with its ticket, once. */
class Offer {
  value: unknown;

  constructor(value: unknown) {
    this.value = value;
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
      offer: ({ server, tickets }, [typeid, args]) =>
        server.offer(tickets, String(typeid), args as unknown[]),
      keep: ({ server, tickets }, [ticket, object]) =>
        server.keep(tickets, String(ticket), object as object),
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
  readonly #tickets: AllTickets = new Map();
  /** Those of this process. */
  readonly #own = new Tickets(this.#tickets);
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
    { ended, ...how }: Pick<LinkOptions, "sentHere"> & { ended?(): void } = {},
  ): void {
    const tickets = this.newTickets();
    const session = new Session(this, tickets);
    const link: Link = new Link(transport, {
      peer,
      root: {
        shared: SESSION as unknown as SharedClass<object>,
        object: session,
      },
      introduces: true,
      ...how,
      loadAll: () => import("../travel/all.ts"),
      ...this.#loadClasses && { loadClasses: this.#loadClasses },
      trouble: (error) => log(LEVELS.WARNING, `a served call failed: ${error}`),
      ended: (reason) => {
        ended?.();
        this.#links.delete(link);
        // What was sent by who is gone may be on its way.
        if (serverAt(this.address) !== this) tickets.clear();
        else clearLater(tickets);
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
  connectHere(): Client {
    const [here, there] = memoryTransports();
    const client = new Client(there, this.address);
    this.attach(here, "this process", { sentHere: (id) => client.sent(id) });
    return client;
  }

  /** For the tickets of somebody who sends objects of this server. */
  newTickets(): Tickets {
    return new Tickets(this.#tickets);
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
  async offer(
    tickets: Tickets,
    typeid: string,
    args: readonly unknown[],
  ): Promise<string> {
    const ticket = crypto.randomUUID();
    tickets.keep(ticket, new Offer(await this.create(typeid, args)));
    return ticket;
  }

  /** Gives what was offered, if it needs no proxy: then it is that itself. */
  take(ticket: string): { readonly value: unknown } | null {
    const { value } = this.kept(ticket) as Offer;
    if (typeof value === "object" && value !== null) {
      const kind = classOf(Object.getPrototypeOf(value))?.kind;
      const isItself = kind === "handle" && !isServed(value) &&
        !(value instanceof BaseProxy);
      if (!isItself) return null;
    }
    return { value: this.#taken(ticket) };
  }

  ticketFor(object: object): string {
    return this.#own.give(object);
  }

  kept(ticket: string): object | undefined {
    return findIn(this.#tickets, ticket);
  }

  /** Somebody sends an object to others, who will come with that ticket. */
  keep(tickets: Tickets, ticket: string, object: object): void {
    tickets.keep(ticket, asSentOn(object));
    for (const look of this.#claims.get(ticket) ?? []) look();
  }

  /** Somebody comes with a ticket. */
  async claim(ticket: string, signal?: AbortSignal): Promise<unknown> {
    if (this.kept(ticket) === undefined) {
      await this.#ticketComes(ticket, signal);
    }
    const object = this.kept(ticket);
    if (object !== undefined) {
      return object instanceof Offer ? this.#taken(ticket) : object;
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
    this.#own.clear();
    this.#tickets.clear();
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

  #taken(ticket: string): unknown {
    const offer = this.kept(ticket) as Offer;
    this.#tickets.delete(ticket);
    const { value } = offer;
    offer.value = undefined; // it is held for a while, the value need not be
    return value;
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
}

/** Not in the scope of the connection, which would be held until then. */
function clearLater(tickets: Tickets): void {
  after(TICKET_MS, () => tickets.clear(), false);
}

/** Whether it is data, which would be copied: what is served is used where it is. */
function isCollection(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ||
    Array.isArray(value) || value instanceof Map || value instanceof Set;
}
