/** What workers run that cannot look at their owner's memory; as entry/pool.ts. */

import { serveAt } from "../pool/serve.ts";
import { ServedEnd } from "../pool/served_end.ts";
import type { ServedLink } from "../pool/served_link.ts";
import "../pool/served_link.ts"; // one of these is in what a worker is told
import type { Setup } from "../pool/setup.ts";

/** What the function of a worker's process is. */
export function serve(link: ServedLink, setup: Setup): Promise<void> {
  return serveAt(new ServedEnd(link.remote!), setup);
}
