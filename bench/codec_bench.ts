/**
 * The codec beside its peers: microseconds to encode and decode, each pair of
 * codec and payload in processes of its own, as one codec changes how fast the
 * next one is.
 *
 *     deno run -A bench/codec_bench.ts
 */

import { median, printRows, type Row } from "./support.ts";

/** So many processes measure what has a budget; the others are there to compare. */
const RUNS = 3;

const CODECS = {
  ours: "ours",
  cborX: "cbor-x",
  cborXRecords: "cbor-x, records",
  json: "JSON + UTF-8",
  v8: "node:v8",
  clone: "structuredClone",
};
type Codec = keyof typeof CODECS;
const NPM: readonly Codec[] = ["cborX", "cborXRecords"];

/** The payloads, and the ratio to reach to the best of npm. */
const PAYLOADS: Record<string, { what: string; budget: number }> = {
  small: { what: "small object", budget: 1 },
  nested: { what: "10 KB nested", budget: 1 },
  hundred: { what: "100 small in an array", budget: 1 },
  floats: { what: "1,000 floats", budget: 0.1 },
  bytes: { what: "1 MiB Uint8Array", budget: 1 },
};

/** The median of several processes; null where the codec cannot say that. */
async function measure(codec: Codec, payload: string): Promise<number | null> {
  if (codec === "json" && payload === "bytes") return null;
  const file = new URL("./codec/measure.ts", import.meta.url).href;
  const results: number[] = [];
  const runs = codec === "ours" || NPM.includes(codec) ? RUNS : 1;
  for (let run = 0; run < runs; run++) {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      // With the time, what a peer depends on is always of the same versions.
      args: [
        "run",
        "-A",
        "--quiet",
        "--minimum-dependency-age=2026-06-01T00:00:00Z",
        file,
        codec,
        payload,
      ],
      stderr: "inherit",
    }).output();
    if (!success) return null;
    results.push(Number(new TextDecoder().decode(stdout)));
  }
  return median(results);
}

const rows: Row[] = [];
for (const [payload, { what, budget }] of Object.entries(PAYLOADS)) {
  const times = new Map<Codec, number>();
  for (const codec of Object.keys(CODECS) as Codec[]) {
    times.set(codec, await measure(codec, payload) ?? NaN);
  }
  const work = `${what} (µs)`;
  const ours = times.get("ours")!;
  const known = NPM.filter((codec) => !Number.isNaN(times.get(codec)));
  const best = Math.min(...known.map((codec) => times.get(codec)!));
  rows.push({ work, ours, peer: "the best of npm", theirs: best, budget });
  for (const [codec, peer] of Object.entries(CODECS)) {
    if (codec === "ours") continue;
    const theirs = times.get(codec as Codec)!;
    rows.push({ work, ours, peer, theirs, budget: null });
  }
}
printRows(rows);
