/** How many bytes of a message's length stand before it. */
export const LENGTH_BYTES = 4;

/** Reads the message that the parent has written to stdin, or is writing. */
export function readMessage(): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  readFully(length);
  const message = new Uint8Array(new DataView(length.buffer).getUint32(0));
  readFully(message);
  return message;
}

/** Reads synchronously: nothing else of the program may run before. */
function readFully(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const count = Deno.stdin.readSync(bytes.subarray(at));
    // The parent died while it started this process.
    if (count === null) Deno.exit(1);
    at += count;
  }
}
