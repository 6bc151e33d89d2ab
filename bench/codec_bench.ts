/**
 * The codec beside its peers: microseconds to encode and decode, each pair of
 * codec and payload in processes of its own, as one codec changes how fast the
 * next one is.
 *
 *     deno run -A bench/codec_bench.ts
 */

import { median } from "./support.ts";

const RUNS = 5;

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

/** The payloads, with what to reach: microseconds, and ratio to the best of npm. */
const BUDGETS: Record<string, { what: string; µs: number; ratio: number }> = {
  small: { what: "small object", µs: 0.5, ratio: 1 },
  nested: { what: "10 KB nested", µs: 50, ratio: 1 },
  hundred: { what: "100 small in an array", µs: 30, ratio: 1 },
  floats: { what: "1,000 floats", µs: 2, ratio: 0.1 },
  bytes: { what: "1 MiB Uint8Array", µs: 400, ratio: 1 },
};

/** The median of several processes; null where the codec cannot say that. */
async function measure(codec: Codec, payload: string): Promise<number | null> {
  if (codec === "json" && payload === "bytes") return null;
  const file = new URL("./codec/measure.ts", import.meta.url).href;
  const results: number[] = [];
  for (let run = 0; run < RUNS; run++) {
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

const rows = [[
  "µs to encode and decode",
  ...Object.values(CODECS),
  "ours / npm",
  "budget",
]];
for (const [payload, { what, µs, ratio }] of Object.entries(BUDGETS)) {
  const times = new Map<Codec, number | null>();
  for (const codec of Object.keys(CODECS) as Codec[]) {
    times.set(codec, await measure(codec, payload));
  }
  const best = Math.min(...NPM.map((codec) => times.get(codec) ?? Infinity));
  rows.push([
    what,
    ...[...times.values()].map((time) => time?.toPrecision(3) ?? "–"),
    ((times.get("ours") ?? NaN) / best).toFixed(2),
    `${µs} µs, ${ratio}`,
  ]);
}
const widths = rows[0]!.map((_, column) =>
  Math.max(...rows.map((row) => row[column]!.length))
);
for (const row of rows) {
  console.log(
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd(),
  );
}
