/** Buffers that are given away with a task. */

import { DataCloneError } from "../../errors.ts";

/** The buffers; an error where one of them cannot be given away. */
export function checkTransfer(
  buffers: readonly ArrayBuffer[] | undefined,
): readonly ArrayBuffer[] {
  if (buffers === undefined) return [];
  for (const [i, buffer] of buffers.entries()) {
    const path = `transfer[${i}]`;
    if (!(buffer instanceof ArrayBuffer)) {
      throw new TypeError(
        `Cannot give away ${path} as it must be an ArrayBuffer: current value is ${
          Deno.inspect(buffer, { depth: 0 })
        }`,
      );
    }
    if (buffer.detached) {
      const message = `${path}: a buffer that was given away already`;
      throw new DataCloneError(message, { path });
    }
  }
  return buffers;
}

/** Empties them: what was in them has been written down. */
export function giveAway(buffers: readonly ArrayBuffer[]): void {
  // The same one may be there twice.
  for (const buffer of buffers) if (!buffer.detached) buffer.transfer(0);
}
