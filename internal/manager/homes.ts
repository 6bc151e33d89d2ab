/** What the servers of this process serve, for messages to who is not connected. */

import { nameOf } from "../pipe/address.ts";
import type { Address } from "../pipe/address.ts";
import type { Located } from "../travel/service.ts";
import { note } from "../wire/envelope.ts";
import { Unsendable } from "../wire/unsendable.ts";

/** How one finds a served object that a message tells of. */
export const WAY = "manager";

/** A server in this process. */
export interface HomeServer {
  readonly address: Address;
  /** Keeps an object for who brings the ticket. */
  ticketFor(object: object): string;
  /** What somebody has a ticket for; `undefined`: nothing. */
  kept(ticket: string): object | undefined;
  /** The same, where the ticket may be on its way. */
  claim(ticket: string): Promise<unknown>;
}

const servers = new Map<string, HomeServer>();
const serverOf = new WeakMap<object, HomeServer>();

/** A server begins. */
export function addServer(server: HomeServer): void {
  servers.set(nameOf(server.address), server);
}

/** A server has ended. */
export function removeServer(server: HomeServer): void {
  const name = nameOf(server.address);
  if (servers.get(name) === server) servers.delete(name);
}

/** The server of this process at an address. */
export function serverAt(address: Address): HomeServer | undefined {
  return servers.get(nameOf(address));
}

/** An object is served by that server. */
export function belongsTo(server: HomeServer, object: object): void {
  serverOf.set(object, server);
}

/** An object is served by the same server as another one. */
export function belongsWith(other: object, object: object): void {
  const server = serverOf.get(other);
  if (server !== undefined) belongsTo(server, object);
}

/** The server that serves an object. */
export function homeOf(object: object): HomeServer | undefined {
  const server = serverOf.get(object);
  return server !== undefined && serverAt(server.address) === server
    ? server
    : undefined;
}

/**
 * How an object of this process can be found by others.
 *
 * @param served What is served of it, and what is known of that.
 */
export function locateHome(
  name: string,
  object: object,
  served: object = object,
  description?: unknown,
): Located {
  const server = homeOf(object);
  if (server === undefined) {
    throw new Unsendable(`a ${name} that nobody serves cannot be sent`);
  }
  note({ key: name, pin: null });
  return { at: [WAY, server.address, server.ticketFor(served), description] };
}
