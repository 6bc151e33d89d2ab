/**
 * Hashes (SHA-256) every file below a folder over all cores, in a pool of
 * processes.
 *
 *     deno task demo [--workers N] [DIR]
 *
 * An unreadable file is reported and counted, and the rest goes on; the exit
 * code is then 1.
 */

import { cpuCount, Pool } from "@multi/processing";
import { parseArgs } from "@std/cli";
import { ProgressBar } from "@std/cli/unstable-progress-bar";
import { fileURLToPath } from "node:url";
import { type HashedFile, hashFile } from "./hash_file.ts";

/** A file to hash. */
interface Found {
  readonly path: string;
  readonly size: number;
}

/** The speed of many and of one is compared over about this much. */
const SAMPLE_BYTES = 512 << 20;
const LARGEST = 10;

/** All files below `folder`; what cannot be listed goes to `unreadable`. */
async function* walk(
  folder: string,
  unreadable: HashedFile[],
): AsyncGenerator<Found> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) yield* walk(path, unreadable);
      else if (entry.isFile) yield { path, size: await sizeOf(path) };
    }
  } catch (error) {
    unreadable.push({
      path: folder,
      bytes: 0,
      error: (error as Error).message,
    });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.lstat(path)).size;
  } catch {
    return 0; // gone in between: hashing it will say so
  }
}

/** Hashes the files in a pool of so many processes. */
async function hashAll(
  files: readonly Found[],
  workers: number,
  done: (files: number) => void = () => {},
): Promise<{ files: HashedFile[]; ms: number }> {
  const start = performance.now();
  // The largest come first: what is left at the end is small.
  const paths = files.toSorted((a, b) => b.size - a.size)
    .map(({ path }) => path);
  await using pool = new Pool({
    processes: workers,
    onProgress: (progress) => done(progress.done),
  });
  const results = pool.imap(hashFile, paths);
  const hashed: HashedFile[] = [];
  for (const path of paths) {
    try {
      hashed.push((await results.next()).value!);
    } catch (error) {
      // The process died: this file has no hash, the others are not affected.
      hashed.push({ path, bytes: 0, error: (error as Error).message });
    }
  }
  return { files: hashed, ms: performance.now() - start };
}

/** How much faster many processes are than one, over a part of the work. */
async function compare(
  files: readonly Found[],
  workers: number,
  bytes: number,
): Promise<string> {
  const step = Math.max(1, Math.round(bytes / SAMPLE_BYTES));
  const sample = files.filter((_, index) => index % step === 0);
  // Both read what was read a moment ago, so that the disk is not measured.
  const many = await hashAll(sample, workers);
  const one = await hashAll(sample, 1);
  const part = step > 1
    ? `, over ${formatBytes(bytesOf(one.files))} of it`
    : "";
  return `${(one.ms / many.ms).toFixed(2)} × as fast as one${part}`;
}

const bytesOf = (files: readonly HashedFile[]) =>
  files.reduce((sum, file) => sum + file.bytes, 0);

function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(
    units.length - 1,
    Math.floor(Math.log2(Math.max(1, bytes)) / 10),
  );
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1024 ** power).toFixed(digits)} ${units[power]}`;
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, { string: ["workers", "_"] });
  const workers = Number(options.workers ?? cpuCount());
  if (!(Number.isInteger(workers) && workers > 0)) {
    console.error(`--workers must be a number above 0: ${options.workers}`);
    Deno.exit(2);
  }
  const repository = fileURLToPath(new URL("..", import.meta.url));
  const folder = String(options._[0] ?? repository)
    .replace(/(?<=.)[\\/]+$/, "");

  const errors: HashedFile[] = [];
  const found = await Array.fromAsync(walk(folder, errors));
  const bar = Deno.stderr.isTerminal()
    ? new ProgressBar({
      max: Math.max(1, found.length),
      clear: true,
      interval: 100,
      formatter: (now) =>
        `${now.styledTime} ${now.progressBar} ${now.value} of ${now.max} files`,
    })
    : null;
  const { files, ms } = await hashAll(found, workers, (done) => {
    if (bar) bar.value = done;
  });
  await bar?.stop();

  const bytes = bytesOf(files);
  const compared = files.length > 1 && workers > 1
    ? await compare(found, workers, bytes)
    : "too little for a second";

  for (const file of files) if ("error" in file) errors.push(file);
  for (const file of errors) {
    if ("error" in file) {
      console.error(`cannot read ${file.path}: ${file.error}`);
    }
  }
  const hashed = files.filter((file) => "hash" in file);
  console.log(
    `The ${
      Math.min(LARGEST, hashed.length)
    } largest of ${hashed.length} files below ${folder}:`,
  );
  for (
    const { path, hash, bytes } of hashed
      .toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
  ) {
    console.log(`${hash}  ${formatBytes(bytes).padStart(10)}  ${path}`);
  }
  console.log(
    `${hashed.length} files, ${errors.length} not readable, ${bytes} bytes (${
      formatBytes(bytes)
    })`,
  );
  console.log(
    `${(ms / 1000).toFixed(2)} s in ${workers} process${
      workers === 1 ? "" : "es at a time"
    }, ${compared}`,
  );
  if (errors.length > 0) Deno.exit(1);
}

if (import.meta.main) await main();
