/** Connecting to a listener. */

import { EOFError, TimeoutError } from "../../errors.ts";
import { waitBySignal } from "../context.ts";
import { familyId } from "../memory/home.ts";
import { after, timeoutOf, type WaitOptions } from "../wait.ts";
import {
  type Address,
  checkTls,
  hostTrouble,
  isSystemError,
  nameOf,
  systemError,
  type TlsOptions,
} from "./address.ts";
import { authenticate, gone, isGone } from "./authenticate.ts";
import { closable } from "./closable.ts";
import type { Opener } from "./stream_channel.ts";

/** Until the next try, when too many wait at a unix socket. */
const RETRY_MS = 20;

/** What a listener with TLS does not say to who comes without. */
const NEEDS_TLS = ' (if its listener has "tls", give it here, too)';

/** How to connect. */
export interface DialOptions extends WaitOptions {
  readonly authkey: Uint8Array;
  readonly tls: TlsOptions | undefined;
  readonly maxLength: number;
}

/**
 * Connects, and proves the key.
 *
 * Cancel safety: giving up closes what was begun.
 */
export async function dial<C>(
  address: Address,
  options: DialOptions,
  open: Opener<C>,
): Promise<C> {
  const limit = timeoutOf(options);
  if (address[1] === 0) {
    throw new RangeError(
      `Cannot connect to ${
        nameOf(address)
      } as port 0 is any free one: give the port that the listener's address says`,
    );
  }
  checkTls(address, options.tls, "connect");
  return await waitBySignal(
    options.signal,
    (signal) => dialUntil(address, options, open, limit, signal),
  );
}

async function dialUntil<C>(
  address: Address,
  { authkey, tls, maxLength }: DialOptions,
  openAs: Opener<C>,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<C> {
  const name = nameOf(address);
  const stop = new AbortController();
  const abort = () => stop.abort(signal!.reason);
  signal?.addEventListener("abort", abort);
  const cancel = after(limit, () =>
    stop.abort(
      new TimeoutError(
        `Cannot connect to ${name} within ${
          Math.ceil(limit)
        } ms: it does not answer`,
      ),
    ));
  let socket: Deno.Conn | undefined;
  stop.signal.addEventListener("abort", () => close(socket));
  try {
    socket = closable(await open(address, stop.signal));
    stop.signal.throwIfAborted();
    if (tls) {
      const [hostname] = address as Exclude<Address, string>;
      const { caCerts = [] } = tls;
      const secured = await Deno.startTls(socket as Deno.TcpConn, {
        hostname: tls.hostname ?? hostname,
        caCerts,
      });
      socket = closable(secured);
      stop.signal.throwIfAborted();
      await secured.handshake();
    }
    const isFamily = await authenticate(
      socket,
      "connector",
      authkey,
      name,
      familyId(),
    );
    stop.signal.throwIfAborted();
    return openAs(socket, name, maxLength, isFamily);
  } catch (error) {
    close(socket);
    throw stop.signal.aborted
      ? stop.signal.reason
      : explain(error, address, tls);
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
  }
}

async function open(address: Address, signal: AbortSignal): Promise<Deno.Conn> {
  if (typeof address !== "string") {
    const [hostname, port] = address;
    const socket = await Deno.connect({ hostname, port, signal });
    socket.setNoDelay();
    return socket;
  }
  while (true) {
    const opening = Deno.connect({ transport: "unix", path: address });
    try {
      return await orAbort(opening, signal);
    } catch (error) {
      opening.then((late) => late.close(), () => {});
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
    // More wait to be accepted than the system keeps; by TCP it waits itself.
    const time = Promise.withResolvers<void>();
    const cancel = after(RETRY_MS, time.resolve);
    await orAbort(time.promise, signal).finally(cancel);
  }
}

/** The promise, or the signal's reason, whatever comes first. */
async function orAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const given = Promise.withResolvers<never>();
  const abort = () => given.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, given.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function close(socket: Deno.Conn | undefined): void {
  try {
    socket?.close();
  } catch {
    // Whoever gave up has closed it.
  }
}

function explain(
  error: unknown,
  address: Address,
  tls: TlsOptions | undefined,
): unknown {
  const { ConnectionRefused, NotFound, InvalidData } = Deno.errors;
  const name = nameOf(address);
  if (isGone(error) || error instanceof EOFError) {
    const mayNeedTls = tls === undefined && typeof address !== "string";
    return gone(name, error, mayNeedTls ? NEEDS_TLS : "");
  }
  if (error instanceof ConnectionRefused || error instanceof NotFound) {
    return systemError(
      error,
      `Cannot connect to ${name} as nobody listens there: start its Listener first`,
    );
  }
  if (error instanceof InvalidData) {
    return systemError(
      error,
      `Cannot connect to ${name} by TLS: ${error.message}${cureOf(error)}`,
    );
  }
  if (!isSystemError(error)) return error;
  const trouble = hostTrouble(error);
  const why = trouble === null ? `: ${error.message}` : ` as ${trouble}`;
  return systemError(error, `Cannot connect to ${name}${why}`);
}

/** What to do about what the runtime says of TLS. */
function cureOf({ message }: Error): string {
  if (message.includes("InvalidContentType")) {
    return '; its listener has no "tls": give it a certificate, or leave "tls" out';
  }
  if (message.includes("UnknownIssuer")) {
    return '; give what has signed its certificate in "tls.caCerts", as PEM';
  }
  if (message.includes("CaUsedAsEndEntity")) {
    return "; the certificate is an authority's, to sign others with: make it with basicConstraints=critical,CA:FALSE";
  }
  if (message.includes("not valid for name")) {
    return '; give the name that it is for in "tls.hostname"';
  }
  return "";
}
