import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError } from "../../errors.ts";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { assertSame, hex, sent } from "./support.ts";

/** The examples of RFC 8949, appendix A, that can be read; true: ours, too. */
const VECTORS: [bytes: string, value: unknown, isOurs?: true][] = [
  ["00", 0, true],
  ["01", 1, true],
  ["0a", 10, true],
  ["17", 23, true],
  ["1818", 24, true],
  ["1819", 25, true],
  ["1864", 100, true],
  ["1903e8", 1000, true],
  ["1a000f4240", 1000000, true],
  ["1b000000e8d4a51000", 1000000000000, true],
  ["1bffffffffffffffff", 18446744073709551615n],
  ["c249010000000000000000", 18446744073709551616n, true],
  ["3bffffffffffffffff", -18446744073709551616n],
  ["c349010000000000000000", -18446744073709551617n, true],
  ["20", -1, true],
  ["29", -10, true],
  ["3863", -100, true],
  ["3903e7", -1000, true],
  ["f90000", 0],
  ["f98000", -0],
  ["f93c00", 1],
  ["fb3ff199999999999a", 1.1, true],
  ["f93e00", 1.5],
  ["f97bff", 65504],
  ["fa47c35000", 100000],
  ["fa7f7fffff", 3.4028234663852886e38],
  ["fb7e37e43c8800759c", 1.0e300, true],
  ["f90001", 5.960464477539063e-8],
  ["f90400", 0.00006103515625],
  ["f9c400", -4],
  ["fbc010666666666666", -4.1, true],
  ["f97c00", Infinity],
  ["f97e00", NaN],
  ["f9fc00", -Infinity],
  ["fa7f800000", Infinity],
  ["fa7fc00000", NaN],
  ["faff800000", -Infinity],
  ["fb7ff0000000000000", Infinity, true],
  ["fb7ff8000000000000", NaN, true],
  ["fbfff0000000000000", -Infinity, true],
  ["f4", false, true],
  ["f5", true, true],
  ["f6", null, true],
  ["f7", undefined, true],
  [
    "c074323031332d30332d32315432303a30343a30305a",
    new Date("2013-03-21T20:04:00Z"),
  ],
  ["c11a514b67b0", new Date("2013-03-21T20:04:00Z"), true],
  ["c1fb41d452d9ec200000", new Date("2013-03-21T20:04:00.500Z"), true],
  [
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    new URL("http://www.example.com"),
  ],
  ["40", new Uint8Array(), true],
  ["4401020304", new Uint8Array([1, 2, 3, 4]), true],
  ["60", "", true],
  ["6161", "a", true],
  ["6449455446", "IETF", true],
  ["62225c", '"\\', true],
  ["62c3bc", "ü", true],
  ["63e6b0b4", "水", true],
  ["64f0908591", "𐅑", true],
  ["80", [], true],
  ["83010203", [1, 2, 3], true],
  ["8301820203820405", [1, [2, 3], [4, 5]], true],
  [
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    Array.from({ length: 25 }, (_, i) => i + 1),
  ],
  ["a0", {}, true],
  ["a201020304", new Map([[1, 2], [3, 4]])],
  ["a26161016162820203", { a: 1, b: [2, 3] }, true],
  ["826161a161626163", ["a", { b: "c" }], true],
  ["a56161614161626142616361436164614461656145", {
    a: "A",
    b: "B",
    c: "C",
    d: "D",
    e: "E",
  }, true],
  ["5f42010243030405ff", new Uint8Array([1, 2, 3, 4, 5])],
  ["7f657374726561646d696e67ff", "streaming"],
  ["9fff", []],
  ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["9f01820203820405ff", [1, [2, 3], [4, 5]]],
  ["83018202039f0405ff", [1, [2, 3], [4, 5]]],
  ["83019f0203ff820405", [1, [2, 3], [4, 5]]],
  [
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
    Array.from({ length: 25 }, (_, i) => i + 1),
  ],
  ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
  ["826161bf61626163ff", ["a", { b: "c" }]],
  ["bf6346756ef563416d7421ff", { Fun: true, Amt: -2 }],
];

/** Those of the examples, and others, that are refused, with what is said. */
const REFUSED: [bytes: string, message: string][] = [
  ["f0", "the simple value 16, at byte 1"],
  ["f8ff", "the simple value 255, at byte 2"],
  ["d74401020304", "the unknown tag 23"],
  ["d818456449455446", "the unknown tag 24"],
  ["", "it ends too early, at byte 0"],
  ["0000", "more follows behind its end, at byte 1"],
  ["18", "it ends too early"],
  ["1901", "it ends too early"],
  ["1b00000000000000", "it ends too early"],
  ["fb000000", "it ends too early"],
  ["f800", "the simple value 0"],
  ["1c", "reserved bits 28"],
  ["5e", "reserved bits 30"],
  ["1f", "reserved bits 31"],
  ["ff", "a break where a value is expected"],
  ["81ff", "a break where a value is expected"],
  ["a1ff", "a length of 1"],
  ["bf00ff", "a break where a value is expected"],
  ["9f", "it ends too early"],
  ["bf6161", "it ends too early"],
  ["5f6161ff", "a part of the bytes expected"],
  ["7f4161ff", "a part of a text expected"],
  ["7f7f6161ffff", "reserved bits 31"],
  ["41", "a length of 1, which is more than follows, at byte 1"],
  ["9b7fffffffffffffff", "which is more than follows"],
  ["bb7fffffffffffffff", "which is more than follows"],
  ["5bffffffffffffffff", "which is more than follows"],
  ["8300", "a length of 3"],
  ["a20000", "a length of 2"],
  ["61ff", "a text that is not valid UTF-8"],
  ["62c080", "a text that is not valid UTF-8"],
  ["63eda080", "a text that is not valid UTF-8"],
  ["7828" + "ff".repeat(40), "a text that is not valid UTF-8"],
  ["c0634d6f6e", "a text that is no Date"],
  ["c000", "the text of a Date expected"],
  ["c16161", "a Date of no number"],
  ["c200", "the bytes of a bigint expected"],
  ["d903e9a10a00", "a Date by something else"],
  ["d81b00", "[name, …] expected"],
  ["d81b816141", 'class "A" is not registered here'],
  ["d81b82654572726f7200", "an instance of Error that was not written"],
  ["d81d00", "a reference to an object that is not there"],
  ["d81cd81d00", "a reference to an object that is not there"],
  ["d81cd81c80", "an object with two numbers"],
  ["d8206161", "a URL that is none"],
  ["d8454101", "a typed array that ends within an item"],
  ["d84100", "the unknown tag 65"],
  ["d90102a0", "an array expected"],
  ["d9010380", "a map expected"],
  ["d9011141ff", "a text that is not valid WTF-8"],
  ["d9011142c080", "a text that is not valid WTF-8"],
  ["d9011141c3", "a text that is not valid WTF-8"],
  ["d9011144f4908080", "a text that is not valid WTF-8"],
  ["d9524a82612860", "a RegExp that is none"],
  ["d9524a8161 61", "[source, flags] expected"],
  ["d94d508100", "a shape that was not there before"],
  ["82a1616101 d94d50 83000102", "a shape that was not there before"],
  ["d94d5100", "a typed array expected"],
  ["d94d51d85543000000", "an array of no numbers"],
  ["d94d51d84e43000000", "an array that ends within an item"],
  ["d94d528201a10100", "an item that is not within its array"],
  ["d94d528201a12000", "an item that is not within its array"],
  ["d94d528201a1613000", "an item that is not within its array"],
  ["d94d528201a1666c656e67746800", "an item that is not within its array"],
  ["d94d52821b0000000100000000a0", "an array of length 4294967296"],
  ["d94d5482 40 1a 40000001", "a resizable buffer of at most 1073741825"],
  ["d94d5482 4101 00", "a resizable buffer of at most 0 bytes"],
  ["d94d5484 1840 00 00 00", "[bytes, maxByteLength] expected"],
  ["d94d5584 1840 00 00 00", "a view of no known class, or of no buffer"],
  ["d94d5584 184e d94d5344 01020304 02 f6", "does not lie within its buffer"],
  ["d94d5584 1840 d94d5341 01 00 02", "does not lie within its buffer"],
  ["d94d5784 00000000", "a box of no primitive"],
  ["d94d588261 7800", "the module of"],
];

describe("messages", () => {
  for (const [bytes, value, isOurs] of VECTORS) {
    it(`${bytes.slice(0, 30)} says ${Deno.inspect(value).slice(0, 40)}`, () => {
      assertSame(decode(hex(bytes)), value);
      assertSame(sent(value), value);
      if (isOurs) assertEquals(encode(value).toHex(), bytes);
    });
  }

  it("that are wrong are refused, with what is wrong and where", () => {
    for (const [bytes, message] of REFUSED) {
      const error = assertThrows(
        () => decode(hex(bytes)),
        DataCloneError,
        "",
        bytes,
      );
      assert(error.message.startsWith("Cannot read this message: "), bytes);
      assert(error.message.includes(message), `${bytes}: ${error.message}`);
    }
  });

  it("of every length are refused where they end too early", () => {
    const bytes = encode([
      { a: 1, b: "two" },
      { a: 3, b: "é".repeat(99) },
      [1.5],
      new Map([[1n, new Set([new Date(5)])]]),
      new Uint16Array(3),
      /x/,
      Array(20).fill(1),
      new Error("x"),
    ]);
    for (let end = 0; end < bytes.length; end++) {
      assertThrows(
        () => decode(bytes.subarray(0, end)),
        DataCloneError,
        "",
        `${end}`,
      );
    }
  });

  it("may have maps with keys of all kinds, which are Maps", () => {
    assertSame(
      decode(hex("a2616101 02 03")),
      new Map<unknown, unknown>([["a", 1], [2, 3]]),
    );
    assertSame(decode(hex("bf 80 01 ff")), new Map([[[], 1]]));
    assertSame(decode(hex("a1 d90111 43 eda080 01")), { "\ud800": 1 });
    const map = new Map<unknown, unknown>();
    map.set(1, map);
    assertSame(decode(hex("d81c a1 01 d81d 00")), map);
  });

  it("may give a time as seconds and milliseconds", () => {
    assertSame(decode(hex("d903e9 a2 01 01 22 05")), new Date(1005));
    assertSame(decode(hex("d903e9 bf 01 01 ff")), new Date(1000));
  });

  it("may share objects of a kind that ours never do", () => {
    assertSame(decode(hex("82 d81c 6161 d81d 00")), ["a", "a"]);
  });

  it("cannot give plain objects another prototype", () => {
    const value = decode(hex("a1 69 5f5f70726f746f5f5f a1 6178 01"));
    assertEquals(Object.getPrototypeOf(value), Object.prototype);
    assertEquals(Object.keys(value as object), ["__proto__"]);
  });

  it("name numbers of typed arrays by the tags of RFC 8746", () => {
    assertEquals(encode(new Float32Array([1])).toHex(), "d855440000803f");
    assertSame(decode(hex("d840 41 01")), new Uint8Array([1]));
  });
});
