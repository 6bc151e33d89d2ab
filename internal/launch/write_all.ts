/** Writing to a standard stream, whatever state others have put it into. */

/** Such as `Deno.stderr`. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** How long to wait for a reader of a stream that does not block. */
const RETRY_MS = 1;
const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of it. A stream that somebody who shares it has made non-blocking
 * is waited for; one that nobody reads any more takes nothing.
 */
export function writeAll(out: SyncWriter, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += out.writeSync(at === 0 ? bytes : bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return;
      Atomics.wait(never, 0, 0, RETRY_MS);
    }
  }
}
