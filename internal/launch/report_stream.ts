/** Reads what a child sends: reports, between the text that it prints. */

import { FrameReader } from "../wire/frames.ts";
import type { LineWriter } from "./line_writer.ts";
import { Report, reportKind } from "./report.ts";

/**
 * How long to wait for a dead child's last report. One that was ended by a signal
 * may have none; any other has, however late this busy process reads it.
 */
const KILLED_MS = 150;
const LAST_REPORT_MS = 5000;
/** Then the end comes at once, unless a subprocess still holds the stream. */
const END_MS = 50;

/** So much is read at a time. */
const CHUNK_BYTES = 2 ** 16;

/** A stream of reports and text. */
export class ReportStream {
  /** Resolved when the child has said its last. */
  #last = Promise.withResolvers<void>();
  #end: Promise<void>;

  /**
   * Reads from now on: text to `text`, reports to `receive`; `receivePart` is told
   * of each part of a report that is not its last.
   */
  constructor(
    stream: ReadableStream<Uint8Array>,
    key: Uint8Array,
    text: LineWriter,
    receive: (kind: number, report: Uint8Array) => void,
    receivePart?: () => void,
  ) {
    const frames = new FrameReader(key, {
      text: (bytes) => text.write(bytes),
      part: receivePart,
      message: (bytes) => {
        const kind = reportKind(bytes);
        if (kind === Report.GOODBYE || kind === Report.UNCAUGHT) {
          this.#last.resolve();
        }
        if (kind !== Report.GOODBYE) receive(kind, bytes);
      },
    });
    const readAll = async () => {
      // Into one buffer: each of its own would be 64 KiB that have to be zeroed.
      const reader = stream.getReader({ mode: "byob" });
      let buffer = new Uint8Array(CHUNK_BYTES);
      for (;;) {
        const { value, done } = await reader.read(buffer);
        if (done) break;
        frames.push(value);
        buffer = new Uint8Array(value.buffer);
      }
      frames.end();
      this.#last.resolve();
    };
    this.#end = readAll();
  }

  /**
   * The child has ended: waits until what it wrote was read. A report that comes
   * after its death was on its way before, and in order: once the last one is
   * here, so are the others. `true`: the stream has ended, so nothing comes after.
   */
  async drain(bySignal: boolean): Promise<boolean> {
    const limit = bySignal ? KILLED_MS : LAST_REPORT_MS;
    await settledWithin(limit, this.#last.promise);
    return await settledWithin(END_MS, this.#end);
  }
}

/** `false`: it is not settled by then. */
async function settledWithin(
  ms: number,
  promise: Promise<void>,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const settled = await Promise.race([promise.then(() => true), time]);
  clearTimeout(timer);
  return settled;
}
