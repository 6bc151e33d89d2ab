import { currentCoroutine } from "../context.ts";
import type { SharedObject } from "../memory/objects.ts";
import type { Line } from "../memory/waits.ts";
import { eventOf, type EventWord } from "../structure/event.ts";
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from "../wait.ts";
import { checkWait, lineOf } from "./core.ts";
import { promised, TRUE } from "./side.ts";

/** An Event in this thread. */
export class EventCore {
  readonly object: SharedObject;
  readonly #word: EventWord;
  readonly #line: Line;

  constructor(object: SharedObject) {
    this.object = object;
    this.#word = eventOf(object);
    // It keeps this alive as long as somebody waits.
    const ready = () => this.isSetSync();
    this.#line = lineOf(object, { set: this.#word.set, ready });
  }

  isSet(): Promise<boolean> {
    return promised(() => this.isSetSync());
  }

  get state(): string {
    return this.isSetSync() ? "set" : "not set";
  }

  isSetSync(): boolean {
    return this.#word.ready();
  }

  set(): Promise<void> {
    return promised(() => this.setSync());
  }

  clear(): Promise<void> {
    return promised(() => this.clearSync());
  }

  setSync(): void {
    this.#word.turnOn();
    this.#line.lookNow();
    this.#word.wakeAll();
  }

  clearSync(): void {
    this.#word.turnOff();
  }

  wait(options?: WaitOptions): Promise<boolean> {
    if (
      options === undefined && currentCoroutine() === null && this.isSetSync()
    ) {
      return TRUE;
    }
    return this.#wait(options);
  }

  async #wait(options: WaitOptions = {}): Promise<boolean> {
    checkWait(options);
    if (this.isSetSync()) return true;
    const attempt = this.#word.attempt();
    return await this.#line.wait(attempt, options) !== undefined;
  }

  waitSync(options: SyncWaitOptions = {}): boolean {
    timeoutOf(options);
    if (this.isSetSync()) return true;
    const attempt = this.#word.attempt();
    return this.#line.waitSync(attempt, options) !== undefined;
  }
}
