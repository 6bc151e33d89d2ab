/** How an owner writes what it tells its workers, and reads what they answer. */

import { Beside, decodeApart } from "../travel/apart.ts";
import { over } from "../travel/route.ts";
import { decodeFrom } from "../wire/decode.ts";
import type { Note } from "../wire/envelope.ts";
import { takeOut } from "../wire/parcels.ts";
import type { Scratch } from "../structure/scratch.ts";
import { composeMessage, hasObjects, LEAD, valueOf } from "./messages.ts";

/** One of the ways. */
export interface Wording {
  /** Writes a message; see {@linkcode composeMessage}. */
  compose: typeof composeMessage;
  /** Reads the value of one, whose pins go then; throws where that cannot be done. */
  read(scratch: Scratch, from: number): unknown;
}

/** For workers that can look at the memory in which the messages are. */
export const PLAIN: Wording = {
  compose: composeMessage,
  read(scratch, from) {
    const { start, end, pins } = valueOf(scratch, from);
    try {
      return decodeFrom(scratch.bytes, start, end);
    } finally {
      takeOut(pins);
    }
  },
};

/**
 * For workers to which messages are passed on (link_server.ts). Where there are
 * objects in a message, its value is a pair: the value's bytes, and the objects.
 */
export const APART: Wording = {
  compose(scratch, from, id, info, value, root): readonly Note[] | null {
    const beside = new Beside();
    over(beside, () => composeMessage(scratch, from, id, info, value, root));
    const { objects } = beside;
    if (objects.length === 0) return null;
    const content = from * 4 + 4;
    const bytes = scratch.bytes.slice(
      content + LEAD * 4,
      content + scratch.length,
    );
    return composeMessage(scratch, from, id, info, [bytes, objects], root);
  },
  read(scratch, from) {
    const value = PLAIN.read(scratch, from);
    if (!hasObjects(scratch, from)) return value;
    const [bytes, objects] = value as [Uint8Array<ArrayBuffer>, object[]];
    return decodeApart({ bytes, objects });
  },
};
