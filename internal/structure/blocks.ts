/** How the blocks of an arena are looked at, fast: through views that are kept. */

import { type Arena, offsetOf } from "../memory/arena.ts";

/** A window is 2 ** 14 units of 64 bytes; no block of up to 32 KiB crosses one. */
const UNITS_BITS = 14;
const UNITS = 2 ** UNITS_BITS;
const WINDOW = UNITS * 64;

const kept = new WeakMap<Arena, Blocks>();

/** The blocks of an arena, by their pointers. */
export class Blocks {
  /** Where the block begins in what {@linkcode bytes} gave last. */
  start = 0;

  readonly #arena: Arena;
  #ints: Int32Array[] = [];
  #bytes: Uint8Array[] = [];

  private constructor(arena: Arena) {
    this.#arena = arena;
  }

  static of(arena: Arena): Blocks {
    let blocks = kept.get(arena);
    if (blocks === undefined) kept.set(arena, blocks = new Blocks(arena));
    return blocks;
  }

  /** Words in which a block begins, at {@linkcode at}: its first 16 at least. */
  ints(pointer: number): Int32Array {
    const window = pointer >>> UNITS_BITS;
    return this.#ints[window] ?? this.#open(window);
  }

  /** The index of a block's first word in what {@linkcode ints} gives. */
  at(pointer: number): number {
    return (pointer & UNITS - 1) << 4;
  }

  /** Bytes that have those of a block, from {@linkcode start} on. */
  bytes(pointer: number, length: number): Uint8Array {
    const start = (pointer & UNITS - 1) << 6;
    if (start + length > WINDOW) {
      this.start = 0;
      return this.#arena.bytes(offsetOf(pointer), length);
    }
    this.start = start;
    const window = pointer >>> UNITS_BITS;
    if (this.#bytes[window] === undefined) this.#open(window);
    return this.#bytes[window]!;
  }

  /** The words of a block that may be long: a view that is not kept. */
  words(pointer: number, length: number): Int32Array {
    return this.#arena.ints(offsetOf(pointer), length * 4);
  }

  #open(window: number): Int32Array {
    const ints = this.#arena.window(window * WINDOW);
    const { buffer, byteOffset } = ints;
    this.#ints[window] = ints;
    this.#bytes[window] = new Uint8Array(buffer, byteOffset, WINDOW);
    return ints;
  }
}
