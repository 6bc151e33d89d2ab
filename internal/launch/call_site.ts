/** Which modules of the user stand on the call stack. */

import { isOwnModule } from "./own_modules.ts";

/** Enough for any stack that is still readable. */
const FRAMES = 200;

/** `Error` as V8 has it. */
const V8Error = Error as unknown as {
  stackTraceLimit: number;
  prepareStackTrace: unknown;
};
interface Frame {
  getScriptNameOrSourceURL(): string | null | undefined;
}

/**
 * The URLs of the user's modules on the call stack, innermost first.
 *
 * The stack is read with settings of our own for this moment, because users set
 * theirs, and because a stack's text shortens `data:` URLs.
 */
export function callSite(): string[] {
  const { prepareStackTrace, stackTraceLimit } = V8Error;
  let frames: Frame[];
  try {
    V8Error.stackTraceLimit = FRAMES;
    V8Error.prepareStackTrace = (_: unknown, frames: Frame[]) => frames;
    frames = new Error().stack as unknown as Frame[];
  } finally {
    V8Error.prepareStackTrace = prepareStackTrace;
    V8Error.stackTraceLimit = stackTraceLimit;
  }
  const urls = new Set<string>();
  for (const frame of frames) {
    const url = frame.getScriptNameOrSourceURL();
    if (url && isUserModule(url)) urls.add(url);
  }
  return [...urls];
}

/** Whether the URL is one of a module that a child can import. */
export function isUserModule(url: string): boolean {
  if (!/^(file|https?|data):/.test(url)) return false;
  // What `deno test`, `deno eval`, `deno repl` and `deno run -` make up.
  if (url.includes("$deno$")) return false;
  return !isOwnModule(url);
}
