/** How values get into messages, and out of them. */

import { decodeFrom } from "../wire/decode.ts";
import { encodeOrMeasure } from "../wire/encode.ts";

/** What writes and reads values. */
export interface MessageCodec {
  readonly encode: typeof encodeOrMeasure;
  readonly decode: typeof decodeFrom;
}

/** Between those who look at one memory. */
export const FAMILY_CODEC: MessageCodec = {
  encode: encodeOrMeasure,
  decode: decodeFrom,
};
