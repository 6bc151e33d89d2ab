/** Reads what a child sends: reports, between the text that it prints. */

import { FrameReader } from "../wire/frames.ts";
import { Report } from "./boot.ts";
import type { LineWriter } from "./line_writer.ts";

/**
 * For how long the stream of a dead child may be silent before it counts as
 * read. Only where a subprocess of the child still holds it does no end come.
 */
const QUIET_MS = 50;

/** A stream of reports and text. */
export class ReportStream {
  #bytesRead = 0;
  #done: Promise<unknown>;

  /** Reads from now on: text to `text`, reports to `receive`. */
  constructor(
    stream: ReadableStream<Uint8Array>,
    key: Uint8Array,
    text: LineWriter,
    receive: (kind: number, body: Uint8Array) => void,
  ) {
    const goodbye = Promise.withResolvers<void>();
    const frames = new FrameReader(key, {
      text: (bytes) => text.write(bytes),
      message(bytes) {
        if (bytes[0] === Report.GOODBYE) goodbye.resolve();
        else receive(bytes[0]!, bytes.subarray(1));
      },
    });
    const readAll = async () => {
      for await (const chunk of stream) {
        this.#bytesRead += chunk.length;
        frames.push(chunk);
      }
      frames.end();
    };
    this.#done = Promise.race([goodbye.promise, readAll()]);
  }

  /** The child has ended: waits until everything that it wrote was read. */
  async drain(): Promise<void> {
    let ended = false;
    this.#done.then(() => ended = true);
    for (let before = -1; !ended && before !== this.#bytesRead;) {
      before = this.#bytesRead;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise((resolve) => {
        timer = setTimeout(resolve, QUIET_MS);
      });
      await Promise.race([this.#done, silence]);
      clearTimeout(timer);
    }
  }
}
