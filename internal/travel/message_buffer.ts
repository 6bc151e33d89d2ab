/** Memory in which messages are written. */

import { SHORT } from "./transport.ts";
import { encode, encodeOrMeasure } from "../wire/encode.ts";

let buffer: Uint8Array<ArrayBuffer> | null = new Uint8Array(SHORT);

/**
 * Writes a value behind a head of so many bytes, which is left to the caller. What
 * is returned is good until the next message is written; for ever, if it is longer
 * than {@linkcode SHORT}.
 */
export function encodeBehind(
  head: number,
  value: unknown,
  root: string,
): Uint8Array<ArrayBuffer> {
  const target = buffer;
  if (target !== null) {
    buffer = null; // a getter may write a message while this one is written
    try {
      const end = encodeOrMeasure(value, target, head, root);
      if (end <= SHORT) return target.subarray(0, end);
    } finally {
      buffer = target;
    }
  }
  const body = encode(value, root);
  const message = new Uint8Array(head + body.length);
  message.set(body, head);
  return message;
}
