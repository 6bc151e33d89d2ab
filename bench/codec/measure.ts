/**
 * Measures one codec with one payload, both named in the arguments, and prints
 * how many microseconds it takes to encode and decode it.
 */

import { decodeFrom } from "../../internal/wire/decode.ts";
import { encodeInto } from "../../internal/wire/encode.ts";
import { median } from "../support.ts";
import { PAYLOADS } from "./payloads.ts";

type RoundTrip = (value: unknown) => unknown;

// Not a literal: whoever only checks the types should not have to load it.
const specifier = "npm:cbor-x@1.6.0";

async function cborX(useRecords: boolean): Promise<RoundTrip> {
  const { Encoder } = await import(specifier);
  // As ours does: what was read stays when the memory of its message is used again.
  const codec = new Encoder({ useRecords, copyBuffers: true });
  return (value) => codec.decode(codec.encode(value));
}

const CODECS: Record<string, () => RoundTrip | Promise<RoundTrip>> = {
  // As it is used: from value to memory that is there, and from there to value.
  ours() {
    const memory = new Uint8Array(2 ** 21);
    return (value) => decodeFrom(memory, 0, encodeInto(value, memory, 0));
  },
  cborX: () => cborX(false),
  cborXRecords: () => cborX(true),
  json() {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    return (value) =>
      JSON.parse(decoder.decode(encoder.encode(JSON.stringify(value))));
  },
  async v8() {
    const { serialize, deserialize } = await import("node:v8");
    return (value) => deserialize(serialize(value));
  },
  clone: () => structuredClone,
};

const [codec, payload] = Deno.args as [string, string];
const value = PAYLOADS[payload]!();
const roundTrip = await CODECS[codec]!();

/** Microseconds a time, over so many times. */
function time(times: number): number {
  const start = performance.now();
  for (let i = 0; i < times; i++) roundTrip(value);
  return (performance.now() - start) * 1000 / times;
}

time(100);
const warmUp = Math.ceil(300_000 / time(100));
const times = Math.ceil(50_000 / time(warmUp));
console.log(median(Array.from({ length: 9 }, () => time(times))));
