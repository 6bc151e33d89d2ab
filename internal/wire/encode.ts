import { closeEnvelope, openEnvelope } from "./envelope.ts";
import { beginOutput, out, releaseOutput, setOutputAside } from "./output.ts";
import {
  beginPass,
  passWasInVain,
  releaseReferences,
  REPEATED,
  setReferencesAside,
} from "./references.ts";
import { explain } from "./unsendable.ts";
import { writeValue } from "./write_value.ts";

/**
 * Writes a value into memory from `offset` on, and returns where it ends; -1 if
 * it does not fit, and what follows `offset` is then garbage. The memory may be
 * shared. A value that cannot be sent is a DataCloneError, whose path begins
 * with `root`. A getter may be called several times for one message.
 */
export function encodeInto(
  value: unknown,
  target: Uint8Array,
  offset: number,
  root = "value",
): number {
  const end = encodeOrMeasure(value, target, offset, root);
  return end <= target.length ? end : -1;
}

/**
 * As {@linkcode encodeInto}; but a value that does not fit gives where it would
 * end at most, which is behind the end of the memory.
 */
export function encodeOrMeasure(
  value: unknown,
  target: Uint8Array,
  offset: number,
  root = "value",
): number {
  return write(value, target, offset, root);
}

/** Memory for messages whose length is not known yet; kept while it is small. */
let scratch = new Uint8Array(0);
const FIRST_SCRATCH = 2 ** 14;
const MAX_SCRATCH = 2 ** 20;

/** Encodes a value into bytes of its own; see {@linkcode encodeInto}. */
export function encode(
  value: unknown,
  root = "value",
): Uint8Array<ArrayBuffer> {
  // Within another message, the scratch memory may have the first part of that.
  const isOwn = active || scratch.length === 0;
  let bytes = isOwn ? new Uint8Array(FIRST_SCRATCH) : scratch;
  let end = write(value, bytes, 0, root);
  while (end > bytes.length) { // again, should a getter give more each time
    bytes = new Uint8Array(
      end > MAX_SCRATCH ? end : Math.max(end, 2 * bytes.length),
    );
    end = write(value, bytes, 0, root);
  }
  if (bytes.length > MAX_SCRATCH && end === bytes.length) return bytes;
  if (!active && bytes.length <= MAX_SCRATCH) scratch = bytes;
  return bytes.slice(0, end);
}

let active = false;

/** Whether a message is being written, maybe by users' code. */
export function isEncoding(): boolean {
  return active;
}

/** Returns where the value ends or, where it does not fit, would end at most. */
function write(
  value: unknown,
  target: Uint8Array,
  offset: number,
  root: string,
): number {
  if (active) return writeInside(value, target, offset, root);
  active = true;
  const outer = openEnvelope();
  try {
    return writeMessage(value, target, offset, root);
  } finally {
    closeEnvelope(outer);
    active = false;
    releaseOutput();
    releaseReferences();
  }
}

/** A getter or an encode() writes a message, while another one is being written. */
function writeInside(
  value: unknown,
  target: Uint8Array,
  offset: number,
  root: string,
): number {
  const restoreOutput = setOutputAside();
  const restoreReferences = setReferencesAside();
  const outer = openEnvelope();
  try {
    return writeMessage(value, target, offset, root);
  } finally {
    closeEnvelope(outer);
    restoreOutput();
    restoreReferences();
  }
}

function writeMessage(
  value: unknown,
  target: Uint8Array,
  offset: number,
  root: string,
): number {
  try {
    beginOutput(target, offset);
    try {
      writeValue(value);
    } catch (error) {
      if (error !== REPEATED) throw error;
      do {
        beginPass();
        beginOutput(target, offset);
        writeValue(value);
      } while (passWasInVain());
    }
    return out.pos;
  } catch (error) {
    throw explain(error, root, out.steps.reverse());
  }
}
