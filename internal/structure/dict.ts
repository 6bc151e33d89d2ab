/**
 * A hash table in shared memory: stripes, each with a lock of its own, for the
 * keys whose hashes end alike.
 *
 * ```text
 *   word 0    seed    of the hashes, so that nobody can choose keys that collide
 *   word 1    order   how many keys have come
 *   words 16  …       the stripes (keeper.ts, trie.ts, stripe.ts), 16 words each
 * ```
 */

import {
  defineType,
  type ObjectType,
  type SharedObject,
  type Space,
} from "../memory/objects.ts";
import { isTouched, KEEPER_WORDS } from "./keeper.ts";
import { type DictKey, want, wanted } from "./keys.ts";
import { ABSENT, ANY } from "./cell_keeper.ts";
import { OVERTAKEN } from "./claim.ts";
import { Stripe } from "./stripe.ts";
import { countOf } from "./trie.ts";
import {
  contentOf,
  discard,
  giveBack,
  isOutdated,
  NONE,
  type Reading,
  takeReading,
  withReading,
} from "./values.ts";

const SEED = 0;
const ORDER = 1;
const HEAD_WORDS = 16;
const STRIPES = 16;
const BODY_BYTES = (HEAD_WORDS + STRIPES * KEEPER_WORDS) * 4;

export const DICT: ObjectType = defineType({
  code: 12,
  ends: 1,
  sweep(object, _slot, owner) {
    for (const at of stripesOf(object)) {
      if (!isTouched(object.words, at, owner)) continue;
      new Stripe(object, at, object.body + ORDER).sweep(owner);
    }
  },
  destroy(object) {
    for (const at of stripesOf(object)) {
      new Stripe(object, at, object.body + ORDER).destroy();
    }
  },
});

function stripesOf(object: SharedObject): number[] {
  const first = object.body + HEAD_WORDS;
  return Array.from({ length: STRIPES }, (_, i) => first + i * KEEPER_WORDS);
}

/** Makes an empty one. */
export function createDict(space: Space): SharedObject {
  const object = space.create(DICT, BODY_BYTES);
  object.words[object.body + SEED] = Math.random() * 2 ** 32 | 0;
  return object;
}

/** A dict as this thread uses it. */
export class Dict {
  readonly object: SharedObject;
  readonly #seed: number;
  /** Those that were needed. */
  readonly #stripes = new Array<Stripe | undefined>(STRIPES).fill(undefined);

  constructor(object: SharedObject) {
    this.object = object;
    this.#seed = object.words[object.body + SEED]!;
  }

  /** How many keys there are. */
  get size(): number {
    let size = 0;
    for (const at of stripesOf(this.object)) {
      size += countOf(this.object.words, at);
    }
    return size;
  }

  has(key: DictKey): boolean {
    return this.#stripeOf(key).has();
  }

  /** The value of a key; `NONE`: it is not there. */
  get(key: DictKey): unknown {
    return withReading((reading) => this.#read(key, reading));
  }

  set(key: DictKey, value: unknown): void {
    this.#stripeOf(key).claim.wait();
    this.#put(key, value, ANY);
  }

  /** Sets it if it is not there; gives the value that is. */
  setDefault(key: DictKey, value: unknown): unknown {
    for (;;) {
      const found = this.get(key);
      if (found !== NONE) return found;
      if (this.#put(key, value, ABSENT)) return value;
    }
  }

  delete(key: DictKey): boolean {
    const stripe = this.#stripeOf(key);
    stripe.claim.wait();
    return stripe.remove();
  }

  /** Deletes a key, and gives its value; `NONE`: it was not there. */
  take(key: DictKey): unknown {
    const reading = takeReading();
    try {
      const stripe = this.#stripeOf(key);
      stripe.claim.wait();
      if (!stripe.take(reading)) return NONE;
      const content = { ...reading };
      try {
        const value = reading.decode();
        discard(content, this.object.space);
        return value;
      } catch (error) {
        // Who cannot read it leaves it to others.
        this.#stripeOf(key);
        if (!stripe.put(content, ABSENT)) discard(content, this.object.space);
        throw error;
      }
    } finally {
      giveBack(reading);
    }
  }

  /** Puts what `change` makes of the value that is there; gives that. */
  update(
    key: DictKey,
    change: (value: unknown) => unknown,
  ): unknown {
    return this.#stripeOf(key).claim.insist(() => {
      const [found, version] = withReading((reading) =>
        [this.#read(key, reading), reading.version] as const
      );
      const value = change(found);
      const isPut = this.#put(key, value, found === NONE ? ABSENT : version);
      return isPut ? value : OVERTAKEN;
    });
  }

  /** All keys, in the order in which they came. */
  keys(): DictKey[] {
    const { words, body } = this.object;
    const now = Atomics.load(words, body + ORDER);
    // The order is a count that wraps: by its age, a key is told from others.
    const keys = new Map<number, DictKey>();
    for (const stripe of this.#all()) {
      stripe.visitKeys((key, order) => {
        let age = order - now | 0;
        while (keys.has(age)) age++; // after four billion keys
        keys.set(age, key);
      });
    }
    const ages = Int32Array.from(keys.keys()).sort();
    return Array.from(ages, (age) => keys.get(age)!);
  }

  /** Deletes all keys, at one moment. */
  clear(): void {
    const stripes = this.#all();
    const locked: Stripe[] = [];
    try {
      for (const stripe of stripes) {
        stripe.enter();
        locked.push(stripe);
      }
      for (const stripe of locked) stripe.doomAll();
    } finally {
      for (const stripe of locked) stripe.leave();
    }
    for (const stripe of stripes) stripe.finish();
  }

  /** Pointers to all blocks that it owns, for tests. */
  owned(): number[] {
    return this.#all().flatMap((stripe) => stripe.owned());
  }

  /** The key is the wanted one then. */
  #stripeOf(key: DictKey): Stripe {
    want(key, this.#seed);
    const index = wanted.hash & STRIPES - 1;
    return this.#stripes[index] ?? this.#open(index);
  }

  #open(index: number): Stripe {
    const { object } = this;
    const at = object.body + HEAD_WORDS + index * KEEPER_WORDS;
    return this.#stripes[index] = new Stripe(object, at, object.body + ORDER);
  }

  #all(): Stripe[] {
    return Array.from(
      this.#stripes,
      (stripe, index) => stripe ?? this.#open(index),
    );
  }

  #read(key: DictKey, reading: Reading): unknown {
    for (let outdated = 0;; outdated = reading.version) {
      if (!this.#stripeOf(key).read(reading)) return NONE;
      const { version } = reading;
      try {
        return reading.decode();
      } catch (error) {
        if (!isOutdated(reading, error) || version === outdated) throw error;
      }
    }
  }

  #put(key: DictKey, value: unknown, expected: number): boolean {
    const content = contentOf(value, this.object);
    let isPut = false;
    try {
      isPut = this.#stripeOf(key).put(content, expected);
    } finally {
      if (!isPut) discard(content, this.object.space);
    }
    return isPut;
  }
}
