type ViewClass = new (
  buffer: ArrayBuffer,
  offset: number,
  length: number,
) => ArrayBufferView;

/** Random values that are the same in each run: numbers by mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  list<T>(longest: number, make: () => T): T[] {
    return Array.from({ length: this.below(longest + 1) }, make);
  }

  /** A value of any kind that can be sent, whose parts may refer to each other. */
  value(): unknown {
    return this.#value(4, []);
  }

  #value(depth: number, made: object[]): unknown {
    if (made.length > 0 && this.below(12) === 0) return this.pick(made);
    if (depth === 0 || this.below(3) === 0) return this.#leaf(made);
    return this.#container(depth - 1, made);
  }

  #container(depth: number, made: object[]): object {
    const remember = <T extends object>(object: T): T => {
      made.push(object);
      return object;
    };
    const next = () => this.#value(depth, made);
    switch (this.below(8)) {
      case 0: {
        const array: unknown[] = remember([]);
        for (let i = this.below(6); i > 0; i--) array.push(next());
        if (this.below(8) === 0) array.length += this.below(3);
        if (this.below(8) === 0) {
          Object.assign(array, { [this.#text()]: next() });
        }
        return array;
      }
      case 1: {
        const map = remember(new Map());
        for (let i = this.below(5); i > 0; i--) map.set(next(), next());
        return map;
      }
      case 2: {
        const set = remember(new Set());
        for (let i = this.below(5); i > 0; i--) set.add(next());
        return set;
      }
      case 3: {
        const cls = this.pick([Error, TypeError, RangeError]);
        const error = remember(new cls(this.#text()));
        // Its frames would be half of the message.
        error.stack = `${error.name} at ${this.#text()}`;
        if (this.below(2)) {
          Object.defineProperty(error, "cause", {
            value: next(),
            writable: true,
            configurable: true,
          });
        }
        return error;
      }
      default: {
        const object: Record<string, unknown> = remember({});
        for (let i = this.below(5); i > 0; i--) {
          object[this.pick(["id", "name", "args", this.#text()])] = next();
        }
        return object;
      }
    }
  }

  #leaf(made: object[]): unknown {
    switch (this.below(12)) {
      case 0:
        return this.pick([null, undefined, true, false, NaN, -0, Infinity]);
      case 1:
        return this.below(2 ** 32) * this.pick([1, -1, 2 ** 20, 1 / 3]);
      case 2:
        return BigInt(this.below(2 ** 32)) ** BigInt(this.below(6)) *
          this.pick([1n, -1n]);
      case 3:
        return new Date(this.below(2 ** 32) * 1000 + this.below(1000));
      case 4:
        return this.list(40, () => this.below(100));
      case 5:
        return this.list(40, () => this.below(100) / 8);
      case 6: {
        const { buffer } = new Uint8Array(16).fill(this.below(256));
        made.push(buffer);
        return this.pick([buffer, new Uint8Array(buffer, 3, 5)]);
      }
      case 7: {
        const buffers = made.filter((object) => object instanceof ArrayBuffer);
        if (buffers.length === 0) return new Uint16Array([1, 2]);
        return new (this.pick<ViewClass>([Uint8Array, Int16Array, DataView]))(
          this.pick(buffers) as ArrayBuffer,
          this.pick([0, 8]),
          this.pick([1, 4]),
        );
      }
      case 8:
        return this.pick([/a+/g, Object("x"), Object(1n), new Date(NaN)]);
      case 9:
        return this.below(100);
      default:
        return this.#text();
    }
  }

  #text(): string {
    const letters = this.pick(["abc", "aé", "日本語", "😀x", "\ud800a"]);
    return this.list(this.pick([3, 10, 80]), () => this.pick([...letters]))
      .join("");
  }
}
