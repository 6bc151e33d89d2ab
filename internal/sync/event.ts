import { EVENT, EVENT_BYTES } from "../structure/event.ts";
import { readHandle, writeHandle } from "../travel/handles.ts";
import { registerShared } from "../travel/shared_class.ts";
import type { SyncWaitOptions, WaitOptions } from "../wait.ts";
import { EventCore } from "./event_core.ts";
import { givenOr, giving } from "./given.ts";
import { RemoteSide } from "./remote_sides.ts";
import { newShared } from "./shared.ts";
import { show } from "./side.ts";

/**
 * A flag that one can wait for.
 *
 * `set()` releases all who wait at that moment, also if `clear()` follows at once.
 *
 * @example A signal to go
 * ```ts
 * import { Event } from "@multi/processing/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const go = new Event();
 * assertEquals(await go.wait({ timeout: 10 }), false);
 * const waiting = go.wait();
 * await go.set();
 * assertEquals(await waiting, true);
 * assertEquals(await go.isSet(), true);
 * ```
 *
 * Python: `multiprocessing.Event`, `threading.Event`.
 */
export class Event {
  #side: EventCore | RemoteEvent;

  /**
   * Makes an event that is not set.
   *
   * Python: `multiprocessing.Event()`.
   */
  constructor() {
    this.#side = givenOr<EventCore | RemoteEvent>(() =>
      newShared(
        EVENT,
        EVENT_BYTES,
        () => {},
        (object) => new EventCore(object),
      )
    );
  }

  /**
   * Whether it is set: a snapshot, stale by the time it is read.
   *
   * Python: `multiprocessing.Event.is_set`.
   */
  isSet(): Promise<boolean> {
    return this.#side.isSet();
  }

  /**
   * {@linkcode Event.isSet}, at once: for loops that look now and then whether to
   * end.
   *
   * Python: `multiprocessing.Event.is_set`.
   */
  isSetSync(): boolean {
    return this.#side.isSetSync();
  }

  /**
   * Sets it, and releases all who wait.
   *
   * Ordering: what was written to shared memory before is seen by those who were
   * released.
   *
   * Python: `multiprocessing.Event.set`.
   */
  set(): Promise<void> {
    return this.#side.set();
  }

  /**
   * {@linkcode Event.set}, at once.
   *
   * Python: `multiprocessing.Event.set`.
   */
  setSync(): void {
    this.#side.setSync();
  }

  /**
   * Makes it as if it had not been set: who begins to wait has to wait.
   *
   * Python: `multiprocessing.Event.clear`.
   */
  clear(): Promise<void> {
    return this.#side.clear();
  }

  /**
   * {@linkcode Event.clear}, at once.
   *
   * Python: `multiprocessing.Event.clear`.
   */
  clearSync(): void {
    this.#side.clearSync();
  }

  /**
   * Waits until it is set.
   *
   * Cancel safety: giving up leaves it as it was.
   *
   * Python: `multiprocessing.Event.wait`.
   *
   * @returns `false` if time ran out.
   * @throws {unknown} The signal's reason when it aborts.
   */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.#side.wait(options);
  }

  /**
   * {@linkcode Event.wait}, blocking the thread.
   *
   * Python: `multiprocessing.Event.wait`.
   */
  waitSync(options?: SyncWaitOptions): boolean {
    return this.#side.waitSync(options);
  }

  static {
    registerShared<Event>({
      name: "Event",
      class: Event,
      encode: (event) => writeHandle((event.#side as EventCore).object, 0),
      decode: (handle) =>
        giving(
          readHandle(handle, (object) => new EventCore(object)),
          () => new Event(),
        ),
      remoteOf: (event) =>
        event.#side instanceof RemoteEvent ? event.#side.remote : null,
      fromRemote: (remote) =>
        giving(new RemoteEvent(remote, "Event"), () => new Event()),
      service: { methods: ["isSet", "set", "clear"], waiting: ["wait"] },
    });
  }

  /** What is shown of it in the console: a snapshot, where it is in memory. */
  [Symbol.for("Deno.customInspect")](): string {
    return show(this, this.#side);
  }
}

/** An event elsewhere. */
class RemoteEvent extends RemoteSide {
  isSet(): Promise<boolean> {
    return this.call("isSet");
  }
  set(): Promise<void> {
    return this.call("set");
  }
  clear(): Promise<void> {
    return this.call("clear");
  }
  wait(options?: WaitOptions): Promise<boolean> {
    return this.callWaiting("wait", options, () => false);
  }
  isSetSync(): never {
    this.refuse("isSetSync");
  }
  setSync(): never {
    this.refuse("setSync");
  }
  clearSync(): never {
    this.refuse("clearSync");
  }
  waitSync(): never {
    this.refuse("waitSync");
  }
}
