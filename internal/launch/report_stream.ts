/** Reads what a child sends: reports, between the text that it prints. */

import { FrameReader } from "../wire/frames.ts";
import { Report } from "./boot.ts";
import type { LineWriter } from "./line_writer.ts";

/**
 * The end of a dead child's stream comes at once, unless a subprocess of the
 * child still holds it. Then it counts as read after such a silence, or after
 * so much talk: what the child itself wrote came first.
 */
const QUIET_MS = 50;
const MOST_INTERVALS = 20;

/** A stream of reports and text. */
export class ReportStream {
  #bytesRead = 0;
  #goodbye = false;
  #ended = false;
  #done: Promise<void>;

  /** Reads from now on: text to `text`, reports to `receive`. */
  constructor(
    stream: ReadableStream<Uint8Array>,
    key: Uint8Array,
    text: LineWriter,
    receive: (kind: number, body: Uint8Array) => void,
  ) {
    const frames = new FrameReader(key, {
      text: (bytes) => text.write(bytes),
      message: (bytes) => {
        if (bytes[0] === Report.GOODBYE) this.#goodbye = true;
        else receive(bytes[0]!, bytes.subarray(1));
      },
    });
    const readAll = async () => {
      for await (const chunk of stream) {
        this.#bytesRead += chunk.length;
        frames.push(chunk);
      }
      frames.end();
      this.#ended = true;
    };
    this.#done = readAll();
  }

  /** The child has ended: waits until everything that it wrote was read. */
  async drain(): Promise<void> {
    for (let interval = 0; interval < MOST_INTERVALS; interval++) {
      const before = this.#bytesRead;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise((resolve) => {
        timer = setTimeout(resolve, QUIET_MS);
      });
      await Promise.race([this.#done, silence]);
      clearTimeout(timer);
      if (this.#ended || this.#goodbye || this.#bytesRead === before) return;
    }
  }
}
