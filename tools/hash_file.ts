/** What the demo's workers do: hash a file. */

import { createHash } from "node:crypto";

/** A file and its hash, or why it has none. */
export type HashedFile =
  & { readonly path: string; readonly bytes: number }
  & ({ readonly hash: string } | { readonly error: string });

/** A worker does one task at a time. */
const buffer = new Uint8Array(1 << 20);

/** Hashes a file, which is read in pieces, however large it is. */
export async function hashFile(path: string): Promise<HashedFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    using file = await Deno.open(path);
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
