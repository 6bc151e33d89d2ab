/** Where a listener can be reached, and how the way there is protected. */

import { checkNames, type OptionNames } from "../check.ts";

/**
 * Where a listener can be reached: a host and a port for TCP, or the path of a
 * unix socket. A path that begins with a zero byte is one of Linux's abstract
 * names, which is no file.
 */
export type Address = readonly [host: string, port: number] | string;

/**
 * How TLS protects a connection over TCP. All texts are PEM.
 *
 * The runtime cannot close a connection at which the TLS handshake was not begun or
 * not answered: it keeps a file descriptor until the other side goes. So where
 * strangers can reach the port of a listener, let a proxy do the TLS; and do not
 * connect by TLS again and again to what does not answer.
 */
export interface TlsOptions {
  /** The listener's certificate, and those that it is signed by. */
  cert?: string;
  /** The private key of the listener's certificate. */
  key?: string;
  /** Certificates that who connects trusts besides the usual ones. */
  caCerts?: string[];
  /**
   * The name that the listener's certificate must be for; by default the host
   * that is connected to.
   */
  hostname?: string;
}

/** The address as text, for messages. */
export function nameOf(address: Address): string {
  if (typeof address === "string") return address.replace(/^\0/, "@");
  const [host, port] = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address of a socket of the runtime. */
export function toAddress(addr: Deno.Addr): Address {
  return "path" in addr ? addr.path : [
    (addr as Deno.NetAddr).hostname,
    (addr as Deno.NetAddr).port,
  ];
}

/** What the system has room for. */
const LONGEST_PATH = Deno.build.os === "darwin" ? 103 : 107;

/** Checks what a user gave as an address. */
export function checkAddress(address: unknown, verb: string): Address {
  if (typeof address === "string" && address !== "") {
    if (address.includes("\0", 1)) {
      throw new TypeError(
        `Cannot ${verb} as a path has no zero byte in it: current value is ${
          Deno.inspect(address)
        }`,
      );
    }
    const { length } = new TextEncoder().encode(address);
    if (length <= LONGEST_PATH) return address;
    throw new RangeError(
      `Cannot ${verb} as the path of a socket has at most ${LONGEST_PATH} bytes, and ${
        nameOf(address)
      } has ${length}: take a shorter one`,
    );
  }
  if (Array.isArray(address) && address.length === 2) {
    const [host, port] = address;
    if (typeof host === "string" && host !== "") {
      if (Number.isInteger(port) && port >= 0 && port <= 65535) {
        return [host, port];
      }
      throw new RangeError(
        `Cannot ${verb} as the port must be an integer from 0 to 65535: current value is ${
          Deno.inspect(port)
        }`,
      );
    }
  }
  throw new TypeError(
    `Cannot ${verb} as "address" must be [host, port] or the path of a unix socket: current value is ${
      Deno.inspect(address)
    }`,
  );
}

/** The bytes of a key that a user gave. */
export function checkAuthkey(authkey: unknown, verb: string): Uint8Array {
  const bytes = typeof authkey === "string"
    ? new TextEncoder().encode(authkey)
    : authkey;
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot ${verb} as "authkey" must be a string or a Uint8Array: current value is of type ${typeof authkey}`,
    );
  }
  if (bytes.length === 0) {
    throw new RangeError(
      `Cannot ${verb} as "authkey" must not be empty: give both sides the same secret, or none to use the process's own`,
    );
  }
  return bytes.slice();
}

const TLS_NAMES: OptionNames<TlsOptions> = {
  cert: true,
  key: true,
  caCerts: true,
  hostname: true,
};

/**
 * Checks what a user gave as `tls`, unless it is left away. TLS is for TCP: nobody
 * else can listen in on a unix socket.
 */
export function checkTls(
  address: Address | undefined,
  tls: TlsOptions | undefined,
  verb: string,
): void {
  if (tls === undefined) return;
  if (typeof tls !== "object" || tls === null) {
    throw noTls(verb, "tls", "an object, such as { cert, key }", tls);
  }
  checkNames(tls, TLS_NAMES, verb);
  for (const name of ["cert", "key", "hostname"] as const) {
    const text: unknown = tls[name];
    if (text === undefined || typeof text === "string") continue;
    throw noTls(verb, `tls.${name}`, "a text", text);
  }
  const { caCerts } = tls;
  if (
    caCerts !== undefined && !(Array.isArray(caCerts) &&
      caCerts.every((cert: unknown) => typeof cert === "string"))
  ) {
    throw noTls(verb, "tls.caCerts", "an array of PEM texts", caCerts);
  }
  const other = caCerts?.find((cert) => !cert.includes("-----BEGIN "));
  if (other !== undefined) {
    throw new TypeError(
      `Cannot ${verb} as "tls.caCerts" must be an array of PEM texts, and ${
        Deno.inspect(other.slice(0, 100))
      } is none: give what is in the file`,
    );
  }
  if (typeof address !== "string") return;
  throw new TypeError(
    `Cannot ${verb} as "tls" is for TCP, and ${
      nameOf(address)
    } is a unix socket: leave it out`,
  );
}

/** What is wrong with `tls`; a part of it may be a secret. */
function noTls(verb: string, name: string, what: string, value: unknown) {
  return new TypeError(
    `Cannot ${verb} as "${name}" must be ${what}: current value is ${
      value === null ? "null" : `of type ${typeof value}`
    }`,
  );
}

/** Whether the runtime tells of something that the system said. */
export function isSystemError(error: unknown): error is Error {
  // A host without an address is an `Error`, one that can have none a `URIError`.
  return error instanceof Error &&
    (error.constructor === Error || error instanceof URIError ||
      Object.values(Deno.errors).some((of) => of === error.constructor));
}

/** What a system's error is to who gave the host, or `null`: it is of other things. */
export function hostTrouble(error: Error): string | null {
  if (error instanceof URIError) {
    return `the host is no name and no IP address: ${error.message}`;
  }
  return error.message.startsWith("failed to lookup")
    ? `the host is not known: ${error.message}`
    : null;
}

/** An error of the same class as the system's, if not of another, with more to say. */
export function systemError(
  error: Error,
  message: string,
  Class: new (message: string, options: ErrorOptions) => Error =
    error instanceof URIError
      ? TypeError // as of any address that is none
      : error.constructor as ErrorConstructor,
): Error {
  if (error instanceof Deno.errors.NotCapable) return error; // it says enough
  return new Class(message, { cause: error });
}
