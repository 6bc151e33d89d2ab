/**
 * A reply that a thread blocks for. Its memory:
 *
 * ```text
 *   word 0   WAITING | STARTED | FAILED
 *   word 1   the pid, or the length of the report; 0: it comes by message only
 *   …        the report of the error
 * ```
 *
 * The main thread writes it once: the state last, and then it wakes the thread.
 */

import type { Answer } from "./thread_messages.ts";

const WAITING = 0;
const STARTED = 1;
const FAILED = 2;

const HEADER_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;
const REPORT_BYTES = 1 << 15;

/** Memory for one reply. */
export function newReply(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + REPORT_BYTES);
}

/** Gives the reply. */
export function answerSync(memory: SharedArrayBuffer, answer: Answer): void {
  const words = new Int32Array(memory, 0, 2);
  if (answer.is === "started") words[1] = answer.pid;
  else if (answer.is === "failed" && answer.report.length <= REPORT_BYTES) {
    new Uint8Array(memory, HEADER_BYTES).set(answer.report);
    words[1] = answer.report.length;
  }
  Atomics.store(words, 0, answer.is === "started" ? STARTED : FAILED);
  Atomics.notify(words, 0);
}

/** Blocks for the reply; `null`: it has not come in that time. */
export function waitForReply(
  memory: SharedArrayBuffer,
  ms: number,
): Extract<Answer, { is: "started" | "failed" }> | null {
  const words = new Int32Array(memory, 0, 2);
  Atomics.wait(words, 0, WAITING, ms);
  const state = Atomics.load(words, 0);
  const value = words[1]!;
  if (state === STARTED) return { is: "started", pid: value };
  if (state === FAILED && value > 0) {
    return {
      is: "failed",
      report: new Uint8Array(memory, HEADER_BYTES, value).slice(),
    };
  }
  return null;
}
