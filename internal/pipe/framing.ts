/**
 * How messages stand in a stream of bytes:
 *
 * ```text
 *   1 byte    what it is: see Kind
 *   4 bytes   its length, big-endian
 *   …         the message
 * ```
 */

/** How many bytes stand before a message. */
export const HEADER = 5;
/** The longest message that the header can tell of. */
export const MAX_LENGTH = 2 ** 32 - 1;
/** The longest message where nothing else is said. */
export const DEFAULT_LENGTH = 2 ** 30;
/** What is read or written in one go; shorter messages go together. */
export const BUFFER = 2 ** 16;

/** Writes the header of a message. */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  kind: number,
  length: number,
): void {
  bytes[at] = kind;
  bytes[at + 1] = length >>> 24;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 8;
  bytes[at + 4] = length;
}

/** The length that the header at this place tells of. */
export function readLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 1]! * 2 ** 24 + (bytes[at + 2]! << 16) +
    (bytes[at + 3]! << 8) + bytes[at + 4]!;
}

/** The limit on the length of a message; an error where it is none. */
export function checkMaxLength(
  maxMessageSize: number | undefined,
  cannot: string,
): number {
  if (maxMessageSize === undefined) return DEFAULT_LENGTH;
  if (
    !Number.isInteger(maxMessageSize) || maxMessageSize < 1 ||
    maxMessageSize > MAX_LENGTH
  ) {
    throw new RangeError(
      `Cannot ${cannot} as "maxMessageSize" must be a number of bytes from 1 to ${MAX_LENGTH}: current value is ${
        Deno.inspect(maxMessageSize)
      }`,
    );
  }
  return maxMessageSize;
}
