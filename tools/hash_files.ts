/** What the demo's child processes do: hash files. */

import { createHash } from "node:crypto";

/** A file and its hash, or why it has none. */
export type HashedFile =
  & { readonly path: string; readonly bytes: number }
  & ({ readonly hash: string } | { readonly error: string });

/** Hashes files one after another, each read in pieces, however large it is. */
export async function hashFiles(
  paths: readonly string[],
): Promise<HashedFile[]> {
  const hashed: HashedFile[] = [];
  for (const path of paths) hashed.push(await hashFile(path));
  return hashed;
}

async function hashFile(path: string): Promise<HashedFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(1 << 20);
    for (
      let count = file.readSync(buffer);
      count !== null;
      count = file.readSync(buffer)
    ) {
      hash.update(buffer.subarray(0, count));
      bytes += count;
    }
  } catch (error) {
    return { path, bytes: 0, error: (error as Error).message };
  }
  return { path, bytes, hash: hash.digest("hex") };
}
