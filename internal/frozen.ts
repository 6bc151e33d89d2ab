/**
 * Programs built by `deno compile`: there is no `deno run` in them, so a child
 * is the program itself, run again with a marker as its last argument. Its main
 * module calls `freezeSupport()`, which then does the child's work.
 *
 * What its modules make before that is a child's already: in whose memory, and with
 * whose keys, is in the boot message, which is read when somebody asks.
 */

import { decode } from "./wire/decode.ts";
import { readMessage } from "./wire/read_message.ts";

/** The last argument of a child; programs are not to see it. */
const MARKER = "--multiprocessing-child";
/** Where it is known once it is hidden, also to other copies of this package. */
const MARK = Symbol.for("@multi/processing: child");

/** What is known of a child. */
interface Mark {
  /** Its boot message, once that was read. */
  bytes?: Uint8Array;
}

const mark = takeMarker(Deno.args);
let message: unknown = null;

function takeMarker(args: string[] & { [MARK]?: Mark }): Mark | null {
  if (isFrozen() && args.at(-1) === MARKER) {
    args.pop();
    Object.defineProperty(args, MARK, { value: {} });
  }
  return args[MARK] ?? null;
}

/** Whether this program was built by `deno compile`. */
export function isFrozen(): boolean {
  return Deno.build.standalone;
}

/** Whether it was, and was run to be a child. */
export function isFrozenChild(): boolean {
  return mark !== null;
}

/** The arguments of a child of this program. */
export function frozenArgs(): string[] {
  return [...Deno.args, MARKER];
}

/** What such a child is told; `null`: this is none, or a Worker in one. */
export function frozenMessage<T>(): T | null {
  // A Worker has no main module.
  if (mark === null || Deno.mainModule === undefined) return null;
  return (message ??= decode(mark.bytes ??= readMessage())) as T;
}
