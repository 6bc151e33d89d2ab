import {
  type CallHead,
  callHeadLength,
  type Kind,
  writeCallHead,
} from "../../internal/travel/protocol.ts";

/** A message with a call, or with what is given back. */
export function writeCall(
  kind: typeof Kind.CALL | typeof Kind.GIVE_BACK,
  head: CallHead,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const length = callHeadLength(head.method);
  const message = new Uint8Array(length + body.length);
  writeCallHead(message, kind, head);
  message.set(body, length);
  return message;
}
