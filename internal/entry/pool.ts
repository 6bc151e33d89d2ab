/** What the workers of a pool run; it is reached by its URL, and imported by nobody. */

import "../pool/link.ts"; // one of these is in what a worker is told
export { serve } from "../pool/serve.ts";
