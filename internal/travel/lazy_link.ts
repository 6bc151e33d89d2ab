/**
 * A link that is made when the first object is to go over it. Until then nothing
 * is loaded for it: most children are sent nothing but data.
 */

import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import {
  type Contents,
  type Findings,
  type LinkEnd,
  openLink,
  over,
  type Route,
} from "./route.ts";
import type { LinkOptions } from "./link_options.ts";
import type { Transport } from "./transport.ts";

const NEEDED = Symbol("a link is needed");

function need(): never {
  throw NEEDED;
}

const PROBE: Route = { send: need, receive: need };

/** One end of a connection, as long as nothing goes over it but data. */
export class LazyLink {
  #transport: Transport;
  #options: LinkOptions;
  #link: LinkEnd | null = null;

  constructor(transport: Transport, options: LinkOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** Whether an object has gone over it, or was to. */
  get isUsed(): boolean {
    return this.#link !== null;
  }

  /** Writes a value; by default with objects of somebody here. */
  encode(
    value: unknown,
    root: string,
    contents?: Contents,
  ): Uint8Array<ArrayBuffer> {
    return this.#do(
      () => encode(value, root),
      (link) => link.encode(value, root, contents),
    );
  }

  /** Throws where a value cannot be sent. */
  check(value: unknown, root: string, contents?: Contents): void {
    this.#do(
      () => void encode(value, root),
      (link) => link.check(value, root, contents),
    );
  }

  /** Reads a value; one that is read again, with what was found in it before. */
  decode(bytes: Uint8Array, found?: Findings): unknown {
    return this.#do(() => decode(bytes), (link) => link.decode(bytes, found));
  }

  /** Ends it. */
  close(): void {
    this.#link?.close();
  }

  #do<R>(plain: () => R, linked: (link: LinkEnd) => R): R {
    if (this.#link === null) {
      try {
        return over(PROBE, plain);
      } catch (error) {
        if (error !== NEEDED) throw error;
      }
      this.#link = openLink(this.#transport, this.#options);
    }
    return linked(this.#link);
  }
}
