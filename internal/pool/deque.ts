/** A list that is used at both of its ends. */
export class Deque<T> {
  #items: (T | undefined)[] = new Array(16);
  #first = 0;
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** The first one. */
  get first(): T | undefined {
    return this.#size > 0 ? this.#items[this.#first] : undefined;
  }

  /** Adds one behind the last. */
  push(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#items[this.#at(this.#size++)] = item;
  }

  /** Adds one before the first. */
  unshift(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#first = this.#at(this.#items.length - 1);
    this.#items[this.#first] = item;
    this.#size++;
  }

  /** Takes the first one. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = this.#at(1);
    this.#size--;
    return item;
  }

  /** Takes the last one. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const at = this.#at(--this.#size);
    const item = this.#items[at];
    this.#items[at] = undefined;
    return item;
  }

  /** Drops all of them. */
  clear(): void {
    while (this.#size > 0) this.shift();
  }

  /** All of them, in their order. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#size; i++) yield this.#items[this.#at(i)]!;
  }

  /** The length is a power of 2. */
  #at(index: number): number {
    return this.#first + index & this.#items.length - 1;
  }

  #grow(): void {
    const items = [...this];
    this.#items = items;
    this.#items.length = 2 * items.length;
    this.#first = 0;
  }
}
