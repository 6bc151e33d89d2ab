/** A child's own side of its stream of reports. */

import { writeFrames } from "../wire/frames.ts";
import { encodeReport, Report } from "./boot.ts";
import { self } from "./identity.ts";
import { type SyncWriter, writeAll } from "./write_all.ts";

/** The events of errors that nobody catches, in a Worker's scope too. */
interface UncaughtEvents {
  error: ErrorEvent;
  unhandledrejection: PromiseRejectionEvent;
}

/** Reports to the parent, between what else is printed on stderr. */
export class Reporter {
  #key: Uint8Array;
  #streams: readonly SyncWriter[];
  #receiver: number;

  /**
   * Reports go to the last of the streams; all of them pass through the parent,
   * which is that owner in shared memory.
   */
  constructor(key: Uint8Array, receiver: number, ...streams: SyncWriter[]) {
    this.#key = key;
    this.#receiver = receiver;
    this.#streams = streams;
    globalThis.addEventListener("unload", () => this.announce(Report.GOODBYE));
    this.#watch(
      "error",
      (event) => event.error,
      (event) =>
        new ErrorEvent(event.type, {
          message: event.message,
          filename: event.filename,
          lineno: event.lineno,
          colno: event.colno,
          error: event.error,
          cancelable: true,
        }),
    );
    this.#watch(
      "unhandledrejection",
      (event) => event.reason,
      (event) =>
        new PromiseRejectionEvent(event.type, {
          promise: event.promise,
          reason: event.reason,
          cancelable: true,
        }),
    );
  }

  /**
   * Reports errors that nobody catches, unless a listener of the user prevents
   * their effect. These are asked first, by an event of their own: only whoever
   * is last to see an event knows whether it was prevented.
   */
  #watch<T extends keyof UncaughtEvents>(
    type: T,
    errorOf: (event: UncaughtEvents[T]) => unknown,
    copyOf: (event: UncaughtEvents[T]) => Event,
  ): void {
    let copy: Event | undefined;
    globalThis.addEventListener(type, (original: Event) => {
      if (original === copy) return;
      const event = original as UncaughtEvents[T];
      event.stopImmediatePropagation();
      copy = copyOf(event);
      if (globalThis.dispatchEvent(copy)) this.#uncaught(errorOf(event));
      else event.preventDefault();
    });
  }

  /** Sends a report; a `DataCloneError` where the value cannot be sent. */
  send(kind: number, value?: unknown): void {
    this.#write(
      this.#streams.at(-1)!,
      encodeReport(kind, value, this.#receiver),
    );
  }

  /** Sends an error; what it carries that cannot be sent is left out. */
  sendError(kind: number, error: unknown): void {
    try {
      this.send(kind, error);
    } catch (unsendable) {
      this.send(
        kind,
        error instanceof Error ? withoutFields(error, unsendable) : unsendable,
      );
    }
  }

  /** Says on all streams how far this process is. */
  announce(kind: number): void {
    const report = encodeReport(kind, null, 0);
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

  #uncaught(error: unknown): void {
    this.print(""); // the runtime prints the rest
    this.sendError(Report.UNCAUGHT, error);
  }
}

/** The error with nothing but its message and stack; the cause says why. */
function withoutFields(error: Error, cause: unknown): Error {
  const bare = Reflect.construct(
    Error,
    [String(error.message), { cause }],
    error.constructor,
  );
  Object.defineProperty(bare, "stack", { value: String(error.stack) });
  return bare;
}
