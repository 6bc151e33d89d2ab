import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { MAX_DEPTH } from "../../internal/wire/tags.ts";

/** Sends what is nested as deep as may be, on a stack that is in use already. */
function send(frames: number): void {
  if (frames > 0) return [0].forEach(() => send(frames - 1));
  let value: unknown = null;
  for (let i = 1; i < MAX_DEPTH; i++) value = new Error("x", { cause: value });
  decode(encode(value));
}

// The types are those of the main thread.
const { postMessage } = globalThis as unknown as Worker;
try {
  send(1000);
  postMessage("ok");
} catch (error) {
  postMessage((error as Error).message);
}
