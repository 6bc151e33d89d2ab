import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { pathOf } from "../support/run.ts";
import { assertSame, hex } from "./support.ts";

/** What a peer says of a message: the value as a text, and its own messages. */
interface Answer {
  readonly text: string;
  readonly bytes: readonly string[];
}

/** Asks a peer, a program beside this file; null if it cannot be run here. */
async function ask(
  command: readonly [string, ...string[]],
  peer: string,
  values: readonly unknown[],
): Promise<Answer[] | null> {
  const [name, ...args] = command;
  try {
    await using child = new Deno.Command(name, {
      args: [...args, pathOf(`tests/wire/peers/${peer}`)],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const messages = values.map((value) => encode(value).toHex());
    const input = new Blob([JSON.stringify(messages)]);
    const [answers, { success }] = await Promise.all([
      child.stdout.text(),
      child.status,
      input.stream().pipeTo(child.stdin),
    ]);
    return success ? JSON.parse(answers) : null;
  } catch {
    return null;
  }
}

const cyclic: Record<string, unknown> = { a: 1 };
cyclic.self = [cyclic];
const shared = [1];

/** What Python can say, and how it prints that. */
const PYTHON: [unknown, string][] = [
  [0, "0"],
  [23, "23"],
  [-500, "-500"],
  [2 ** 31, "2147483648"],
  [-(2 ** 53) + 1, "-9007199254740991"],
  [1.5, "1.5"],
  [-0, "-0.0"],
  [1e300, "1e+300"],
  [NaN, "nan"],
  [-Infinity, "-inf"],
  [null, "None"],
  [undefined, "undefined"],
  [true, "True"],
  ["", "''"],
  ["é日😀", "'é日😀'"],
  ["x".repeat(70), `'${"x".repeat(70)}'`],
  [10n ** 30n, "1000000000000000000000000000000"],
  [-(10n ** 30n), "-1000000000000000000000000000000"],
  [new Uint8Array([1, 2]), "b'\\x01\\x02'"],
  [[1, [2, []]], "[1, [2, []]]"],
  [{ a: { b: 1 }, c: {} }, "{'a': {'b': 1}, 'c': {}}"],
  [new Set([5]), "{5}"],
  [
    new Date(1000),
    "datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)",
  ],
  [
    new Date(1500),
    "datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=datetime.timezone.utc)",
  ],
  [[shared, shared], "[[1], [1]]"],
  [cyclic, "{'a': 1, 'self': [{...}]}"],
];

/** What cbor-x can say; it gives a number beyond 32 bits as a bigint, and -0 as 0. */
const CBOR_X: unknown[] = [
  ...[0, 23, -500, 2 ** 31, -(2 ** 31), 1.5, 1e300, NaN, -Infinity],
  ...[null, undefined, true, false, "", "é日😀", "x".repeat(70)],
  ...[10n ** 30n, -(10n ** 30n), new Uint8Array([1, 2]), new Float64Array([1])],
  ...[new Uint16Array([1, 2]), new BigInt64Array([-1n]), new Int8Array([-1])],
  ...[[1, [2, []]], { a: { b: 1 }, c: {} }, new Set([1, "a"])],
  new Map<unknown, unknown>([[1, 2], ["a", 3], [[], new Map()]]),
  ...[new Date(1000), new Date(1500), [shared, shared], cyclic],
  Array.from({ length: 10 }, (_, i) => ({ [`key${i}`]: `item ${i}` })),
];

const python = await ask(
  ["/usr/bin/python3"],
  "with_cbor2.py",
  PYTHON.map(([value]) => value),
);
// With the time, what it depends on is always of the same versions.
const cborX = await ask(
  [
    Deno.execPath(),
    "run",
    "-A",
    "--minimum-dependency-age=2026-06-01T00:00:00Z",
  ],
  "with_cbor_x.ts",
  CBOR_X,
);

describe("messages and other codecs", () => {
  it({
    name:
      "Python's cbor2 understands ours, and we understand its (ignored without python3-cbor2)",
    ignore: python === null,
    fn() {
      python!.forEach(({ text, bytes }, i) => {
        const [value, expected] = PYTHON[i]!;
        assertEquals(text, expected);
        for (const digits of bytes) assertSame(decode(hex(digits)), value);
      });
    },
  });

  it({
    name:
      "cbor-x understands ours, and we understand its (ignored without npm)",
    ignore: cborX === null,
    fn() {
      cborX!.forEach(({ text, bytes }, i) => {
        assertEquals(text, Deno.inspect(CBOR_X[i], { depth: 20 }));
        for (const digits of bytes) assertSame(decode(hex(digits)), CBOR_X[i]);
      });
    },
  });
});
