/**
 * How two sides of a stream of bytes prove to each other that they have the same
 * key, without telling it.
 *
 * ```text
 *      listener                                  connector
 *   1  sends MAGIC, its nonce                    sends MAGIC, its nonce
 *      reads 8 + 32 bytes                   ⇄    reads 8 + 32 bytes
 *   2  reads 32 bytes                       ←    sends its proof
 *   3  sends ACCEPTED, its proof, and is    →    reads 1 byte, and after ACCEPTED
 *      done; or sends REFUSED and is done        32 more, and is done
 *
 *   MAGIC   8 bytes, the last of which is the version of all this
 *   nonce   32 bytes: 16 random ones, new for each connection, and the first 16 of
 *           the HMAC-SHA-256 with the key of "@multi/processing memory " and the id
 *           of the memory that the sender shares with its family
 *   proof   32 bytes: HMAC-SHA-256 with the key, of the prover's role, the
 *           listener's nonce and the connector's nonce, in this order
 * ```
 *
 * What each side does when something else comes:
 *
 * ```text
 *   less, then the end        EOFError, on either side
 *   less, then nothing        waits; whoever calls has a limit on the time
 *   more                      is not read: it is the first of what follows
 *   1: another MAGIC          AuthenticationError, as soon as its 8 bytes are there
 *   2: a wrong proof          the listener sends REFUSED: AuthenticationError
 *   3: REFUSED                AuthenticationError
 *   3: neither                AuthenticationError
 *   3: a wrong proof          AuthenticationError
 * ```
 *
 * Nobody reads more than 73 bytes of somebody who has proven nothing. Both sides
 * begin at once, so that one who speaks another protocol finds out at once, and
 * neither waits for the other. By the nonces both know whether they look at one
 * memory: only then objects that lie there can be in messages.
 *
 * A proof is good for one connection and one role only: it covers both nonces,
 * one of which the verifier has made, and says whose proof it is. So it is of no
 * use to send a proof back to who made it, or to another connection. Who sits
 * between both may pass everything on, and then reads and changes what follows:
 * against that there is TLS. Who has seen a proof may try keys against it, so a
 * key should be as long as a random one.
 */

import { AuthenticationError, EOFError } from "../../errors.ts";

/** A stream of bytes, such as a `Deno.Conn`. */
export interface ByteStream {
  /** Reads some bytes; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes; gives how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Which side one is. */
export type Role = "listener" | "connector";

const VERSION = 1;
/** What no text begins with, nor a message of this package. */
const MAGIC = new Uint8Array([0x93, 77, 85, 76, 84, 73, 80, VERSION]);
const NONCE = 32;
const RANDOM = 16;
const PROOF = 32;
const ACCEPTED = 1;
const REFUSED = 0;

/**
 * Proves the key to the other side, and has it proven. The stream is not closed
 * when that fails.
 *
 * @param peer Who is at the other end, for messages of errors.
 * @param memory The id of the memory that this side shares with its family.
 * @returns Whether the other side shares it, too.
 */
export async function authenticate(
  stream: ByteStream,
  role: Role,
  authkey: Uint8Array,
  peer: string,
  memory: string,
): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    new Uint8Array(authkey),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const tag = (await sign(key, `@multi/processing memory ${memory}`))
    .subarray(0, NONCE - RANDOM);
  const side = { stream, key, peer, tag };
  const theirs = await (role === "listener" ? listen(side) : connect(side));
  return isSame(theirs.subarray(RANDOM), tag);
}

interface Side {
  readonly stream: ByteStream;
  readonly key: CryptoKey;
  readonly peer: string;
  /** Tells what memory it shares. */
  readonly tag: Uint8Array;
}

/** Gives the nonce of the other side. */
async function listen(side: Side): Promise<Uint8Array> {
  const { mine, theirs } = await exchangeNonces(side);
  const expected = await prove(side, "connector", mine, theirs);
  if (!isSame(await readExactly(side, PROOF), expected)) {
    await writeAll(side, new Uint8Array([REFUSED]));
    throw new AuthenticationError(`${side.peer} has another key`);
  }
  const proof = await prove(side, "listener", mine, theirs);
  await writeAll(side, join(new Uint8Array([ACCEPTED]), proof));
  return theirs;
}

/** Gives the nonce of the other side. */
async function connect(side: Side): Promise<Uint8Array> {
  const { peer } = side;
  const { mine, theirs } = await exchangeNonces(side);
  await writeAll(side, await prove(side, "connector", theirs, mine));
  const [verdict] = await readExactly(side, 1);
  if (verdict !== ACCEPTED) {
    throw new AuthenticationError(
      verdict === REFUSED
        ? `Cannot connect to ${peer} as it has another key: give both sides the same "authkey"`
        : `Cannot connect to ${peer} as it answers what no listener does`,
    );
  }
  const expected = await prove(side, "listener", theirs, mine);
  if (!isSame(await readExactly(side, PROOF), expected)) {
    throw new AuthenticationError(
      `Cannot connect to ${peer} as it does not have the key, although it accepts ours`,
    );
  }
  return theirs;
}

async function exchangeNonces(side: Side) {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM));
  const mine = join(random, side.tag);
  await writeAll(side, join(MAGIC, mine));
  checkMagic(side, await readExactly(side, MAGIC.length));
  return { mine, theirs: await readExactly(side, NONCE) };
}

async function prove(
  { key }: Side,
  role: Role,
  listenersNonce: Uint8Array,
  connectorsNonce: Uint8Array,
): Promise<Uint8Array> {
  const nonces = [listenersNonce, connectorsNonce];
  return await sign(key, `@multi/processing ${role}`, ...nonces);
}

async function sign(
  key: CryptoKey,
  text: string,
  ...more: Uint8Array[]
): Promise<Uint8Array> {
  const data = join(new TextEncoder().encode(text), ...more);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

/** Compares in a time that does not tell where the first difference is. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

function checkMagic({ peer }: Side, magic: Uint8Array): void {
  const version = magic.at(-1);
  if (!isSame(magic.subarray(0, -1), MAGIC.subarray(0, -1))) {
    throw new AuthenticationError(
      `${peer} does not speak the protocol of this package`,
    );
  }
  if (version !== VERSION) {
    throw new AuthenticationError(
      `${peer} speaks version ${version} of the protocol, and this side version ${VERSION}: use the same version of the package on both`,
    );
  }
}

async function readExactly(
  { stream, peer }: Side,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await seen(peer, stream.read(bytes.subarray(at)));
    if (count === null) throw gone(peer);
    at += count;
  }
  return bytes;
}

async function writeAll(
  { stream, peer }: Side,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await seen(peer, stream.write(bytes.subarray(at)));
  }
}

const { ConnectionReset, BrokenPipe, UnexpectedEof } = Deno.errors;

/** Says what it means that reading or writing fails. */
async function seen<T>(peer: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isGone(error) ? gone(peer, error) : error;
  }
}

/** Whether that is how the system says that the other side is no more. */
export function isGone(error: unknown): boolean {
  return error instanceof ConnectionReset || error instanceof BrokenPipe ||
    error instanceof UnexpectedEof;
}

/** The error of who is left before both sides have proven the key. */
export function gone(peer: string, cause?: unknown, hint = ""): EOFError {
  return new EOFError(
    `${peer} closed the connection before the key was proven${hint}`,
    { cause },
  );
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
