/** What all commands are told of where the server is, and how to get there. */

import {
  type Address,
  checkAddress,
  type TlsOptions,
} from "../pipe/address.ts";
import { UsageError } from "./usage_error.ts";

/** Where the server is, and what it takes to get there. */
export interface Way {
  readonly address: Address;
  readonly authkey: string;
  readonly tls: TlsOptions | undefined;
}

/** The values of options, as texts; those that were not given are missing. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** The variable of the environment in which the key can be. */
export const KEY_VARIABLE = "MULTI_PROCESSING_AUTHKEY";
const DEFAULT_ADDRESS = "127.0.0.1:8001";

/** An address as it is written: HOST:PORT, [HOST]:PORT, or a path. */
export function readAddress(text: string = DEFAULT_ADDRESS): Address {
  if (text.startsWith("@")) return checked(`\0${text.slice(1)}`, text);
  if (text.includes("/")) return checked(text, text);
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  if (match !== null) {
    return checked([(match[1] ?? match[2])!, Number(match[3])], text);
  }
  throw new UsageError(
    `Cannot use "${text}" as --address: write HOST:PORT, such as ${DEFAULT_ADDRESS}, or the path of a unix socket with a / in it`,
  );
}

function checked(address: Address, text: string): Address {
  try {
    return checkAddress(address, "listen or connect");
  } catch (error) {
    throw new UsageError(
      `Cannot use "${text}" as --address: ${(error as Error).message}`,
    );
  }
}

/** The key: from a file, or from the environment, where children do not see it. */
export async function readKey(
  file: string | undefined,
  warn: (message: string) => void,
): Promise<string> {
  const key = file === undefined
    ? takeVariable()
    : await readKeyFile(file, warn);
  if (key === undefined) {
    throw new UsageError(
      `Cannot prove who is allowed without a key: write one to a file that only you can read and name that by --authkey-file, or put it into the environment as ${KEY_VARIABLE}`,
    );
  }
  if (key !== "") return key;
  const where = file === undefined ? KEY_VARIABLE : `the file ${file}`;
  throw new UsageError(
    `Cannot use the key as ${where} is empty: put one there`,
  );
}

function takeVariable(): string | undefined {
  const key = Deno.env.get(KEY_VARIABLE);
  Deno.env.delete(KEY_VARIABLE);
  return key;
}

async function readKeyFile(
  file: string,
  warn: (message: string) => void,
): Promise<string> {
  const text = await readFile("authkey-file", file);
  const { mode } = await Deno.stat(file);
  if (mode !== null && (mode & 0o044) !== 0) {
    warn(`others can read the key in ${file}: chmod 600 keeps it from them`);
  }
  return text.replace(/\r?\n$/, "");
}

/** What protects who serves. */
export async function readServerTls(
  { cert, key }: Texts,
  address: Address,
): Promise<TlsOptions | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError(
      "Cannot use TLS with one of --cert and --key alone: give both",
    );
  }
  checkTcp(address);
  return {
    cert: await readFile("cert", cert),
    key: await readFile("key", key),
  };
}

/** What protects who connects. */
export async function readClientTls(
  { ca, hostname }: Texts,
  isAsked: boolean,
  address: Address,
): Promise<TlsOptions | undefined> {
  if (ca === undefined && hostname === undefined && !isAsked) return undefined;
  checkTcp(address);
  return {
    ...(ca !== undefined && { caCerts: [await readFile("ca", ca)] }),
    ...(hostname !== undefined && { hostname }),
  };
}

/** Whether what is sent there leaves this machine as everybody can read it. */
export function isExposed(
  address: Address,
  tls: TlsOptions | undefined,
): boolean {
  if (typeof address === "string" || tls !== undefined) return false;
  return !/^(localhost|127(\.\d+){3}|::1)$/.test(address[0]);
}

function checkTcp(address: Address): void {
  if (typeof address !== "string") return;
  throw new UsageError(
    "Cannot use TLS at a unix socket, where nobody else can listen in: leave it out",
  );
}

async function readFile(option: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot read the file of --${option}: ${(error as Error).message}`,
    );
  }
}

/** A whole number, from a least one on. */
export function readCount(
  option: string,
  text: string | undefined,
  least: number,
  otherwise: number,
): number {
  if (text === undefined) return otherwise;
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) {
    return count;
  }
  throw new UsageError(
    `Cannot use "${text}" as --${option}: it must be an integer >= ${least}`,
  );
}
