/** The action of a barrier: the function itself, or how it is found elsewhere. */

import { DataCloneError } from "../../errors.ts";
import { findFunction } from "../launch/find_function.ts";
import {
  type FunctionReference,
  referTo,
} from "../launch/function_reference.ts";
import type { SharedObject } from "../memory/objects.ts";
import { offsetOf } from "../memory/arena.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { call, callSync } from "./callback.ts";

/** What to do where it does not see what it uses. */
const CURE = "do it after wait(), where that has given 0";

/** What a barrier does when all have arrived. */
export interface Action {
  run(): unknown;
  runSync(): void;
}

/** The function itself, in the thread that has made the barrier. */
export function ownAction(fn: () => unknown): Action {
  return {
    run: () => call(fn),
    runSync: () => void callSync(fn, "action", "waitSync"),
  };
}

/** How others find the function; `null`: they cannot. To be called by its user. */
export function referenceTo(fn: () => unknown): Uint8Array | null {
  let reference: FunctionReference;
  try {
    reference = referTo(fn, "action");
  } catch {
    return null; // bound, or native: it runs where the barrier was made only
  }
  return encode(reference);
}

/** Leaves that for others, in the memory of the barrier. */
export function writeReference(
  object: SharedObject,
  at: number,
  bytes: Uint8Array,
): void {
  const { allocator, arena } = object.space;
  const owner = object.offsetOfWord(at);
  const offset = offsetOf(allocator.allocate(4 + bytes.length, owner, false));
  arena.ints(offset, 4)[0] = bytes.length;
  arena.bytes(offset + 4, bytes.length).set(bytes);
}

/** The action of a barrier that another thread has made. */
export function referredAction(object: SharedObject, at: number): Action {
  const pointer = object.words[at]!;
  if (pointer === 0) return unreachable();
  const offset = offsetOf(pointer);
  const { arena } = object.space;
  const [length] = arena.ints(offset, 4);
  const bytes = arena.bytes(offset + 4, length!).slice();
  const reference = decode(bytes) as FunctionReference;
  let known: Action | null = null;
  // At once, for who will block its thread.
  const found = findFunction(reference).then(({ call, explain }) =>
    known = explained(
      ownAction(call),
      (error) => explain(error, CURE, "the action"),
    )
  );
  found.catch(() => {});
  return {
    run: async () => await (await found).run(),
    runSync() {
      if (known !== null) return known.runSync();
      throw new TypeError(
        `Cannot run the barrier's action in waitSync() as its module is not loaded here yet: use await wait()`,
      );
    },
  };
}

/** The same action, of whose errors more is said. */
function explained(
  { run, runSync }: Action,
  explain: (error: unknown) => unknown,
): Action {
  return {
    async run() {
      try {
        return await run();
      } catch (error) {
        throw explain(error);
      }
    },
    runSync() {
      try {
        runSync();
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

function unreachable(): Action {
  const run = (): never => {
    throw new DataCloneError(
      "Cannot run the barrier's action here as a bound or native function cannot be sent: export a function that calls it, or let a thread wait that has the function itself",
      { path: "action" },
    );
  };
  return { run, runSync: run };
}
