/** How far a pool is with what it was given. */

/** What `onProgress` is told. */
export interface PoolProgress {
  /** How many items are done, those that failed too. */
  readonly done: number;
  /**
   * How many there are, as far as is known, without those that were taken back;
   * `null`: an input has no known end.
   */
  readonly total: number | null;
  /** How many have failed. */
  readonly failed: number;
}

/** Who is told. */
export type ProgressListener = (progress: PoolProgress) => void;

/** Counts items, and tells of it when the caller has done what it is at. */
export class Progress {
  readonly #listener: ProgressListener | null;
  #done = 0;
  #failed = 0;
  #total = 0;
  /** How many inputs have no known end. */
  #open = 0;
  #isScheduled = false;

  constructor(listener: ProgressListener | undefined) {
    this.#listener = listener ?? null;
  }

  /** So many more items are to be done; below 0: so many less, that were taken back. */
  add(items: number): void {
    if (this.#listener === null) return;
    this.#total += items;
    this.#schedule();
  }

  /** An input whose length is not known begins, or ends. */
  setOpen(isOpen: boolean): void {
    if (this.#listener === null) return;
    this.#open += isOpen ? 1 : -1;
    this.#schedule();
  }

  /** So many items are done; of these, so many have failed. */
  did(items: number, failed: number): void {
    if (this.#listener === null) return;
    this.#done += items;
    this.#failed += failed;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#listener!({
        done: this.#done,
        total: this.#open > 0 ? null : this.#total,
        failed: this.#failed,
      });
    });
  }
}

/** How far one map is, as a part of that. */
export class MapProgress {
  readonly #pool: Progress;
  /** Whether it is not known how many items it has in all. */
  #isOpen: boolean;
  readonly #isCounted: boolean;
  /** How many items are known, and not done. */
  #left = 0;
  #isOver = false;

  /** It begins, with so many items; `null`: that is not known. */
  constructor(pool: Progress, length: number | null) {
    this.#pool = pool;
    this.#isOpen = length === null;
    this.#isCounted = length !== null;
    if (length === null) pool.setOpen(true);
    else this.#add(length);
  }

  /** So many items were taken from the input. */
  took(items: number): void {
    if (!this.#isCounted) this.#add(items);
  }

  /** So many items are done; of these, so many have failed. */
  did(items: number, failed: number): void {
    if (this.#isOver) return;
    this.#left -= items;
    this.#pool.did(items, failed);
  }

  /** There are no more than were taken. */
  exhausted(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pool.setOpen(false);
  }

  /** It is over: what is not done is not wanted any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exhausted();
    if (this.#left > 0) this.#pool.add(-this.#left);
  }

  #add(items: number): void {
    this.#left += items;
    this.#pool.add(items);
  }
}
