import type { SharedObject } from "../memory/objects.ts";
import type { Attempt } from "../memory/waits.ts";
import { semaphoreOf, type SemaphoreWords } from "../structure/semaphore.ts";
import { Core } from "./core.ts";
import { promised, type Taken } from "./side.ts";

/** So often those of this thread may take what it releases, others waiting. */
const MOST_STAYS = 16;

/** A Semaphore in this thread. */
export class SemaphoreCore extends Core {
  readonly words: SemaphoreWords;
  #stayed = 0;

  constructor(object: SharedObject) {
    const words = semaphoreOf(object);
    super(object, words.set);
    this.words = words;
  }

  tryFast(): boolean {
    return this.words.tryFast();
  }

  attempt(repair: boolean): Attempt<Taken> {
    return this.words.attempt(repair);
  }

  releaseSync(): void {
    const { words, line } = this;
    const released = words.release();
    if (released !== "released") throw overfull(released);
    if (!line.isEmpty) {
      this.#stayed = (this.#stayed + 1) % MOST_STAYS;
      if (this.#stayed !== 0) line.lookNow();
    }
    words.wakeNext();
  }

  abandon(): void {
    this.words.abandon();
  }

  lockedSync(): boolean {
    return this.words.free === 0;
  }

  getValue(): Promise<number> {
    return promised(() => this.getValueSync());
  }

  getValueSync(): number {
    return this.words.free;
  }

  get state(): string {
    return `free: ${this.words.free}`;
  }

  ready(): boolean {
    return this.words.ready();
  }

  refuse(): void {
    this.words.refuse();
  }
}

function overfull(how: "over the bound" | "too many"): RangeError {
  return new RangeError(
    how === "too many"
      ? "Cannot release this semaphore as it has 2147483647 permits already, the most that it can have"
      : 'Cannot release this semaphore as all of its permits are free: is an "await" missing before acquire(), or is it released twice?',
  );
}
