/** A certificate for localhost and 127.0.0.1, signed by itself; for 100 years. */

import { pathOf } from "./run.ts";

const read = (name: string): string =>
  Deno.readTextFileSync(pathOf(`tests/fixtures/tls/${name}`));

const cert = read("cert.pem");

/** For both sides. */
export const certificate = { cert, key: read("key.pem"), caCerts: [cert] };
