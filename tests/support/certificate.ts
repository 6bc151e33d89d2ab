/** Certificates for localhost and 127.0.0.1, signed by themselves; for 100 years. */

import { pathOf } from "./run.ts";

const read = (name: string): string =>
  Deno.readTextFileSync(pathOf(`tests/fixtures/tls/${name}`));

const cert = read("cert.pem");
const authority = read("authority_cert.pem");

/** For both sides. */
export const certificate = { cert, key: read("key.pem"), caCerts: [cert] };
/** One that may sign others, which nobody may show as his own. */
export const authorityCertificate = {
  cert: authority,
  key: read("authority_key.pem"),
  caCerts: [authority],
};
