/** The functions that a pool's tasks call: each worker is sent each of them once. */

import {
  type FunctionReference,
  referTo,
} from "../launch/function_reference.ts";
import { NUMBERS, SLOTS } from "./messages.ts";

/** A function that tasks call. */
export interface PoolFunction {
  /** What its workers know it by. */
  readonly number: number;
  readonly reference: FunctionReference;
  readonly name: string;
}

/** The functions of one pool. */
export class Functions {
  readonly #module: string | URL | ImportMeta | undefined;
  /** To say where a function is takes 20 µs, so that is kept. */
  #byFunction = new WeakMap<object, PoolFunction>();
  /** Each call may make its function anew: `map((n) => n * 2, …)`. */
  #byReference = new Map<string, PoolFunction>();
  #count = 0;

  /** @param module That exports the functions, where they are not found without. */
  constructor(module: string | URL | ImportMeta | undefined) {
    this.#module = module;
  }

  /** A function as its workers know it. */
  of(fn: unknown): PoolFunction {
    const known = typeof fn === "function" && this.#byFunction.get(fn);
    return known || this.#add(fn);
  }

  /** It was not found where it was looked for: the next time it may be elsewhere. */
  forget(fn: PoolFunction): void {
    const key = keyOf(fn.reference);
    if (this.#byReference.get(key) !== fn) return;
    this.#byReference.delete(key);
    this.#byFunction = new WeakMap();
  }

  #add(fn: unknown): PoolFunction {
    const reference = referTo(fn, "fn", this.#module);
    const key = keyOf(reference);
    let known = this.#byReference.get(key);
    if (known === undefined) {
      known = {
        number: this.#count++ % NUMBERS,
        reference,
        name: reference.name || "an anonymous function",
      };
      this.#byReference.set(key, known);
      if (this.#byReference.size > SLOTS / 2) {
        this.#byReference.delete(this.#byReference.keys().next().value!);
      }
    }
    this.#byFunction.set(fn as object, known);
    return known;
  }
}

function keyOf({ name, source, modules, explicit }: FunctionReference): string {
  return [name, explicit, ...modules, source].join("\n");
}
