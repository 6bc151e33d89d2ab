/**
 * What two processes say to each other of whom one uses objects of the other.
 * Both may do that, at once, over one connection: there is no client and no
 * server but in the manner of speaking.
 *
 * ```text
 *   CALL       call, object, owner, method, arguments   →  one of the next three
 *   RESULT     call, value
 *   ERROR      call, error
 *   LONG       call, length          its RESULT is being written, of so many bytes
 *                                    at most; that, or an ERROR, comes behind it
 *   CANCELLED  call                  it was taken back, and has done nothing
 *   CANCEL     call                  the caller wants it no more
 *   ABANDON    call                  the same, and the caller takes no RESULT of it
 *   GIVE_BACK  call, object, owner, method, value   that was its RESULT, which has
 *                                    come too late: what it took goes back
 *   RELEASE    object, count         so many times it was received, and is used no more
 *   FORGET     owner                 that owner will call no more
 *   DEAD       owner                 it has died, and leaves what it holds
 *   TELL       0, object, owner, method, arguments   a call without an answer
 * ```
 *
 * A message begins with its kind, 1 byte. `call`, `object`, `owner`, `count` and
 * `length` are 4 bytes, big-endian; `method` is 2 bytes and so many bytes of UTF-8.
 * What is left is bytes of the codec; in them a shared object is
 * `[whose, id, description, at]`:
 *
 * ```text
 *   MINE   one of the sender's, whom it can be called at by this id
 *   YOURS  one of the receiver's: the object itself comes home
 * ```
 *
 * `at` is there between managers and their clients, where MINE stands for an object
 * of a third process: how to reach that. Who receives it goes there, and so has the
 * object also when the sender is gone; where it cannot, it uses MINE.
 *
 * Who calls chooses `call` and `owner`, who serves chooses `object`. Whatever does
 * not have this form ends the connection, and nothing else.
 *
 * Invariants
 *   I1  Each CALL has exactly one answer, also after a CANCEL: if it had succeeded
 *       by then, a RESULT. So nothing is taken without somebody knowing. After an
 *       ABANDON the server gives back what it has taken, and answers CANCELLED.
 *   I2  A served object lives while the times that it was sent are more than those
 *       that were released. Messages arrive in their order, so an id that was
 *       released and is sent again is never mistaken.
 *   I3  When the connection ends, all calls that it served are taken back, what
 *       they gave to nobody is given back, and what its owners hold of an object
 *       is treated as a dead thread's. To nobody: a RESULT that could not be
 *       written, or of a call for which there was an ABANDON. Of any other RESULT
 *       that is on its way then nobody knows whether it was read: it is gone.
 *   I4  The number of a call is used again only when that has its answer. So a CALL
 *       tells that the last RESULT of its number has arrived.
 */

import { ProcessError } from "../../errors.ts";

/** What a message is. */
export const Kind = {
  CALL: 1,
  RESULT: 2,
  ERROR: 3,
  CANCELLED: 4,
  CANCEL: 5,
  GIVE_BACK: 6,
  RELEASE: 7,
  FORGET: 8,
  DEAD: 9,
  TELL: 10,
  ABANDON: 11,
  LONG: 12,
} as const;

/** Whose an object in a message is, as its sender has it. */
export const Whose = { MINE: 0, YOURS: 1 } as const;

/** Which call it is; or of which one nobody wanted the result. */
export interface CallHead {
  readonly call: number;
  readonly object: number;
  readonly owner: number;
  readonly method: string;
}

/** The kinds of messages that have such a head. */
type WithHead = typeof Kind.CALL | typeof Kind.GIVE_BACK | typeof Kind.TELL;

/** What a message says, as far as it is no value. */
export type Message =
  | CallHead & {
    readonly kind: WithHead;
    readonly body: Uint8Array;
  }
  | {
    readonly kind: typeof Kind.RESULT | typeof Kind.ERROR;
    readonly call: number;
    readonly body: Uint8Array;
  }
  | {
    readonly kind:
      | typeof Kind.CANCELLED
      | typeof Kind.CANCEL
      | typeof Kind.ABANDON;
    readonly call: number;
  }
  | {
    readonly kind: typeof Kind.RELEASE;
    readonly object: number;
    readonly count: number;
  }
  | {
    readonly kind: typeof Kind.LONG;
    readonly call: number;
    readonly length: number;
  }
  | {
    readonly kind: typeof Kind.FORGET | typeof Kind.DEAD;
    readonly owner: number;
  };

const text = new TextEncoder();
const names = new TextDecoder("utf-8", { fatal: true });
/** Names are few, and come again and again. */
const bytesOfNames = new Map<string, Uint8Array>();
const MOST_NAMES = 1000;

const CALL_HEAD = 15;

/** How many bytes the head of a call takes. */
export function callHeadLength(method: string): number {
  return CALL_HEAD + bytesOf(method).length;
}

/** Writes the head of a call, or of what is given back; the value follows. */
export function writeCallHead(
  target: Uint8Array,
  kind: WithHead,
  { call, object, owner, method }: CallHead,
): void {
  const name = bytesOf(method);
  target[0] = kind;
  put(target, 1, call);
  put(target, 5, object);
  put(target, 9, owner);
  target[13] = name.length >>> 8;
  target[14] = name.length;
  target.set(name, CALL_HEAD);
}

/** How many bytes the head of an answer takes. */
export const ANSWER_HEAD = 5;

/** Writes the head of an answer; the value follows. */
export function writeAnswerHead(
  target: Uint8Array,
  kind: typeof Kind.RESULT | typeof Kind.ERROR,
  call: number,
): void {
  target[0] = kind;
  put(target, 1, call);
}

/** A message that is nothing but numbers. */
export function writeNumbers(
  kind: number,
  ...numbers: number[]
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(1 + 4 * numbers.length);
  message[0] = kind;
  numbers.forEach((number, i) => put(message, 1 + 4 * i, number));
  return message;
}

/** What a message says; a `ProcessError` if it is none. */
export function readMessage(bytes: Uint8Array): Message {
  const { length } = bytes;
  const kind = bytes[0];
  switch (kind) {
    case Kind.CALL:
    case Kind.TELL:
    case Kind.GIVE_BACK: {
      check(length >= CALL_HEAD);
      const end = CALL_HEAD + (bytes[13]! << 8) + bytes[14]!;
      check(length >= end);
      return {
        kind,
        call: get(bytes, 1),
        object: get(bytes, 5),
        owner: get(bytes, 9),
        method: nameIn(bytes.subarray(CALL_HEAD, end)),
        body: bytes.subarray(end),
      };
    }
    case Kind.RESULT:
    case Kind.ERROR:
      check(length >= ANSWER_HEAD);
      return { kind, call: get(bytes, 1), body: bytes.subarray(5) };
    case Kind.CANCELLED:
    case Kind.CANCEL:
    case Kind.ABANDON:
      check(length === 5);
      return { kind, call: get(bytes, 1) };
    case Kind.RELEASE:
      check(length === 9);
      return { kind, object: get(bytes, 1), count: get(bytes, 5) };
    case Kind.LONG:
      check(length === 9);
      return { kind, call: get(bytes, 1), length: get(bytes, 5) };
    case Kind.FORGET:
    case Kind.DEAD:
      check(length === 5);
      return { kind, owner: get(bytes, 1) };
    default:
      check(false);
  }
}

function put(bytes: Uint8Array, at: number, number: number): void {
  bytes[at] = number >>> 24;
  bytes[at + 1] = number >>> 16;
  bytes[at + 2] = number >>> 8;
  bytes[at + 3] = number;
}

function get(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) +
    (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

function bytesOf(name: string): Uint8Array {
  const known = bytesOfNames.get(name);
  if (known !== undefined) return known;
  const bytes = text.encode(name);
  if (bytes.length > 0xFFFF) {
    throw new RangeError(
      `Cannot call a method with a name of ${bytes.length} bytes`,
    );
  }
  if (bytesOfNames.size < MOST_NAMES) bytesOfNames.set(name, bytes);
  return bytes;
}

/** Names that have come, by a number made of their bytes. */
const namesByHash = new Map<number, { bytes: Uint8Array; name: string }>();

function nameIn(bytes: Uint8Array): string {
  let hash = bytes.length;
  for (let i = 0; i < bytes.length; i++) hash = hash * 31 + bytes[i]! | 0;
  const known = namesByHash.get(hash);
  if (known !== undefined && isSame(known.bytes, bytes)) return known.name;
  let name: string;
  try {
    name = names.decode(bytes);
  } catch {
    check(false);
  }
  if (namesByHash.size < MOST_NAMES) {
    namesByHash.set(hash, { bytes: bytes.slice(), name });
  }
  return name;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function check(isGood: boolean): asserts isGood {
  if (!isGood) throw new ProcessError("what came is no message");
}
