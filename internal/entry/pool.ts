/** What the workers of a pool run; it is reached by its URL, and imported by nobody. */

import type { Link } from "../pool/link.ts";
import "../pool/link.ts"; // one of these is in what a worker is told
import { RingEnd } from "../pool/ring_end.ts";
import { serveAt } from "../pool/serve.ts";
import type { Setup } from "../pool/setup.ts";

/** What the function of a worker's process or thread is. */
export function serve(link: Link, setup: Setup): Promise<void> {
  return serveAt(new RingEnd(link), setup);
}
