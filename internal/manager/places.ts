/** Finds what a message tells of that some manager serves. */

import { DataCloneError } from "../../errors.ts";
import { currentContext, runForThread, runInSync } from "../context.ts";
import { beforeExit } from "../launch/farewells.ts";
import { knownManager } from "../launch/known_managers.ts";
import { type Address, checkAddress, nameOf } from "../pipe/address.ts";
import { forget, met } from "../travel/meeting.ts";
import { OwnObject } from "../travel/own_object.ts";
import { GRACE_MS } from "../travel/patience.ts";
import {
  NoAnswerError,
  type Relay,
  released,
  type Remote,
} from "../travel/remote.ts";
import { followBy, locateBy, over, type Route } from "../travel/route.ts";
import type { SharedClass } from "../travel/service.ts";
import { after, TIMED_OUT, waitFor, type WaitOptions } from "../wait.ts";
import { classOf } from "../wire/classes.ts";
import { encode } from "../wire/encode.ts";
import { Unsendable } from "../wire/unsendable.ts";
import { type Claimed, Client, connectTo, peerAt } from "./client.ts";
import { type HomeServer, serverAt, WAY } from "./homes.ts";

/** So long it is tried to reach what can be used in another way, too (ms). */
const REACH_MS = 10_000;

/** What stands for it here, for one only. The object is what its connection knows. */
interface Found {
  readonly object: object;
  readonly remote: Remote;
}

/** What one thread needs of a server, as long as it is connected with it. */
class Place {
  readonly #address: Address;
  /** The connections that there are; the last of them is used. */
  readonly #clients = new Set<Client>();
  #connecting: Promise<Client> | null = null;

  constructor(address: Address) {
    this.#address = address;
  }

  /** A connection that can be used until it ends. */
  use(client: Client): void {
    this.#clients.add(client);
    client.whenEnded(() => {
      this.#clients.delete(client);
      this.#forgetUnused();
    });
  }

  /** What stands for the object that somebody has a ticket for. */
  claim(
    shared: SharedClass<object>,
    ticket: string,
    description: unknown,
  ): Promise<Found> {
    return runForThread(async () => {
      const server = serverAt(this.#address);
      const { object, remote } = server === undefined
        ? await this.#claim(shared, ticket)
        : { object: await ownOf(server, shared, ticket), remote: null };
      if (remote !== null) return { object, remote };
      const where = () => {
        const own = server?.ticketFor(object) ?? ticket;
        return [WAY, this.#address, own, description];
      };
      return {
        object,
        remote: new OwnObject(shared, object, where, description),
      };
    });
  }

  async #claim(shared: SharedClass<object>, ticket: string): Promise<Claimed> {
    const known = [...this.#clients].at(-1);
    const client = known ?? await (this.#connecting ??= this.#connect());
    return await client.claimApart(shared, ticket);
  }

  async #connect(): Promise<Client> {
    const { authkey, caCerts, hostname } = knownManager(this.#address);
    const tls = caCerts && { caCerts, ...(hostname && { hostname }) };
    try {
      const transport = await connectTo(this.#address, { authkey, tls }, {});
      const client = new Client(transport, this.#address);
      this.use(client);
      return client;
    } finally {
      this.#connecting = null; // if that failed, the next one may have more luck
      this.#forgetUnused();
    }
  }

  #forgetUnused(): void {
    if (this.#clients.size > 0 || this.#connecting !== null) return;
    places.delete(nameOf(this.#address));
  }
}

/** What a server of this process has a ticket for, which others have told of. */
async function ownOf(
  server: HomeServer,
  shared: SharedClass<object>,
  ticket: string,
): Promise<object> {
  const object = await server.claim(ticket) as object | null;
  const { name } = classOf(Object.getPrototypeOf(Object(object))) ?? {};
  if (name === shared.name) return object!;
  throw new DataCloneError(
    `Cannot receive a ${shared.name} as what has that ticket is none`,
  );
}

const places = new Map<string, Place>();

function placeAt(address: Address): Place {
  const name = nameOf(address);
  let place = places.get(name);
  if (place === undefined) places.set(name, place = new Place(address));
  return place;
}

/** This process is connected to that server: what is there is found by this way. */
export function reachBy(client: Client): void {
  placeAt(client.address).use(client);
}

/** An object that is being looked for where it is served. */
class Awaited implements Remote {
  readonly description: unknown;
  /** `[WAY, address, ticket, description]` */
  readonly #where: readonly unknown[];
  readonly #claim: Promise<Found>;
  #found: Found | null = null;
  #isClosed = false;
  /** How many calls wait for it, and when the last of them can be made. */
  #waiting = 0;
  #turn: Promise<unknown>;
  /** What passes calls on, where it cannot be reached; it was sent with it. */
  readonly #relay: Relay | null;
  /** How messages tell of that which were written before it was known. */
  #relayAt: unknown;

  constructor(
    claim: Promise<Found>,
    where: readonly unknown[],
    description: unknown,
    relay: Relay | null = null,
  ) {
    this.#claim = claim;
    this.#where = where;
    this.description = description;
    this.#relay = relay;
    this.#turn = claim;
    unfound.add(this);
    claim.then((found) => {
      this.#found = found;
      if (found.remote !== relay) forget(this.#relayAt);
    }, () => {}).finally(() => unfound.delete(this));
  }

  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    limit?: number,
  ): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(released(method));
    // Nobody comes before those who called first.
    if (this.#found !== null && this.#waiting === 0) {
      return this.#found.remote.call(method, args, signal, limit);
    }
    const call = this.#callWhenFound(method, args, signal, limit);
    return call.finally(beforeExit(() => call));
  }

  async #callWhenFound(
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    limit: number | undefined,
  ): Promise<unknown> {
    const others = unfoundIn(args).map((other) => other.#claim);
    const context = currentContext();
    const start = performance.now();
    let isGivenUp = false;
    // A kill counts at once: the wait below ends some microtasks later, and a call
    // that is made in between would not see it any more.
    const { coroutine } = context;
    let exit: Error | null = null;
    const forget = coroutine?.onKill((reason) => {
      isGivenUp = true;
      exit = reason;
    });
    let answer: Promise<unknown> | undefined;
    this.#waiting++;
    // Not after the wait below, which takes longer where it can be given up: calls
    // are made in their order.
    this.#turn = this.#turn.then(() => Promise.allSettled(others));
    const ready = this.#turn.then(() => {
      this.#waiting--;
      if (isGivenUp) return;
      const { remote } = this.#found!;
      const spent = performance.now() - start;
      answer = runInSync(
        context,
        () =>
          limit === undefined || limit === Infinity
            ? remote.call(method, args, signal, limit)
            : callWithin(remote, method, args, signal, limit - spent),
      );
    });
    ready.catch(() => {}); // whoever waits is told
    const timeout = limit === undefined ? undefined : limit + GRACE_MS;
    try {
      const found = await waitFor(ready, { timeout, signal }).catch((error) => {
        isGivenUp = true;
        if (answer === undefined) throw error;
      });
      if (found === TIMED_OUT && answer === undefined) {
        isGivenUp = true;
        throw new NoAnswerError(peerAt(this.#where[1] as Address), method);
      }
      return await answer;
    } catch (error) {
      if (error === exit) exit = null;
      throw error;
    } finally {
      forget?.();
      if (exit !== null) coroutine!.keepKill(exit); // it came too late for this call
    }
  }

  get isReleased(): boolean {
    return this.#isClosed || (this.#found?.remote.isReleased ?? false);
  }

  release(): void {
    this.#isClosed = true;
    this.#relay?.release();
    this.#claim.then(({ remote }) => remote.release(), () => {});
  }

  tell(method: string, args: readonly unknown[]): void {
    this.call(method, args).catch(() => {});
  }

  giveBack(method: string, result: unknown): void {
    this.#found?.remote.giveBack(method, result);
  }

  gone(owner: object): void {
    this.#found?.remote.gone(owner);
  }

  itself(): Remote {
    return this.#found?.remote ?? this;
  }

  locate(): unknown {
    return this.#found?.remote.locate() ?? this.#locateEither();
  }

  whereabouts(): unknown {
    const remote = this.#found?.remote ?? this.#relay;
    // Others may have more luck where this process had to use the relay.
    return remote === this.#relay ? this.#where : remote!.whereabouts();
  }

  /** It may turn out that only the relay can reach it, by a connection from here. */
  #locateEither(): readonly unknown[] {
    if (this.#relay === null) return this.#where;
    try {
      this.#relayAt = this.#relay.meet();
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error;
      return this.#where; // another thread is to read it
    }
    return [...this.#where, this.#relayAt];
  }
}

/** Those that nobody knows yet how to reach. */
const unfound = new Set<Awaited>();

/**
 * Those of them that are in the arguments of a call: when they are found, they can
 * be sent as what they are, which the server itself may have.
 */
function unfoundIn(args: readonly unknown[]): readonly Awaited[] {
  if (unfound.size < 2) return []; // no other one than who is called
  const found: Awaited[] = [];
  const search: Route = {
    introduces: true,
    send(_shared, _object, remote) {
      if (remote instanceof Awaited && unfound.has(remote)) found.push(remote);
      return null;
    },
    receive: () => ({}),
  };
  over(search, () => encode(args, "args"));
  return found;
}

/** Calls a method that waits, of whose time some is over. */
function callWithin(
  remote: Remote,
  method: string,
  args: readonly unknown[],
  signal: AbortSignal | undefined,
  left: number,
): Promise<unknown> {
  const timeout = Math.max(left, 0);
  const options = { ...args.at(-1) as WaitOptions, timeout };
  return remote.call(
    method,
    [...args.slice(0, -1), options],
    signal,
    timeout,
  );
}

/** The same; where that fails or takes long, what passes calls on is found. */
function orRelay(claim: Promise<Found>, relay: Remote): Promise<Found> {
  const { promise: isLate, reject } = Promise.withResolvers<never>();
  const cancel = after(REACH_MS, reject, false);
  claim.finally(cancel).catch(() => {});
  return Promise.race([claim, isLate]).catch((): Found => {
    claim.then(({ remote }) => remote.release(), () => {}); // it came too late
    return { object: relay, remote: relay };
  });
}

locateBy(WAY, (shared, where) => {
  const [address, ticket, description, relayAt] = where as [
    Address,
    string,
    unknown,
    unknown,
  ];
  const own = serverAt(address)?.kept(ticket);
  if (own !== undefined) return shared.home?.(own) ?? own;
  const known = met(relayAt);
  // One that was closed here meanwhile was closed for this thread, not for the message.
  if (known !== undefined && !shared.remoteOf(known)?.isReleased) return known;
  const at = [WAY, address, ticket, description];
  const claim = placeAt(address).claim(shared, ticket, description);
  return shared.fromRemote(new Awaited(claim, at, description), description);
});

// What the other end of a connection says, which is checked.
followBy((shared, told, relay) => {
  const [way, address, ticket] = Array.isArray(told) ? told : [];
  if (way !== WAY || typeof ticket !== "string") return relay;
  const place = placeAt(checkAddress(address, "reach an object"));
  const { description } = relay;
  const at = [WAY, address, ticket, description];
  const claim = orRelay(place.claim(shared, ticket, description), relay);
  return new Awaited(claim, at, description, relay);
});
