/** Chance that can be repeated: the same seed gives the same choices. */

/** A source of choices. */
export class Random {
  #state: number;

  constructor(seed: number | string) {
    this.#state = typeof seed === "number" ? seed : hash(seed);
  }

  /** A number of 32 bits (a Weyl sequence, mixed as in splitmix32). */
  next(): number {
    this.#state = this.#state + 0x9e3779b9 | 0;
    let mixed = this.#state ^ this.#state >>> 16;
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ mixed >>> 15) >>> 0;
  }

  /** A whole number from 0 on, below `end`. */
  below(end: number): number {
    return this.next() % end;
  }

  /** A whole number of this range, its ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** Whether something happens that does so in one of so many cases. */
  oneOf(cases: number): boolean {
    return this.below(cases) === 0;
  }

  /** Any of them. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** All of them, in any order. */
  shuffle<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.below(left.length), 1)[0]!);
  }
}

function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash;
}
