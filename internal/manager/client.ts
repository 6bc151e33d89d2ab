/** The way to a manager's server. */

import type { Address, TlsOptions } from "../pipe/address.ts";
import { EOFError } from "../../errors.ts";
import { runForThread } from "../context.ts";
import { beforeExit } from "../launch/farewells.ts";
import { dial } from "../pipe/dial.ts";
import { nameOf } from "../pipe/address.ts";
import { DEFAULT_LENGTH } from "../pipe/framing.ts";
import { programHolder } from "../travel/hold_program.ts";
import type { Exported } from "../travel/exports.ts";
import { Link } from "../travel/link.ts";
import type { LinkOptions } from "../travel/link_options.ts";
import type { Remote } from "../travel/remote.ts";
import type { SharedClass } from "../travel/service.ts";
import { openTransport, SocketTransport } from "../travel/socket_transport.ts";
import type { Transport } from "../travel/transport.ts";
import { checkTimeout, waitFor, type WaitOptions } from "../wait.ts";
import { WAY } from "./homes.ts";
import { HOLD_MS } from "./tickets.ts";

/** How to connect to a server. */
interface ClientOptions {
  readonly authkey: Uint8Array;
  readonly tls: TlsOptions | undefined;
}

/** A ticket, and when the server was last told of it. */
interface GivenTicket {
  readonly ticket: string;
  readonly toldAt: number;
}

/** What somebody had a ticket for. */
export interface Claimed {
  readonly object: object;
  /** What it stands for; `null`: it has come home to this process. */
  readonly remote: Remote | null;
}

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
/** So often a server may close the connection at once because others wait. */
const MOST_REFUSALS = 10;

/** A connection with a server, and what one can ask it. */
export class Client {
  /** Where the server listens. */
  address: Address;
  readonly #how: LinkOptions & { peer: string };
  readonly #link: Link;
  readonly #root: Remote;
  readonly #tickets = new WeakMap<Remote, GivenTicket>();

  #ended: (() => void)[] = [];

  constructor(transport: Transport, address: Address) {
    this.address = address;
    this.#how = {
      peer: peerAt(address),
      waiting: transport instanceof SocketTransport
        ? (yes) => transport.hold(yes)
        : programHolder(),
      introduces: true,
      loadAll: () => import("../travel/all.ts"),
      locate: (object, remote) => this.#locate(object, remote),
      ended: () => {
        for (const callback of this.#ended) callback();
      },
    };
    this.#link = new Link(transport, this.#how);
    this.#root = this.#link.root();
    this.whenEnded(beforeExit(() => this.#link.answered()));
  }

  /** Calls back when the connection has ended. */
  whenEnded(callback: () => void): void {
    if (this.#link.ended) callback();
    else this.#ended.push(callback);
  }

  /** Asks the server where it listens: the system may have chosen that. */
  async askAddress(): Promise<Address> {
    this.address = await this.#root.call("address", []) as Address;
    this.#how.peer = peerAt(this.address);
    return this.address;
  }

  /** What the server makes. */
  create(typeid: string, args: readonly unknown[]): Promise<unknown> {
    return this.#get("create", typeid, args);
  }

  /** What the server makes, by its ticket. */
  async offer(typeid: string, args: readonly unknown[]): Promise<string> {
    return await this.#get("offer", typeid, args) as string;
  }

  /** What stands here for what somebody has a ticket for. */
  claim(ticket: string): Promise<unknown> {
    return this.#root.call("claim", [ticket]);
  }

  /** The same, for one who closes it apart from all others. */
  async claimApart(
    shared: SharedClass<object>,
    ticket: string,
  ): Promise<Claimed> {
    const object = await this.claim(ticket) as object;
    const apart = this.#link.apart(shared, object);
    return apart === null
      ? { object, remote: null }
      : { object: apart, remote: shared.remoteOf(apart) };
  }

  /** What was sent to the server by that id. */
  sent(id: number): Exported | undefined {
    return this.#link.sent(id);
  }

  /** Ends it. */
  close(): void {
    this.#link.close();
  }

  async #get(
    method: string,
    typeid: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    try {
      return await this.#root.call(method, [typeid, args]);
    } catch (cause) {
      if (!(this.#link.ended && cause instanceof EOFError)) throw cause;
      const { peer } = this.#how;
      throw new EOFError(
        `Cannot get "${typeid}" from ${peer} as the connection has ended`,
        { cause },
      );
    }
  }

  /** How others find what a proxy stands for: the server keeps it for them. */
  #locate(object: object, remote: Remote): unknown {
    const now = performance.now();
    let given = this.#tickets.get(remote);
    if (given === undefined || now - given.toldAt > HOLD_MS / 2) {
      const { ticket } = given ?? { ticket: crypto.randomUUID() };
      this.#tickets.set(remote, given = { ticket, toldAt: now });
      // If the server is gone, who receives it finds that out.
      runForThread(() => this.#root.call("keep", [ticket, object]))
        .catch(() => {});
    }
    return [WAY, this.address, given.ticket, remote.description];
  }
}

/** What a server is called in messages. */
export function peerAt(address: Address): string {
  return `the manager at ${nameOf(address)}`;
}

/**
 * Connects; where a time is given, again and again until somebody listens. A
 * server that has too much to do is tried again in any case.
 */
export async function connectTo(
  address: Address,
  { authkey, tls }: ClientOptions,
  { timeout, signal }: WaitOptions,
): Promise<SocketTransport> {
  const end = performance.now() + checkTimeout(timeout);
  let refusals = 0;
  for (
    let pause = FIRST_RETRY_MS;;
    pause = Math.min(pause * 2, LAST_RETRY_MS)
  ) {
    const left = Math.max(end - performance.now(), 0);
    try {
      return await dial(
        address,
        {
          authkey,
          tls,
          maxLength: DEFAULT_LENGTH,
          timeout: left,
          signal,
        },
        openTransport,
      );
    } catch (error) {
      const isBusy = error instanceof EOFError && ++refusals < MOST_REFUSALS;
      const mayCome = timeout !== undefined &&
        (error instanceof Deno.errors.ConnectionRefused ||
          error instanceof Deno.errors.NotFound);
      if (!(isBusy || mayCome) || left <= pause) throw error;
    }
    const time = pause * (0.5 + Math.random() / 2);
    await waitFor(new Promise(() => {}), { timeout: time, signal });
  }
}
