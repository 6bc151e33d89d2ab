import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError } from "../../errors.ts";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { MAX_RESERVED } from "../../internal/wire/tags.ts";
import { Random } from "./random.ts";
import { assertSame } from "./support.ts";

/**
 * How much memory a value takes, in items and bytes; it stops looking where that
 * is more than `limit`. What is referred to twice counts once.
 */
function sizeOf(value: unknown, limit: number): number {
  const seen = new Set<unknown>();
  const rest = [value];
  let size = 0;
  while (rest.length > 0 && size <= limit) {
    const next = rest.pop();
    size++;
    if (typeof next === "string") size += next.length;
    if (typeof next === "bigint") size += next.toString(16).length / 2;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (next instanceof ArrayBuffer) size += next.byteLength;
    else if (ArrayBuffer.isView(next)) rest.push(next.buffer);
    else {
      if (next instanceof Map) rest.push(...next.keys(), ...next.values());
      if (next instanceof Set) rest.push(...next);
      for (const key of Reflect.ownKeys(next)) {
        if (key === "stack" || typeof key === "symbol") continue;
        size += key.length;
        rest.push(Reflect.get(next, key));
      }
    }
  }
  return size;
}

const PROTOTYPES = [Object, Array, Map, Set, Error, Function, RegExp, Date];

function prototypeKeys(): string {
  return PROTOTYPES.map(({ prototype }) =>
    Reflect.ownKeys(prototype).map(String)
  )
    .join();
}

/** Reads bytes of which nothing is known, and counts the messages among them. */
let messages = 0;
function read(bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    assert(error instanceof DataCloneError, `${bytes.toHex()}: ${error}`);
    return;
  }
  messages++;
  // A shape's keys are there once for all of its objects.
  const limit = 1000 + bytes.length * 40;
  assert(sizeOf(value, limit) <= limit, `${bytes.toHex()} becomes too large`);
}

describe("codec: bytes that nobody wrote", () => {
  const keys = prototypeKeys();

  it("at random are a value or a DataCloneError, and take little", () => {
    const random = new Random(1);
    for (let i = 0; i < 60_000; i++) {
      read(Uint8Array.from(random.list(60, () => random.below(256))));
    }
    assert(messages > 100, `${messages} messages`);
    assertEquals(prototypeKeys(), keys);
  });

  it("made of heads are a value or a DataCloneError, and take little", () => {
    const heads = [
      ...["80", "81", "82", "83", "84", "85", "9f", "a0", "a1", "a2", "bf"],
      ...["00", "01", "05", "20", "3863", "1903e8", "1a7fffffff", "ff", "f6"],
      ...[
        "f7",
        "f97e00",
        "fb3ff199999999999a",
        "40",
        "4101",
        "480102030405060708",
      ],
      ...["60", "6161", "6178", "695f5f70726f746f5f5f", "666c656e677468"],
      ...[
        "c1",
        "c0",
        "c2",
        "c3",
        "d81b",
        "d81c",
        "d81d",
        "d820",
        "d845",
        "d84e",
      ],
      ...["d90102", "d90103", "d90111", "d903e9", "d9524a", "654572726f72"],
      ...["d94d50", "d94d51", "d94d52", "d94d53", "d94d54", "d94d55", "d94d56"],
      ...["d94d57", "d94d58", "d856", "1b0000000100000000", "1affffffff"],
    ];
    const random = new Random(2);
    messages = 0;
    for (let i = 0; i < 80_000; i++) {
      read(
        Uint8Array.fromHex(random.list(16, () => random.pick(heads)).join("")),
      );
    }
    assert(messages > 1000, `${messages} messages`);
    assertEquals(prototypeKeys(), keys);
  });

  it("changed from messages are a value or a DataCloneError, and take little", () => {
    const random = new Random(3);
    messages = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const bytes = encode(random.value());
      for (let i = 0; i < 80; i++) {
        let changed = bytes.slice();
        for (let k = random.below(3); k >= 0; k--) {
          const at = random.below(changed.length);
          changed[at] = random.pick([
            random.below(256),
            changed[at]! ^ 1 << random.below(8),
            0xff,
            changed[random.below(changed.length)]!,
          ]);
        }
        if (random.below(10) === 0) {
          changed = changed.slice(0, random.below(changed.length));
        }
        read(changed);
      }
    }
    assert(messages > 1000, `${messages} messages`);
    assertEquals(prototypeKeys(), keys);
  });

  it("with great lengths take no memory", () => {
    const before = Deno.memoryUsage();
    const lengths = [
      "1affffffff",
      "1bffffffffffffffff",
      "1a7fffffff",
      "1a00ffffff",
    ];
    for (const length of lengths) {
      const argument = length.slice(2);
      const info = length.startsWith("1a") ? 26 : 27;
      for (const kind of [0x40, 0x60, 0x80, 0xa0]) {
        const head = (kind | info).toString(16) + argument;
        for (
          const tag of [
            "",
            "c2",
            "d84e",
            "d9010380",
            "d90102",
            "d90103",
            "d94d51d856",
            "d94d53",
            "d94d56",
          ]
        ) {
          read(Uint8Array.fromHex(tag + head + "00".repeat(20)));
        }
      }
      read(Uint8Array.fromHex(`d94d5282${length}a0`));
      read(Uint8Array.fromHex(`d94d548240${length}`));
    }
    // Many of them, each within its own limits.
    const sparse = `d94d52821affffffffa10000`;
    const list = decode(
      Uint8Array.fromHex("9a00002710" + sparse.repeat(10_000)),
    );
    assertEquals((list as unknown[]).length, 10_000);
    const claims = "9a000fffff".repeat(400);
    read(Uint8Array.fromHex(claims + "00".repeat(1_100_000)));
    const after = Deno.memoryUsage();
    const taken = after.heapUsed + after.external - before.heapUsed -
      before.external;
    assert(taken < 100e6, `${taken} bytes taken`);
    read(
      Uint8Array.fromHex(
        "98ff" +
          `d94d548240${(0x1a).toString(16)}${MAX_RESERVED.toString(16)}`.repeat(
            255,
          ),
      ),
    );
  });

  it("leave the codec as it was", () => {
    const value = new Random(4).value();
    assertSame(decode(encode(value)), structuredClone(value));
  });
});
