/**
 * Memory that users look at by views of their own. It must not be freed as long as
 * there is one of these, whatever else they have let go of.
 */

import type { Arena } from "./arena.ts";
import { countView } from "./garbage.ts";

/** What is there as long as its buffer, or its view, is. */
const kept = new WeakMap<object, object>();

/** A buffer that shows some memory of an arena. */
export interface KeptBuffer {
  readonly buffer: ArrayBufferLike;
  /** Where the memory begins in it. */
  readonly start: number;
  /** Makes a view of it keep what the memory belongs to. */
  keep<V extends ArrayBufferView>(view: V): V;
}

/** The memory from an offset on, which belongs to `core`. */
export function keptBuffer(
  arena: Arena,
  offset: number,
  length: number,
  core: object,
): KeptBuffer {
  const own = arena.ownBuffer(offset, length);
  if (own !== null) {
    // All views that can be made of it have this buffer.
    kept.set(own, core);
    return { buffer: own, start: 0, keep: (view) => view };
  }
  // The buffer is that of all memory: so the views must do it.
  countView(core, length);
  const { buffer, byteOffset } = arena.bytes(offset, length);
  return { buffer, start: byteOffset, keep: (view) => keep(view, core) };
}

function keep<V extends ArrayBufferView>(view: V, core: object): V {
  kept.set(view, core);
  if ("subarray" in view) {
    Object.defineProperty(view, "subarray", { value: subarray });
  }
  return view;
}

/** In the place of the method of the same name: a part keeps what the whole does. */
function subarray(this: Uint8Array, start?: number, end?: number): Uint8Array {
  const prototype = Object.getPrototypeOf(this) as Uint8Array;
  const part = prototype.subarray.call(this, start, end);
  return keep(part, kept.get(this)!);
}
