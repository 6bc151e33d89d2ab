/** Objects that are served, as another process has them, within this thread. */

import { programHolder } from "../../internal/travel/hold_program.ts";
import { Link } from "../../internal/travel/link.ts";
import { memoryTransports } from "../../internal/travel/memory_transport.ts";

/** Who calls from elsewhere: each owner there is another one here. */
export class Caller {
  readonly #here: Link;
  readonly #there: Link;

  constructor() {
    const [here, there] = memoryTransports();
    this.#here = new Link(here, { peer: "the caller" });
    this.#there = new Link(there, {
      peer: "the one who serves",
      waiting: programHolder(),
    });
  }

  /** What stands for an object at this caller's. */
  has<T extends object>(object: T): T {
    return this.#there.decode(this.#here.encode(object, "value")) as T;
  }

  /** It dies. */
  die(): void {
    this.#there.close();
    this.#here.close();
  }
}
