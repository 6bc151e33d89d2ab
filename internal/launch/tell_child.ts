/** Tells a child what to do: writes its boot message to its stdin. */

import { hasAllPermissions } from "./granted.ts";
import { withLength } from "./pipe_messages.ts";

/**
 * A pipe has room for twice as much, whether anybody reads or not; a page at least,
 * where its user has very many: then this waits until the child is up, and reads.
 */
const MOST_AT_ONCE = 2 ** 15;

/**
 * Writes it; resolves to whether the child could read it.
 *
 * A stream of the runtime is written to when this thread yields, but who starts a
 * child may go on computing, or block until that child has put something into a
 * queue. So it is written at once where that can be: on Linux a process's stdin can
 * be opened by the name that it has there, with all permissions.
 */
export async function tellChild(
  { pid }: Deno.ChildProcess,
  stdin: WritableStreamDefaultWriter<Uint8Array>,
  message: Uint8Array,
): Promise<boolean> {
  // In one piece: a spare that waits for it wakes up once.
  const bytes = withLength(message);
  if (bytes.length <= MOST_AT_ONCE && writeNow(pid, bytes)) return true;
  try {
    await stdin.write(bytes);
    return true;
  } catch {
    // A child that dies at once does not read it; its exit code says so.
    return false;
  }
}

function writeNow(pid: number, bytes: Uint8Array): boolean {
  if (Deno.build.os !== "linux" || !hasAllPermissions()) return false;
  try {
    using file = Deno.openSync(`/proc/${pid}/fd/0`, { write: true });
    for (let at = 0; at < bytes.length;) {
      at += file.writeSync(bytes.subarray(at));
    }
    return true;
  } catch {
    return false; // it has ended, or cannot be looked into
  }
}
