/**
 * Values whose objects travel beside them: whoever passes a value on then need not
 * read it, and runs nothing of what users have registered for the classes in it.
 */

import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { over, type Route } from "./route.ts";
import type { SharedClass } from "./service.ts";

/** A value as bytes, in which objects are numbers: their places in the list. */
export interface Apart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly objects: readonly object[];
}

/** What is written and read with objects beside it. */
export class Beside implements Route {
  readonly objects: object[];
  readonly #places = new Map<object, number>();

  constructor(objects: object[] = []) {
    this.objects = objects;
  }

  send(_shared: SharedClass<object>, object: object): number {
    let place = this.#places.get(object);
    if (place === undefined) {
      place = this.objects.push(object) - 1;
      this.#places.set(object, place); // a message may be written twice
    }
    return place;
  }

  receive(_shared: SharedClass<object>, place: unknown): object {
    return this.objects[place as number]!;
  }
}

/** Writes a value; a `DataCloneError` where it cannot be. */
export function encodeApart(value: unknown, root: string): Apart {
  const beside = new Beside();
  const bytes = over(beside, () => encode(value, root));
  return { bytes, objects: beside.objects };
}

/** Reads it. */
export function decodeApart({ bytes, objects }: Apart): unknown {
  return over(new Beside(objects as object[]), () => decode(bytes));
}
