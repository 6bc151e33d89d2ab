/** A child's own side of its stream of reports. */

import { writeFrames } from "../wire/frames.ts";
import { encodeReport, Report } from "./boot.ts";
import { self } from "./identity.ts";
import { writeAll } from "./write_all.ts";

/** Reports to the parent, between what else is printed on stderr. */
export class Reporter {
  #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
    globalThis.addEventListener("unload", () => this.send(Report.GOODBYE));
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
  #watch<T extends "error" | "unhandledrejection">(
    type: T,
    errorOf: (event: WindowEventMap[T]) => unknown,
    copyOf: (event: WindowEventMap[T]) => Event,
  ): void {
    let copy: Event | undefined;
    globalThis.addEventListener(type, (event) => {
      if (event === copy) return;
      event.stopImmediatePropagation();
      copy = copyOf(event);
      if (globalThis.dispatchEvent(copy)) this.#uncaught(errorOf(event));
      else event.preventDefault();
    });
  }

  /** Sends a report; a `DataCloneError` where the value cannot be sent. */
  send(kind: number, value?: unknown): void {
    writeFrames(this.#key, encodeReport(kind, value), writeStderr);
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

  /** Says on both streams that what is written from now on is new. */
  sendReached(): void {
    const report = encodeReport(Report.REACHED, null);
    writeFrames(this.#key, report, (frame) => writeAll(Deno.stdout, frame));
    writeFrames(this.#key, report, writeStderr);
  }

  /** Prints what ended this process, with its name. */
  print(text: string): void {
    writeStderr(new TextEncoder().encode(`Process ${self().name}:\n${text}`));
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

function writeStderr(bytes: Uint8Array): void {
  writeAll(Deno.stderr, bytes);
}
