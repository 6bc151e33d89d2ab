/** Channels over sockets, to the family or to strangers. */

import type { Channel } from "../pipe/channel.ts";
import type { MessageCodec } from "../pipe/message_codec.ts";
import { type Opener, StreamChannel } from "../pipe/stream_channel.ts";
import { decodeFrom } from "../wire/decode.ts";
import { encodeOrMeasure } from "../wire/encode.ts";
import { forStrangers } from "./route.ts";

/** What strangers cannot look at is in no message to or from them. */
const STRANGERS: MessageCodec = {
  encode: (...args) => forStrangers(() => encodeOrMeasure(...args)),
  decode: (...args) => forStrangers(() => decodeFrom(...args)),
};

/** Makes a channel. */
export const openChannel: Opener<Channel> = (
  socket,
  peer,
  maxLength,
  isFamily,
) =>
  new StreamChannel(socket, peer, maxLength, isFamily ? undefined : STRANGERS);
