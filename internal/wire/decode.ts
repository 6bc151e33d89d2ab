import { closeEnvelope, openEnvelope } from "./envelope.ts";
import {
  beginInput,
  fail,
  input,
  releaseInput,
  setInputAside,
} from "./input.ts";
import { readValue } from "./read_value.ts";
import { isStackOverflow } from "./unsendable.ts";

/** Reads a message that is all of `bytes`. */
export function decode(bytes: Uint8Array): unknown {
  return decodeFrom(bytes, 0, bytes.length);
}

/**
 * Reads a message that lies in memory from `start` to `end`. The memory may be
 * shared, but nobody may write there meanwhile; what is returned keeps nothing
 * of it. Anything may stand there: what is no message is a DataCloneError, and
 * takes no more time and memory than bytes of that number may.
 */
export function decodeFrom(
  source: Uint8Array,
  start: number,
  end: number,
): unknown {
  if (active) return readInside(source, start, end);
  active = true;
  const outer = openEnvelope();
  try {
    return readMessage(source, start, end);
  } finally {
    closeEnvelope(outer);
    active = false;
    releaseInput();
  }
}

let active = false;

/** Whether a message is being read, maybe by users' code. */
export function isDecoding(): boolean {
  return active;
}

/** A decode() reads a message, while another one is being read. */
function readInside(source: Uint8Array, start: number, end: number): unknown {
  const restore = setInputAside();
  const outer = openEnvelope();
  try {
    return readMessage(source, start, end);
  } finally {
    closeEnvelope(outer);
    restore();
  }
}

function readMessage(source: Uint8Array, start: number, end: number): unknown {
  beginInput(source, start, end);
  if (!(start >= 0 && end <= source.length)) {
    fail("it lies outside of the memory");
  }
  try {
    const value = readValue();
    if (input.pos < end) fail("more follows behind its end");
    return value;
  } catch (error) {
    if (isStackOverflow(error)) fail("objects nested too deep for the stack");
    throw error;
  }
}
