/** Sockets that listen. */

import {
  type Address,
  checkTls,
  hostTrouble,
  isSystemError,
  nameOf,
  systemError,
  type TlsOptions,
  toAddress,
} from "./address.ts";
import { type NamedSocket, openNamed } from "./named_socket.ts";
import { identityOf, otherAt, replaceStale } from "./stale_socket.ts";

/** A socket that listens. */
export interface ListeningSocket {
  /** Where it does, with the port that the system has chosen. */
  readonly address: Address;
  /** The next connection. */
  accept(): Promise<Deno.Conn>;
  /** Ends it, and removes its file. */
  close(): void;
  /** Lets a pending `accept` keep the program alive. */
  ref(): void;
  /** Lets the program end although an `accept` is pending. */
  unref(): void;
}

/** Listens, and lets the system keep so many connections that wait for that. */
export function listen(
  address: Address,
  tls: TlsOptions | undefined,
  backlog: number,
): ListeningSocket {
  checkTls(address, tls, "listen");
  try {
    return typeof address === "string"
      ? listenAtPath(address)
      : fromListener(listenAtPort(address, tls, backlog));
  } catch (error) {
    throw explain(error, address);
  }
}

function listenAtPort(
  [hostname, port]: Exclude<Address, string>,
  tls: TlsOptions | undefined,
  tcpBacklog: number,
): Deno.Listener {
  if (tls === undefined) return Deno.listen({ hostname, port, tcpBacklog });
  const { cert, key } = tls;
  if (cert === undefined || key === undefined) {
    throw new TypeError(
      'Cannot listen by TLS as "tls.cert" and "tls.key" are needed for it: give both as PEM texts',
    );
  }
  return Deno.listenTls({ hostname, port, tcpBacklog, cert, key });
}

function listenAtPath(path: string): ListeningSocket {
  if (path.startsWith("\0")) {
    return fromListener(Deno.listen({ transport: "unix", path }));
  }
  const { listener, isNamed } = openAtPath(path);
  const identity = identityOf(path);
  const remove = () => {
    if (identity === null || identityOf(path) !== identity) return;
    try {
      Deno.removeSync(path);
    } catch {
      // Somebody else has removed it.
    }
  };
  if (removals.size === 0) globalThis.addEventListener("unload", removeAll);
  removals.add(remove);
  const close = () => {
    removals.delete(remove);
    if (isNamed) remove();
    listener.close();
  };
  return { ...fromListener(listener), address: path, close };
}

function openAtPath(path: string): NamedSocket {
  const open = () => openNamed(path);
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return replaceStale(path, open);
  }
}

function fromListener(listener: Deno.Listener): ListeningSocket {
  return {
    address: toAddress(listener.addr),
    accept: () => listener.accept(),
    close: () => listener.close(),
    ref: () => listener.ref(),
    unref: () => listener.unref(),
  };
}

/** What removes the sockets that are open when the program ends. */
const removals = new Set<() => void>();

function removeAll(): void {
  for (const remove of removals) remove();
}

function explain(error: unknown, address: Address): unknown {
  if (!isSystemError(error)) return error;
  return systemError(
    error,
    `Cannot listen at ${nameOf(address)} as ${reasonOf(error, address)}`,
    isNoPair(error) ? Deno.errors.InvalidData : undefined,
  );
}

/** Whether each of the certificate and the key is one, but of another pair. */
function isNoPair({ message }: Error): boolean {
  return message.includes("KeyMismatch"); // which is a plain `Error`
}

function reasonOf(error: Error, address: Address): string {
  const { AddrInUse, AddrNotAvailable, NotFound, InvalidData } = Deno.errors;
  if (error instanceof AddrInUse) {
    const other = typeof address === "string" ? otherAt(address) : null;
    if (other !== null) return `there is ${other}: take another path`;
    return "the address is in use: take another one, or end who listens there";
  }
  if (error instanceof AddrNotAvailable) return "the host is not this machine";
  if (error instanceof NotFound) return "its folder does not exist";
  if (error instanceof InvalidData || isNoPair(error)) {
    return `"tls.cert" and "tls.key" are no certificate with its key: ${error.message}`;
  }
  return hostTrouble(error) ?? error.message;
}
