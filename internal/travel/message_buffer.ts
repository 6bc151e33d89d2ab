/** Memory in which messages are written. */

import { SHORT } from "./transport.ts";
import { encodeOrMeasure } from "../wire/encode.ts";

/** One that is longer than this takes time to write. */
const LONG = 2 ** 20;

let buffer: Uint8Array<ArrayBuffer> | null = new Uint8Array(SHORT);

/**
 * Writes a value behind a head of so many bytes, which is left to the caller. What
 * is returned is good until the next message is written; for ever, if it is longer
 * than {@linkcode SHORT}.
 *
 * @param tell Called before one is written that takes time, with its length at most.
 */
export function encodeBehind(
  head: number,
  value: unknown,
  root: string,
  tell?: (bytes: number) => void,
): Uint8Array<ArrayBuffer> {
  const target = buffer;
  let length = SHORT;
  if (target !== null) {
    buffer = null; // a getter may write a message while this one is written
    try {
      const end = encodeOrMeasure(value, target, head, root);
      if (end <= SHORT) return target.subarray(0, end);
      length = end;
    } finally {
      buffer = target;
    }
  }
  if (length > LONG) tell?.(length);
  for (;;) {
    const message = new Uint8Array(length);
    const end = encodeOrMeasure(value, message, head, root);
    if (end <= length) return message.subarray(0, end);
    length = end; // again, should a getter give more each time
  }
}
