/** A child's own side of its stream of reports. */

import { writeFrames } from "../wire/frames.ts";
import { self } from "./identity.ts";
import { encodeError, encodeReport, Report } from "./report.ts";
import { onUncaught } from "./uncaught.ts";
import { type SyncWriter, writeAll } from "./write_all.ts";

/** Reports to the parent, between what else is printed on stderr. */
export class Reporter {
  #key: Uint8Array;
  #streams: readonly SyncWriter[];

  /** Reports go to the last of the streams; all of them pass through the parent. */
  constructor(key: Uint8Array, ...streams: SyncWriter[]) {
    this.#key = key;
    this.#streams = streams;
    globalThis.addEventListener("unload", () => this.announce(Report.GOODBYE));
    onUncaught((error) => {
      this.print(""); // the runtime prints the rest
      this.sendError(Report.UNCAUGHT, error);
    });
  }

  /** Sends a report. */
  send(report: Uint8Array): void {
    this.#write(this.#streams.at(-1)!, report);
  }

  /** Sends an error; what it carries that cannot be sent is left out. */
  sendError(kind: number, error: unknown): void {
    this.send(encodeError(kind, error));
  }

  /** Says on all streams how far this process is. */
  announce(kind: number): void {
    const report = encodeReport(kind, null);
    for (const stream of this.#streams) this.#write(stream, report);
  }

  /** Prints what ended this process, with its name. */
  print(text: string): void {
    const heading = `Process ${self().name}:\n`;
    writeAll(Deno.stderr, new TextEncoder().encode(heading + text));
  }

  #write(stream: SyncWriter, report: Uint8Array): void {
    writeFrames(this.#key, report, (frame) => writeAll(stream, frame));
  }
}
